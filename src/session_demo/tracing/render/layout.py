"""What every picture of a trace says; text and HTML only differ in how they write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..events import (
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
    Lane,
    MarkSet,
    ObjectEvent,
    ObjectForgotten,
    ObjectState,
    Parameters,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)

LONGEST_VALUE = 60
"""Characters of one parameter value that are shown."""

ROWS_SHOWN = 400
"""Rows of a longer trace that are shown: the first half of them and the last."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a row: running text, an object's label, an object state, SQL, or values."""

    kind: Literal["text", "label", "state", "arrow", "sql", "values"]
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One event as a reader sees it.

    Attributes:
        number: Its place in the trace, from 1.
        lane: The layer it happened in.
        depth: How many flushes and nested transactions are open around it.
        parts: What happened.
        line: The line of the program that asked, where it is another than that of the row before.
    """

    number: int
    lane: Lane
    depth: int
    parts: tuple[Part, ...]
    line: SourceLine | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The summary, the rows, and how many rows are left out after the first half."""

    summary: str
    rows: tuple[Row, ...]
    hidden: int = 0

    @property
    def omission(self) -> str:
        """One line that states what is not shown; empty when everything is."""
        total = len(self.rows) + self.hidden
        return f"{self.hidden:,} of {total:,} events not shown" if self.hidden else ""


def lay_out(events: Sequence[Event], most: int = ROWS_SHOWN) -> Layout:
    """Arrange *events* for reading.

    Args:
        events: The events, oldest first.
        most: How many rows to show at most; at least 2.
    """
    rows = []
    depth = 0
    before = None
    for number, event in enumerate(events, 1):
        if _closes(event):
            depth = max(depth - 1, 0)
        # What no line asked for, such as the end of an object, belongs to none and divides none.
        line = event.line if event.line != before else None
        before = event.line or before
        rows.append(Row(number, event.lane, depth, tuple(_parts(event)), line))
        if _opens(event):
            depth += 1
    hidden = max(len(rows) - most, 0)
    if hidden:
        rows = rows[: most // 2] + rows[len(rows) - (most - most // 2) :]
    return Layout(summarise(events), tuple(rows), hidden)


def commands(events: Sequence[Event]) -> list[str]:
    """Say what the database was told, in a word or two each, such as BEGIN, INSERT, COMMIT."""
    return [
        event.verb if isinstance(event, StatementExecuted) else event.command
        for event in events
        if isinstance(event, StatementExecuted | DatabaseTransactionChanged)
    ]


def summarise(events: Sequence[Event]) -> str:
    """Say in one line what a trace holds: the database commands, and where each object ended."""
    if not events:
        return "Nothing happened: no event."
    counts = Counter(commands(events))
    told = ", ".join(f"{n} {word}" if n > 1 else word for word, n in counts.items())
    sentences = [
        f"{_count(len(events), 'event')}: {told or 'nothing reached the database'}.",
        *_journeys(events),
    ]
    return " ".join(sentences)


def _journeys(events: Sequence[Event]) -> Iterator[str]:
    paths: dict[str, list[str]] = {}
    for event in events:
        if isinstance(event, StateChanged):
            path = paths.setdefault(event.label, [event.source or "loaded as"])
            path.append(event.target)
    for label, path in list(paths.items())[:3]:
        yield f"{label}: {' -> '.join(path).replace('loaded as -> ', 'loaded as ')}."
    if len(paths) > 3:
        yield f"And {_count(len(paths) - 3, 'more object')}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _opens(event: Event) -> bool:
    return isinstance(event, FlushStarted) or (
        isinstance(event, SessionTransactionBegun) and event.origin == "begin_nested"
    )


def _closes(event: Event) -> bool:
    return isinstance(event, FlushEnded) or (
        isinstance(event, SessionTransactionEnded) and event.origin == "begin_nested"
    )


def _parts(event: Event) -> Iterator[Part]:
    if isinstance(event, ObjectEvent):
        yield Part("label", event.label)
        yield Part("text", f" ({event.key}) " if event.key else " ")
    yield from _what(event)
    if cause := _cause(event):
        yield Part("text", f"  ({cause})")


def _cause(event: Event) -> str:
    # Within a flush nobody asks why a statement is sent.
    return "" if event.cause == "flush" else event.cause


def _what(event: Event) -> Iterator[Part]:
    match event:
        case StateChanged(source=source, target=target, silent=silent):
            if source is None:
                yield Part("text", "loaded as ")
            else:
                yield Part("state", source)
                yield Part("arrow", " -> ")
            yield Part("state", target)
            if silent:
                yield Part("text", "  (no event told of it)")
        case DeletionMarked(marked=marked):
            yield Part("text", "marked to be deleted" if marked else "no longer marked to be deleted")
        case IdentityFound():
            yield Part("text", "found in the identity map, no SQL")
        case AttributeChanged(attribute=name, operation=operation, value=value, old=old):
            yield Part("text", _change(name, operation, value, old))
        case AttributesExpired(attributes=names):
            yield Part("text", f"expired: {', '.join(names) or 'all attributes'}")
        case AttributesRefreshed(attributes=names):
            yield Part("text", f"refreshed: {', '.join(names) or 'all attributes'}")
        case ObjectForgotten():
            yield Part("text", "forgotten: nobody refers to it any more")
        case _:
            yield from _beside_objects(event)


def _change(name: str, operation: str, value: str, old: str) -> str:
    if operation == "set":
        was = f", was {_short(old)}" if old not in ("", "None") else ""
        return f"{name} = {_short(value)}{was}"
    return f"{name}: {'+' if operation == 'append' else '-'} {_short(value)}"


def _beside_objects(event: Event) -> Iterator[Part]:
    match event:
        case MarkSet(name=name):
            yield Part("text", f"--- {name} ---")
        case SessionTransactionBegun(origin=origin):
            yield Part("text", f"{_transaction(origin)} begins ({origin})")
        case SessionTransactionEnded(origin=origin, outcome=outcome):
            yield Part("text", f"{_transaction(origin)} ends ({outcome})")
        case FlushStarted(new=new, dirty=dirty, deleted=deleted):
            counts = {"new": new, "dirty": dirty, "deleted": deleted}
            told = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
            yield Part("text", f"flush begins: {told or 'nothing of its own'}")
        case FlushEnded(failed=failed):
            yield Part("text", "flush fails" if failed else "flush ends")
        case FlushSkipped():
            yield Part("text", "nothing to flush")
        case ConnectionCheckedOut(connection=connection):
            yield Part("text", f"connection {connection} checked out")
        case ConnectionCheckedIn(connection=connection):
            yield Part("text", f"connection {connection} checked in")
        case DatabaseTransactionChanged():
            yield Part("sql", event.sql)
        case StatementExecuted(sql=sql, parameter_sets=parameter_sets, failed=failed):
            yield Part("sql", sql)
            if values := values_text(parameter_sets):
                yield Part("values", values)
            if failed:
                yield Part("text", " (refused by the database)")
        case _:
            yield Part("text", type(event).__name__)


def _transaction(origin: str) -> str:
    return "nested transaction" if origin == "begin_nested" else "session transaction"


def values_text(parameter_sets: Sequence[Parameters]) -> str:
    """Write what the driver received: ``['ann']``, or ``3 sets: ['ann'], ['bob'], ...``."""
    shown = [_one_set(one) for one in parameter_sets[:3] if one]
    if len(parameter_sets) == 1:
        return "".join(shown)
    more = ", ..." if len(parameter_sets) > 3 else ""
    return f"{len(parameter_sets)} sets: {', '.join(shown)}{more}"


def _one_set(parameters: Parameters) -> str:
    if isinstance(parameters, Mapping):
        return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in parameters.items()) + "}"
    return "[" + ", ".join(map(_value, parameters)) + "]"


def _value(value: object) -> str:
    return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


STATE_LETTERS = {
    ObjectState.TRANSIENT: "T",
    ObjectState.PENDING: "P",
    ObjectState.PERSISTENT: "S",
    ObjectState.DELETED: "X",
    ObjectState.DETACHED: "D",
}
"""One letter a state, so that colour never stands alone. S is for "in the session and stored"."""

STATE_COLOURS = {
    ObjectState.TRANSIENT: "#89754b",
    ObjectState.PENDING: "#cb7e0a",
    ObjectState.PERSISTENT: "#4195ef",
    ObjectState.DELETED: "#d31e8a",
    ObjectState.DETACHED: "#8934ff",
}
"""At least 3:1 against white and against #1e1e1e, and told apart in the common kinds of colour blindness."""
