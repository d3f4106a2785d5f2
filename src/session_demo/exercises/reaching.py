"""Exercises on scopes and cascades."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session, scoped_session

from .checks import holds, returns, sends, stores
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library


def _is_empty(given: Any) -> bool:
    """Whether a scoped session keeps no session, of whatever scope."""
    registry = given.registry
    return isinstance(given, scoped_session) and not (
        registry.registry if hasattr(registry, "scopefunc") else registry.has()
    )


EXERCISES = (
    Exercise(
        name="leave-no-connection",
        chapter="scopes",
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
        name="one-for-each-thread",
        chapter="scopes",
        title="One session for each thread",
        task=(
            "Make a `scoped_session` on `session.get_bind()`. Return the session that it gives in "
            "this thread, and the one that it gives in another thread, as a pair."
        ),
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
    Exercise(
        name="make-an-orphan",
        chapter="cascades",
        title="Make an orphan",
        task=(
            "Remove the only loan from the list of the member with id 1, so that its row is deleted. "
            "The member stays."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT (SELECT count(*) FROM loan), (SELECT count(*) FROM member)",
                [(0, 1)],
                "the member, and no loan",
            ),
            sends(delete=1),
        ),
        mistakes=(
            Mistake(
                lambda e: e.stored("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM member)"),
                "The member is gone as well. Only the loan was to leave.",
            ),
            Mistake(
                lambda e: "NOT NULL" in str(e.error),
                "The loan lost its member, and the list of loans was never loaded, so nobody saw that it "
                "became an orphan. Take it out of the list.",
            ),
            NOT_COMMITTED,
            Mistake(
                lambda e: not e.sent("DELETE"),
                "No `DELETE` was sent: the loan is still in the list of its member.",
            ),
        ),
        hints=(
            "`Member.loans` has the cascade delete-orphan.",
            "A loan that leaves the list is an orphan.",
            "`member.loans.clear()`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Member


def answer(session):
    member = session.get(Member, 1)
    member.loans.clear()
    session.commit()
""",
    ),
    Exercise(
        name="keep-the-book",
        chapter="cascades",
        title="Keep the book",
        task="Delete the author with id 2. Her book must stay, without an author.",
        prepare=library,
        checks=(
            stores("SELECT id FROM author", [(1,)], "only the other author"),
            stores("SELECT author_id FROM book WHERE id = 3", [(None,)], "her book, without an author"),
        ),
        mistakes=(
            Mistake(
                lambda e: "FOREIGN KEY" in str(e.error),
                "The book still points to her. `session.delete()` takes that link away; a statement doesn't.",
            ),
            Mistake(
                lambda e: e.stored("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM book WHERE id = 3)"),
                "The book is gone as well.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "`Author.books` has the default cascade.",
            "By default a deleted parent lets its children go.",
            "`session.delete(session.get(Author, 2))`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    session.delete(session.get(Author, 2))
    session.commit()
""",
    ),
    Exercise(
        name="move-a-child",
        chapter="cascades",
        title="Move a child",
        task=(
            "Give the book with id 2 to the author with id 2, with one `UPDATE`, no `INSERT` and no `DELETE`."
        ),
        prepare=library,
        checks=(
            stores("SELECT author_id FROM book WHERE id = 2", [(2,)], "the book with its new author"),
            sends(update=1, insert=0, delete=0),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent("INSERT") or e.sent("DELETE"),
                "A book was made or deleted. The row that is there can change its author.",
            ),
            Mistake(
                lambda e: len(e.sent("UPDATE")) > 1,
                "Something was flushed in between: the book had no author for a moment.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "One side of the relationship is enough.",
            "Set `book.author`, or append to the list of the new author.",
            "`session.get(Book, 2).author = session.get(Author, 2)`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Author, Book


def answer(session):
    session.get(Book, 2).author = session.get(Author, 2)
    session.commit()
""",
    ),
)
