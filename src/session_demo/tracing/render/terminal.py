"""What a terminal can show: how wide it is, and whether it has colours."""

from __future__ import annotations

import os
from typing import TextIO


def is_terminal(stream: TextIO) -> bool:
    """Tell whether somebody reads along; a closed stream has no reader."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def width_of(stream: TextIO) -> int | None:
    """Return how many columns *stream* has; None where lines may be of any length.

    The environment variable ``COLUMNS`` goes before what the terminal says.
    """
    if not is_terminal(stream):
        return None
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def has_colour(stream: TextIO) -> bool:
    """Tell whether to write colours to *stream*.

    The first of these that holds decides: ``NO_COLOR`` is set, then no; ``FORCE_COLOR`` is set, then
    yes; ``TERM`` is ``dumb``, then no; else whether it is a terminal. An empty variable is not set.
    The Python interpreter decides in the same order.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and is_terminal(stream)


def writable(text: str, stream: TextIO) -> str:
    """Spell what the encoding of *stream* lacks as Python does in ASCII."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
