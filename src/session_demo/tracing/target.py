"""What may be watched: a session, or something that stands for exactly one."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session, scoped_session

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
    elif callable(found):
        remedy = "Call it first, and pass the Session it makes."
    else:
        remedy = "Pass the Session itself."
    raise NotASessionError(f"Can't {purpose} {described(found)}: that needs one Session. {remedy}")
