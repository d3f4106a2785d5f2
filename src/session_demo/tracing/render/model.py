"""What every picture of a trace is drawn from: the life of each object, and what was open how long."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..events import ObjectState

SpanKind = Literal["session transaction", "database transaction", "flush", "connection"]


@dataclass(slots=True)
class Bar:
    """How long an object was in one condition: a moment is named by the event it follows.

    Attributes:
        state: The object state; None while no event has told it.
        first: The number of the event that brought it; 0 for what was before the trace.
        last: The last moment.
        expired: Whether its values were expired.
        marked: Whether it was marked to be deleted.
        session: The number of the session it was last heard in.
    """

    state: ObjectState | None
    first: int
    last: int
    expired: bool = False
    marked: bool = False
    session: int = 1


@dataclass(slots=True)
class Life:
    """What a trace tells of one object.

    Attributes:
        label: Its name in the trace.
        entity: The name of its class.
        key: Its primary key as last seen.
        seen: The first event about it.
        keyed: The first event that told its key; 0 if none did.
        bars: Its conditions, oldest first.
        forgotten: The event that told of its end; 0 if none did.
    """

    label: str
    entity: str
    key: str = ""
    seen: int = 0
    keyed: int = 0
    bars: list[Bar] = field(default_factory=list)
    forgotten: int = 0

    @property
    def title(self) -> str:
        """Its name, with its key where it has one."""
        return f"{self.label} ({self.key})" if self.key else self.label

    def title_at(self, moment: int) -> str:
        """Return its name after the event of that number; before it had its key, without."""
        return self.title if self.keyed <= moment else self.label

    @property
    def states(self) -> list[ObjectState]:
        """The states it went through, oldest first."""
        states: list[ObjectState] = []
        for bar in self.bars:
            if bar.state and bar.state not in states[-1:]:
                states.append(bar.state)
        return states

    def at(self, moment: int) -> Bar | None:
        """Return its condition after the event of that number; None before and after its life."""
        place = bisect_right(self.bars, moment, key=lambda bar: bar.first) - 1
        if place < 0 or self.bars[place].last < moment:
            return None
        return self.bars[place]


@dataclass(slots=True)
class Span:
    """Something that was open from one event to another.

    Attributes:
        kind: What it is.
        name: How it began, as ``begin_nested``, ``SAVEPOINT sa_savepoint_1`` or ``connection 1``.
        session: The number of the session.
        first: The event that opened it; 0 if that was before the trace.
        last: The event that closed it; one more than there are if none did.
        outcome: How it ended, as ``committed`` or ``ROLLBACK``; ``open`` if it did not.
        depth: How many of its kind were open around it.
    """

    kind: SpanKind
    name: str
    session: int
    first: int
    last: int
    outcome: str = "open"
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """The lives and the spans of a trace.

    Attributes:
        size: How many events there are.
        lives: Each object, in order of first appearance.
        spans: What was open, in the order in which it was opened.
    """

    size: int
    lives: tuple[Life, ...]
    spans: tuple[Span, ...]

    def open_at(self, moment: int) -> list[Span]:
        """Return what was open after the event of that number."""
        return [span for span in self.spans if span.first <= moment < span.last]

    def held_at(self, moment: int, session: int, state: ObjectState) -> list[Life]:
        """Return the objects that a session held in one state after the event of that number."""
        standing = ((life, life.at(moment)) for life in self.lives)
        return [life for life, bar in standing if bar and bar.state is state and bar.session == session]

    def census(self, moments: Sequence[int], session: int | None = None) -> list[Counter[ObjectState]]:
        """Count the objects in each state after each of some events.

        Args:
            moments: The numbers of the events, ascending.
            session: Count the objects of this session only.
        """
        changes = [Counter[ObjectState]() for _ in range(len(moments) + 1)]
        for life in self.lives:
            for bar in life.bars:
                if bar.state and session in (None, bar.session):
                    changes[_from(moments, bar.first)][bar.state] += 1
                    changes[_from(moments, bar.last + 1)][bar.state] -= 1
        running: Counter[ObjectState] = Counter()
        counts = []
        for change in changes[:-1]:
            running.update(change)
            counts.append(+running)
        return counts


def _from(moments: Sequence[int], moment: int) -> int:
    return bisect_right(moments, moment - 1)
