"""What every picture of a trace says in rows; text and HTML only differ in how they write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..events import (
    DatabaseTransactionChanged,
    Event,
    EventsDropped,
    FlushEnded,
    FlushStarted,
    Lane,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from .folds import Fold, fold, shapes_of
from .loops import loops_of
from .wording import STATE_COLOURS, STATE_LETTERS, Part, count, parts_of

__all__ = [
    "ROWS_SHOWN",
    "STATE_COLOURS",
    "STATE_LETTERS",
    "Layout",
    "Part",
    "Row",
    "commands",
    "lay_out",
    "summarise",
]

ROWS_SHOWN = 400
"""Rows of a longer trace that are shown: the first half of them and the last."""

TEXT_SHOWN = 100_000
"""Characters in the rows that are shown; where SQL is long, fewer rows are."""

FEW = 20
"""So many folded events may be unfolded where a medium can do that."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event as a reader sees it, or what is said of many that are folded.

    Attributes:
        number: Its place in the trace, from 1; of folded events that of the first.
        lane: The layer it happened in.
        depth: How many flushes and nested transactions are open around it.
        parts: What happened.
        line: The line of the program that asked, where it is another than that of the row before.
        last: The place of the last event it stands for.
        folded: The rows it stands for, where these are few.
    """

    number: int
    lane: Lane
    depth: int
    parts: tuple[Part, ...]
    line: SourceLine | None = None
    last: int = 0
    folded: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The summary, the rows, and what is left out after the first half of them.

    Attributes:
        summary: What happened, in one line.
        rows: The rows that are shown.
        hidden: How many events are neither shown nor folded.
        total: How many events there are.
    """

    summary: str
    rows: tuple[Row, ...]
    hidden: int = 0
    total: int = 0

    @property
    def omission(self) -> str:
        """One line that states what is not shown; empty when everything is."""
        return f"{self.hidden:,} of {self.total:,} events not shown" if self.hidden else ""


def lay_out(
    events: Sequence[Event], most: int = ROWS_SHOWN, before: int = 0, several: bool | None = None
) -> Layout:
    """Arrange *events* for reading: what comes again and again is folded, then what does not fit is cut.

    Args:
        events: The events, oldest first.
        most: How many rows to show at most; at least 2.
        before: How many events of the same trace come before these.
        several: Whether rows name their session; by default where there are several among *events*.
    """
    places = list(_places(fold(list(shapes_of(events)))))
    depths, lines = _depths(events), _new_lines(events)
    several = _several_sessions(events) if several is None else several

    def row(place: int) -> Row:
        event = events[place]
        parts = tuple(parts_of(event))
        if several:
            parts = (Part("text", f"session {event.session}: "), *parts)
        number = before + place + 1
        return Row(number, event.lane, depths[place], parts, lines[place], number)

    def said(place: int | Fold) -> Row:
        return _folded(place, row, before) if isinstance(place, Fold) else row(place)

    first, last = most // 2, most - most // 2
    ends = places if len(places) <= most else places[:first] + places[-last:]
    rows = _within(TEXT_SHOWN, [said(place) for place in ends])
    half = len(rows) // 2
    cut = len(rows) < len(places)
    hidden = rows[half].number - rows[half - 1].last - 1 if cut else 0
    return Layout(summarise(events), tuple(rows), hidden, len(events))


def _places(folds: list[Fold]) -> Iterator[int | Fold]:
    """Yield the places to show one by one, and the folds of what lies between them."""
    for one in folds:
        yield from range(one.start, one.start + one.size)
        if one.times > 1:
            yield Fold(one.start + one.size, one.size, one.times - 2)
            yield from range(one.stop - one.size, one.stop)


def _folded(between: Fold, row: Callable[[int], Row], before: int) -> Row:
    """Say in one row that a group came again and again, between its first and its last time."""
    first, last = before + between.start + 1, before + between.stop
    if between.size == 1:
        told = f"... {between.times:,} more like it, {first} to {last}"
    else:
        told = f"... the same {between.size} events {between.times:,} times more, {first} to {last}"
    model = row(between.start)
    folded = tuple(map(row, range(between.start, between.stop))) if last - first < FEW else ()
    parts = (Part("text", f"{told} (x {between.times + 2:,})"),)
    return Row(first, model.lane, model.depth, parts, None, last, folded)


def _within(characters: int, rows: list[Row]) -> list[Row]:
    """Take rows out of the middle until the rest has no more than so many characters."""
    sizes = [sum(len(part.text) for part in row.parts) for row in rows]
    low, high, room = 0, len(rows), characters
    while low < high:
        size = sizes[low] + (sizes[high - 1] if high - 1 > low else 0)
        if size > room and low:
            return rows[:low] + rows[high:]
        room -= size
        low, high = low + 1, high - 1
    return rows


def _depths(events: Sequence[Event]) -> list[int]:
    depths, depth = [], 0
    for event in events:
        if _closes(event):
            depth = max(depth - 1, 0)
        depths.append(depth)
        if _opens(event):
            depth += 1
    return depths


def _new_lines(events: Sequence[Event]) -> list[SourceLine | None]:
    """Return for each event its line, where that is another than the one before."""
    # What no line asked for, such as the end of an object, belongs to none and divides none.
    lines, before = [], None
    for event in events:
        line = event.line
        same = line is before or line == before
        lines.append(None if same else line)
        before = line or before
    return lines


def _several_sessions(events: Sequence[Event]) -> bool:
    return bool(events) and any(event.session != events[0].session for event in events)


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
    dropped = events[0].number if isinstance(events[0], EventsDropped) else 0
    sentences = [
        *[f"{count(dropped, 'older event')} dropped."] * bool(dropped),
        f"{count(len(events) - bool(dropped), 'event')}: {told or 'nothing reached the database'}.",
        *_journeys(events),
        *loops_of(events),
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
        yield f"And {count(len(paths) - 3, 'more object')}."


def _opens(event: Event) -> bool:
    return isinstance(event, FlushStarted) or (
        isinstance(event, SessionTransactionBegun) and event.origin == "begin_nested"
    )


def _closes(event: Event) -> bool:
    return isinstance(event, FlushEnded) or (
        isinstance(event, SessionTransactionEnded) and event.origin == "begin_nested"
    )
