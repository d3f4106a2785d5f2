"""What may be watched: a session, or something that stands for exactly one; and what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from ..errors import NotASessionError, described

Watchable = Session | scoped_session[Any]


def session_of(target: object, purpose: str) -> Session:
    """Return the one session that *target* is or stands for.

    Args:
        target: A session, or a ``scoped_session``, which stands for its current session.
        purpose: What the session is wanted for; it completes "Can't ...".

    Raises:
        NotASessionError: *target* is something else; the message says what to pass instead.
    """
    found = target() if isinstance(target, scoped_session) else target
    if isinstance(found, Session):
        return found
    if hasattr(found, "sync_session"):
        remedy = "Pass its sync_session."
    elif isinstance(found, sessionmaker) or (isinstance(found, type) and issubclass(found, Session)):
        remedy = "Call it first, and pass the Session it makes."
    else:
        remedy = "Pass the Session itself."
    raise NotASessionError(f"Can't {purpose} {described(found)}: that needs one Session. {remedy}")


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
