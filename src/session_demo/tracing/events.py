"""What can happen to a session, as plain values. No event keeps a mapped object alive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import ClassVar

Parameters = tuple[object, ...] | Mapping[str, object]


class ObjectState(StrEnum):
    """The five object states of :class:`sqlalchemy.orm.InstanceState`.

    Example:
        >>> print(*ObjectState)
        transient pending persistent deleted detached
    """

    TRANSIENT = "transient"
    PENDING = "pending"
    PERSISTENT = "persistent"
    DELETED = "deleted"
    DETACHED = "detached"


class Lane(StrEnum):
    """The layer an event belongs to; the word a trace shows in its second column."""

    SESSION = "session"
    OBJECT = "object"
    FLUSH = "flush"
    POOL = "pool"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the program that was watched.

    Attributes:
        file: The file as Python names it; for a notebook cell or a doctest a name made up for it.
        number: The number of the line in that file or cell, from 1.
        text: What stands in the line; empty where the source cannot be had.
    """

    file: str
    number: int
    text: str = ""

    @property
    def place(self) -> str:
        """Where it stands, as ``orders.py:12``, or as ``line 2`` in a notebook cell or a doctest."""
        if self.file.startswith("<") or "ipykernel_" in self.file:
            return f"line {self.number}"
        return f"{PurePath(self.file).name}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened while a session was watched.

    Attributes:
        lane: The layer it happened in.
        at: Nanoseconds since the recording began.
        line: The line of the program that asked for it, where one did.

    Two events that differ only in these two are equal.
    """

    lane: ClassVar[Lane]
    at: int = field(default=0, compare=False, repr=False)
    line: SourceLine | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SessionTransactionBegun(Event):
    """The session opened a session transaction. The database has not heard of it yet.

    Attributes:
        origin: ``autobegin``, ``begin`` or ``begin_nested``.
    """

    lane = Lane.SESSION
    origin: str


@dataclass(frozen=True, slots=True)
class SessionTransactionEnded(Event):
    """A session transaction ended.

    Attributes:
        origin: How it had begun: ``autobegin``, ``begin`` or ``begin_nested``.
        outcome: ``committed``, ``rolled back``, or ``closed`` when neither was asked for.
    """

    lane = Lane.SESSION
    origin: str
    outcome: str


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    """An object moved from one object state to another.

    Attributes:
        label: The name of the object in this trace, such as ``Author A``.
        source: The state it left; None for an object that was loaded from a row.
        target: The state it is in now.
        key: The primary key as ``id=1``, once the object has one; else the empty string.
    """

    lane = Lane.OBJECT
    label: str
    source: ObjectState | None
    target: ObjectState
    key: str = ""

    @property
    def transition(self) -> str:
        """The name of SQLAlchemy's lifecycle event, such as ``pending_to_persistent``."""
        if self.source is None:
            return f"loaded_as_{self.target}"
        return f"{self.source}_to_{self.target}"


@dataclass(frozen=True, slots=True)
class FlushStarted(Event):
    """The unit of work is about to emit the SQL of pending changes.

    Attributes:
        new: How many pending objects the session holds.
        dirty: How many persistent objects have changes.
        deleted: How many objects are marked to be deleted.
    """

    lane = Lane.FLUSH
    new: int
    dirty: int
    deleted: int


@dataclass(frozen=True, slots=True)
class FlushEnded(Event):
    """The unit of work is done, or gave up.

    Attributes:
        failed: Whether an error ended it; the transaction is rolled back then.
    """

    lane = Lane.FLUSH
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionCheckedOut(Event):
    """The session took a connection from the engine's pool.

    Attributes:
        connection: The number of the database connection in this trace, from 1.
    """

    lane = Lane.POOL
    connection: int


@dataclass(frozen=True, slots=True)
class ConnectionCheckedIn(Event):
    """The session gave its connection back to the pool, which keeps it open.

    Attributes:
        connection: The number of the database connection in this trace, from 1.
    """

    lane = Lane.POOL
    connection: int


@dataclass(frozen=True, slots=True)
class DatabaseTransactionChanged(Event):
    """The database was told to begin, end, or mark a transaction.

    Attributes:
        command: ``BEGIN``, ``COMMIT``, ``ROLLBACK``, ``SAVEPOINT``, ``RELEASE SAVEPOINT``
            or ``ROLLBACK TO SAVEPOINT``; with two-phase commits also ``PREPARE``.
        savepoint: The name of the savepoint, or the empty string.
    """

    lane = Lane.DATABASE
    command: str
    savepoint: str = ""

    @property
    def sql(self) -> str:
        """The command with the name of its savepoint."""
        return f"{self.command} {self.savepoint}".rstrip()


@dataclass(frozen=True, slots=True)
class StatementExecuted(Event):
    """One statement went to the database cursor.

    Attributes:
        sql: The statement, white space folded.
        parameter_sets: What the driver received: one set of values, or several for one statement
            executed many times.
        failed: Whether the database refused it.
        row_count: What the driver says of the rows an INSERT, UPDATE or DELETE touched; None
            where it says nothing.
    """

    lane = Lane.DATABASE
    sql: str
    parameter_sets: tuple[Parameters, ...] = ((),)
    failed: bool = False
    row_count: int | None = field(default=None, compare=False)

    @property
    def verb(self) -> str:
        """The first word of the statement, such as SELECT or INSERT."""
        return self.sql.split(None, 1)[0].upper() if self.sql else ""
