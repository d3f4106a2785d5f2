"""Who asked: the line of the program that an event goes back to, and what it called there."""

from __future__ import annotations

import linecache
import sys
from types import CodeType, FrameType

from .events import SourceLine

Place = tuple[CodeType, int, str]
"""A code object, a line number, and the name of the function that was called there.

Cheap to take, and enough to find the line later.
"""

# Told by module name and not by file: SQLAlchemy runs code it generated, whose file is "<string>",
# and the files of notebook cells and doctests begin with "<" as well.
_LIBRARIES = ("sqlalchemy", "session_demo", "contextlib")

_library_modules: dict[str | None, bool] = {}

# The place found last, with the instruction it was found at: most events share it with the one before.
_latest: tuple[int, Place] | None = None


def _is_library(module: str | None) -> bool:
    known = _library_modules.get(module)
    if known is None:
        known = _library_modules[module] = str(module).partition(".")[0] in _LIBRARIES
    return known


def _walk(frame: FrameType | None) -> Place | None:
    """Go outwards from *frame* to the program, frame by frame."""
    modules, passed, inner = _library_modules, None, None
    while frame is not None:
        scope = frame.f_globals
        if scope is not passed:  # many frames lie in the module of the one before
            module = scope.get("__name__")
            library = modules.get(module)
            if library is None:
                library = _is_library(module)
            if not library:
                return _place(frame, inner.f_code.co_name if inner else "")
            passed = scope
        inner, frame = frame, frame.f_back
    return None


def _place(frame: FrameType, called: str) -> Place:
    global _latest
    code, instruction, latest = frame.f_code, frame.f_lasti, _latest
    if latest is None or latest[0] != instruction or latest[1][0] is not code or latest[1][2] != called:
        _latest = latest = instruction, (code, frame.f_lineno, called)
    return latest[1]


if sys.version_info >= (3, 12):

    def _nearest() -> Place | None:
        # The names of modules are to be had without making frame objects, which cost most of a walk.
        module_of, modules, depth = sys._getframemodulename, _library_modules, 2
        while (module := module_of(depth)) is not None:
            library = modules.get(module)
            if not (_is_library(module) if library is None else library):
                frame = sys._getframe(depth)
                if _is_library(frame.f_globals.get("__name__")):
                    break  # a library's wrapper that bears the name of what it wraps
                return _place(frame, sys._getframe(depth - 1).f_code.co_name)
            depth += 1
        return _walk(sys._getframe(2))

else:

    def _nearest() -> Place | None:
        return _walk(sys._getframe(1))


def caller() -> Place | None:
    """Return the innermost place outside SQLAlchemy and this package, or None where there is none."""
    return _nearest() or _across_the_bridge()


def _across_the_bridge() -> Place | None:
    """Go on where asyncio waits: SQLAlchemy runs synchronous code in a greenlet, whose stack ends there."""
    greenlet = sys.modules.get("greenlet")
    waiting = greenlet and greenlet.getcurrent().parent
    while waiting:
        if place := _walk(waiting.gr_frame):
            return place
        waiting = waiting.parent
    return None


def source_line(place: Place) -> SourceLine:
    """Read the text of a place; the empty string where the source cannot be had."""
    code, number, _ = place
    return SourceLine(code.co_filename, number, linecache.getline(code.co_filename, number).strip())
