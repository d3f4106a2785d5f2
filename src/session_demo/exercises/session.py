"""Exercises on what a session is."""

from __future__ import annotations

from ..tracing.events import StateChanged
from .checks import holds, returns, sends, stores
from .exercise import Exercise, Mistake
from .rows import library

EXERCISES = (
    Exercise(
        name="commit-last",
        chapter="session",
        title="Store an author",
        task=(
            "Add an author called Italo Calvino, so that other connections see him. Send one `INSERT` "
            "and one `COMMIT`."
        ),
        prepare=library,
        checks=(
            sends(insert=1, commit=1),
            stores(
                "SELECT name FROM author WHERE id = 3", [("Italo Calvino",)], "the author in the database"
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent("INSERT") and not e.sent_commands("COMMIT"),
                "The row was sent, and taken back when the session was closed: a flush is no commit.",
            ),
            Mistake(
                lambda e: not e.sent("INSERT") and e.sent_commands("COMMIT") + len(e.trace) > 0,
                "Nothing was inserted. Was the object added to the session, and the session "
                "committed after that?",
            ),
        ),
        hints=(
            "Three things have to happen: an object, its place in the session, the end of the transaction.",
            "`session.add(...)`, then the call that sends `COMMIT`.",
            '`session.add(Author(name="Italo Calvino"))`, then `session.commit()`.',
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    session.add(Author(name="Italo Calvino"))
    session.commit()
""",
    ),
    Exercise(
        name="without-sql",
        chapter="session",
        title="Prepare without SQL",
        task=(
            "Put two new authors into the session without any SQL, and return how many new objects it holds."
        ),
        prepare=library,
        checks=(
            sends(total=0),
            holds(lambda e: e.in_use == 0, "no connection in use"),
            returns(lambda given: given == 2, "2"),
            holds(
                lambda e: [c.transition for c in e.trace.of(StateChanged)].count("transient_to_pending") == 2,
                "two authors that became pending",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent("SELECT"),
                "A query flushes first, and is SQL itself. The session knows its new objects without asking.",
            ),
            Mistake(lambda e: e.sent("INSERT"), "Something flushed: `flush()`, `commit()`, or a query."),
        ),
        hints=(
            "What is new stands in the session until the flush.",
            "`session.new` is the set of pending objects.",
            "`session.add_all([...])`, then `return len(session.new)`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    session.add_all([Author(name="Italo Calvino"), Author(name="Jorge Luis Borges")])
    return len(session.new)
""",
    ),
    Exercise(
        name="give-it-back",
        chapter="session",
        title="Give the connection back",
        task=(
            "Return a list of the names of all authors, in the order of their ids. Leave no "
            "connection in use, and don't commit."
        ),
        prepare=library,
        checks=(
            returns(lambda given: given == ["Stanislaw Lem", "Ursula K. Le Guin"], "the list of both names"),
            sends(commit=0),
            holds(lambda e: e.in_use == 0, "no connection in use afterwards"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent_commands("COMMIT"),
                "`commit()` gives the connection back, and there was nothing to commit. Which two "
                "calls do it without?",
            ),
            Mistake(
                lambda e: e.in_use,
                "Reading began a transaction, and a transaction holds a connection until it ends.",
            ),
        ),
        hints=(
            "The list must be complete before the connection goes.",
            "A transaction ends by `commit()`, `rollback()` or `close()`.",
            "`names = list(session.scalars(...))`, then `session.close()`, then return.",
        ),
        solution="""\
from sqlalchemy import select

from session_demo.models import Author


def answer(session):
    names = list(session.scalars(select(Author.name).order_by(Author.id)))
    session.close()
    return names
""",
    ),
)
