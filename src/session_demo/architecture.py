"""The layers between a Python object and the database, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .picture import INK, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CREDIT = 'Layers after Mike Bayer, "SQLAlchemy: an Architectural Retrospective" (2011)'

Box = tuple[float, float, float, float, str, str]

WIDTH, HEIGHT = 6.0, 6.5

# x, y, width, height, title, what it is for
BOXES: tuple[Box, ...] = (
    (0.35, 5.05, 5.3, 0.95, "Session", "identity map, unit of work, one session transaction"),
    (0.35, 3.3, 2.5, 0.85, "SQL expressions", "select(), insert(), ..."),
    (3.15, 3.3, 2.5, 0.85, "Connection", "one database transaction"),
    (0.35, 2.1, 5.3, 0.95, "Engine", ""),
    (1.45, 2.21, 1.85, 0.72, "Pool", "open connections"),
    (3.55, 2.21, 1.85, 0.72, "Dialect", "the words of one database"),
    (0.35, 0.98, 5.3, 0.72, "DBAPI driver", "sqlite3, psycopg, ..."),
)

BANDS: tuple[tuple[float, float, str], ...] = ((4.9, 1.5, "ORM"), (1.9, 2.8, "Core"))


def architecture() -> Picture:
    """Draw the layers that a session stands on, from the ORM down to the database.

    Returns:
        The picture, with the credit of its source in it.

    Raises:
        MissingExtraError: matplotlib is not installed.

    Session effect:
        None.

    Example:
        >>> architecture().alt.split(":")[0]
        'From top to bottom'

    Source:
        Mike Bayer, *SQLAlchemy: an Architectural Retrospective*, 2011. The layers are his; the
        drawing is ours.
    """
    alt = (
        "From top to bottom: the ORM with the Session (identity map, unit of work, session transaction); "
        "Core with SQL expressions, the Connection and the Engine, which has a Pool and a Dialect; "
        "the DBAPI driver; the database. " + CREDIT + "."
    )
    return Picture(WIDTH, HEIGHT, alt, _draw)


def _draw(axes: Axes) -> None:
    for y, height, name in BANDS:
        _draw_box(axes, (0.12, y, WIDTH - 0.24, height, "", ""), dashed=True)
        axes.text(0.35, y + height - 0.2, name, fontsize=11, color=INK, va="center", fontweight="bold")
    for box in BOXES:
        _draw_box(axes, box)
    axes.text(
        WIDTH / 2, 0.62, "the database", ha="center", va="center", fontsize=12, color=INK, fontweight="bold"
    )
    axes.text(WIDTH / 2, 0.2, CREDIT, ha="center", va="center", fontsize=8.5, color=INK)


def _draw_box(axes: Axes, box: Box, dashed: bool = False) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y, width, height, title, purpose = box
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.1",
            fill=False,
            edgecolor=INK,
            linewidth=0.8 if dashed else 1.6,
            linestyle="--" if dashed else "-",
            alpha=0.5 if dashed else 1.0,
        )
    )
    if title == "Engine":
        axes.text(x + 0.15, y + height / 2, title, va="center", fontsize=12, color=INK, fontweight="bold")
        return
    centre = x + width / 2
    rise = 0.15 if purpose else 0.0
    axes.text(
        centre,
        y + height / 2 + rise,
        title,
        ha="center",
        va="center",
        fontsize=12,
        color=INK,
        fontweight="bold",
    )
    axes.text(centre, y + height / 2 - 0.16, purpose, ha="center", va="center", fontsize=9.5, color=INK)
