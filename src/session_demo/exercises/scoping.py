"""Exercises on scopes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session, scoped_session

from .checks import holds, returns, stores
from .exercise import Exercise, Mistake
from .rows import library


def _is_empty(given: Any) -> bool:
    """Whether a scoped session keeps no session, of whatever scope."""
    registry = given.registry
    return isinstance(given, scoped_session) and not (
        registry.registry if hasattr(registry, "scopefunc") else registry.has()
    )


EXERCISES = (
    Exercise(
        name="one-for-each-thread",
        chapter="scopes",
        title="One session for each thread",
        task=(
            "Make a `scoped_session` on `session.get_bind()`. Return the session that it gives in "
            "this thread, and the one that it gives in another thread, as a pair."
        ),
        needs="threads",
        prepare=library,
        checks=(
            returns(
                lambda given: isinstance(given[0], Session) and isinstance(given[1], Session),
                "a pair of sessions",
            ),
            returns(lambda given: given[0] is not given[1], "two different sessions"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.given[0] is e.given[1],
                "Both are of one thread. The second call must *run* in the other thread.",
            ),
            Mistake(
                lambda e: isinstance(e.given[0], scoped_session),
                "That is the registry. Call it to get the session of the thread.",
            ),
        ),
        hints=(
            "The registry is called like a function.",
            "A `Thread` whose target calls it, and stores what comes.",
            "`Thread(target=lambda: seen.append(scoped()))`, `start()`, `join()`.",
        ),
        solution="""\
from threading import Thread

from sqlalchemy.orm import scoped_session, sessionmaker


def answer(session):
    scoped = scoped_session(sessionmaker(session.get_bind()))
    seen = [scoped()]
    thread = Thread(target=lambda: seen.append(scoped()))
    thread.start()
    thread.join()
    return seen
""",
    ),
    Exercise(
        name="two-writers",
        chapter="scopes",
        title="Two writers",
        task=(
            "Two threads, one after the other, are to store an author each, Italo Calvino and Jorge Luis "
            "Borges, through one `scoped_session` on `session.get_bind()`. Return the two sessions that they "
            "got, as a pair. No connection may be in use afterwards."
        ),
        needs="threads",
        prepare=library,
        checks=(
            stores(
                "SELECT name FROM author WHERE id > 2",
                [("Italo Calvino",), ("Jorge Luis Borges",)],
                "both authors stored",
            ),
            returns(lambda given: all(isinstance(one, Session) for one in given), "two sessions"),
            returns(lambda given: given[0] is not given[1], "two different sessions"),
            holds(lambda e: e.in_use == 0, "no connection in use"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.given[0] is e.given[1],
                "Both threads had one session. Call the registry *in* each thread.",
            ),
            Mistake(
                lambda e: isinstance(e.given[0], scoped_session),
                "That is the registry. Call it to get the session of the thread.",
            ),
            Mistake(
                lambda e: any(sql.startswith("INSERT") for sql in e.heard) and e.in_use,
                "A thread has written and gone, and left its transaction open. Only that thread could have "
                "ended it.",
            ),
            Mistake(
                lambda e: e.given[0] is not e.given[1] and not any("INSERT" in sql for sql in e.heard),
                "The threads got their sessions, and nothing was sent.",
            ),
        ),
        hints=(
            "What a thread begins it must end itself.",
            "A function that adds, commits and removes, run in two threads.",
            "In the function: `seen.append(scoped())`, `scoped.add(...)`, `scoped.commit()`, "
            "`scoped.remove()`.",
        ),
        solution="""\
from threading import Thread

from sqlalchemy.orm import scoped_session, sessionmaker

from session_demo.models import Author


def answer(session):
    scoped = scoped_session(sessionmaker(session.get_bind()))
    seen = []

    def store(name):
        seen.append(scoped())
        scoped.add(Author(name=name))
        scoped.commit()
        scoped.remove()

    for name in ("Italo Calvino", "Jorge Luis Borges"):
        thread = Thread(target=store, args=[name])
        thread.start()
        thread.join()
    return tuple(seen)
""",
    ),
    Exercise(
        name="end-the-requests",
        chapter="scopes",
        title="End the requests",
        task=(
            "Make a `scoped_session` of `sessionmaker(session.get_bind())`, with a `scopefunc` that "
            "returns the "
            "number of the current request. For the requests 0, 1 and 2: set the number, send one query for "
            "authors through the scoped session, end the request. Return the scoped session; it must keep no "
            "session, and no connection may be in use."
        ),
        prepare=library,
        checks=(
            returns(_is_empty, "a scoped_session that keeps no session"),
            returns(lambda given: callable(given.registry.scopefunc), "one with a `scopefunc`"),
            holds(
                lambda e: sum(sql.startswith("SELECT") and "author" in sql for sql in e.heard) == 3,
                "three queries for authors",
            ),
            holds(lambda e: e.in_use == 0, "no connection in use"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.trace.statements,
                "The session that you were given has sent something, and holds its connection. The "
                "queries are to "
                "go through the scoped session.",
            ),
            Mistake(
                lambda e: isinstance(e.error, TypeError),
                "`scoped_session` takes a sessionmaker, and `scopefunc` a function without arguments "
                "that looks up "
                "the current number.",
            ),
            Mistake(
                lambda e: isinstance(e.given, scoped_session) and not _is_empty(e.given) and e.in_use == 0,
                "The sessions are closed, and still kept. What closes *and* forgets?",
            ),
            Mistake(
                lambda e: isinstance(e.given, scoped_session) and not _is_empty(e.given),
                "The requests are over, and their sessions are not: each must be removed while "
                "its number is the current one.",
            ),
        ),
        hints=(
            "`scopefunc` says which session; who takes it away?",
            "`remove()` at the end of each request.",
            "In the loop: set the number, query, `scoped.remove()`.",
        ),
        solution="""\
from sqlalchemy import select
from sqlalchemy.orm import scoped_session, sessionmaker

from session_demo.models import Author


def answer(session):
    current = {}
    scoped = scoped_session(sessionmaker(session.get_bind()), scopefunc=lambda: current["request"])
    for number in range(3):
        current["request"] = number
        scoped.scalars(select(Author)).all()
        scoped.remove()
    return scoped
""",
    ),
)
