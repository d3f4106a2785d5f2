"""Exercises on what queries give."""

from __future__ import annotations

from ..models import Author
from ..tracing.events import StateChanged
from .checks import holds, returns, sends
from .exercise import Exercise, Mistake
from .rows import library

EXERCISES = (
    Exercise(
        name="count-without-objects",
        chapter="query-results",
        title="Count without objects",
        task=(
            "Return a list of pairs, the name of each author and the number of her books, in the "
            "order of the authors' ids. Send one `SELECT`, and make no object."
        ),
        prepare=library,
        checks=(
            returns(
                lambda given: (
                    [tuple(pair) for pair in given] == [("Stanislaw Lem", 2), ("Ursula K. Le Guin", 1)]
                ),
                "[('Stanislaw Lem', 2), ('Ursula K. Le Guin', 1)]",
            ),
            sends(select=1),
            holds(lambda e: not list(e.trace.of(StateChanged)), "no object made"),
        ),
        mistakes=(
            Mistake(
                lambda e: list(e.trace.of(StateChanged)),
                "Objects were made. Ask for columns, and let the database count.",
            ),
            Mistake(
                lambda e: len(e.sent("SELECT")) > 1,
                "One `SELECT` for each author. A join and `GROUP BY` need one for all.",
            ),
        ),
        hints=(
            "The database can count.",
            "`select(Author.name, func.count(Book.id))` with a join and `group_by`.",
            "`.join(Author.books).group_by(Author.id).order_by(Author.id)`, executed with `session.execute`.",
        ),
        solution="""\
from sqlalchemy import func, select

from session_demo.models import Author, Book


def answer(session):
    query = select(Author.name, func.count(Book.id)).join(Author.books)
    query = query.group_by(Author.id).order_by(Author.id)
    return [tuple(row) for row in session.execute(query)]
""",
    ),
    Exercise(
        name="titles-by-author",
        chapter="query-results",
        title="No N+1",
        task=(
            "Return a dictionary: the name of each author, and the list of titles of her books. Send "
            "at most two `SELECT`s."
        ),
        prepare=library,
        checks=(
            returns(
                lambda given: (
                    {name: sorted(titles) for name, titles in given.items()}
                    == {"Stanislaw Lem": ["Eden", "Solaris"], "Ursula K. Le Guin": ["The Dispossessed"]}
                ),
                "both authors with their titles",
            ),
            sends(at_most=True, select=2),
        ),
        mistakes=(
            Mistake(
                lambda e: any(one.cause.startswith("lazy load") for one in e.trace.statements),
                "The books of each author were loaded lazily, one `SELECT` after the other.",
            ),
            Mistake(
                lambda e: "unique()" in str(e.error),
                "A joined load repeats the author for each book: put them together with `.unique()`.",
            ),
        ),
        hints=(
            "Say in the query that the books will be needed.",
            "An option of the query loads them together.",
            "`select(Author).options(selectinload(Author.books))`.",
        ),
        solution="""\
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from session_demo.models import Author


def answer(session):
    query = select(Author).options(selectinload(Author.books))
    return {
        author.name: [book.title for book in author.books]
        for author in session.scalars(query)
    }
""",
    ),
    Exercise(
        name="each-once",
        chapter="query-results",
        title="Each author once",
        task=(
            "Return a list of the authors who have a book with the letter e in its title, each once, "
            "in the order of their ids."
        ),
        prepare=library,
        checks=(
            returns(
                lambda given: (
                    [author.name for author in given] == ["Stanislaw Lem", "Ursula K. Le Guin"]
                    and all(isinstance(author, Author) for author in given)
                ),
                "a list of both authors, each once",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: len(e.given) > len(set(map(id, e.given))),
                "A join gives one row for each *book*, and the author as often.",
            ),
            Mistake(
                lambda e: type(e.given[0]).__name__ == "Row",
                "`execute` gives rows. What gives the authors themselves?",
            ),
        ),
        hints=(
            "What is a row of this query: an author, or a book?",
            "`DISTINCT`, `.unique()`, or a `WHERE` with `any()`.",
            '`select(Author).where(Author.books.any(Book.title.contains("e")))`.',
        ),
        solution="""\
from sqlalchemy import select

from session_demo.models import Author, Book


def answer(session):
    query = select(Author).where(Author.books.any(Book.title.contains("e")))
    return session.scalars(query.order_by(Author.id)).all()
""",
    ),
)
