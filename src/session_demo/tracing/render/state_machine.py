"""The state machine of mapped objects, with the edges a trace has walked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...picture import INK, Picture
from ..events import Event, ObjectState, StateChanged
from .chart import SMALL, WIDTH
from .wording import STATE_COLOURS, STATE_LETTERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = tuple[float, float]

HEIGHT = 4.6
HALF_BOX = (0.64, 0.24)

PLACES: dict[ObjectState, Point] = {
    ObjectState.TRANSIENT: (0.72, 4.18),
    ObjectState.PENDING: (4.03, 4.18),
    ObjectState.PERSISTENT: (2.375, 2.4),
    ObjectState.DELETED: (4.03, 0.6),
    ObjectState.DETACHED: (0.72, 0.6),
}

# Transition: the word on the edge, where the word stands, and how far the edge bends.
EDGES: dict[str, tuple[str, Point, float]] = {
    "transient_to_pending": ("add", (2.375, 4.46), -0.06),
    "pending_to_transient": ("rollback, expunge", (2.375, 3.9), -0.06),
    "pending_to_persistent": ("flush", (3.74, 3.14), -0.08),
    "persistent_to_transient": ("rollback", (0.94, 3.14), -0.08),
    "loaded_as_persistent": ("load", (4.22, 2.4), 0.0),
    "persistent_to_deleted": ("flush", (2.66, 1.0), 0.12),
    "deleted_to_persistent": ("rollback", (3.95, 1.75), 0.12),
    "deleted_to_detached": ("commit", (2.375, 0.32), 0.0),
    "persistent_to_detached": ("expunge,\nclose", (0.8, 1.75), 0.12),
    "detached_to_persistent": ("add", (2.16, 1.36), 0.12),
}


BESIDE_BEND = 0.18


def render(events: Sequence[Event] = ()) -> Picture:
    """Draw the five object states and the ten transitions between them.

    Args:
        events: Edges that appear in these are drawn heavy, with a count; the others dotted. Without
            any events all edges are drawn alike.

    Returns:
        The picture. Its text alternative lists the edges walked. A change of state that is no edge, which
        no event told, is drawn as dots.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    changes = [event for event in events if isinstance(event, StateChanged)]
    walked = Counter(event.transition for event in changes)
    silent = Counter(event.transition for event in changes if event.silent)
    return Picture(WIDTH, HEIGHT, _alt(walked, silent), lambda axes: _draw(axes, walked))


def _alt(walked: Counter[str], silent: Counter[str]) -> str:
    if not walked:
        return (
            "The five object states (transient, pending, persistent, deleted, detached) and ten transitions."
        )
    edges = _told(walked, EDGES)
    told = f"Edges walked: {edges}." if edges else "No edge walked."
    if silent:
        told += f" Without any event: {_told(silent, [*EDGES, *_beside(walked)])}."
    return f"State machine of objects. {told}"


def _told(walked: Counter[str], names: Iterable[str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} x{walked[name]}" for name in names if walked[name])


def _beside(walked: Counter[str]) -> list[str]:
    """Return what is no edge of the machine, such as what ``make_transient()`` does."""
    return sorted(set(walked) - set(EDGES))


def _draw(axes: Axes, walked: Counter[str]) -> None:
    for name, (word, place, bend) in EDGES.items():
        count = walked[name]
        faded = bool(walked) and not count
        _draw_edge(axes, name, bend, ":" if faded else "-", heavy=bool(count), faded=faded)
        axes.text(
            *place,
            f"{word} \u00d7{count}" if count else word,
            ha="center",
            va="center",
            fontsize=SMALL,
            color=INK,
            alpha=0.55 if faded else 1.0,
            fontweight="bold" if count else "normal",
        )
    for name in _beside(walked):
        _draw_edge(axes, name, _outwards(name), (0, (1, 1.5)), heavy=True)
        x, y = _beside_word(name)
        word = f"no\nevent\n\u00d7{walked[name]}"
        axes.text(x, y, word, ha="center", va="center", fontsize=SMALL, color=INK, fontweight="bold")
    for state, centre in PLACES.items():
        _draw_state(axes, state, centre)


def _draw_edge(
    axes: Axes, name: str, bend: float, style: Any, *, heavy: bool = False, faded: bool = False
) -> None:
    start, end = _ends(name)
    axes.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>,head_length=0.5,head_width=0.22",
            "connectionstyle": f"arc3,rad={bend}",
            "color": INK,
            "alpha": 0.4 if faded else 1.0,
            "linewidth": 2.4 if heavy else 1.1,
            "linestyle": style,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


def _outwards(name: str) -> float:
    """Bend an edge that is none of the machine away from the middle, where the others are."""
    (x0, y0), (x1, y1) = _ends(name)
    across = (x1 - x0) * (HEIGHT / 2 - y0) - (y1 - y0) * (WIDTH / 2 - x0)
    return BESIDE_BEND if across >= 0 else -BESIDE_BEND


def _beside_word(name: str) -> Point:
    """Return a place beside the beginning of such an edge."""
    (x0, y0), (x1, y1) = _ends(name)
    length = math.hypot(x1 - x0, y1 - y0)
    side = math.copysign(BESIDE_BEND * 0.42 + 0.34 / length, _outwards(name))
    x, y = x0 + 0.3 * (x1 - x0) + side * (y1 - y0), y0 + 0.3 * (y1 - y0) - side * (x1 - x0)
    return min(max(x, 0.3), WIDTH - 0.3), min(max(y, 0.3), HEIGHT - 0.3)


def _draw_state(axes: Axes, state: ObjectState, centre: Point) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (half_width, half_height) = centre, HALF_BOX
    for fill, alpha in ((True, 0.22), (False, 1.0)):
        axes.add_patch(
            FancyBboxPatch(
                (x - half_width, y - half_height),
                2 * half_width,
                2 * half_height,
                boxstyle="round,pad=0,rounding_size=0.14",
                fill=fill,
                facecolor=STATE_COLOURS[state],
                edgecolor=STATE_COLOURS[state],
                linewidth=0 if fill else 2.2,
                alpha=alpha,
            )
        )
    axes.text(
        x, y, f"{STATE_LETTERS[state]}  {state}", ha="center", va="center", fontsize=SMALL + 1, color=INK
    )


def _ends(name: str) -> tuple[Point, Point]:
    """Return where the edge of a transition starts and ends: on the borders of its boxes."""
    if name == "loaded_as_persistent":
        x, y = PLACES[ObjectState.PERSISTENT]
        return (3.7, y), (x + HALF_BOX[0] + 0.04, y)
    source, target = (ObjectState(word) for word in name.split("_to_"))
    (x0, y0), (x1, y1) = PLACES[source], PLACES[target]
    return _border((x0, y0), (x1, y1)), _border((x1, y1), (x0, y0), gap=0.05)


def _border(box: Point, towards: Point, gap: float = 0.0) -> Point:
    """Return the point on the border of *box* that faces *towards*.

    Edges of opposite direction are kept apart by leaving to the left of the straight line.
    """
    (x, y), (tx, ty) = box, towards
    half_width, half_height = HALF_BOX
    dx, dy = tx - x, ty - y
    if abs(dy) < 1e-9:
        side = 1 if dx > 0 else -1
        lift = 0.11 if (dx > 0) == (gap == 0) else -0.11
        return x + side * (half_width + gap), y + lift
    side = 1 if dy > 0 else -1
    reach = (half_height + gap) / abs(dy)
    sideways = 0.16 if (dy > 0) == (gap == 0) else -0.16
    return x + dx * reach + sideways, y + side * (half_height + gap)
