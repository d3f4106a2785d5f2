"""What the database is told: the hooks on one connection of one session."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from types import FrameType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, TwoPhaseTransaction, event
from sqlalchemy.orm import Session, SessionTransaction

from .causes import Hint
from .lines import caller
from .records import Kind

if TYPE_CHECKING:
    from .hooks import SessionHooks

Hook = Callable[..., None]

_TWO_PHASE = {"prepare_twophase", "commit_twophase", "rollback_twophase"}
_WITHIN_A_FLUSH = "flush"
_QUERIES = ("SELECT", "WITH")


class ConnectionNumbers:
    """Numbers database connections as a recording meets them, from 1."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, object]] = {}

    def number(self, connection: Connection) -> int:
        """Return the number of the database connection under *connection*."""
        # The pool keeps one dictionary beside each database connection; held here, its address stays its own.
        info = connection.info
        number, _ = self._known.setdefault(id(info), (len(self._known) + 1, info))
        return number


class ConnectionHooks:
    """The hooks of one recording on one connection.

    Args:
        owner: The hooks on the session that uses the connection.
        connection: The connection.
        number: Its number in the recording.
        given: Whether it was given to the session instead of an engine, so that others may use it too.
    """

    def __init__(self, owner: SessionHooks, connection: Connection, number: int, given: bool) -> None:
        self.number = number
        self.ours = not given
        self._owner = owner
        # Every transaction brings a new Connection, and to listen costs more than to record: where a plain
        # transaction has begun, nobody will speak of another beginning or of two phases.
        begun = connection.get_transaction()
        plain = not given and begun is not None and not isinstance(begun, TwoPhaseTransaction)
        self._hooks = self._cursor_hooks() | self._command_hooks(plain)
        if given:
            self._hooks = {name: self._if_asked(hook) for name, hook in self._hooks.items()}
        for name, hook in self._hooks.items():
            event.listen(connection, name, hook)

    def detach(self, connection: Connection) -> None:
        """Take the hooks off."""
        for name, hook in self._hooks.items():
            if event.contains(connection, name, hook):
                event.remove(connection, name, hook)

    def _cursor_hooks(self) -> dict[str, Hook]:
        # Statements are read before they run: on SQLAlchemy 2.0 the parameters shown afterwards
        # are those of the whole batch, each time. A savepoint is a statement like any other.
        running: dict[int, list[Any]] = {}
        owner, sink, number, session = self._owner, self._owner.sink, self.number, self._owner.number
        kind, clock, hidden = int(Kind.SQL), perf_counter_ns, owner.hides_all

        def started(_c: object, _cursor: object, sql: str, values: Any, context: Any, many: bool) -> None:
            if sql == "BEGIN":  # sent by our engine, and the event "begin" has told of it
                return
            try:
                cause: Hint = _WITHIN_A_FLUSH if owner.flushing else None
                if owner.asked and sql.startswith(_QUERIES):
                    cause, owner.asked = owner.asked, None
                owner.sent += 1
                compiled = context.compiled
                names = compiled.positiontup if compiled else None
                if hidden or context.engine.hide_parameters:
                    values = None
                now = clock()
                record = [kind, now, caller(), session, sql, values, many, 0, None, names, number, cause]
                running[id(context)] = record
                sink.append(record)
            except Exception:  # noqa: BLE001 - as in silent()
                return

        def finished(_c: object, cursor: Any, _sql: str, _values: Any, context: object, _many: bool) -> None:
            try:
                if record := running.pop(id(context), None):
                    record[7] = clock()
                    count = cursor.rowcount
                    record[8] = count if count >= 0 else None
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
        self._owner.command(command, self.number)

    def _if_asked(self, hook: Hook) -> Hook:
        session = self._owner.session

        def guarded(*arguments: Any) -> None:
            asking = _asking_session()
            if asking is None or asking is session():
                hook(*arguments)

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
