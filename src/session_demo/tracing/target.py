"""What may be watched: one session, or a class of which each session counts; and what a session holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from ..errors import NotASessionError, described

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session

    OneSession = Session | scoped_session[Any] | AsyncSession | async_scoped_session[Any]
    Watchable = OneSession | sessionmaker[Any] | type[Session]


def session_of(target: OneSession, purpose: str) -> Session:
    """Return the one session that *target* is or stands for.

    Args:
        target: A session; a ``scoped_session``, which stands for its current session; or an
            ``AsyncSession``, which stands for the session it drives.
        purpose: What the session is wanted for; it completes "Can't ...".

    Raises:
        NotASessionError: *target* is something else; the message says what to pass instead.
    """
    found = _one_session(target)
    if found is not None:
        return found
    if _session_class(target) is not None:
        remedy = "Call it first, and pass the Session it makes."
    else:
        remedy = "Pass the Session itself."
    raise NotASessionError(f"Can't {purpose} {described(target)}: that needs one Session. {remedy}")


def watched(target: Watchable, purpose: str) -> Session | type[Session]:
    """Return the session that *target* stands for, or the class whose sessions it makes.

    Args:
        target: As for :func:`session_of`; or a Session class, a ``sessionmaker``, or an object with a
            ``sessionmaker`` named ``Session``: each stands for all its sessions.
        purpose: What is wanted of it; it completes "Can't ...".

    Raises:
        NotASessionError: *target* is something else; the message says what to pass instead.
    """
    found = _one_session(target) or _session_class(target)
    if found is not None:
        return found
    raise NotASessionError(
        f"Can't {purpose} {described(target)}: that needs a Session, a sessionmaker or a Session class. "
        "Pass the session itself, or what makes your sessions."
    )


def _one_session(target: object) -> Session | None:
    if isinstance(target, type):
        return None
    if isinstance(target, scoped_session) or type(target).__name__ == "async_scoped_session":
        target = target()  # type: ignore[operator]
    target = getattr(target, "sync_session", target)  # of an AsyncSession
    return target if isinstance(target, Session) else None


def _session_class(target: object) -> type[Session] | None:
    if isinstance(target, type):
        return target if issubclass(target, Session) else None
    maker = target if isinstance(target, sessionmaker) else getattr(target, "Session", None)
    made: object = maker.class_ if isinstance(maker, sessionmaker) else None
    return made if isinstance(made, type) and issubclass(made, Session) else None


def acquired_connections(session: Session) -> Iterator[Connection]:
    """Yield the connections of the transaction in progress.

    ``Session.connection()`` would acquire one, and send BEGIN. ``SessionTransaction.connections``
    only looks, but came with SQLAlchemy 2.1.7; older versions keep the same in a private mapping.
    """
    root = session.get_transaction()
    if root is None:
        return
    if hasattr(root, "connections"):
        yield from root.connections
    else:
        # Each connection is there twice: under itself and under its engine.
        yield from dict.fromkeys(connection for connection, *_ in root._connections.values())
