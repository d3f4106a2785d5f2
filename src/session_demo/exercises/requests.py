"""Exercises on connections and requests."""

from __future__ import annotations

from .checks import holds, returns, sends, stores
from .exercise import Exercise, Mistake
from .rows import library

EXERCISES = (
    Exercise(
        name="leave-no-connection",
        chapter="requests",
        title="Leave no connection in use",
        task=(
            "Open three sessions of your own on `session.get_bind()`, and get the name of the author "
            "with id 1 in each while all three are open. Return the three names, and leave no "
            "connection in use."
        ),
        prepare=library,
        checks=(
            returns(lambda given: list(given) == ["Stanislaw Lem"] * 3, "the name three times"),
            holds(lambda e: e.in_use == 0, "no connection in use afterwards"),
        ),
        mistakes=(
            Mistake(
                lambda e: len(e.given) != 3,
                "Three sessions were to read, each for itself, while all three are open.",
            ),
            Mistake(
                lambda e: e.in_use,
                "A session that has read holds its connection until somebody ends the transaction "
                "or closes it.",
            ),
        ),
        hints=(
            "Who opens must close.",
            "Close each session when all have read.",
            "`sessions = [Session(bind) for _ in range(3)]`, read, then `close()` each of them.",
        ),
        solution="""\
from sqlalchemy.orm import Session

from session_demo.models import Author


def answer(session):
    sessions = [Session(session.get_bind()) for _ in range(3)]
    names = [one.get(Author, 1).name for one in sessions]
    for one in sessions:
        one.close()
    return names
""",
    ),
    Exercise(
        name="wait-without",
        chapter="requests",
        title="Wait without a connection",
        task=(
            "Read the name of the author with id 1. Then something slow would be done: count at that moment, "
            "with `session.get_bind().pool.checkedout()`, how many connections are in use. Return the name "
            "and the count, which must be 0. Send one `SELECT`, and don't close the session."
        ),
        prepare=library,
        checks=(
            returns(lambda given: tuple(given) == ("Stanislaw Lem", 0), 'the pair ("Stanislaw Lem", 0)'),
            sends(select=1),
        ),
        mistakes=(
            Mistake(
                lambda e: e.given[1] == 1,
                "The transaction of the `SELECT` is still open, and holds its connection.",
            ),
            Mistake(
                lambda e: len(e.sent("SELECT")) > 1,
                "The end of the transaction expired the name, and it was read again. Keep it first.",
            ),
            Mistake(
                lambda e: not e.sent("SELECT"),
                "This session has read nothing.",
            ),
        ),
        hints=(
            "Who reads is in a transaction, and who is in a transaction has a connection.",
            "Take the name, then end the transaction, then count.",
            "`name = ...`, `session.commit()`, `return name, session.get_bind().pool.checkedout()`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    name = session.get(Author, 1).name
    session.commit()
    return name, session.get_bind().pool.checkedout()
""",
    ),
    Exercise(
        name="fail-well",
        chapter="requests",
        title="Fail, and leave nothing",
        task=(
            "Handle a request that fails: add an author called Nobody, flush, and raise `RuntimeError`. "
            "Write the frame around it, so that the error gets out to the caller, no author is stored, and "
            "no connection is in use."
        ),
        prepare=library,
        checks=(
            holds(lambda e: isinstance(e.error, RuntimeError), "a RuntimeError that gets out"),
            sends(insert=1),
            stores("SELECT name FROM author WHERE id > 2", [], "no author"),
            holds(lambda e: e.in_use == 0, "no connection in use"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.error is None and e.sent("INSERT"),
                "The error was swallowed: nobody will know that the request failed.",
            ),
            Mistake(
                lambda e: isinstance(e.error, RuntimeError) and not e.sent("INSERT"),
                "It failed before anything was written. Flush first.",
            ),
            Mistake(
                lambda e: e.stored("SELECT 1 FROM author WHERE name = 'Nobody'"),
                "It was committed before it failed.",
            ),
            Mistake(
                lambda e: isinstance(e.error, RuntimeError) and e.in_use,
                "The error got out, and the connection was left behind. What runs however the block ends?",
            ),
        ),
        hints=(
            "Something must be done however it ends.",
            "`finally`, or a `with` block, which is the same.",
            "`with session:` around all of it: closing rolls back, and lets the error through.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    with session:
        session.add(Author(name="Nobody"))
        session.flush()
        raise RuntimeError("the request fails")
""",
    ),
)
