"""The words for each event, and the letters and colours of object states."""

from __future__ import annotations

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
    EventsDropped,
    FlushEnded,
    FlushSkipped,
    FlushStarted,
    IdentityFound,
    MarkSet,
    ObjectEvent,
    ObjectForgotten,
    ObjectState,
    Parameters,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
    StatementExecuted,
)

LONGEST_VALUE = 60
"""Characters of one parameter value that are shown."""

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


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a row: running text, an object's label, an object state, SQL, or values."""

    kind: Literal["text", "label", "state", "arrow", "sql", "values"]
    text: str


def parts_of(event: Event) -> Iterator[Part]:
    """Yield what a row says of *event*."""
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
        was = f", was {short(old)}" if old not in ("", "None") else ""
        return f"{name} = {short(value)}{was}"
    return f"{name}: {'+' if operation == 'append' else '-'} {short(value)}"


def _beside_objects(event: Event) -> Iterator[Part]:
    match event:
        case EventsDropped(number=number):
            yield Part("text", f"{count(number, 'older event')} dropped: maxlen was reached")
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
    return short(repr(value))


def short(text: str) -> str:
    """Cut a value that is too long."""
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def count(number: int, noun: str) -> str:
    """Write a number with its noun, such as ``1 event`` or ``1,200 events``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
