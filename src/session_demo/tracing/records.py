"""The record as hooks write it, and how events are made of it when somebody reads.

While the session works, a hook appends one small tuple and nothing else. The first element
says which kind it is, the second when it happened; this module alone knows the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from itertools import groupby
from typing import Any

from .events import (
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    ObjectState,
    Parameters,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
    StatementExecuted,
)
from .objects import ObjectRegister, key_text

Record = Sequence[Any]

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

_RANK = {name: rank for rank, name in enumerate(TRANSITIONS)}

# The program's own calls cause these, one by one, even while a flush is running.
_IN_CALL_ORDER = {"transient_to_pending", "loaded_as_persistent", "detached_to_persistent"}

# Transaction commands that reach the database through the cursor like any statement.
_COMMANDS = ("RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SAVEPOINT", "BEGIN", "COMMIT", "ROLLBACK")


class Kind(IntEnum):
    """The kinds of record; beside each, what follows the kind and the time."""

    TRANSACTION_BEGUN = 0  # origin
    TRANSACTION_ENDED = 1  # origin, outcome
    STATE = 2  # number of the object, name of the transition, identity key or None, walk or 0
    FLUSH_STARTED = 3  # new, dirty, deleted
    FLUSH_ENDED = 4  # failed
    CHECKED_OUT = 5  # number of the connection
    CHECKED_IN = 6  # number of the connection
    COMMAND = 7  # command
    SQL = 8  # statement, parameters, executed many times, finished, row count


def decode(records: Sequence[Record], register: ObjectRegister, started: int) -> Iterator[Event]:
    """Make typed events of *records*, oldest first.

    In a flush, a commit and a rollback SQLAlchemy walks over sets, so the order of the transitions it
    reports differs from run to run. Each such walk is put in the order of transition, class, key, label
    and first appearance: the same program always shows the same trace.

    Args:
        records: What the hooks wrote.
        register: The register that numbered the objects.
        started: The clock, in nanoseconds, when the recording began.
    """

    def place(record: Record) -> tuple[Any, ...]:
        _, _, number, transition, key, _ = record
        named = register.class_of(number).__name__
        return _RANK[transition], named, key[1] if key else (), register.place(number), number

    for walk, group in groupby(records, _walk):
        together = list(group)
        if walk:
            try:
                together.sort(key=place)
            except TypeError:  # keys that cannot be compared with each other
                together.sort(key=lambda record: tuple(map(str, place(record))))
        for record in together:
            yield _DECODERS[record[0]](record, register, record[1] - started)


def _walk(record: Record) -> int:
    ordered = record[0] != Kind.STATE or record[3] in _IN_CALL_ORDER
    return 0 if ordered else int(record[5])


def _state(record: Record, register: ObjectRegister, at: int) -> Event:
    _, _, number, transition, key, _ = record
    source, target = TRANSITIONS[transition]
    label = register.label(number)
    return StateChanged(label, source, target, key_text(register.class_of(number), key), at=at)


def _sql(record: Record, _register: ObjectRegister, at: int) -> Event:
    _, _, statement, parameters, many, finished, row_count = record
    sql = " ".join(statement.split())
    for command in _COMMANDS:
        if sql.upper().startswith(command):
            return DatabaseTransactionChanged(command, sql[len(command) :].strip(), at=at)
    # An INSERT of many rows with RETURNING may send them one by one: "many", and yet a single set.
    several = many and isinstance(parameters, list)
    sets = tuple(map(_values, parameters)) if several else (_values(parameters),)
    return StatementExecuted(sql, sets, not finished, row_count, at=at)


def _values(parameters: Any) -> Parameters:
    if parameters is None:
        return ()
    return dict(parameters) if hasattr(parameters, "keys") else tuple(parameters)


_DECODERS: dict[int, Callable[[Record, ObjectRegister, int], Event]] = {
    Kind.TRANSACTION_BEGUN: lambda r, _, at: SessionTransactionBegun(r[2], at=at),
    Kind.TRANSACTION_ENDED: lambda r, _, at: SessionTransactionEnded(r[2], r[3], at=at),
    Kind.STATE: _state,
    Kind.FLUSH_STARTED: lambda r, _, at: FlushStarted(r[2], r[3], r[4], at=at),
    Kind.FLUSH_ENDED: lambda r, _, at: FlushEnded(r[2], at=at),
    Kind.CHECKED_OUT: lambda r, _, at: ConnectionCheckedOut(r[2], at=at),
    Kind.CHECKED_IN: lambda r, _, at: ConnectionCheckedIn(r[2], at=at),
    Kind.COMMAND: lambda r, _, at: DatabaseTransactionChanged(r[2], at=at),
    Kind.SQL: _sql,
}
