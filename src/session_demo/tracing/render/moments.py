"""A trace as steps: what happened in each, and what the session held after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..events import (
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    MarkSet,
    ObjectEvent,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from .folds import fold, shapes_of
from .layout import Row, lay_out, summarise
from .model import Bar, Span
from .replay import model_of

STEPS_SHOWN = 30
"""Steps of a longer trace that are shown: the first half of them and the last."""

OBJECTS_SHOWN = 12
"""Objects that are shown at each step; the others are counted."""

EVENTS_SHOWN = 16
"""Rows of one step that are shown."""

_HELD = {ObjectState.PENDING, ObjectState.PERSISTENT, ObjectState.DELETED}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one object stands after a step.

    Attributes:
        title: The name of the object, with its key as soon as it has one.
        bar: Its condition; None if it is forgotten.
        before: Its state before the step; None if nothing is known of it.
        touched: Whether an event of the step is about it.
    """

    title: str
    bar: Bar | None
    before: ObjectState | None
    touched: bool

    @property
    def notes(self) -> str:
        """What else is to be said: expired, or marked to be deleted."""
        if self.bar is None:
            return ""
        marks = ["expired"] * self.bar.expired + ["marked to be deleted"] * self.bar.marked
        return ", ".join(marks)


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of the story: what a line did until something else begins.

    Attributes:
        number: Its place among all steps, from 1.
        line: The line of the program; None if no line is known.
        rows: What happened.
        omission: What is left out of that; empty if nothing is.
        standings: The objects, in order of first appearance.
        others: How many more objects there are, in words; empty if there are none.
        facts: What the session holds, by name: transactions, connection, identity map, pending objects.
    """

    number: int
    line: SourceLine | None
    rows: tuple[Row, ...]
    omission: str
    standings: tuple[Standing, ...]
    others: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Story:
    """All steps that are shown.

    Attributes:
        summary: What happened, in one line.
        steps: The steps.
        total: How many steps there are.
    """

    summary: str
    steps: tuple[Step, ...]
    total: int

    @property
    def omission(self) -> str:
        """One line that states how many steps are shown; empty if all are."""
        shown = len(self.steps)
        return f"{shown} of {self.total:,} steps shown" if shown < self.total else ""


def story_of(events: Sequence[Event], most: int = STEPS_SHOWN) -> Story:
    """Divide *events* into steps. Steps that come again and again are shown at their first and last turn.

    Args:
        events: The events, oldest first.
        most: How many steps to show at most; at least 2.
    """
    stretches = list(_stretches(events))
    shown = _shown(events, stretches, most)
    teller = _Teller(events, [stretches[place] for place in shown])
    steps = tuple(teller.step(place + 1, *stretches[place]) for place in shown)
    return Story(summarise(events), steps, len(stretches))


def _shown(events: Sequence[Event], stretches: list[tuple[int, int]], most: int) -> list[int]:
    shapes = list(shapes_of(events))
    places: list[int] = []
    for one in fold([tuple(shapes[start:stop]) for start, stop in stretches]):
        places += range(one.start, one.start + one.size)
        if one.times > 1:
            places += range(one.stop - one.size, one.stop)
    return places if len(places) <= most else places[: most // 2] + places[len(places) - (most - most // 2) :]


def _stretches(events: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """Yield where each step starts and stops: at another line, or where another part of the story begins."""
    start, line, told, flushing = 0, None, False, False
    for place, event in enumerate(events):
        moved = event.line is not None and line is not None and event.line != line
        if place > start and (moved or (told and not flushing and _begins(event))):
            yield start, place
            start, told = place, False
        line = event.line or line
        flushing = isinstance(event, FlushStarted) or (flushing and not isinstance(event, FlushEnded))
        told = told or _tells(event)
    if events:
        yield start, len(events)


def _begins(event: Event) -> bool:
    if isinstance(event, DatabaseTransactionChanged):
        return event.command != "BEGIN"
    return isinstance(event, StatementExecuted | FlushStarted | MarkSet | SessionTransactionBegun)


def _tells(event: Event) -> bool:
    kinds = StateChanged | StatementExecuted | FlushEnded | SessionTransactionEnded | MarkSet
    return isinstance(event, kinds) or (
        isinstance(event, DatabaseTransactionChanged) and event.command != "BEGIN"
    )


class _Teller:
    """Tells of each step what had become of everything when it was over."""

    def __init__(self, events: Sequence[Event], shown: Sequence[tuple[int, int]]) -> None:
        self._events = events
        self._model = model_of(events)
        self._sessions = sorted({event.session for event in events})
        moments = sorted({stop for _, stop in shown})
        whole = self._model.census(moments)
        self._counts: dict[int | None, dict[int, Counter[ObjectState]]] = {}
        for session in (None, *self._sessions):
            alone = session is None or len(self._sessions) == 1
            counts = whole if alone else self._model.census(moments, session)
            self._counts[session] = dict(zip(moments, counts, strict=True))
        lives = self._model.lives
        if len(lives) > OBJECTS_SHOWN:  # the others have been counted
            touched = {label for start, stop in shown for label in _touched(events[start:stop])}
            lives = tuple(life for life in lives if life.label in touched)
            self._model = replace(self._model, lives=lives)

    def step(self, number: int, start: int, stop: int) -> Step:
        """Tell of the events from *start* to *stop*."""
        events = self._events[start:stop]
        layout = lay_out(events, EVENTS_SHOWN, start, len(self._sessions) > 1)
        line = next((event.line for event in events if event.line), None)
        standings = self._standings(start, stop)
        facts = [fact for session in self._sessions for fact in self._facts(session, stop)]
        return Step(
            number,
            line,
            tuple(replace(row, line=None) for row in layout.rows),
            layout.omission,
            standings,
            self._others(standings, stop),
            dict(facts),
        )

    def _standings(self, start: int, stop: int) -> tuple[Standing, ...]:
        touched = _touched(self._events[start:stop])
        found = []
        for life in self._model.lives:
            bar, here = life.at(stop), life.label in touched
            # A transient object that is added later may not have been made yet.
            if here or (bar and (life.seen <= stop or bar.state in _HELD)):
                before = (life.at(start) or life.bars[0]).state
                found.append(Standing(life.title_at(stop), bar, before, here))
        # What the step is about comes before the rest where there is no room for all.
        chosen = sorted(found, key=lambda one: not one.touched)[:OBJECTS_SHOWN]
        return tuple(one for one in found if one in chosen) if len(found) > OBJECTS_SHOWN else tuple(found)

    def _others(self, standings: Sequence[Standing], stop: int) -> str:
        counts = self._counts[None][stop].copy()
        counts.subtract(one.bar.state for one in standings if one.bar and one.bar.state)
        told = [f"{counts[state]:,} {state}" for state in ObjectState if counts[state] > 0]
        return f"and {', '.join(told)}" if told else ""

    def _facts(self, session: int, stop: int) -> Iterator[tuple[str, str]]:
        several = f"session {session}: " if len(self._sessions) > 1 else ""
        spans = [span for span in self._model.open_at(stop) if span.session == session]
        for kind in ("session transaction", "database transaction", "connection"):
            yield f"{several}{kind}", _opened([span for span in spans if span.kind == kind])
        for name, state in (
            ("identity map", ObjectState.PERSISTENT),
            ("pending objects", ObjectState.PENDING),
        ):
            yield f"{several}{name}", self._held(session, stop, state)

    def _held(self, session: int, stop: int, state: ObjectState) -> str:
        total = self._counts[session][stop][state]
        names = [
            f"{life.entity} {life.key}" if life.key and life.keyed <= stop else life.label
            for life in self._model.held_at(stop, session, state)
        ]
        more = total - len(names[:OBJECTS_SHOWN])
        told = names[:OBJECTS_SHOWN] + ([f"{more:,} more"] if more else [])
        return ", ".join(told) or "empty"


def _touched(events: Sequence[Event]) -> set[str]:
    return {event.label for event in events if isinstance(event, ObjectEvent)}


def _opened(spans: Sequence[Span]) -> str:
    if not spans:
        return "none"
    names = " > ".join(span.name for span in spans)
    return names if spans[0].kind == "connection" else f"open: {names}"
