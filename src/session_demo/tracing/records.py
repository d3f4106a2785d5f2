"""The record as hooks write it, and how events are made of it when somebody reads.

While the session works, a hook appends one small tuple and nothing else. The first element
says which kind it is, the second when it happened, the third which place of the program asked
for it; this module alone knows the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum
from itertools import groupby
from typing import Any
from uuid import UUID

from . import causes
from .events import (
    AttributeChanged,
    AttributesExpired,
    AttributesRefreshed,
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    DeletionMarked,
    Event,
    FlushEnded,
    FlushSkipped,
    FlushStarted,
    IdentityFound,
    MarkSet,
    ObjectForgotten,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from .lines import Place, source_line
from .objects import ObjectRegister, key_text
from .redaction import redacted

Record = Sequence[Any]
Common = dict[str, Any]

TRANSITIONS: dict[str, tuple[ObjectState | None, ObjectState]] = {
    "transient_to_pending": (ObjectState.TRANSIENT, ObjectState.PENDING),
    "pending_to_transient": (ObjectState.PENDING, ObjectState.TRANSIENT),
    "pending_to_persistent": (ObjectState.PENDING, ObjectState.PERSISTENT),
    "loaded_as_persistent": (None, ObjectState.PERSISTENT),
    "persistent_to_transient": (ObjectState.PERSISTENT, ObjectState.TRANSIENT),
    "persistent_to_deleted": (ObjectState.PERSISTENT, ObjectState.DELETED),
    "persistent_to_detached": (ObjectState.PERSISTENT, ObjectState.DETACHED),
    "deleted_to_persistent": (ObjectState.DELETED, ObjectState.PERSISTENT),
    "deleted_to_detached": (ObjectState.DELETED, ObjectState.DETACHED),
    "detached_to_persistent": (ObjectState.DETACHED, ObjectState.PERSISTENT),
}
"""The ten lifecycle events of a session, by SQLAlchemy's names, with the state left and the state entered."""

_RANK = {name: rank for rank, name in enumerate((*TRANSITIONS, "expired"))}

IN_CALL_ORDER = {"transient_to_pending", "loaded_as_persistent", "detached_to_persistent"}
"""The program's own calls cause these, one by one, even while a flush is running."""

PLAIN = {type(None), bool, int, float, str, bytes, Decimal, date, datetime, time, timedelta, UUID}
"""Types of values that a record may hold: they refer to nothing else, and their ``repr`` is known."""

# Transaction commands that reach the database through the cursor like any statement.
_COMMANDS = ("RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SAVEPOINT", "BEGIN", "COMMIT", "ROLLBACK")


class Kind(IntEnum):
    """The kinds of record; beside each, what follows the kind, the time, the place and the session."""

    TRANSACTION_BEGUN = 0  # origin
    TRANSACTION_ENDED = 1  # origin, outcome
    STATE = 2  # number of the object, name of the transition, primary key or None, walk or 0, cause
    FLUSH_STARTED = 3  # new, dirty, deleted, cause
    FLUSH_ENDED = 4  # failed
    CHECKED_OUT = 5  # number of the connection
    CHECKED_IN = 6  # number of the connection
    COMMAND = 7  # command, number of the connection, when it ended or None
    SQL = 8  # statement, parameters, many, when it ended or 0, row count, names, connection, cause
    MARK = 9  # name
    FLUSH_SKIPPED = 10
    MARKED = 11  # number of the object, primary key, marked, cause
    IDENTITY_FOUND = 12  # number of the object, primary key, cause
    ATTRIBUTE = 13  # number of the object, primary key, attribute, operation, value, old value, cause
    EXPIRED = 14  # number of the object, primary key, attributes, walk or 0
    REFRESHED = 15  # number of the object, primary key, attributes
    FORGOTTEN = 16  # number of the object
    STATES = 17  # pairs of an object's number and the state it is in


class Reference:
    """Stands in a record for a value that must not be held: the number of an object, or a type's name."""

    __slots__ = ("of",)

    def __init__(self, of: int | str) -> None:
        self.of = of


class Decoder:
    """Makes typed events of records.

    In a flush, a commit and a rollback SQLAlchemy walks over sets, so the order of the transitions it
    reports differs from run to run. Each such walk is put in the order of transition, class, key, label
    and first appearance: the same program always shows the same trace.

    Args:
        register: The register that numbered the objects.
        started: The clock, in nanoseconds, when the recording began.
        hides: Tells by its name whether the value of a column or a parameter is hidden.
    """

    def __init__(
        self, register: ObjectRegister, started: int = 0, hides: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._register = register
        self._started = started
        self._hides = hides
        # What the events so far say of each object: its state, and the session it was last heard in.
        self._shown: dict[int, tuple[ObjectState, int]] = {}
        self._marked: set[int] = set()
        # Most events share their line with the one before.
        self._line: tuple[Place | None, SourceLine | None] = None, None

    def decode(self, records: Sequence[Record]) -> Iterator[Event]:
        """Yield the events that *records* tell of, oldest first."""
        for walk, group in groupby(records, _walk):
            together = list(group)
            if walk:
                try:
                    together.sort(key=self._place)
                except TypeError:  # keys that cannot be compared with each other
                    together.sort(key=lambda record: tuple(map(str, self._place(record))))
            for record in together:
                yield from self._events(record)

    def _events(self, record: Record) -> Iterator[Event]:
        kind, at, place, session, *details = record
        if place is not self._line[0]:
            self._line = place, source_line(place) if place else None
        common = {"at": at - self._started, "line": self._line[1], "session": session}
        if kind == Kind.STATES:
            yield from self._silent_changes(common, *details)
        else:
            yield _DECODERS[kind](self, common, *details)

    def _place(self, record: Record) -> tuple[Any, ...]:
        if record[0] == Kind.STATE:
            number, transition, key = record[4:7]
        else:
            (number, key), transition = record[4:6], "expired"
        named = self._register.class_of(number).__name__
        return _RANK[transition], named, key or (), self._register.place(number), number

    def _about(self, number: int, key: tuple[Any, ...] | None = None) -> Common:
        mapped = self._register.class_of(number)
        spelled = key_text(mapped, key and (mapped, key), self._hides)
        return {"label": self._register.label(number), "key": spelled, "entity": mapped.__name__}

    def _cause(self, hint: causes.Hint) -> str:
        return causes.text(hint, self._register)

    def _state(
        self, common: Common, number: int, transition: str, key: Any, _walk: int, cause: causes.Hint
    ) -> Event:
        source, target = TRANSITIONS[transition]
        self._shown[number] = target, common["session"]
        about = self._about(number, key)
        if number in self._marked:
            self._marked.discard(number)
            if source is ObjectState.DELETED:  # so SQLAlchemy says, also of what was marked and never deleted
                return DeletionMarked(marked=False, cause="rollback", **about, **common)
        return StateChanged(source=source, target=target, cause=self._cause(cause), **about, **common)

    def _silent_changes(
        self, common: Common, found: Sequence[tuple[int, ObjectState, Any]]
    ) -> Iterator[Event]:
        for number, actual, key in found:
            shown, session = self._shown.get(number, (None, 1))
            if shown and actual is not shown:
                self._shown[number] = actual, session
                about = self._about(number, key)
                yield StateChanged(
                    source=shown, target=actual, silent=True, **about, **common | {"session": session}
                )

    def _command(self, common: Common, command: str, connection: int, ended: int | None) -> Event:
        duration = self._duration(common, ended)
        return DatabaseTransactionChanged(command, connection=connection, duration=duration, **common)

    def _duration(self, common: Common, ended: int | None) -> int | None:
        return ended - self._started - common["at"] if ended else None

    def _statement(
        self,
        common: Common,
        sql: str,
        parameters: Any,
        many: bool,
        ended: int,
        count: int | None,
        names: Sequence[str] | None,
        connection: int,
        cause: causes.Hint,
    ) -> Event:
        known: Common = {"connection": connection, "duration": self._duration(common, ended)}
        known |= {"cause": self._cause(cause), **common}
        return told(sql, parameters, many, bool(ended), count, names or (), self._hides, **known)

    def _attribute(
        self, common: Common, number: int, key: Any, name: str, operation: str, *values_and_cause: Any
    ) -> Event:
        *values, cause = values_and_cause
        hidden = self._hides(name)
        value, old = ("***" if hidden and one is not None else self._value(one) for one in values)
        return AttributeChanged(
            attribute=name,
            operation=operation,
            value=value,
            old=old if operation == "set" else "",
            cause=self._cause(cause),
            **self._about(number, key),
            **common,
        )

    def _value(self, value: Any) -> str:
        if not isinstance(value, Reference):
            return repr(value)
        return self._register.label(value.of) if isinstance(value.of, int) else f"<{value.of}>"

    def _mark(self, common: Common, number: int, key: Any, marked: bool, cause: causes.Hint) -> Event:
        (self._marked.add if marked else self._marked.discard)(number)
        return DeletionMarked(marked=marked, cause=self._cause(cause), **self._about(number, key), **common)

    def _forgotten(self, common: Common, number: int) -> Event:
        _, session = self._shown.pop(number, (None, 1))
        return ObjectForgotten(**self._about(number), **common | {"session": session})


def _walk(record: Record) -> tuple[int, int] | None:
    walk = record[7] if record[0] in (Kind.STATE, Kind.EXPIRED) else 0
    return (record[3], walk) if walk else None


def told(
    statement: str,
    parameters: Any,
    many: bool,
    finished: bool = True,
    row_count: int | None = None,
    names: Sequence[str] = (),
    hides: Callable[[str], bool] = lambda _: False,
    **known: Any,
) -> StatementExecuted | DatabaseTransactionChanged:
    """Make an event of what a cursor was given: a transaction command, or a statement with its parameters."""
    sql = " ".join(statement.split())
    for command in _COMMANDS:
        if sql.upper().startswith(command):
            return DatabaseTransactionChanged(command, sql[len(command) :].strip(), **known)
    # An INSERT of many rows with RETURNING may send them one by one: "many", and yet a single set.
    several = many and isinstance(parameters, list)
    sets = tuple(redacted(one or (), names, hides) for one in (parameters if several else [parameters]))
    return StatementExecuted(sql, sets, not finished, row_count, **known)


_DECODERS: dict[int, Callable[..., Event]] = {
    Kind.TRANSACTION_BEGUN: lambda _, at, origin: SessionTransactionBegun(origin, **at),
    Kind.TRANSACTION_ENDED: lambda _, at, origin, outcome: SessionTransactionEnded(origin, outcome, **at),
    Kind.STATE: Decoder._state,
    Kind.FLUSH_STARTED: lambda self, at, new, dirty, deleted, cause: FlushStarted(
        new, dirty, deleted, cause=self._cause(cause), **at
    ),
    Kind.FLUSH_ENDED: lambda _, at, failed: FlushEnded(failed, **at),
    Kind.FLUSH_SKIPPED: lambda _, at: FlushSkipped(**at),
    Kind.CHECKED_OUT: lambda _, at, number: ConnectionCheckedOut(number, **at),
    Kind.CHECKED_IN: lambda _, at, number: ConnectionCheckedIn(number, **at),
    Kind.COMMAND: Decoder._command,
    Kind.SQL: Decoder._statement,
    Kind.MARK: lambda _, at, name: MarkSet(name, **at),
    Kind.MARKED: Decoder._mark,
    Kind.IDENTITY_FOUND: lambda self, at, number, key, cause: IdentityFound(
        cause=self._cause(cause), **self._about(number, key), **at
    ),
    Kind.ATTRIBUTE: Decoder._attribute,
    Kind.EXPIRED: lambda self, at, number, key, names, _walk: AttributesExpired(
        attributes=names, **self._about(number, key), **at
    ),
    Kind.REFRESHED: lambda self, at, number, key, names: AttributesRefreshed(
        attributes=names, **self._about(number, key), **at
    ),
    Kind.FORGOTTEN: Decoder._forgotten,
}
