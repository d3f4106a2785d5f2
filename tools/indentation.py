"""Keep code indented where its lines break: an extension of Sphinx.

On a telephone a line of code is longer than the screen and breaks. What follows would stand at the margin,
which is no Python that one can read. So what a line says is an element of its own beside its indentation,
and a style lets the line go on below itself.
"""

import re
from collections.abc import Iterable
from typing import Any

from pygments.formatters import HtmlFormatter
from sphinx.highlighting import PygmentsBridge

LINE = re.compile(r"( *)([^ \n].*)", re.DOTALL)
STEP, DEEPEST = 4, 40


class IndentedHtml(HtmlFormatter):  # type: ignore[misc]
    """Writes code as HTML in which each line is an element, whose class tells how deep it is indented."""

    def wrap(self, source: Iterable[tuple[int, str]]) -> Any:
        return super().wrap((kind, mark(line) if kind else line) for kind, line in source)


def mark(line: str) -> str:
    """Return *line* with what it says in an element.

    >>> mark("    return <b>1</b>")
    '    <span class="line i4">return <b>1</b></span>'
    """
    text = line.rstrip("\n")
    if not (found := LINE.fullmatch(text)):
        return line
    depth = min(-(-len(found[1]) // STEP) * STEP, DEEPEST)
    return f'{found[1]}<span class="line i{depth}">{found[2]}</span>{line[len(text) :]}'


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    PygmentsBridge.html_formatter = IndentedHtml
    return {"parallel_read_safe": True, "parallel_write_safe": True}
