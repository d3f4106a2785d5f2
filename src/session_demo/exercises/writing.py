"""Exercises on creating, updating, deleting, and on queries."""

from __future__ import annotations

from ..models import Author
from ..tracing.events import StateChanged
from .checks import holds, returns, sends, stores
from .evidence import Evidence
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library


def _sum_in_sql(evidence: Evidence) -> bool:
    return any("copies + " in one.sql or "copies+" in one.sql for one in evidence.sent("UPDATE"))


EXERCISES = (
    Exercise(
        name="let-the-database-add",
        chapter="create-read-update-delete",
        title="Let the database add",
        task=(
            "There is one copy more of the book with id 1. Store that so that nobody's change can be "
            "lost: the `UPDATE` itself must add."
        ),
        prepare=library,
        checks=(
            sends(update=1),
            holds(_sum_in_sql, "an `UPDATE` that adds to what the database has"),
            stores("SELECT copies FROM book WHERE id = 1", [(4,)], "four copies in the database"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent("UPDATE") and not _sum_in_sql(e),
                "Python worked out the number and sent it. Whoever changed it meanwhile is overwritten.",
            ),
            Mistake(
                lambda e: e.sent("UPDATE") and not e.sent_commands("COMMIT"),
                "The `UPDATE` was never committed.",
            ),
        ),
        hints=(
            "An attribute can be set to something else than a number.",
            "An SQL expression such as `Book.copies + 1` is a value, too.",
            "`book.copies = Book.copies + 1`, then `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Book


def answer(session):
    book = session.get(Book, 1)
    book.copies = Book.copies + 1
    session.commit()
""",
    ),
    Exercise(
        name="family-in-one-flush",
        chapter="create-read-update-delete",
        title="A family in one flush",
        task=(
            "Store the author Italo Calvino with the books Invisible Cities and Cosmicomics, in a "
            "single flush."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT book.title FROM book JOIN author ON author.id = book.author_id "
                "WHERE author.name = 'Italo Calvino'",
                [("Invisible Cities",), ("Cosmicomics",)],
                "both books, by their author",
            ),
            holds(lambda e: len(e.trace.flushes) == 1, "a single flush"),
        ),
        mistakes=(
            Mistake(
                lambda e: len(e.trace.flushes) > 1,
                "There was more than one flush. Put the objects together first; the keys find "
                "their way by themselves.",
            ),
            Mistake(
                lambda e: e.stored("SELECT 1 FROM book WHERE author_id IS NULL"),
                "The books are there, and nobody has written them: link them to their author.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "You don't need the key of the author to give her books.",
            "`Author.books` is a list that can be given to the constructor.",
            "`session.add(Author(name=..., books=[Book(title=...), Book(title=...)]))`, then "
            "`session.commit()`.",
        ),
        solution="""\
from session_demo.models import Author, Book


def answer(session):
    books = [Book(title="Invisible Cities"), Book(title="Cosmicomics")]
    session.add(Author(name="Italo Calvino", books=books))
    session.commit()
""",
    ),
    Exercise(
        name="replace-ann",
        chapter="create-read-update-delete",
        title="Replace a row",
        task=(
            "Delete the member Ann, and store a new member who is called Ann as well, with the email "
            "new@example.org. Names are unique."
        ),
        prepare=library,
        checks=(
            stores("SELECT email FROM member", [("new@example.org",)], "one member, the new one"),
            holds(
                lambda e: any("member" in one.tables for one in e.sent("DELETE")) and e.sent("INSERT"),
                "a `DELETE` and an `INSERT` of a member",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: "UNIQUE constraint failed: member.name" in str(e.error),
                "Within one flush `INSERT` goes before `DELETE`, whatever you called first: the "
                "old name was still taken.",
            ),
            Mistake(
                lambda e: e.sent("UPDATE"),
                "That changes the row. The task is to remove it and store another one.",
            ),
        ),
        hints=(
            "What is the order of statements within one flush?",
            "The `DELETE` must be sent before the new member is flushed.",
            "`session.delete(ann)`, `session.flush()`, `session.add(Member(...))`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Member


def answer(session):
    session.delete(session.get(Member, 1))
    session.flush()
    session.add(Member(name="Ann", email="new@example.org"))
    session.commit()
""",
    ),
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
