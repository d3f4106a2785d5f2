"""A trace as plain text, and as coloured text of a given width for terminals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from ..events import Event, ObjectState
from .layout import Row, lay_out
from .wording import STATE_COLOURS, STATE_LETTERS

LINES_SHOWN = 4
"""Lines that one event may fill in a terminal; the rest is cut off, and dots say so."""

NARROWEST = 40
"""Columns below which nothing could be read; lines are not made shorter than this."""

BOLD, DIM, RESET = "\033[1m", "\033[2m", "\033[0m"

Piece = tuple[str, str]
"""Text, and the escape sequence that styles it, or the empty string."""


def render(events: Sequence[Event], width: int | None = None, colour: bool = False) -> str:
    """Write one line for each event, numbered, under a line that sums them up.

    Args:
        events: The events, oldest first.
        width: Columns to keep within: what is longer goes on in the next line, under its beginning.
            None writes each event in one line, however long.
        colour: Whether to write escape sequences of terminals; states then have a letter as well.

    Returns:
        The text, in ASCII but for names and values of the program, with no line break at the end.
    """
    layout = lay_out(events)
    half = len(layout.rows) // 2
    page = _Page(width and max(width, NARROWEST), colour)
    page.add("", [(layout.summary, "")], most=None)
    for place, row in enumerate(layout.rows):
        if layout.hidden and place == half:
            page.add("", [(f"     ... {layout.omission} ...", DIM)])
        if row.line:
            page.add("", [(": ".join(filter(None, (row.line.place, row.line.text))), BOLD)])
        page.add(_head(row), list(_pieces(row, colour)))
    return "\n".join(page.lines)


def _head(row: Row) -> str:
    return f"{row.number:4d}  {row.lane:<8}  {'  ' * row.depth}"


def _pieces(row: Row, colour: bool) -> Iterator[Piece]:
    for part in row.parts:
        if part.kind == "state" and colour:
            state = ObjectState(part.text)
            yield f"{STATE_LETTERS[state]} {state}", BOLD + _escape(STATE_COLOURS[state])
        elif part.kind == "values":
            yield f"  {part.text}", DIM
        else:
            yield part.text, BOLD if part.kind == "label" else ""


def _escape(colour: str) -> str:
    """Choose the nearest of the 256 colours that all terminals of today have."""
    red, green, blue = (round(int(colour[place : place + 2], 16) / 51) for place in (1, 3, 5))
    return f"\033[38;5;{16 + 36 * red + 6 * green + blue}m"


class _Page:
    """Lines of text that keep within a width.

    Args:
        width: Columns; None for any number.
        colour: Whether styles are written.
    """

    def __init__(self, width: int | None, colour: bool) -> None:
        self.lines: list[str] = []
        self._width = width
        self._colour = colour

    def add(self, head: str, pieces: Sequence[Piece], most: int | None = LINES_SHOWN) -> None:
        """Write *head* and *pieces* in as many lines as they need, or in *most*."""
        if self._width is None and not self._colour:
            self.lines.append(head + "".join(text for text, _ in pieces))
            return
        # The program's names may hold anything, also what would steer a terminal.
        pieces = [(_harmless(text), style) for text, style in pieces]
        lines: list[Sequence[Piece]] = [pieces]
        hang = ""
        if self._width is not None:
            head = head[: self._width // 2]  # what is nested very deep is shown less deep
            hang = " " * min(len(head) + 2, self._width // 2)
            lines = list(_wrapped(pieces, self._width - len(head), self._width - len(hang)))
        if most is not None and len(lines) > most:
            lines[most - 1 :] = [_cut(lines[most - 1], (self._width or 0) - len(hang))]
        for number, line in enumerate(lines):
            start = hang if number else self._styled(head, DIM)
            self.lines.append(start + "".join(self._styled(text, style) for text, style in line))

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{RESET}" if self._colour and style and text else text


def _wrapped(pieces: Iterable[Piece], first: int, later: int) -> Iterator[list[Piece]]:
    """Break *pieces* between words into a line of *first* columns and lines of *later* columns."""
    room = first
    line: list[Piece] = []
    for text, style in pieces:
        for whole in re.findall(r"\s+|\S+", text):
            word = whole
            while columns(word) > room:
                fits = _fitting(word, room) if columns(word) > later else 0  # no line holds it: break it here
                yield _trimmed([*line, (word[:fits], style)])
                line, room, word = [], later, word[fits:].lstrip()
            line.append((word, style))
            room -= columns(word)
    yield _trimmed(line)


def _trimmed(line: list[Piece]) -> list[Piece]:
    """Take the white space off the end of a line."""
    while line and not line[-1][0].strip():
        line.pop()
    return line


def _cut(line: Iterable[Piece], room: int) -> list[Piece]:
    """Put dots at the end of a line, within *room* columns."""
    kept: list[Piece] = []
    room -= 3
    for text, style in line:
        fits = _fitting(text, room)
        kept.append((text[:fits], style))
        room -= columns(text[:fits])
        if fits < len(text):
            break
    return [*_trimmed(kept), ("...", "")]


def columns(text: str) -> int:
    """Count the columns of *text* in a terminal: wide letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "FW" else 1


def _fitting(word: str, room: int) -> int:
    """Return how many letters of *word* have room."""
    used = 0
    for number, letter in enumerate(word):
        used += _columns(letter)
        if used > room:
            return number
    return len(word)


def _harmless(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
