"""What can happen to a session, as plain values. No event keeps a mapped object alive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from .sql import tables_of
from .words import Lane as Lane
from .words import ObjectState as ObjectState
from .words import SourceLine as SourceLine

Parameters = tuple[object, ...] | Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened while a session was watched.

    Attributes:
        lane: The layer it happened in.
        session: The number of the session in this trace, from 1.
        at: Nanoseconds since the recording began.
        line: The line of the program that asked for it, where one did.
        cause: Why SQLAlchemy did it, such as ``autoflush by scalars()`` or ``lazy load of Author.books``;
            the empty string where the line says enough.

    Two events that differ only in ``at``, ``line`` and ``cause`` are equal.
    """

    lane: ClassVar[Lane]
    session: int = field(default=1, repr=False)
    at: int = field(default=0, compare=False, repr=False)
    line: SourceLine | None = field(default=None, compare=False, repr=False)
    cause: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MarkSet(Event):
    """The program put a mark into the recording.

    Attributes:
        name: The name it gave.
    """

    lane = Lane.PROGRAM
    name: str


@dataclass(frozen=True, slots=True)
class EventsDropped(Event):
    """The first event of a recording that had no room for all: *number* older ones are gone."""

    lane = Lane.PROGRAM
    number: int


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
class ObjectEvent(Event):
    """Something that happened to one object.

    Attributes:
        label: The name of the object in this trace: that of the program's own variable, or one such as
            ``Author A``.
        key: The primary key as ``id=1``, once the object has one; else the empty string.
        entity: The name of the mapped class.
    """

    lane = Lane.OBJECT
    label: str
    key: str = field(default="", kw_only=True)
    entity: str = field(default="", compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class StateChanged(ObjectEvent):
    """An object moved from one object state to another.

    Attributes:
        source: The state it left; None for an object that was loaded from a row.
        target: The state it is in now.
        silent: Whether no lifecycle event told of it, and it was found when the recording looked.
    """

    source: ObjectState | None
    target: ObjectState
    silent: bool = False

    @property
    def transition(self) -> str:
        """The name of SQLAlchemy's lifecycle event, such as ``pending_to_persistent``."""
        if self.source is None:
            return f"loaded_as_{self.target}"
        return f"{self.source}_to_{self.target}"


@dataclass(frozen=True, slots=True)
class DeletionMarked(ObjectEvent):
    """``session.delete()`` marked an object for the next flush, or ``session.add()`` took the mark away.

    Attributes:
        marked: Whether it is marked now.
    """

    marked: bool = True


@dataclass(frozen=True, slots=True)
class IdentityFound(ObjectEvent):
    """The identity map had the object that was asked for. No SQL was needed."""


@dataclass(frozen=True, slots=True)
class AttributeChanged(ObjectEvent):
    """An attribute was set, or a collection got or lost a member.

    Attributes:
        attribute: The name of the attribute.
        operation: ``set``, ``append`` or ``remove``.
        value: What was set, appended or removed, as text; another object by its label.
        old: What a set replaced, as text; the empty string where that is not known without a query.
    """

    attribute: str
    operation: str
    value: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class AttributesExpired(ObjectEvent):
    """The values of an object were discarded; the next read of one asks the database.

    Attributes:
        attributes: Which; empty for all.
    """

    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributesRefreshed(ObjectEvent):
    """Values of an object that was in the session already were written anew.

    Attributes:
        attributes: Which; empty for all.
    """

    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectForgotten(ObjectEvent):
    """Nobody referred to the object any more, and Python took it away."""


@dataclass(frozen=True, slots=True)
class FlushSkipped(Event):
    """``session.flush()`` found nothing to do."""

    lane = Lane.FLUSH


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
        connection: The number of the connection that was told, from 1; 0 where it is not known.
        duration: Nanoseconds until the database had answered; None where nobody says.
    """

    lane = Lane.DATABASE
    command: str
    savepoint: str = ""
    connection: int = field(default=0, compare=False)
    duration: int | None = field(default=None, compare=False)

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
            where it says nothing. Rows of a SELECT are fetched later, when no event tells of them.
        connection: The number of the connection it went through, from 1; 0 where it is not known.
        duration: Nanoseconds until the database had answered; None where it refused, or has not yet.
    """

    lane = Lane.DATABASE
    sql: str
    parameter_sets: tuple[Parameters, ...] = ((),)
    failed: bool = False
    row_count: int | None = field(default=None, compare=False)
    connection: int = field(default=0, compare=False)
    duration: int | None = field(default=None, compare=False)

    @property
    def verb(self) -> str:
        """The first word of the statement, such as SELECT or INSERT."""
        return self.sql.split(None, 1)[0].upper() if self.sql else ""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it names, in the order in which it names them."""
        return tables_of(self.sql)
