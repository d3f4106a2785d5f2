"""Repetition: which events are of the same shape, and where one group of them comes again and again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..events import (
    AttributeChanged,
    AttributesExpired,
    AttributesRefreshed,
    DatabaseTransactionChanged,
    Event,
    ObjectEvent,
    StateChanged,
    StatementExecuted,
)

REPEATS_SHOWN = 11
"""How often the same may come in a row before it is folded."""

LONGEST_GROUP = 40
"""How many events a group that comes again may have."""

_NEXT_PLACES = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch of a sequence in which one group comes ``times`` times.

    Attributes:
        start: Where it begins, from 0.
        size: How many members the group has.
        times: How often it comes; 1 for a member that is not repeated.
    """

    start: int
    size: int = 1
    times: int = 1

    @property
    def stop(self) -> int:
        """Where it ends: the place after its last member."""
        return self.start + self.size * self.times


def fold(shapes: Sequence[Hashable], shown: int = REPEATS_SHOWN) -> list[Fold]:
    """Divide a sequence into what is repeated and what is not.

    Args:
        shapes: One value for each member; members of the same shape are equal.
        shown: Up to how many repetitions stay as they are.
    """
    ids = _numbered(shapes)
    following = _next_places(ids)
    folds, place, end = [], 0, len(ids)
    while place < end:
        found = _longest(ids, following, place, shown) or Fold(place)
        folds.append(found)
        place = found.stop
    return folds


def _longest(ids: list[int], following: list[int], place: int, shown: int) -> Fold | None:
    """Find the repetition at *place* that covers most."""
    best: Fold | None = None
    again = place
    for _ in range(_NEXT_PLACES):
        again = following[again]
        size = again - place
        if again >= len(ids) or size > LONGEST_GROUP:
            break
        times = _times(ids, place, size)
        if times > shown and (best is None or size * times > best.size * best.times):
            best = Fold(place, size, times)
            if size == 1:
                break
    return best


def _times(ids: list[int], place: int, size: int) -> int:
    group = ids[place : place + size]
    times, end = 1, place + size
    while ids[end : end + size] == group:
        times, end = times + 1, end + size
    return times


def _numbered(shapes: Iterable[Hashable]) -> list[int]:
    known: dict[Hashable, int] = {}
    return [known.setdefault(shape, len(known)) for shape in shapes]


def _next_places(ids: list[int]) -> list[int]:
    """For each place, tell where the same shape comes next; the end where it does not."""
    last: dict[int, int] = {}
    following = [len(ids)] * len(ids)
    for place in range(len(ids) - 1, -1, -1):
        following[place] = last.get(ids[place], len(ids))
        last[ids[place]] = place
    return following


def shapes_of(events: Iterable[Event]) -> Iterator[Hashable]:
    """Yield for each event what it has in common with others: all but names, keys and values."""
    for event in events:
        line = event.line
        # "cascade from ann" and "cascade from ben" are the same cause.
        cause = event.cause.partition(" from ")[0] if event.cause else ""
        yield type(event), event.session, line and (line.file, line.number), cause, _own(event)


def _own(event: Event) -> Hashable:
    match event:
        case StatementExecuted():
            return event.sql, event.failed, len(event.parameter_sets) > 1
        case StateChanged():
            return event.entity, event.transition, event.silent
        case AttributeChanged():
            return event.entity, event.attribute, event.operation
        case AttributesExpired() | AttributesRefreshed():
            return event.entity, event.attributes
        case ObjectEvent():
            return event.entity, getattr(event, "marked", None)
        case DatabaseTransactionChanged():
            return event.command
        case _:
            return event
