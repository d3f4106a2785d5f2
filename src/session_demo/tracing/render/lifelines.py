"""The life of each object as a line, from event to event; of very many objects a census."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...picture import INK, Picture
from ..events import Event, ObjectState
from .chart import (
    LINE,
    MARGIN,
    WIDTH,
    Scale,
    draw_area,
    draw_legend,
    draw_scale,
    fitting,
    legend_lines,
    letters,
    states_seen,
    write,
)
from .model import Bar, Life, Model
from .replay import model_of
from .wording import STATE_LETTERS, count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS_SHOWN = 40
"""Objects, or groups of objects of one history, that have a row of their own."""

BARS_SHOWN = 40
"""Conditions of one object that are drawn; what comes later is left out, and that is said."""

RULES_SHOWN = 24
"""Flushes and ends of transactions that are drawn."""

CENSUS_FROM = 20_000
"""From so many events on, more objects than there are rows become a census."""

OBJECTS_TOLD = 5

ROW, LABELS, CENSUS_POINTS, CENSUS_HEIGHT = 0.29, 1.62, 240, 2.4
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class LifeRow:
    """One object, or several of one class that went through the same states."""

    lives: tuple[Life, ...]

    @property
    def title(self) -> str:
        """The name and the key of the one, or how many there are and what they went through."""
        first = self.lives[0]
        if len(self.lives) == 1:
            return first.title
        return f"{len(self.lives):,} {first.entity}: {letters(first.states)}"

    def stages(self) -> Iterator[tuple[Bar, list[int], list[int]]]:
        """Yield each stage with the moments at which the first to the last of them enter and leave it."""
        if len(self.lives) == 1:
            for bar in self.lives[0].bars[:BARS_SHOWN]:
                yield bar, [bar.first] * len(QUANTILES), [bar.last + 1] * len(QUANTILES)
            return
        stages = [_by_state(life) for life in self.lives]
        for place, (state, *_) in enumerate(stages[0]):
            starts = _quantiles([stage[place][1] for stage in stages])
            ends = _quantiles([stage[place][2] for stage in stages])
            yield Bar(state, starts[0], ends[-1] - 1), starts, ends


def _by_state(life: Life) -> list[tuple[ObjectState | None, int, int]]:
    merged: list[tuple[ObjectState | None, int, int]] = []
    for bar in life.bars:
        if merged and merged[-1][0] is bar.state:
            merged[-1] = bar.state, merged[-1][1], bar.last + 1
        else:
            merged.append((bar.state, bar.first, bar.last + 1))
    return merged


def _quantiles(moments: list[int]) -> list[int]:
    ordered = sorted(moments)
    return [ordered[round(part * (len(ordered) - 1))] for part in QUANTILES]


def rows_of(model: Model) -> list[LifeRow]:
    """Give each object a row; where they are too many, each class and history, the largest first."""
    if len(model.lives) <= ROWS_SHOWN:
        return [LifeRow((life,)) for life in model.lives]
    groups: dict[tuple[object, ...], list[Life]] = {}
    for life in model.lives:
        history = tuple(state for state, _, _ in _by_state(life))
        groups.setdefault((life.entity, history, bool(life.forgotten)), []).append(life)
    return [LifeRow(tuple(lives)) for lives in sorted(groups.values(), key=len, reverse=True)]


def render(events: Sequence[Event]) -> Picture:
    """Draw through which states each object went, between which events.

    Args:
        events: The events, oldest first.

    Returns:
        The picture. Its text alternative tells the lives of the first objects.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    model = model_of(events)
    if model.size >= CENSUS_FROM and len(model.lives) > ROWS_SHOWN:
        return _census(model)
    rows = rows_of(model)
    notes = _notes(model, rows)
    rows = rows[:ROWS_SHOWN]
    height = 0.72 + ROW * len(rows) + LINE * (len(legend_lines(states_seen(model))) + len(notes))
    return Picture(WIDTH, height, describe(model), lambda axes: _draw(axes, model, rows, notes, height))


def describe(model: Model) -> str:
    """Tell the lives of the first objects in words, and how many more there are."""
    if not model.lives:
        return f"Lifelines: no object in {count(model.size, 'event')}."
    told = [f"{life.title}: {_told(life)}." for life in model.lives[:OBJECTS_TOLD]]
    more = len(model.lives) - OBJECTS_TOLD
    if more > 0:
        ends = model.census([model.size])[0]
        states = ", ".join(f"{ends[state]:,} {state}" for state in ObjectState if ends[state])
        told.append(f"And {count(more, 'more object')}. At the end, of all: {states or 'none left'}.")
    head = f"Lifelines of {count(len(model.lives), 'object')} over {count(model.size, 'event')}."
    return " ".join([head, *told])


def _told(life: Life) -> str:
    steps, state = [], None
    for bar in life.bars[:BARS_SHOWN]:
        extras = [word for word, holds in (("expired", bar.expired), ("marked", bar.marked)) if holds]
        words = [*([bar.state or "unknown"] if bar.state is not state or not extras else []), *extras]
        steps.append(f"{' '.join(words)} {f'at event {bar.first}' if bar.first else 'from the start'}")
        state = bar.state
    if len(life.bars) > BARS_SHOWN:
        steps.append(f"and {len(life.bars) - BARS_SHOWN:,} more changes")
    if life.forgotten:
        steps.append(f"forgotten at event {life.forgotten}")
    return ", ".join(steps)


def _rules(model: Model) -> list[tuple[int, str]]:
    """Return the events at which a transaction or a savepoint ended, each with a letter."""
    ends = {"committed": "C", "rolled back": "R", "released": "r"}
    return sorted(
        (span.last, "R" if span.depth and span.outcome == "rolled back" else ends[span.outcome])
        for span in model.spans
        if span.kind == "database transaction" and span.outcome in ends
    )


def _notes(model: Model, rows: list[LifeRow]) -> list[str]:
    notes = []
    if len(rows) > ROWS_SHOWN:
        hidden = sum(len(row.lives) for row in rows[ROWS_SHOWN:])
        notes.append(f"{ROWS_SHOWN} of {len(rows):,} rows shown; {count(hidden, 'object')} not shown")
    cut = sum(len(row.lives) == 1 and len(row.lives[0].bars) > BARS_SHOWN for row in rows)
    if cut:
        notes.append(f"{count(cut, 'row')} cut after {BARS_SHOWN} changes")
    flushes = [span for span in model.spans if span.kind == "flush"]
    rules = _rules(model)
    if max(len(flushes), len(rules)) > RULES_SHOWN:
        notes.append(f"not drawn: flushes ({len(flushes):,}), ends of transactions ({len(rules):,})")
    else:
        told = {"C": "C commit", "R": "R rollback", "r": "r release of a savepoint"}
        used = ["grey: flush"] * bool(flushes) + [
            told[sign] for sign in told if sign in {s for _, s in rules}
        ]
        notes += [", ".join(used)] if used else []
    bars = [bar for row in rows for life in row.lives if len(row.lives) == 1 for bar in life.bars]
    signs = ["dashed: expired"] * any(bar.expired for bar in bars)
    signs += ["~ marked to be deleted"] * any(bar.marked for bar in bars)
    signs += ["o forgotten"] * any(life.forgotten for row in rows for life in row.lives)
    return notes + ([", ".join(signs)] if signs else [])


def _draw(axes: Axes, model: Model, rows: list[LifeRow], notes: list[str], height: float) -> None:
    scale = Scale(model.size, LABELS)
    top = height - 0.5
    draw_scale(axes, scale, height - 0.14)
    _draw_rules(axes, model, scale, top, top - ROW * len(rows))
    for place, row in enumerate(rows):
        _draw_row(axes, row, scale, top - ROW * (place + 0.5))
    y = top - ROW * len(rows) - 0.2
    y = draw_legend(axes, states_seen(model), y)
    for place, note in enumerate(notes):
        write(axes, MARGIN, y - LINE * place, note, alpha=0.85)


def _draw_rules(axes: Axes, model: Model, scale: Scale, top: float, bottom: float) -> None:
    from matplotlib.patches import Rectangle

    flushes = [span for span in model.spans if span.kind == "flush"]
    rules = _rules(model)
    if max(len(flushes), len(rules)) > RULES_SHOWN:
        return
    for span in flushes:
        start, end = scale.at(span.first), scale.at(min(span.last, model.size) + 1)
        patch = Rectangle((start, bottom), end - start, top - bottom, color=INK, alpha=0.1, linewidth=0)
        axes.add_patch(patch)
    for event, sign in rules:
        x = scale.at(event)
        axes.plot(
            [x, x], [bottom, top], color=INK, linewidth=0.9, alpha=0.7, linestyle=":" if sign == "r" else "-"
        )
        write(axes, x, top + 0.1, sign, ha="center", fontweight="bold")


def _draw_row(axes: Axes, row: LifeRow, scale: Scale, middle: float) -> None:
    title = fitting(row.title, LABELS - MARGIN - 0.1)
    write(axes, LABELS - 0.1, middle, title, ha="right")
    half = ROW * 0.36
    heights = [middle + half - 2 * half * part for part in QUANTILES]
    for bar, starts, ends in row.stages():
        left = [(scale.at(start), y) for start, y in zip(starts, heights, strict=True)]
        right = [(scale.at(end), y) for end, y in zip(ends, heights, strict=True)]
        draw_area(axes, left + right[::-1], bar.state, hollow=bar.expired)
        sign = (STATE_LETTERS[bar.state] if bar.state else "?") + "~" * bar.marked
        if right[2][0] - left[2][0] > 0.09 * len(sign) + 0.03:
            centre = (left[2][0] + right[2][0]) / 2
            write(axes, centre, middle, sign, ha="center", fontweight="bold")
    if len(row.lives) == 1 and row.lives[0].forgotten:
        write(axes, scale.at(row.lives[0].forgotten), middle, "o")


def _census(model: Model) -> Picture:
    points = min(CENSUS_POINTS, model.size)
    moments = [round(model.size * place / points) for place in range(points + 1)]
    return Picture(
        WIDTH, CENSUS_HEIGHT + 1.55, describe(model), lambda axes: _draw_census(axes, model, moments)
    )


def _draw_census(axes: Axes, model: Model, moments: list[int]) -> None:
    counts = model.census(moments)
    states = states_seen(model)
    most = max(sum(one.values()) for one in counts) or 1
    left, bottom = 0.85, 1.0
    scale = Scale(model.size, left)
    draw_scale(axes, scale, bottom - 0.16)
    for part in (0, 0.5, 1):
        write(
            axes, left - 0.1, bottom + CENSUS_HEIGHT * part, f"{round(most * part):,}", ha="right", alpha=0.8
        )
    xs = [scale.at(moment) for moment in moments]
    floor = [0] * len(moments)
    for state in states:
        roof = [low + one[state] for low, one in zip(floor, counts, strict=True)]
        outline = [(x, bottom + CENSUS_HEIGHT * y / most) for x, y in zip(xs, roof, strict=True)]
        base = [(x, bottom + CENSUS_HEIGHT * y / most) for x, y in zip(xs, floor, strict=True)]
        draw_area(axes, outline + base[::-1], state)
        widest = max(range(len(xs)), key=lambda place: roof[place] - floor[place])
        if (roof[widest] - floor[widest]) / most > 0.06:
            y = bottom + CENSUS_HEIGHT * (roof[widest] + floor[widest]) / 2 / most
            write(
                axes,
                min(xs[widest], scale.right - 0.1),
                y,
                STATE_LETTERS[state],
                ha="center",
                fontweight="bold",
            )
        floor = roof
    total = f"Objects in each state: {len(model.lives):,} in {model.size:,} events"
    write(axes, MARGIN, bottom + CENSUS_HEIGHT + 0.35, total, fontweight="bold")
    draw_legend(axes, states, 0.2 + LINE * (len(legend_lines(states)) - 1))
