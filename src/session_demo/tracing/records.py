"""The record as hooks write it, and how events are made of it when somebody reads.

While the session works, a hook appends one small tuple and nothing else. The first element
says which kind it is, the second when it happened, the third which place of the program asked
for it; this module alone knows the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
from .lines import source_line
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
    """The kinds of record; beside each, what follows the kind, the time and the place."""

    TRANSACTION_BEGUN = 0  # origin
    TRANSACTION_ENDED = 1  # origin, outcome
    STATE = 2  # number of the object, name of the transition, primary key or None, walk or 0
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
        _, _, _, number, transition, key, _ = record
        named = register.class_of(number).__name__
        return _RANK[transition], named, key or (), register.place(number), number

    for walk, group in groupby(records, _walk):
        together = list(group)
        if walk:
            try:
                together.sort(key=place)
            except TypeError:  # keys that cannot be compared with each other
                together.sort(key=lambda record: tuple(map(str, place(record))))
        for record in together:
            line = source_line(record[2]) if record[2] else None
            yield replace(_DECODERS[record[0]](record, register), at=record[1] - started, line=line)


def _walk(record: Record) -> int:
    ordered = record[0] != Kind.STATE or record[4] in _IN_CALL_ORDER
    return 0 if ordered else int(record[6])


def _state(record: Record, register: ObjectRegister) -> Event:
    _, _, _, number, transition, key, _ = record
    source, target = TRANSITIONS[transition]
    label, mapped = register.label(number), register.class_of(number)
    return StateChanged(label, source, target, key_text(mapped, key and (mapped, key)))


def told(
    statement: str, parameters: Any, many: bool, finished: bool = True, row_count: int | None = None
) -> StatementExecuted | DatabaseTransactionChanged:
    """Make an event of what a cursor was given: a transaction command, or a statement with its parameters."""
    sql = " ".join(statement.split())
    for command in _COMMANDS:
        if sql.upper().startswith(command):
            return DatabaseTransactionChanged(command, sql[len(command) :].strip())
    # An INSERT of many rows with RETURNING may send them one by one: "many", and yet a single set.
    several = many and isinstance(parameters, list)
    sets = tuple(map(_values, parameters)) if several else (_values(parameters),)
    return StatementExecuted(sql, sets, not finished, row_count)


def _values(parameters: Any) -> Parameters:
    if parameters is None:
        return ()
    return dict(parameters) if hasattr(parameters, "keys") else tuple(parameters)


_DECODERS: dict[int, Callable[[Record, ObjectRegister], Event]] = {
    Kind.TRANSACTION_BEGUN: lambda r, _: SessionTransactionBegun(r[3]),
    Kind.TRANSACTION_ENDED: lambda r, _: SessionTransactionEnded(r[3], r[4]),
    Kind.STATE: _state,
    Kind.FLUSH_STARTED: lambda r, _: FlushStarted(r[3], r[4], r[5]),
    Kind.FLUSH_ENDED: lambda r, _: FlushEnded(r[3]),
    Kind.CHECKED_OUT: lambda r, _: ConnectionCheckedOut(r[3]),
    Kind.CHECKED_IN: lambda r, _: ConnectionCheckedIn(r[3]),
    Kind.COMMAND: lambda r, _: DatabaseTransactionChanged(r[3]),
    Kind.SQL: lambda r, _: told(*r[3:]),
}
