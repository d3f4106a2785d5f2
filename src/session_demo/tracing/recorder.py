"""Join the two halves: hooks on the session, a trace that fills."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from ..errors import TracingStateError
from .events import Event
from .hooks import SessionHooks
from .objects import ObjectRegister
from .records import Record, decode
from .target import Watchable, session_of
from .traces import Trace


class Recording(Trace):
    """A trace that is still being filled. :func:`trace` makes one.

    It may be read at any time; events are made of the raw record only then.

    Example:
        >>> watch = trace(session).start()
        >>> session.add(Author(name="Octavia Butler"))
        >>> watch
        <Recording: 2 events: nothing reached the database. Author A: transient -> pending.>
        >>> watch == watch.stop()
        True
    """

    def __init__(self, session: Session) -> None:
        self._register = ObjectRegister()
        super().__init__(label_of=self._register.label_of)
        self._records: list[Record] = []
        self._hooks = SessionHooks(session, self._records, self._register)
        self._decoded = 0
        self._began = 0
        self._running = False

    def start(self) -> Self:
        """Begin to record, or go on after :meth:`stop`.

        Returns:
            The recording itself.

        Raises:
            TracingStateError: It runs already.

        Session effect:
            None, also when a transaction is in progress.

        Example:
            >>> watch = trace(session).start()
            >>> session.add(Author(name="Octavia Butler"))
            >>> watch.stop().states("Author A")
            ['transient', 'pending']
        """
        if self._running:
            raise TracingStateError(
                f"Can't start this recording: it is running, with {len(self)} events so far. "
                "Stop it first, or make another one with trace(session)."
            )
        self._began = self._began or perf_counter_ns()
        self._hooks.attach()
        self._running = True
        return self

    def stop(self) -> Trace:
        """Take all hooks off and return what was recorded.

        Returns:
            The finished trace. The recording itself keeps it too.

        Raises:
            TracingStateError: It does not run.

        Session effect:
            None.
        """
        if not self._running:
            raise TracingStateError(
                f"Can't stop this recording: it is not running, and holds {len(self)} events. "
                "Call start() first, or use it in a with statement."
            )
        self._end()
        return self[:]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # Nothing is read here: what may go wrong in reading must not hide an error of the block.
        if self._running:
            self._end()

    def _end(self) -> None:
        self._running = False
        self._hooks.detach()

    def _events(self) -> Sequence[Event]:
        waiting = self._records[self._decoded :]
        self._decoded += len(waiting)
        self._made.extend(decode(waiting, self._register, self._began))
        return self._made


def trace(session: Watchable) -> Recording:
    """Record what a session does: object states, SQL, flushes, transactions, connections.

    Only this session is heard, even where other sessions share its engine or its connection pool.
    Each event knows the line of the program that asked for it; a picture names the line above the
    events it caused.

    Args:
        session: The session; a ``scoped_session`` stands for its current session.

    Returns:
        A recording. Use it in a ``with`` statement, or call ``start()`` and ``stop()``.

    Raises:
        NotASessionError: *session* is something else.

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
    return Recording(session_of(session, "trace"))
