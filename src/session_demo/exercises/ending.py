"""Exercises on transactions and savepoints."""

from __future__ import annotations

from ..models import Author
from ..tracing.events import FlushEnded, FlushStarted
from .checks import has_loaded, holds, is_in_state, returns, sends, stores
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library

NAMES = "SELECT name FROM author WHERE id > 2"

EXERCISES = (
    Exercise(
        name="survive",
        chapter="transactions",
        title="Survive a failed flush",
        task=(
            "Let a flush fail because the name Stanislaw Lem is taken. Then store the author Italo "
            "Calvino with the same session."
        ),
        prepare=library,
        checks=(
            holds(lambda e: any(one.failed for one in e.trace.of(FlushEnded)), "a flush that failed"),
            stores(NAMES, [("Italo Calvino",)], "the other author stored"),
        ),
        mistakes=(
            Mistake(
                lambda e: type(e.error).__name__ == "PendingRollbackError",
                "After a failed flush the session waits until you have said that you know.",
            ),
            Mistake(
                lambda e: type(e.error).__name__ == "IntegrityError",
                "The error of the flush must be caught, for the answer goes on.",
            ),
            Mistake(
                lambda e: not any(one.failed for one in e.trace.of(FlushEnded)),
                "No flush failed. Add an author of a name that is taken, and flush.",
            ),
        ),
        hints=(
            "Catch the error, and then?",
            "One call tells the session that the failure is known.",
            "`except IntegrityError: session.rollback()`, then add and commit.",
        ),
        solution="""\
from sqlalchemy.exc import IntegrityError

from session_demo.models import Author


def answer(session):
    session.add(Author(name="Stanislaw Lem"))
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
    session.add(Author(name="Italo Calvino"))
    session.commit()
""",
    ),
    Exercise(
        name="name-after-commit",
        chapter="transactions",
        title="Keep the name over the commit",
        task=(
            "Store a new author called Italo Calvino, and return him detached, with a name that can be read."
        ),
        prepare=library,
        checks=(
            stores(NAMES, [("Italo Calvino",)], "the author stored"),
            returns(lambda given: is_in_state(given, "detached", Author), "a detached Author"),
            returns(lambda given: has_loaded(given, "name"), "an author whose name is loaded"),
        ),
        mistakes=(
            Mistake(
                lambda e: is_in_state(e.given, "detached") and not has_loaded(e.given, "name"),
                "The commit expired the name, and then the author left. In between it has to be read again.",
            ),
            Mistake(lambda e: is_in_state(e.given, "persistent"), "He is still in the session."),
            Mistake(lambda e: is_in_state(e.given, "transient"), "He was never stored."),
        ),
        hints=(
            "What does a commit do to loaded values?",
            "Read the name after the commit, or tell the session not to expire it.",
            "`session.commit()`, `session.refresh(author)`, `session.close()`, `return author`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    author = Author(name="Italo Calvino")
    session.add(author)
    session.commit()
    session.refresh(author)
    session.close()
    return author
""",
    ),
    Exercise(
        name="both-or-none",
        chapter="transactions",
        title="Both or none",
        task=(
            "Move one copy from the book with id 1 to the book with id 2, so that nobody ever sees "
            "one change without the other."
        ),
        prepare=library,
        checks=(
            stores("SELECT id, copies FROM book WHERE id < 3", [(1, 2), (2, 2)], "two copies of each"),
            sends(commit=1),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent_commands("COMMIT") > 1,
                "Between the two commits everybody saw a copy too few, or too many.",
            ),
            Mistake(
                lambda e: e.sent("UPDATE") and not e.sent_commands("COMMIT"),
                "Nothing was committed, so nobody sees anything.",
            ),
        ),
        hints=(
            "One transaction.",
            "Change both, then commit once.",
            "`session.get(Book, 1).copies -= 1`, `session.get(Book, 2).copies += 1`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Book


def answer(session):
    session.get(Book, 1).copies -= 1
    session.get(Book, 2).copies += 1
    session.commit()
""",
    ),
    Exercise(
        name="keep-the-good",
        chapter="savepoints",
        title="Keep the good rows",
        task=(
            "Try to insert authors called Italo Calvino, Stanislaw Lem (that name is taken) and Jorge Luis "
            "Borges, in one transaction. Let the database refuse what it refuses, undo only that, and commit."
        ),
        prepare=library,
        checks=(
            stores(NAMES, [("Italo Calvino",), ("Jorge Luis Borges",)], "the two good ones"),
            sends(commit=1, rollback=0),
            holds(lambda e: e.sent_commands("ROLLBACK TO SAVEPOINT") == 1, "one rollback to a savepoint"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent_commands("COMMIT") > 1,
                "You used a transaction for each row. Use one, with a savepoint for each row.",
            ),
            Mistake(
                lambda e: any(one.cause == "begin_nested()" for one in e.trace.of(FlushStarted)),
                "The author was added before `begin_nested()`, which flushes first, outside the savepoint. "
                "Move `add()` into the block.",
            ),
            Mistake(
                lambda e: (
                    e.sent_commands("ROLLBACK TO SAVEPOINT")
                    and e.stored("SELECT count(*) FROM author") == [(2,)]
                    and e.sent_commands("COMMIT")
                ),
                "One savepoint undid all three: each row needs its own.",
            ),
            Mistake(
                lambda e: e.sent_commands("ROLLBACK") and e.sent_commands("COMMIT"),
                "`rollback()` took the good ones along. Something smaller than a transaction is needed.",
            ),
            Mistake(
                lambda e: "closed transaction inside context manager" in str(e.error),
                "The error was caught *inside* the block of the savepoint. The block must see it.",
            ),
            Mistake(
                lambda e: not e.sent_commands("SAVEPOINT") and not e.error,
                "Nothing was refused. Try all three names, and let the database say which is taken.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "What can be undone without undoing everything?",
            "One savepoint for each row, and `try` around its block.",
            "`try: with session.begin_nested(): session.add(...)`, `except IntegrityError: pass`.",
        ),
        solution="""\
from sqlalchemy.exc import IntegrityError

from session_demo.models import Author


def answer(session):
    for name in ["Italo Calvino", "Stanislaw Lem", "Jorge Luis Borges"]:
        try:
            with session.begin_nested():
                session.add(Author(name=name))
        except IntegrityError:
            pass
    session.commit()
""",
    ),
    Exercise(
        name="precious",
        chapter="savepoints",
        title="Save the precious row",
        task=(
            "Add an author called Precious. Then let the database refuse another author, whose name "
            "is taken. Commit: the precious one must be stored, with no `ROLLBACK` but a `ROLLBACK "
            "TO`."
        ),
        prepare=library,
        checks=(
            stores(NAMES, [("Precious",)], "the precious author stored"),
            holds(lambda e: e.sent_commands("ROLLBACK TO SAVEPOINT") >= 1, "a rollback to a savepoint"),
            sends(rollback=0, commit=1),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent_commands("ROLLBACK"),
                "The whole transaction was rolled back, the precious row included.",
            ),
            Mistake(
                lambda e: not any(one.failed for one in e.trace.of(FlushEnded)),
                "The database has refused nothing. Add an author called Stanislaw Lem.",
            ),
        ),
        hints=(
            "The second author needs a place that can be undone alone.",
            "`begin_nested()` around the second one only.",
            '`session.add(Author(name="Precious"))`, then `try: with session.begin_nested(): ...`.',
        ),
        solution="""\
from sqlalchemy.exc import IntegrityError

from session_demo.models import Author


def answer(session):
    session.add(Author(name="Precious"))
    try:
        with session.begin_nested():
            session.add(Author(name="Stanislaw Lem"))
    except IntegrityError:
        pass
    session.commit()
""",
    ),
    Exercise(
        name="undo-one-name",
        chapter="savepoints",
        title="Undo one of two changes",
        task=(
            "Rename the author with id 1 to S. Lem. Then rename the one with id 2 to U. Le Guin, send "
            "that, and take it back, alone. Commit."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT name FROM author",
                [("S. Lem",), ("Ursula K. Le Guin",)],
                "the first name changed, the second as it was",
            ),
            sends(update=2, commit=1, rollback=0),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent_commands("ROLLBACK"),
                "That took back both. What came before a savepoint survives it.",
            ),
            Mistake(
                lambda e: len(e.sent("UPDATE")) == 1,
                "The second change was never sent, so there was nothing to take back. Flush it.",
            ),
        ),
        hints=(
            "The first change before the savepoint, the second after it.",
            "`nested = session.begin_nested()`, and later `nested.rollback()`.",
            "Change the first, `begin_nested()`, change the second, `flush()`, "
            "`nested.rollback()`, `commit()`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    session.get(Author, 1).name = "S. Lem"
    nested = session.begin_nested()
    session.get(Author, 2).name = "U. Le Guin"
    session.flush()
    nested.rollback()
    session.commit()
""",
    ),
)
