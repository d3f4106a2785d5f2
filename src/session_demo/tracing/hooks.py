"""The only module that listens: SQLAlchemy's events in, records out.

A hook appends one record and returns. It emits no SQL, holds no mapped object, and lets no error
of its own reach the program it watches.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter_ns
from typing import Any

from sqlalchemy import Connection, TwoPhaseTransaction, event
from sqlalchemy.orm import InstanceState, Session, SessionTransaction
from sqlalchemy.orm.session import SessionTransactionOrigin

from .lines import caller
from .objects import ObjectRegister
from .records import TRANSITIONS, Kind, Record
from .target import acquired_connections

Hook = Callable[..., None]

_TWO_PHASE = {"prepare_twophase", "commit_twophase", "rollback_twophase"}


class SessionHooks:
    """The hooks of one recording on one session.

    Args:
        session: The session to listen to. It is referenced weakly.
        records: Where the hooks append what they hear.
        register: Numbers the objects that appear.
    """

    def __init__(self, session: Session, records: list[Record], register: ObjectRegister) -> None:
        self._session = weakref.ref(session)
        self._append = records.append
        self._register = register
        self._numbers: dict[int, tuple[int, object]] = {}
        # Connections heard so far, each with its number, or 0 when it is not the session's to give back.
        self._heard: weakref.WeakKeyDictionary[Connection, int] = weakref.WeakKeyDictionary()
        self._outcome: str | None = None
        self._announced = False
        self._flushing = False
        # While SQLAlchemy walks a set of objects, the number of that walk; else 0.
        self._walk = 0
        self._walks = 0
        self._session_hooks = self._make_session_hooks()
        self._connection_hooks = self._make_connection_hooks()

    def attach(self) -> None:
        """Start to listen, also to connections the session has already acquired."""
        session = self._session()
        if session is None:
            return
        self._outcome, self._announced, self._flushing, self._walk = None, False, False, 0
        for name, hook in self._session_hooks.items():
            if name in TRANSITIONS:
                event.listen(session, name, hook, raw=True)
            else:
                event.listen(session, name, hook)
        for connection in _bound_connections(session):
            self._listen(connection, 0)
        for connection in acquired_connections(session):
            if connection not in self._heard:
                self._listen(connection, self._number(connection))

    def detach(self) -> None:
        """Take every hook off."""
        session = self._session()
        if session is not None:
            for name, hook in self._session_hooks.items():
                event.remove(session, name, hook)
        for connection in list(self._heard):
            for name, hook in self._connection_hooks.items():
                if event.contains(connection, name, hook):
                    event.remove(connection, name, hook)
        self._heard.clear()

    def _listen(self, connection: Connection, number: int) -> None:
        self._heard[connection] = number
        # Every transaction brings a new Connection, and to listen costs more than to record: where the
        # transaction has begun, and not in two phases, nobody will speak of two phases.
        begun = connection.get_transaction()
        plain = begun is not None and not isinstance(begun, TwoPhaseTransaction)
        for name, hook in self._connection_hooks.items():
            if not (number and plain and name in _TWO_PHASE):
                event.listen(connection, name, hook)

    def _number(self, connection: Connection) -> int:
        # The pool keeps one dictionary beside each database connection; held here, its address stays its own.
        info = connection.info
        number, _ = self._numbers.setdefault(id(info), (len(self._numbers) + 1, info))
        return number

    def _make_session_hooks(self) -> dict[str, Hook]:
        hooks: dict[str, Hook] = {
            "after_transaction_create": self._transaction_begun,
            "after_transaction_end": self._transaction_ended,
            "after_begin": self._connection_acquired,
            "after_commit": partial(self._outcome_known, "committed"),
            "after_rollback": partial(self._outcome_known, "rolled back"),
            "before_flush": self._flush_announced,
            "after_flush_postexec": self._flush_ended,
        }
        moves = {name: self._make_transition_hook(name) for name in TRANSITIONS}
        return moves | {name: _silent(hook) for name, hook in hooks.items()}

    def _make_transition_hook(self, transition: str) -> Hook:
        # Most records come from here and from the cursor, so that these hooks are flat: no
        # method, no partial and no _silent() around them, and no name that has to be looked up twice.
        # A tuple of plain values only is soon let go by the garbage collector: an int instead of a Kind,
        # the values of the key instead of the key, which names a class.
        append, number_of, kind = self._append, self._register.number, int(Kind.STATE)

        def moved(_session: Session, state: InstanceState[Any]) -> None:
            try:
                key = state.key and state.key[1]
                append((kind, perf_counter_ns(), caller(), number_of(state), transition, key, self._walk))
            except Exception:  # noqa: BLE001 - as in _silent()
                return

        return moved

    def _make_connection_hooks(self) -> dict[str, Hook]:
        # Statements are read before they run: on SQLAlchemy 2.0 the parameters shown afterwards
        # are those of the whole batch, each time. A savepoint is a statement like any other.
        running: dict[int, list[Any]] = {}
        append, kind = self._append, int(Kind.SQL)

        def started(_c: object, _cursor: object, sql: str, values: Any, context: object, many: bool) -> None:
            if sql == "BEGIN":  # sent by our engine, and the event "begin" has told of it
                return
            try:
                record = [kind, perf_counter_ns(), caller(), sql, values, many, False, None]
                running[id(context)] = record
                append(record)
            except Exception:  # noqa: BLE001 - as in _silent()
                return

        def finished(_c: object, cursor: Any, _sql: str, _values: Any, context: object, _many: bool) -> None:
            try:
                if record := running.pop(id(context), None):
                    record[6] = True
                    count = cursor.rowcount
                    record[7] = count if count >= 0 else None
            except Exception:  # noqa: BLE001 - as in _silent()
                return

        hooks: dict[str, Hook] = {
            "begin": partial(self._command, "BEGIN"),
            "commit": partial(self._command, "COMMIT"),
            "rollback": partial(self._command, "ROLLBACK"),
            "prepare_twophase": partial(self._command, "PREPARE"),
            "commit_twophase": partial(self._command, "COMMIT"),
            "rollback_twophase": partial(self._command, "ROLLBACK"),
        }
        cursor: dict[str, Hook] = {"before_cursor_execute": started, "after_cursor_execute": finished}
        return cursor | {name: _silent(hook) for name, hook in hooks.items()}

    def _note(self, kind: Kind, *details: object) -> None:
        self._append((int(kind), perf_counter_ns(), caller(), *details))

    def _transaction_begun(self, session: Session, moved: SessionTransaction) -> None:
        # A flush opens a SUBTRANSACTION of its own: bookkeeping, not a step of the story.
        if moved.origin is not SessionTransactionOrigin.SUBTRANSACTION:
            self._note(Kind.TRANSACTION_BEGUN, moved.origin.name.lower())
        elif self._announced:
            counts = len(session.new), len(session.dirty), len(session.deleted)
            self._announced, self._flushing = False, any(counts)
            if self._flushing:
                self._note(Kind.FLUSH_STARTED, *counts)

    def _transaction_ended(self, _session: Session, moved: SessionTransaction) -> None:
        self._walk, self._announced = 0, False
        if moved.origin is SessionTransactionOrigin.SUBTRANSACTION:
            if self._flushing:  # no after_flush_postexec came: the flush failed
                self._flushing = False
                self._note(Kind.FLUSH_ENDED, True)
            return
        for connection, number in sorted(self._heard.items(), key=lambda item: item[1]):
            if number and connection.closed:
                self._heard[connection] = 0
                self._note(Kind.CHECKED_IN, number)
        outcome, self._outcome = self._outcome or "closed", None
        self._note(Kind.TRANSACTION_ENDED, moved.origin.name.lower(), outcome)

    def _connection_acquired(self, _session: Session, _moved: object, connection: Connection) -> None:
        # The pool and the driver were asked a moment ago, before anybody could tell for whom.
        if connection not in self._heard:
            number = self._number(connection)
            self._note(Kind.CHECKED_OUT, number)
            self._note(Kind.COMMAND, "BEGIN")
            self._listen(connection, number)

    def _outcome_known(self, outcome: str, _session: Session) -> None:
        self._outcome = outcome
        self._begin_walk()

    def _begin_walk(self) -> None:
        self._walks += 1
        self._walk = self._walks

    def _flush_announced(self, _session: Session, _context: object, _instances: object) -> None:
        # No flush follows where listeners take its work away, or where the new objects are orphans.
        self._announced = True
        self._begin_walk()

    def _flush_ended(self, _session: Session, _context: object) -> None:
        self._flushing = False
        self._walk = 0
        self._note(Kind.FLUSH_ENDED, False)

    def _command(self, command: str, _connection: Connection, *_details: object) -> None:
        self._note(Kind.COMMAND, command)


def _silent(hook: Hook) -> Hook:
    def guarded(*arguments: Any) -> None:
        # A defect of the instrument must not become one of the program.
        try:
            hook(*arguments)
        except Exception:  # noqa: BLE001
            return

    return guarded


def _bound_connections(session: Session) -> Iterator[Connection]:
    """Yield the connections that were given to the session instead of an engine."""
    # SQLAlchemy 2.1 made the mapping public; 2.0 has it under this mangled name.
    binds = getattr(session, "binds", None) or getattr(session, "_Session__binds", {})
    for bind in (session.bind, *binds.values()):
        if isinstance(bind, Connection):
            yield bind
