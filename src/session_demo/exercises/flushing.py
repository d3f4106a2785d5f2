"""Exercises on autoflush, and on writing by sets."""

from __future__ import annotations

from .checks import holds, is_in_state, returns, sends, stores
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library

EXERCISES = (
    Exercise(
        name="half-built",
        chapter="autoflush",
        title="Build it in peace",
        task=(
            "Store a book whose title is `Volume N`, where N is the number of books that were there "
            "before, counted by a query."
        ),
        prepare=library,
        checks=(stores("SELECT title FROM book WHERE id = 4", [("Volume 3",)], "the book Volume 3"),),
        mistakes=(
            Mistake(
                lambda e: "autoflush" in str(e.error),
                "The query flushed the book before it had its title.",
            ),
            Mistake(
                lambda e: e.stored("SELECT 1 FROM book WHERE title = 'Volume 4'"),
                "The query flushed the new book first, and counted it.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "A query flushes what is pending.",
            "Count before you add, or keep the session from flushing.",
            'Count first; then `session.add(Book(title=f"Volume {number}"))` and commit.',
        ),
        solution="""\
from sqlalchemy import func, select

from session_demo.models import Book


def answer(session):
    number = session.scalar(select(func.count(Book.id)))
    session.add(Book(title=f"Volume {number}"))
    session.commit()
""",
    ),
    Exercise(
        name="count-along",
        chapter="autoflush",
        title="Count along, flush once",
        task=(
            "Add five books called Volume 1 to Volume 5, one after the other. Return a list of how "
            "many books there were after each, and store them with a single flush."
        ),
        prepare=library,
        checks=(
            returns(lambda given: list(given) == [4, 5, 6, 7, 8], "[4, 5, 6, 7, 8]"),
            holds(lambda e: len(e.trace.flushes) == 1, "a single flush"),
            stores("SELECT count(*) FROM book", [(8,)], "eight books"),
        ),
        mistakes=(
            Mistake(
                lambda e: len(e.trace.flushes) > 1,
                "Each query flushed the book before it. Does each number have to come from the database?",
            ),
            Mistake(
                lambda e: list(e.given) == [3] * 5,
                "Without autoflush a query doesn't see what is pending.",
            ),
        ),
        hints=(
            "How many there are is known before; how many are new, the session knows.",
            "Count once, then add the number of pending objects.",
            "`before + len(session.new)` after each `session.add(...)`.",
        ),
        solution="""\
from sqlalchemy import func, select

from session_demo.models import Book


def answer(session):
    before = session.scalar(select(func.count(Book.id)))
    counts = []
    for number in range(1, 6):
        session.add(Book(title=f"Volume {number}"))
        counts.append(before + len(session.new))
    session.commit()
    return counts
""",
    ),
    Exercise(
        name="find-your-own",
        chapter="autoflush",
        title="Find your own work",
        task=(
            "Add the author Italo Calvino, find him by a query, and return what the query gave. Don't commit."
        ),
        prepare=library,
        checks=(
            returns(lambda given: given.name == "Italo Calvino", "the author"),
            returns(lambda given: is_in_state(given, "persistent"), "a persistent object"),
            sends(insert=1, commit=0),
            holds(
                lambda e: any("author" in one.tables for one in e.sent("SELECT")), "a query for the author"
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent_commands("COMMIT"),
                "No commit is needed: the session sees what it has flushed itself.",
            ),
            Mistake(
                lambda e: e.given is None and not e.sent("INSERT"),
                "Nothing was flushed before the query, so it found nothing. Was autoflush off?",
            ),
        ),
        hints=(
            "Nothing special is needed.",
            "A query flushes by itself.",
            "`session.add(...)`, then `return session.scalars(select(Author).where(...)).one()`.",
        ),
        solution="""\
from sqlalchemy import select

from session_demo.models import Author


def answer(session):
    session.add(Author(name="Italo Calvino"))
    return session.scalars(select(Author).where(Author.name == "Italo Calvino")).one()
""",
    ),
    Exercise(
        name="keys-at-once",
        chapter="set-based-writing",
        title="Three rows, three keys",
        task="Insert the authors A, B and C with one `INSERT`, and return a list of their new ids.",
        prepare=library,
        checks=(
            sends(insert=1),
            returns(lambda given: sorted(given) == [3, 4, 5], "the ids 3, 4 and 5"),
            holds(
                lambda e: sum(len(one.parameter_sets) for one in e.sent("INSERT")) >= 1,
                "an `INSERT` with rows",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: len(e.sent("INSERT")) == 3,
                "As objects it is one `INSERT` for each on SQLite. A statement can take a list of rows.",
            ),
            Mistake(
                lambda e: "does not return rows" in str(e.error),
                "An `INSERT` gives nothing back unless it says `RETURNING`.",
            ),
        ),
        hints=(
            "You need no objects for that.",
            "`insert(Author)` takes a list of dictionaries, and `.returning(...)`.",
            "`session.scalars(insert(Author).returning(Author.id), rows).all()`.",
        ),
        solution="""\
from sqlalchemy import insert

from session_demo.models import Author


def answer(session):
    rows = [{"name": name} for name in "ABC"]
    return session.scalars(insert(Author).returning(Author.id), rows).all()
""",
    ),
    Exercise(
        name="raise-all",
        chapter="set-based-writing",
        title="One statement, true objects",
        task=(
            "Load the book with id 1. Raise the copies of all books by one with a single `UPDATE`, "
            "and return your book, with the right number and no further `SELECT`."
        ),
        prepare=library,
        checks=(
            sends(update=1, select=1),
            returns(lambda given: given.__dict__["copies"] == 4, "the book, with four copies loaded"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.given.__dict__.get("copies") == 3,
                "The `UPDATE` went past your object: with `synchronize_session=False` nobody "
                "brings it in step.",
            ),
            Mistake(
                lambda e: len(e.sent("UPDATE")) > 1,
                "That was one `UPDATE` for each book.",
            ),
        ),
        hints=(
            "A statement can bring loaded objects in step by itself.",
            "That is the default of `synchronize_session`.",
            "`session.execute(update(Book).values(copies=Book.copies + 1))`.",
        ),
        solution="""\
from sqlalchemy import update

from session_demo.models import Book


def answer(session):
    book = session.get(Book, 1)
    session.execute(update(Book).values(copies=Book.copies + 1))
    return book
""",
    ),
    Exercise(
        name="clear-the-members",
        chapter="set-based-writing",
        title="Delete without loading",
        task="Remove all members and their loans from the database, with two `DELETE`s and no `SELECT`.",
        prepare=library,
        checks=(
            sends(delete=2, select=0),
            stores(
                "SELECT (SELECT count(*) FROM member) + (SELECT count(*) FROM loan)",
                [(0,)],
                "neither members nor loans",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: "FOREIGN KEY" in str(e.error),
                "A loan still points to the member. A statement knows no cascade: what must go first?",
            ),
            Mistake(
                lambda e: e.sent("SELECT"),
                "Something was loaded to be deleted. `delete(Member)` needs no objects.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "Statements, not objects; and in the right order.",
            "Who refers to whom? The referring rows go first.",
            "`session.execute(delete(Loan))`, `session.execute(delete(Member))`, `session.commit()`.",
        ),
        solution="""\
from sqlalchemy import delete

from session_demo.models import Loan, Member


def answer(session):
    session.execute(delete(Loan))
    session.execute(delete(Member))
    session.commit()
""",
    ),
)
