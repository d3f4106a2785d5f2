"""Listen to one object at little cost, and without disturbing the threads that use it.

``event.listen()`` changes the deque of listeners in place. A thread that is just walking it, because it is
calling the listeners, then gets a ``RuntimeError``. Here a copy takes the place of the old deque, which the
other thread walks to its end. It is also several times cheaper than the registry of ``event.listen()``,
which the tracer needs for nothing, and which a program would pay for with each session and transaction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

Hook = Callable[..., Any]


def listen(target: Any, name: str, hook: Hook, **how: bool) -> None:
    """Let *target* call *hook* as well.

    Args:
        target: A session, a connection, a mapped attribute, or what else has a dispatch.
        name: The name of SQLAlchemy's event.
        hook: What to call, last of all listeners.
        how: Options of ``event.listen()`` under which SQLAlchemy hands *hook* just what it has.
    """
    listeners = _own_listeners(target, name)
    if listeners is None:
        event.listen(target, name, hook, **how)
        return
    listeners.listeners = deque([*listeners.listeners, hook])
    if hasattr(target, "_has_events"):  # a Connection asks this first
        target._has_events = True


def remove(target: Any, name: str, hook: Hook) -> None:
    """Let *target* call *hook* no more. Nothing happens where it does not."""
    listeners = _own_listeners(target, name)
    if listeners is None:
        if event.contains(target, name, hook):
            event.remove(target, name, hook)
    elif hook in listeners.listeners:
        listeners.listeners = deque(known for known in listeners.listeners if known is not hook)


def _own_listeners(target: Any, name: str) -> Any:
    """Return what holds the listeners of this one object; None where SQLAlchemy keeps them otherwise."""
    try:
        found = getattr(target.dispatch, name).for_modify(target.dispatch)
        if not isinstance(found.listeners, deque):  # beside those of a Connection stand those of its engine
            found = found.local
        return found if isinstance(found.listeners, deque) else None
    except AttributeError:
        return None
