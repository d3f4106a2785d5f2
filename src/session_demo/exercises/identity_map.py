"""Exercises on the identity map."""

from __future__ import annotations

from ..models import Author
from ..tracing.events import AttributesExpired, AttributesRefreshed, StateChanged
from .checks import holds, returns, sends
from .evidence import Evidence
from .exercise import Exercise, Mistake
from .rows import library


def _in_order(evidence: Evidence) -> bool:
    """Whether the author came first, then the UPDATE, and after it a SELECT of authors."""
    loaded = [n for n, e in enumerate(evidence.trace) if isinstance(e, StateChanged) and e.source is None]
    changed = [n for n, e in enumerate(evidence.trace) if e in evidence.sent("UPDATE")]
    read = [n for n, e in enumerate(evidence.trace) if e in evidence.sent("SELECT") and "author" in e.tables]
    return len(changed) == 1 and loaded[0] < changed[0] < read[-1]


EXERCISES = (
    Exercise(
        name="load-once",
        chapter="identity-map",
        title="Load it once",
        task=(
            "Get the author with id 1 in two ways, with `get()` and with a query, sending exactly one "
            "`SELECT`. Return what both gave, as a pair."
        ),
        prepare=library,
        checks=(
            sends(select=1),
            returns(
                lambda given: given[0] is given[1] and isinstance(given[0], Author), "a pair of one Author"
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.given[0] is not e.given[1],
                "Those are two objects. Both ways must lead to the one author with id 1.",
            ),
            Mistake(
                lambda e: len(e.sent("SELECT")) == 2,
                "A query always goes to the database. Only `get()` can be answered by the "
                "identity map: what must come first?",
            ),
        ),
        hints=(
            "One of the two can be answered from memory, if the object is there.",
            "A query is never answered from memory; `get()` may be.",
            "First `session.scalars(select(Author).where(Author.id == 1)).one()`, then "
            "`session.get(Author, 1)`.",
        ),
        solution="""\
from sqlalchemy import select

from session_demo.models import Author


def answer(session):
    queried = session.scalars(select(Author).where(Author.id == 1)).one()
    return session.get(Author, 1), queried
""",
    ),
    Exercise(
        name="old-and-new",
        chapter="identity-map",
        title="Hold the old, read the new",
        task=(
            "Load the author with id 1 and keep it. Then, in the same transaction, change the name in "
            "the database "
            "to S. Lem, by an `UPDATE` that your object does not notice. Return a pair of texts: the "
            "name that your "
            "object has, and the name that the database has. Don't commit."
        ),
        prepare=library,
        checks=(
            holds(_in_order, "an author that is loaded, then an `UPDATE`, then a `SELECT` of the name"),
            holds(lambda e: not e.trace.flushes, "no flush"),
            returns(lambda given: tuple(given) == ("Stanislaw Lem", "S. Lem"), "('Stanislaw Lem', 'S. Lem')"),
            holds(
                lambda e: (
                    not list(e.trace.of(AttributesRefreshed)) and not list(e.trace.of(AttributesExpired))
                ),
                "an object that was neither refreshed nor expired",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.trace.flushes,
                "You changed your object, and the flush sent it. The change is to go past the object.",
            ),
            Mistake(
                lambda e: e.sent_commands("COMMIT"),
                "The commit expired your object. The task is one transaction.",
            ),
            Mistake(
                lambda e: (
                    tuple(e.given) == ("S. Lem", "S. Lem") and not list(e.trace.of(AttributesRefreshed))
                ),
                "Your object was loaded after the change. Load it first, and keep it.",
            ),
            Mistake(
                lambda e: tuple(e.given) == ("S. Lem", "S. Lem"),
                "Your object knows the new name. An `update(Author)` brings objects in step; the table, "
                "`Author.__table__`, knows nothing of them.",
            ),
            Mistake(
                lambda e: tuple(e.given) == ("Stanislaw Lem", "Stanislaw Lem"),
                "A query for the *object* doesn't overwrite what is loaded. Ask for the column.",
            ),
            Mistake(
                lambda e: not e.sent("UPDATE"),
                "No `UPDATE` was sent: the name in the database is as it was.",
            ),
        ),
        hints=(
            "The statement must go past the session's objects, and so must the question.",
            "`Author.__table__` for the `UPDATE`, a query for the column `Author.name` for the answer.",
            '`session.execute(Author.__table__.update().where(...).values(name="S. Lem"))`, '
            "then `session.scalar(select(Author.name)...)`.",
        ),
        solution="""\
from sqlalchemy import select

from session_demo.models import Author


def answer(session):
    author = session.get(Author, 1)
    table = Author.__table__
    session.execute(table.update().where(table.c.id == 1).values(name="S. Lem"))
    return author.name, session.scalar(select(Author.name).where(Author.id == 1))
""",
    ),
    Exercise(
        name="titles-alone",
        chapter="identity-map",
        title="Titles, no books",
        task=(
            "Return a list of the titles of all books, in the order of their ids, with one statement, "
            "so that no `Book` enters the identity map."
        ),
        prepare=library,
        checks=(
            returns(
                lambda given: given == ["Solaris", "Eden", "The Dispossessed"], "the list of three titles"
            ),
            sends(total=1),
            holds(
                lambda e: not any(change.entity == "Book" for change in e.trace.of(StateChanged)),
                "no Book in the identity map",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: any(change.entity == "Book" for change in e.trace.of(StateChanged)),
                "A query for `Book` makes objects. Ask for the column that you want.",
            ),
            Mistake(
                lambda e: isinstance(e.given[0], tuple) or type(e.given[0]).__name__ == "Row",
                "`execute` gives rows. What gives the first thing of each row?",
            ),
        ),
        hints=(
            "You want columns, not objects.",
            "`select(Book.title)`.",
            "`list(session.scalars(select(Book.title).order_by(Book.id)))`.",
        ),
        solution="""\
from sqlalchemy import select

from session_demo.models import Book


def answer(session):
    return list(session.scalars(select(Book.title).order_by(Book.id)))
""",
    ),
)
