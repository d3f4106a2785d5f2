"""Who asked: the line of the program that an event goes back to."""

from __future__ import annotations

import linecache
import sys
from types import CodeType, FrameType

from .events import SourceLine

Place = tuple[CodeType, int]
"""A code object and a line number: cheap to take, and enough to find the line later."""

# Told by module name and not by file: SQLAlchemy runs code it generated, whose file is "<string>",
# and the files of notebook cells and doctests begin with "<" as well.
_LIBRARIES = ("sqlalchemy", "session_demo", "contextlib")

_library_modules: dict[str | None, bool] = {}

# The place found last, with the instruction it was found at: most events share it with the one before.
_latest: tuple[CodeType, int, Place] | None = None


def caller() -> Place | None:
    """Return the innermost place outside SQLAlchemy and this package, or None where there is none."""
    global _latest
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__")
        library = _library_modules.get(name)
        if library is None:
            library = _library_modules[name] = str(name).partition(".")[0] in _LIBRARIES
        if not library:
            code, instruction, latest = frame.f_code, frame.f_lasti, _latest
            if latest is None or latest[0] is not code or latest[1] != instruction:
                _latest = latest = code, instruction, (code, frame.f_lineno)
            return latest[2]
        frame = frame.f_back
    return None


def source_line(place: Place) -> SourceLine:
    """Read the text of a place; the empty string where the source cannot be had."""
    code, number = place
    return SourceLine(code.co_filename, number, linecache.getline(code.co_filename, number).strip())
