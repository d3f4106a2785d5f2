"""Why SQLAlchemy did it: a flush, a query, a cascade goes back to something it was asked.

A cause is written down in the moment of the event as a *hint*, a plain value, and spelled out when
somebody reads the trace: a text, or a text with the numbers of objects to be put in.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from sqlalchemy.orm import InstanceState, ORMExecuteState, RelationshipProperty

from .objects import ObjectRegister

Hint = str | tuple[str | int, ...] | None
"""A text, or a text whose places ``{}`` are filled with the labels of the objects that follow."""

_FLUSHES = {
    "flush": "",
    "commit": "commit()",
    "prepare": "prepare()",
    "begin_nested": "begin_nested()",
    "__exit__": "commit at the end of the block",
}


def of_flush(called: str) -> Hint:
    """Say why a flush happens, from the function that the program called and what SQLAlchemy made of it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_name != called:
        if frame.f_code.co_name == "_autoflush":
            return f"autoflush by {spelled(called)}"
        frame = frame.f_back
    return _FLUSHES.get(called, spelled(called))


def spelled(called: str) -> str:
    """Name a function of SQLAlchemy as a reader knows it.

    Example:
        >>> spelled("scalars"), spelled("__get__")
        ('scalars()', 'an attribute')
    """
    if called in ("__get__", "get_history"):
        return "an attribute"
    if called.startswith("__"):
        return "a loop" if called in ("__iter__", "__next__") else called
    return f"{called}()"


def of_execution(execution: ORMExecuteState, register: ObjectRegister, called: str) -> Hint:
    """Say why the session is about to execute a statement that the program did not write."""
    if execution.lazy_loaded_from:
        return "lazy load of " + lazy_load_of(execution)
    if execution.is_column_load:
        return _column_load(execution, register, called)
    if execution.is_relationship_load:
        return "eager load of " + _relationship(execution, "")
    return None


def lazy_load_of(execution: ORMExecuteState) -> str:
    """Name the relationship that is about to be loaded, such as ``Author.books``."""
    owner = execution.lazy_loaded_from
    return _relationship(execution, owner.class_.__name__ if owner else "")


def _relationship(execution: ORMExecuteState, owner: str) -> str:
    path = execution.loader_strategy_path
    for step in reversed(path.path if path else ()):
        if isinstance(step, RelationshipProperty):
            return f"{owner or step.parent.class_.__name__}.{step.key}"
    return f"an attribute of {owner}" if owner else "a relationship"


def _column_load(execution: ORMExecuteState, register: ObjectRegister, called: str) -> Hint:
    # The object is not told of in public. Where SQLAlchemy keeps it elsewhere, its label is missing.
    state = getattr(execution.load_options, "_refresh_state", None)
    if not isinstance(state, InstanceState):
        return "load of columns"
    number = register.number(state)
    if called in ("refresh", "merge"):
        return f"{called}() of {{}}", number
    return ("refresh of expired {}" if state.expired else "load of more columns of {}"), number


def of_arrival(state: InstanceState[Any], register: ObjectRegister) -> Hint:
    """Say which cascade brings *state* into the session; None where the program named the object itself.

    It looks at the frames of SQLAlchemy that are adding the object: what they add, and for whom.
    """
    frame: FrameType | None = sys._getframe(2)
    for _ in range(6):
        if frame is None:
            return None
        if frame.f_code.co_name == "_save_or_update_state":
            break
        frame = frame.f_back
    else:
        return None
    head = frame.f_locals.get("state")
    if isinstance(head, InstanceState) and head is not state:
        return "cascade from {}", register.number(head)
    asking = frame.f_back
    if asking and asking.f_code.co_name in ("append", "set_"):
        parent, key = asking.f_locals.get("state"), asking.f_locals.get("key")
        if isinstance(parent, InstanceState) and key:
            return f"cascade from {{}}.{key}", register.number(parent)
    return None


def text(hint: Hint, register: ObjectRegister) -> str:
    """Spell out a hint."""
    if isinstance(hint, tuple):
        template, *numbers = hint
        return str(template).format(*(register.label(int(number)) for number in numbers))
    return hint or ""
