"""What a swimlane has in its rows: the lines of the program, and under each what it sent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from ..events import DatabaseTransactionChanged, Event, MarkSet, SourceLine, StatementExecuted
from .folds import Fold, fold
from .model import Model, Span


@dataclass(slots=True)
class Slot:
    """One row: a line of the program, or what was sent, perhaps many times.

    Attributes:
        first: The number of its first event.
        last: The number of its last event.
        line: The line of the program, where the row is about that.
        sql: What was sent to the database, where the row is about that.
        times: How often.
        note: What is said instead, such as how many rows are folded.
        folds: Whether the row stands for others that are folded.
    """

    first: int
    last: int
    line: SourceLine | None = None
    sql: str = ""
    times: int = 1
    note: str = ""
    folds: bool = False


def slots_of(events: Sequence[Event]) -> list[Slot]:
    """Arrange events in rows; the same statement from the same line, again and again, is one row.

    Args:
        events: The events, oldest first.
    """
    slots: list[Slot] = []
    line: SourceLine | None = None
    for number, event in enumerate(events, 1):
        if event.line is not None and event.line != line:
            line = event.line
            slots.append(Slot(number, number, line))
        sql = event.sql if isinstance(event, StatementExecuted | DatabaseTransactionChanged) else ""
        if isinstance(event, MarkSet):
            slots.append(Slot(number, number, note=f"--- {event.name} ---"))
        elif sql and isinstance(event, StatementExecuted) and slots and slots[-1].sql == sql:
            slots[-1].times += 1
        elif sql or not slots:
            slots.append(Slot(number, number, sql=sql))
        slots[-1].last = number
    return folded(slots)


def folded(slots: list[Slot]) -> list[Slot]:
    """Fold rows that come again and again into their first and last turn, and say how often they come."""
    result: list[Slot] = []
    for one in fold([_shape(slot) for slot in slots]):
        result += slots[one.start : one.start + one.size]
        if one.times > 1:
            result.append(_between(slots, one))
            result += slots[one.stop - one.size : one.stop]
    return result


def _between(slots: list[Slot], one: Fold) -> Slot:
    first, last = slots[one.start + one.size], slots[one.stop - one.size - 1]
    rows = "the same row" if one.size == 1 else f"the same {one.size} rows"
    return Slot(
        first.first, last.last, note=f"... {rows} {one.times - 2:,} times more (x {one.times:,})", folds=True
    )


def _shape(slot: Slot) -> Hashable:
    # Savepoints are numbered.
    sql = "SAVEPOINT" if "SAVEPOINT" in slot.sql else slot.sql
    return slot.line, sql, slot.times, slot.note


def deepest(model: Model) -> int:
    """Tell how many transactions of one kind were open within each other at most."""
    return max((span.depth + 1 for span in model.spans if "transaction" in span.kind), default=1)


def rows_of(span: Span, slots: Sequence[Slot]) -> tuple[int, int] | None:
    """Return the first and the last row that a span touches; None if all of it is folded."""
    first = max(bisect_right(slots, span.first, key=lambda slot: slot.first) - 1, 0)
    last = max(bisect_right(slots, span.last, key=lambda slot: slot.first) - 1, 0)
    return (first, last) if slots and (first != last or not slots[first].folds) else None


def shapes(events: Sequence[Event]) -> dict[tuple[str, SourceLine | None], list[int]]:
    """Return for each statement and line the numbers of its events, the most frequent first."""
    found: dict[tuple[str, SourceLine | None], list[int]] = {}
    for number, event in enumerate(events, 1):
        if isinstance(event, StatementExecuted):
            found.setdefault((event.sql, event.line), []).append(number)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))
