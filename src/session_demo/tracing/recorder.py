"""Begin to record: what may be asked of a recording."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .hooks import Level
from .recording import Recording
from .redaction import SENSITIVE
from .target import watched

if TYPE_CHECKING:
    from .target import Watchable

LEVELS: tuple[Level, ...] = ("sql", "session", "full")


def trace(
    target: Watchable,
    level: Level = "session",
    *,
    maxlen: int | None = None,
    parameters: bool = True,
    redact: Iterable[str] = SENSITIVE,
) -> Recording:
    """Record what a session does: object states, SQL, flushes, transactions, connections.

    Only this session is heard, even where other sessions share its engine or its connection pool.
    Each event knows the line of the program that asked for it; a picture names the line above the
    events it caused. Objects are called what the program calls them, where a variable of the module,
    the notebook cell or the doctest does; else by letters, such as ``Author A``.

    Args:
        target: The session. A ``scoped_session`` stands for its current session, an ``AsyncSession``
            for the session it drives. A Session class, a ``sessionmaker``, or the ``SQLAlchemy``
            facade stands for all its sessions, in all threads, each from its next transaction on.
        level: ``"sql"`` records what the database is told; ``"session"`` also object states, flushes,
            session transactions, connections and the identity map; ``"full"`` also what happens to
            attributes, and objects that are forgotten.
        maxlen: How many events to keep at most, the newest; None keeps all. One more tells first how many
            are gone.
        parameters: Whether to keep the values sent to the database and set on attributes.
        redact: Parts of the names of columns, parameters and attributes whose values are hidden.

    Returns:
        A recording. Use it in a ``with`` statement, as a decorator, or call ``start()`` and ``stop()``.

    Raises:
        NotASessionError: *target* is something else.
        ValueError: *level* or *maxlen* is none of those.

    Session effect:
        None: no SQL, no connection, no transaction, no object kept alive, no attribute read.

    Example:
        >>> with trace(session) as story:
        ...     session.add(Author(name="Ursula K. Le Guin"))
        ...     session.flush()
        >>> print(story)
        8 events: BEGIN, INSERT. Author A: transient -> pending -> persistent.
        line 2: session.add(Author(name="Ursula K. Le Guin"))
           1  session   session transaction begins (autobegin)
           2  object    Author A transient -> pending
        line 3: session.flush()
           3  flush     flush begins: 1 new
           4  pool        connection 1 checked out
           5  database    BEGIN
           6  database    INSERT INTO author (name) VALUES (?)  ['Ursula K. Le Guin']
           7  object      Author A (id=1) pending -> persistent
           8  flush     flush ends
    """
    if level not in LEVELS:
        raise ValueError(f"Can't trace at level {level!r}: levels are {', '.join(map(repr, LEVELS))}.")
    if maxlen is not None and (not isinstance(maxlen, int) or maxlen < 1):
        raise ValueError(f"Can't keep {maxlen!r} events: maxlen is a whole number from 1, or None for all.")
    return Recording(watched(target, "trace"), level, maxlen, parameters, redact)
