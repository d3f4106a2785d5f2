"""A drawing that shows itself as labelled, scalable SVG, in light and in dark."""

from __future__ import annotations

import io
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from .errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#0b0c0d"
"""The colour of lines and words. In SVG it becomes the colour of the text around the picture."""

NOTE = 0.27
"""The height of a note below a picture, in inches."""


class Picture:
    """A matplotlib figure with a text alternative.

    In a notebook it shows itself as inline SVG, whose lines and words take the colour of the text
    around it. ``figure`` is the matplotlib figure, to be changed or saved like any other.

    Args:
        width: Inches.
        height: Inches.
        alt: What the picture shows, in words.
        draw: Draws on the axes it is given, which have no frame; one unit is one inch.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(self, width: float, height: float, alt: str, draw: Callable[[Axes], None]) -> None:
        figure_class = _matplotlib_figure()
        self.alt = alt
        self.figure: Figure = figure_class(figsize=(width, height))
        axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, width)
        axes.set_ylim(0, height)
        axes.axis("off")
        draw(axes)

    def add_note(self, note: str) -> None:
        """Write a line below the drawing, and before its text alternative."""
        width, height = self.figure.get_size_inches()
        self.figure.set_size_inches(width, height + NOTE)
        self.figure.axes[0].set_position((0.0, NOTE / (height + NOTE), 1.0, height / (height + NOTE)))
        self.figure.text(0.12 / width, 0.1 / (height + NOTE), note, fontsize=11, color=INK)
        self.alt = f"{note} {self.alt}"

    def svg(self) -> str:
        """Return the picture as an SVG element for a page: the same bytes from run to run."""
        import matplotlib

        out = io.StringIO()
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "session-demo"}):
            self.figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        drawing = out.getvalue()
        drawing = drawing[drawing.index("<svg") :].replace(INK, "currentColor").strip()
        width, height = (72 * inches for inches in self.figure.get_size_inches())
        opening = (
            f'<svg role="img" aria-label="{escape(self.alt)}" viewBox="0 0 {width:g} {height:g}" '
            f'style="width:100%;max-width:{width * 1.35:.0f}px;height:auto;display:block;margin:0 auto" '
            'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        )
        return opening + drawing[drawing.index(">") + 1 :]

    def __repr__(self) -> str:
        return f"<Picture: {self.alt}>"

    def _repr_html_(self) -> str:
        return f'<div class="sd-picture">{self.svg()}</div>'


def _matplotlib_figure() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise MissingExtraError(
            "Can't draw the picture: matplotlib is not installed. "
            'Run pip install "session-demo[figure]"; text and HTML work without it.'
        ) from missing
    return Figure
