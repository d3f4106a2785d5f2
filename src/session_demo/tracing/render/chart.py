"""What the drawn pictures of a trace have in common: a scale of events, hatches, words that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...picture import INK
from ..events import ObjectState
from .model import Model
from .wording import STATE_COLOURS, STATE_LETTERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 4.75
"""On a phone that is about the width of a page, so that words keep the size they are drawn in."""

MARGIN = 0.12
SMALL = 11
LINE = 0.23

HATCHES = {
    ObjectState.TRANSIENT: "----",
    ObjectState.PENDING: "////",
    ObjectState.PERSISTENT: "",
    ObjectState.DELETED: "xxxx",
    ObjectState.DETACHED: "||||",
}
"""A pattern for each state, so that the picture can be read without colours."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where events lie from left to right, in inches. Event n fills the place from n to n + 1."""

    size: int
    left: float
    right: float = WIDTH - MARGIN

    def at(self, moment: float) -> float:
        """Return where a moment begins."""
        return self.left + (self.right - self.left) * moment / (self.size + 1)

    def ticks(self) -> list[int]:
        """Return some round numbers of events, as many as have room."""
        most = 8 if self.size < 10_000 else 5
        step = next(n * 10**e for e in range(9) for n in (1, 2, 5) if n * 10**e * most >= self.size)
        return list(range(step, self.size + 1, step))


def draw_scale(axes: Axes, scale: Scale, top: float, title: str = "event") -> None:
    """Write the numbers of events above a picture."""
    write(axes, scale.left - 0.1, top, title, ha="right", alpha=0.8)
    for tick in scale.ticks():
        number = f"{tick:,}"
        middle = min(scale.at(tick + 0.5), WIDTH - 0.05 - 0.045 * len(number))
        write(axes, middle, top, number, ha="center", alpha=0.8)


def write(axes: Axes, x: float, y: float, text: str, **style: object) -> None:
    """Write *text* as it stands: names may hold signs that matplotlib would set as formulas."""
    style = {"ha": "left", "va": "center", "fontsize": SMALL, "color": INK, "parse_math": False} | style
    axes.text(x, y, text, **style)  # type: ignore[arg-type]


def draw_area(
    axes: Axes, points: Sequence[tuple[float, float]], state: ObjectState | None, hollow: bool = False
) -> None:
    """Draw an area in the colour and the hatch of a state; hollow and dashed where values are expired."""
    from matplotlib.patches import Polygon

    colour = STATE_COLOURS[state] if state else INK
    if not hollow:
        axes.add_patch(Polygon(points, closed=True, facecolor=colour, linewidth=0, alpha=0.28))
    hatch = HATCHES[state] if state and not hollow else None
    style = "--" if hollow else ":" if state is None else "-"
    axes.add_patch(
        Polygon(
            points, closed=True, fill=False, edgecolor=colour, linewidth=1.1, linestyle=style, hatch=hatch
        )
    )


def fitting(text: str, inches: float, fontsize: float = SMALL) -> str:
    """Cut *text* so that it fits; an average letter is about three fifths as wide as it is high."""
    most = max(int(inches / (fontsize / 72 * 0.6)), 2)
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def letters(states: Sequence[ObjectState]) -> str:
    """Write states by their letters, such as ``T P S``."""
    return " ".join(STATE_LETTERS[state] for state in states)


def states_seen(model: Model) -> list[ObjectState]:
    """Return the states that occur, in their usual order."""
    seen = {bar.state for life in model.lives for bar in life.bars}
    return [state for state in ObjectState if state in seen]


def legend_lines(states: Sequence[ObjectState]) -> list[list[ObjectState]]:
    """Divide a legend into lines of three."""
    return [list(states[place : place + 3]) for place in range(0, len(states), 3)]


def draw_legend(axes: Axes, states: Sequence[ObjectState], y: float) -> float:
    """Explain the states' letters, hatches and colours, line below line.

    Returns:
        The height of the line below the last.
    """
    for line in legend_lines(states):
        for place, state in enumerate(line):
            x = MARGIN + place * (WIDTH - 2 * MARGIN) / 3
            box = [(x, y - 0.08), (x + 0.26, y - 0.08), (x + 0.26, y + 0.08), (x, y + 0.08)]
            draw_area(axes, box, state)
            write(axes, x + 0.34, y, f"{STATE_LETTERS[state]} {state}")
        y -= LINE
    return y
