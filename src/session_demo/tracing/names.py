"""The program's own names for its objects."""

from __future__ import annotations

import dis
from collections.abc import Container, Iterable, Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType


def variables(frame: FrameType | None, classes: Container[type]) -> Iterator[tuple[CodeType, str, object]]:
    """Yield the global variables around *frame* that name an instance of *classes*, each with its code.

    Variables of a function are left out: to look at them would keep their objects alive on Python 3.12
    and older.
    """
    while frame is not None:
        if not frame.f_code.co_flags & CO_OPTIMIZED:  # a module, a notebook cell, a doctest
            for name, value in list(frame.f_locals.items()):
                if type(value) in classes and not name.startswith("_"):
                    yield frame.f_code, name, value
        frame = frame.f_back


def mentioned(codes: Iterable[CodeType]) -> list[str]:
    """Return the names that *codes* speak of, in order, but for those that run through a loop.

    A loop variable names another object each time, so it is no name for the last of them.
    """
    codes = list(codes)
    looped = {name for code in codes for name in _loop_targets(code)}
    return [name for name in dict.fromkeys(n for code in codes for n in code.co_names) if name not in looped]


def _loop_targets(code: CodeType) -> Iterator[str]:
    """Yield the variables that ``for`` assigns to, also several at once."""
    waiting = 0
    for instruction in dis.get_instructions(code):
        if instruction.opname == "FOR_ITER":
            waiting = 1
        elif waiting and instruction.opname.startswith("UNPACK_SEQUENCE"):
            waiting += (instruction.arg or 0) - 1
        elif waiting and instruction.opname.startswith("STORE_"):
            yield str(instruction.argval)
            waiting -= 1
        else:
            waiting = 0
