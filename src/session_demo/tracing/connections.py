"""What the database is told: the hooks on the connections of one session."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from functools import partial
from itertools import count
from time import perf_counter_ns
from types import FrameType
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.orm import Session, SessionTransaction

from . import listening
from .causes import Hint
from .lines import Place, caller
from .listening import Hook
from .object_hooks import Outlet
from .records import Kind

_WITHIN_A_FLUSH = "flush"
_QUERIES = ("SELECT", "WITH")


class ConnectionNumbers:
    """Numbers database connections as a recording meets them, from 1."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, object]] = {}
        self._numbers = count(1)  # threads may ask at once

    def number(self, connection: Connection) -> int:
        """Return the number of the database connection under *connection*."""
        # The pool keeps one dictionary beside each database connection; held here, its address stays its own.
        info = connection.info
        known = self._known.get(id(info))
        if known is None:
            known = self._known[id(info)] = next(self._numbers), info
        return known[0]


_OURS: Any = object()
"""Put where a Connection remembers that it has listeners: true like True, but nobody else writes it."""


class Owner(Protocol):
    """The hooks on the session that uses the connections."""

    number: int
    flushing: bool
    sent: int
    asked: tuple[Hint, Place | None] | None
    hides_all: bool
    sink: Outlet

    @property
    def session(self) -> Callable[[], Session | None]:
        """The session, if it still lives."""

    def command(self, command: str, connection: int) -> None:
        """Record that the database is told to begin or end a transaction."""


class ConnectionHooks:
    """The hooks of one recording on the connections of one session, one connection after the other.

    To listen costs more than to record, and every transaction brings a new Connection. So the hooks are
    put on the first one only, and the others are lent its collections of listeners, as long as nobody else
    has listened on a Connection that had them.

    Args:
        owner: The hooks on the session that uses the connections.
        given: Whether the connection was given to the session instead of an engine, so that others may
            use it too.
        plain: Whether only connections in an ordinary transaction that has begun come here. They will not
            begin another one, nor end it in two phases.
    """

    def __init__(self, owner: Owner, given: bool, plain: bool) -> None:
        self._owner = owner
        self._number = 0
        hooks = self._cursor_hooks() | self._command_hooks(plain)
        self._hooks = {name: self._if_asked(hook) for name, hook in hooks.items()} if given else hooks
        self._lendable = not given
        self._lent: Any = None
        # A connection at work is held weakly: a session that nobody closed must not keep it from its pool.
        self._latest: Callable[[], Connection | None] = lambda: None
        self._own: tuple[Any, Any] | None = None

    def attach(self, connection: Connection, number: int) -> None:
        """Listen on a connection, and no longer care for the one before.

        Args:
            connection: The connection.
            number: Its number in the recording.
        """
        self._number = number
        if self._lent is not None and self._is_ours(self._latest()):
            self._own = connection.dispatch, connection._has_events
            connection.dispatch = self._lent
        else:
            self._own = None
            for name, hook in self._hooks.items():
                listening.listen(connection, name, hook, retval=name == "before_cursor_execute")
            self._lent = vars(connection).get("dispatch") if self._lendable else None
        if self._lent is not None:
            connection._has_events = _OURS
        self._latest = weakref.ref(connection)

    def settle(self) -> None:
        """Keep the latest connection for the next one, if its transaction is over and nobody needs it."""
        latest = self._latest() if self._lendable else None
        if latest is not None and latest.get_transaction() is None:
            self._latest = lambda: latest

    def _is_ours(self, connection: Connection | None) -> bool:
        return getattr(connection, "_has_events", None) is _OURS

    def detach(self, connection: Connection) -> None:
        """Take the hooks off."""
        if self._own and connection is self._latest():
            # Where somebody else listens too, the hooks stay; they are silent, and go with the connection.
            if self._is_ours(connection):
                connection.dispatch, connection._has_events = self._own
            return
        for name, hook in self._hooks.items():
            listening.remove(connection, name, hook)

    def _cursor_hooks(self) -> dict[str, Hook]:
        # Statements are read before they run: on SQLAlchemy 2.0 the parameters shown afterwards
        # are those of the whole batch, each time. A savepoint is a statement like any other.
        running: dict[int, list[Any]] = {}
        owner, sink, session = self._owner, self._owner.sink, self._owner.number
        kind, clock, hidden = int(Kind.SQL), perf_counter_ns, owner.hides_all

        def started(
            _c: object, _cursor: object, sql: str, values: Any, context: Any, many: bool
        ) -> tuple[str, Any]:
            if sql == "BEGIN":  # sent by our engine, and the event "begin" has told of it
                return sql, values
            try:
                if owner.asked and sql.startswith(_QUERIES):
                    (cause, place), owner.asked = owner.asked, None
                else:
                    cause, place = _WITHIN_A_FLUSH if owner.flushing else None, caller()
                owner.sent += 1
                compiled = context.compiled
                names = compiled.positiontup if compiled else None
                kept = None if hidden or context.engine.hide_parameters else values
                record = [kind, clock(), place, session, sql, kept, many, 0, None, names, self._number, cause]
                running[id(context)] = record
                sink.append(record)
            except Exception:  # noqa: BLE001, S110 - as in silent()
                pass
            return sql, values

        def finished(_c: object, cursor: Any, _sql: str, _values: Any, context: object, _many: bool) -> None:
            try:
                if record := running.pop(id(context), None):
                    record[7] = clock()
                    touched = cursor.rowcount
                    record[8] = touched if touched >= 0 else None
            except Exception:  # noqa: BLE001 - as in silent()
                return

        return {"before_cursor_execute": started, "after_cursor_execute": finished}

    def _command_hooks(self, plain: bool) -> dict[str, Hook]:
        told = {"commit": "COMMIT", "rollback": "ROLLBACK"}
        if not plain:
            told |= {"begin": "BEGIN", "prepare_twophase": "PREPARE"}
            told |= {"commit_twophase": "COMMIT", "rollback_twophase": "ROLLBACK"}
        return {name: silent(partial(self._command, command)) for name, command in told.items()}

    def _command(self, command: str, _connection: Connection, *_details: object) -> None:
        self._owner.command(command, self._number)

    def _if_asked(self, hook: Hook) -> Hook:
        session = self._owner.session

        def guarded(*arguments: Any) -> Any:
            asking = _asking_session()
            if asking is None or asking is session():
                return hook(*arguments)
            return arguments[2:4]  # the statement and its parameters, where they are asked for

        return guarded


def _asking_session() -> Session | None:
    """Return the session that is at work on the stack; None where a connection is used directly."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_globals.get("__name__") == "sqlalchemy.orm.session":
            working = frame.f_locals.get("self")
            if isinstance(working, SessionTransaction):
                return working.session
            if isinstance(working, Session):
                return working
        frame = frame.f_back
    return None


def silent(hook: Hook) -> Hook:
    """Let no error of *hook* reach the program: a defect of the instrument must not become one of it."""

    def guarded(*arguments: Any) -> None:
        try:
            hook(*arguments)
        except Exception:  # noqa: BLE001
            return

    return guarded
