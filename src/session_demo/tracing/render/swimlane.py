"""Whose turn it is: the lines of the program beside transactions, flushes, SQL and connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...picture import INK, Picture
from ..events import Event
from .chart import MARGIN, SMALL, WIDTH, Scale, draw_scale, fitting, write
from .model import Model, Span, SpanKind
from .replay import model_of
from .slots import Slot, deepest, rows_of, shapes, slots_of
from .wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS_SHOWN = 40
"""Rows of lines and statements; a trace that needs more of them is drawn in bins."""

SHAPES_SHOWN = 10
"""Statements that are drawn in bins, the most frequent."""

SHAPES_TOLD = 5
BINS = 60

LANES: tuple[tuple[SpanKind, str], ...] = (
    ("session transaction", ""),
    ("database transaction", "////"),
    ("flush", "||||"),
    ("connection", ""),
)
ROW, LANE, DEEPER, HEAD, DEPTHS_SHOWN = 0.28, 0.17, 0.11, 1.8, 4


def render(events: Sequence[Event]) -> Picture:
    """Draw from top to bottom what each line asked for, and what was open meanwhile.

    Args:
        events: The events, oldest first.

    Returns:
        The picture. Its text alternative counts statements and transactions.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    model = model_of(events)
    slots = slots_of(events)
    alt = describe(events, model)
    if len(slots) > ROWS_SHOWN:
        return _binned(events, model, alt)
    height = HEAD + ROW * max(len(slots), 1) + 0.63
    return Picture(WIDTH, height, alt, lambda axes: _draw(axes, model, slots, height))


def describe(events: Sequence[Event], model: Model) -> str:
    """Tell in words what was sent, how often and by which line, and how the transactions ended."""
    sentences = [f"Swimlane of {count(model.size, 'event')}."]
    found = shapes(events)
    for (sql, line), numbers in list(found.items())[:SHAPES_TOLD]:
        asked = f", asked for by {line.place}" if line else ""
        sentences.append(f"{_short(sql)} x {len(numbers):,}{asked}.")
    if len(found) > SHAPES_TOLD:
        sentences.append(f"And {count(len(found) - SHAPES_TOLD, 'other statement')}.")
    for kind, _ in LANES:
        ends = Counter(span.outcome for span in model.spans if span.kind == kind)
        if ends:
            told = ", ".join(f"{n:,} {outcome}" for outcome, n in ends.items())
            sentences.append(f"{kind.capitalize()}: {told}.")
    return " ".join(sentences)


def _short(sql: str) -> str:
    return sql if len(sql) <= 60 else f"{sql[:59]}\u2026"


def _lefts(model: Model) -> dict[SpanKind, float]:
    """Tell where each lane begins; those of transactions are as wide as they are deep."""
    wide = DEEPER * (min(deepest(model), DEPTHS_SHOWN) - 1)
    lefts: dict[SpanKind, float] = {}
    x = MARGIN
    for kind, _ in LANES:
        lefts[kind] = x
        x += LANE + 0.14 + (wide if "transaction" in kind else 0.0)
    return lefts


def _draw(axes: Axes, model: Model, slots: list[Slot], height: float) -> None:
    lefts = _lefts(model)
    top = height - HEAD
    for kind, hatch in LANES:
        write(axes, lefts[kind] + LANE / 2, top + 0.08, kind, rotation=90, ha="center", va="bottom")
        for span in model.spans:
            if span.kind == kind:
                _draw_span(axes, span, slots, lefts[kind], top, hatch)
    text = max(lefts.values()) + LANE + 0.25
    for place, slot in enumerate(slots):
        _draw_slot(axes, slot, text, top - ROW * (place + 0.5))
    write(axes, text, top + 0.2, "line of the program, and what it sent", alpha=0.85)
    write(axes, MARGIN, 0.4, "C committed or released, R rolled back", alpha=0.85)
    write(axes, MARGIN, 0.17, "X failed, dashed: not whole", alpha=0.85)


def _draw_span(axes: Axes, span: Span, slots: list[Slot], left: float, top: float, hatch: str) -> None:
    from matplotlib.patches import Rectangle

    rows = rows_of(span, slots)
    if rows is None or span.depth >= DEPTHS_SHOWN:
        return
    # Within one row what begins later stands lower.
    start = top - ROW * (rows[0] + _part(slots[rows[0]], span.first))
    end = top - ROW * (rows[1] + max(_part(slots[rows[1]], span.last + 1), 0.35))
    x = left + DEEPER * span.depth
    whole = span.outcome != "open" and span.first > 0
    style = "-" if whole else "--"
    shade, size = 0.14 + 0.1 * span.depth, (LANE, start - end)
    axes.add_patch(Rectangle((x, end), *size, facecolor=INK, alpha=shade, linewidth=0))
    edge = Rectangle((x, end), *size, fill=False, edgecolor=INK, linewidth=0.9, linestyle=style, hatch=hatch)
    axes.add_patch(edge)
    sign = {"committed": "C", "released": "C", "rolled back": "R", "failed": "X"}.get(span.outcome)
    if sign:
        write(axes, x + LANE + 0.015, end + 0.06, sign, fontsize=9.5, fontweight="bold")


def _part(slot: Slot, number: int) -> float:
    """Tell how far down in a row an event lies, from 0 to 1."""
    part = (number - slot.first) / (slot.last - slot.first + 1)
    return min(max(part, 0.0), 1.0)


def _draw_slot(axes: Axes, slot: Slot, x: float, y: float) -> None:
    room = WIDTH - MARGIN - x
    if slot.line:
        place = slot.line.place
        told = fitting(slot.line.text, room - 0.09 * len(place) - 0.1)
        write(axes, x, y, told, fontweight="bold", fontsize=SMALL)
        write(axes, WIDTH - MARGIN, y, place, ha="right", alpha=0.7)
    elif slot.sql:
        times = f"  x {slot.times:,}" if slot.times > 1 else ""
        told = fitting(slot.sql, room - 0.15 - 0.08 * len(times)) + times
        write(axes, x + 0.15, y, told, fontweight="bold" if times else "normal")
    elif slot.note:
        write(axes, x + 0.15, y, fitting(slot.note, room - 0.15), alpha=0.85, style="italic")


def _binned(events: Sequence[Event], model: Model, alt: str) -> Picture:
    found = shapes(events)
    rows = [(_asked(sql, line), numbers) for (sql, line), numbers in list(found.items())[:SHAPES_SHOWN]]
    ends = [span for span in model.spans if span.kind == "database transaction" and span.name == "BEGIN"]
    for outcome in ("committed", "rolled back"):
        rows.append((f"database transactions {outcome}", [s.last for s in ends if s.outcome == outcome]))
    rows.append(("flushes", [span.first for span in model.spans if span.kind == "flush"]))
    rows = [(title, numbers) for title, numbers in rows if numbers]
    note = f"{min(len(found), SHAPES_SHOWN)} of {len(found):,} statements shown" * (len(found) > SHAPES_SHOWN)
    height = 0.7 + 0.52 * len(rows)
    return Picture(WIDTH, height, alt, lambda axes: _draw_bins(axes, model, rows, note, height))


def _asked(sql: str, line: object) -> str:
    place = getattr(line, "place", "")
    return f"{place}: {sql}" if place else sql


def _draw_bins(axes: Axes, model: Model, rows: list[tuple[str, list[int]]], note: str, height: float) -> None:
    from matplotlib.collections import PolyCollection

    scale = Scale(model.size, 0.6)
    draw_scale(axes, scale, height - 0.14)
    for place, (title, numbers) in enumerate(rows):
        bottom = height - 0.32 - 0.52 * (place + 1)
        total = f"x {len(numbers):,}"
        write(axes, WIDTH - MARGIN, bottom + 0.4, total, ha="right", fontweight="bold")
        write(axes, MARGIN, bottom + 0.4, fitting(title, WIDTH - 2 * MARGIN - 0.09 * len(total)))
        bins = Counter((number - 1) * BINS // model.size for number in numbers)
        most = max(bins.values())
        width = (scale.right - scale.left) / BINS
        bars = [
            _bar(scale.left + width * one, bottom, width, 0.25 * n / most) for one, n in sorted(bins.items())
        ]
        axes.add_collection(PolyCollection(bars, facecolor=INK, alpha=0.6, linewidth=0))
        axes.plot([scale.left, scale.right], [bottom, bottom], color=INK, linewidth=0.6, alpha=0.6)
    write(axes, MARGIN, 0.16, note, alpha=0.85)


def _bar(x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
