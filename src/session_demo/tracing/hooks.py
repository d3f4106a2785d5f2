"""What one session does: SQLAlchemy's events in, records out.

A hook appends one record and returns. It emits no SQL, holds no mapped object, and lets no error
of its own reach the program it watches.
"""

from __future__ import annotations

import weakref
from functools import partial
from time import perf_counter_ns
from typing import Any, Literal

from sqlalchemy import Connection, TwoPhaseTransaction
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.orm.session import SessionTransactionOrigin

from . import attributes, causes, listening, shadows
from .connections import ConnectionHooks, ConnectionNumbers, silent
from .lines import Place, caller
from .listening import Hook
from .object_hooks import ObjectHooks, Sink, State
from .objects import ObjectRegister
from .records import IN_CALL_ORDER, TRANSITIONS, Kind
from .target import acquired_connections

Level = Literal["sql", "session", "full"]
"""How much is recorded: SQL and transactions of the database; also object states, flushes, session
transactions, connections and the identity map; also attributes, and objects that are forgotten."""


class SessionHooks(ObjectHooks):
    """The hooks of one recording on one session.

    Args:
        session: The session to listen to. It is referenced weakly.
        number: Its number in the recording.
        sink: Where the hooks append what they hear.
        register: Numbers the objects that appear.
        connections: Numbers the connections that appear.
        level: How much to record.
        hides_all: Whether values of parameters and attributes are left out.
    """

    def __init__(
        self,
        session: Session,
        number: int,
        sink: Sink,
        register: ObjectRegister,
        connections: ConnectionNumbers,
        level: Level = "session",
        hides_all: bool = False,
    ) -> None:
        super().__init__(number, sink, register, hides_all)
        self.session = weakref.ref(session)
        self._session_key = session.hash_key
        self._forget: weakref.finalize[..., Session] | None = None
        self._numbers = connections
        self._level = level
        # Connections heard so far, each with its number, or 0 when it is not the session's to give back.
        self._heard: weakref.WeakKeyDictionary[Connection, int] = weakref.WeakKeyDictionary()
        self._connection_hooks: dict[tuple[object, bool], ConnectionHooks] = {}
        self._begin()
        self._hooks = self._make_hooks()

    def _begin(self) -> None:
        self.flushing = False
        self.sent = 0
        self.asked: tuple[causes.Hint, Place | None] | None = None
        self._entered = 0
        self._outcome = None
        self._ending: list[Any] | None = None
        self._announced: causes.Hint | Literal[False] = False
        self._walk = 0

    def attach(self) -> None:
        """Start to listen, also to connections the session has already acquired."""
        session = self.session()
        if session is None:
            return
        self._begin()
        for name, hook in self._hooks.items():
            listening.listen(session, name, hook, **({"raw": True} if name in TRANSITIONS else {}))
        given = _given_connections(session)
        for connection in (*given, *acquired_connections(session)):
            if connection not in self._heard:
                self._listen(connection, given=connection in given)
        if self._level == "sql":
            return
        shadows.listen(session, self)
        if self._level == "full":
            attributes.listen(session, self)
            self._forget = weakref.finalize(session, attributes.remove, self._session_key, self)
            self._forget.atexit = False
            for thing in (*session.identity_map.values(), *session.new):
                attributes.hear(type(thing))

    def detach(self) -> None:
        """Take every hook off. Nothing is recorded from now on."""
        self.sink.close()
        session = self.session()
        if session is not None:
            for name, hook in self._hooks.items():
                listening.remove(session, name, hook)
            shadows.remove(session, self)
        attributes.remove(self._session_key, self)
        if self._forget:
            self._forget.detach()
        for connection in list(self._heard):
            for connection_hooks in self._connection_hooks.values():
                connection_hooks.detach(connection)
        self._heard.clear()
        self._connection_hooks.clear()

    def _listen(self, connection: Connection, given: bool) -> int:
        number = self._numbers.number(connection)
        begun = connection.get_transaction()
        plain = not given and begun is not None and not isinstance(begun, TwoPhaseTransaction)
        kind = (weakref.ref(connection) if given else connection.engine), plain
        if kind not in self._connection_hooks:
            self._connection_hooks[kind] = ConnectionHooks(self, given, plain)
        self._connection_hooks[kind].attach(connection, number)
        self._heard[connection] = 0 if given else number
        return number

    def _make_hooks(self) -> dict[str, Hook]:
        hooks: dict[str, Hook] = {
            "after_begin": self._connection_acquired,
            "after_commit": partial(self._outcome_known, "committed"),
            "after_rollback": partial(self._outcome_known, "rolled back"),
            "do_orm_execute": self._execution_asked,
        }
        if self._level == "sql":
            return {name: silent(hook) for name, hook in hooks.items()}
        hooks |= {
            "after_transaction_create": self.transaction_begun,
            "after_transaction_end": self._transaction_ended,
            "before_flush": self._flush_announced,
            "after_flush_postexec": self._flush_ended,
        }
        moves = {name: self._make_transition_hook(name) for name in TRANSITIONS}
        return moves | {name: silent(hook) for name, hook in hooks.items()}

    def _make_transition_hook(self, transition: str) -> Hook:
        # Most records come from here and from the cursor, so that these hooks are flat: no
        # method, no partial and no silent() around them, and no name that has to be looked up twice.
        # A tuple of plain values only is soon let go by the garbage collector: an int instead of a Kind,
        # the values of the key instead of the key, which names a class.
        sink, number_of, kind, session = self.sink, self._register.number, int(Kind.STATE), self.number
        clock, register = perf_counter_ns, self._register
        arrives, in_order = transition == "transient_to_pending", transition in IN_CALL_ORDER

        def moved(_session: Session, state: State) -> None:
            try:
                key = state.key and state.key[1]
                cause = causes.of_arrival(state, register) if arrives else None
                walk = 0 if in_order else self._walk
                place = self._walk_place if walk else caller()
                sink.append((kind, clock(), place, session, number_of(state), transition, key, walk, cause))
            except Exception:  # noqa: BLE001 - as in silent()
                return

        return moved

    # Transactions and connections

    def transaction_begun(self, session: Session, moved: SessionTransaction) -> None:
        """Record that a session transaction begins. It may be told twice of the first one."""
        # A flush opens a SUBTRANSACTION of its own: bookkeeping, not a step of the story.
        if moved.origin is not SessionTransactionOrigin.SUBTRANSACTION:
            if id(moved) == self._entered:
                return
            self._entered = id(moved)
            self._note(Kind.TRANSACTION_BEGUN, moved.origin.name.lower())
        elif self._announced is not False:
            counts = len(session.new), len(session.dirty), len(session.deleted)
            cause, self._announced, self.flushing = self._announced, False, any(counts)
            if self.flushing:
                self._note_at(self._walk_place, Kind.FLUSH_STARTED, *counts, cause)

    def _transaction_ended(self, _session: Session, moved: SessionTransaction) -> None:
        self._walk, self._announced, self.asked, self._entered, self._ending = 0, False, None, 0, None
        if moved.origin is SessionTransactionOrigin.SUBTRANSACTION:
            if self.flushing:  # no after_flush_postexec came: the flush failed
                self.flushing = False
                self._note(Kind.FLUSH_ENDED, True)
            return
        place = self._walk_place if self._outcome else caller()
        for connection, number in sorted(self._heard.items(), key=lambda item: item[1]):
            if number and connection.closed:
                self._heard[connection] = 0
                self._note_at(place, Kind.CHECKED_IN, number)
        outcome, self._outcome = self._outcome or "closed", None
        self._note_at(place, Kind.TRANSACTION_ENDED, moved.origin.name.lower(), outcome)

    def _connection_acquired(self, _session: Session, _moved: object, connection: Connection) -> None:
        # The pool and the driver were asked a moment ago, before anybody could tell for whom.
        if connection not in self._heard:
            self._ending = None
            number = self._listen(connection, given=False)
            place = caller()
            if self._level != "sql":
                self._note_at(place, Kind.CHECKED_OUT, number)
            self._note_at(place, Kind.COMMAND, "BEGIN", number, None)

    def command(self, command: str, connection: int) -> None:
        """Record that a connection is about to tell the database to begin or end a transaction."""
        record = [int(Kind.COMMAND), perf_counter_ns(), caller(), self.number, command, connection, None]
        self._ending = record
        self.sink.append(record)

    def _outcome_known(self, outcome: str, _session: Session) -> None:
        place = None
        if self._ending:
            self._ending[6] = perf_counter_ns()
            place, self._ending = self._ending[2], None
        self._outcome = outcome
        for hooks in tuple(self._connection_hooks.values()):
            hooks.settle()
        self._begin_walk(place or caller())

    def _begin_walk(self, place: Place | None) -> None:
        self._walks += 1
        self._walk, self._walk_place = self._walks, place

    # Flushes and queries

    def _flush_announced(self, _session: Session, _context: object, _instances: object) -> None:
        # No flush follows where listeners take its work away, or where the new objects are orphans.
        self._begin_walk(caller())
        self._announced = causes.of_flush(self._walk_place[2] if self._walk_place else "")

    def _flush_ended(self, _session: Session, _context: object) -> None:
        self.flushing = False
        self._walk = 0
        self._note_at(self._walk_place, Kind.FLUSH_ENDED, False)

    def flush_skipped(self) -> None:
        """Record that the program asked for a flush, and there was nothing to do."""
        self._note(Kind.FLUSH_SKIPPED)

    def _execution_asked(self, execution: ORMExecuteState) -> None:
        # The statement follows at once, or after the flush that the query asks for.
        self.asked = None
        if execution.is_column_load or execution.is_relationship_load or execution.lazy_loaded_from:
            place = caller()
            self.asked = causes.of_execution(execution, self._register, place[2] if place else ""), place


def _given_connections(session: Session) -> set[Connection]:
    """Return the connections that were given to the session instead of an engine."""
    # SQLAlchemy 2.1 made the mapping public; 2.0 has it under this mangled name.
    binds = getattr(session, "binds", None) or getattr(session, "_Session__binds", {})
    return {bind for bind in (session.bind, *binds.values()) if isinstance(bind, Connection)}
