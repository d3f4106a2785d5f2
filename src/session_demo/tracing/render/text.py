"""A trace as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from ..events import Event
from .layout import Row, lay_out


def render(events: Sequence[Event]) -> str:
    """Write one line for each event, numbered, under a line that sums them up.

    Args:
        events: The events, oldest first.

    Returns:
        The text, in ASCII but for names and values of the program, with no line break at the end.
    """
    layout = lay_out(events)
    half = len(layout.rows) // 2
    lines = [layout.summary]
    for place, row in enumerate(layout.rows):
        if layout.hidden and place == half:
            lines.append(f"     ... {layout.omission} ...")
        if row.line:
            lines.append(": ".join(filter(None, (row.line.place, row.line.text))))
        lines.append(_line(row))
    return "\n".join(lines)


def _line(row: Row) -> str:
    told = "".join(f"  {part.text}" if part.kind == "values" else part.text for part in row.parts)
    return f"{row.number:4d}  {row.lane:<8}  {'  ' * row.depth}{told}"
