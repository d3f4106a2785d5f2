"""Calls that no event tells of: a deletion that is marked, an answer of the identity map, an idle flush.

While a session is recorded, four of its methods are shadowed on this one instance, by functions that
call the method of the class and then tell what it did. When the last recording stops they are gone.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from itertools import takewhile
from types import FunctionType
from typing import Any, Protocol

from sqlalchemy.orm import InstanceState, Mapper, PassiveFlag, Session

State = InstanceState[Any]


class Listener(Protocol):
    """What is told of the calls."""

    sent: int
    """How many statements it has heard of so far."""

    def deletion_marked(self, state: State, cascaded_from: State | None) -> None:
        """An object is marked to be deleted."""

    def deletion_unmarked(self, state: State) -> None:
        """An object is no longer marked."""

    def identity_found(self, state: State, asking: State | None) -> None:
        """The identity map had what was asked for, perhaps for an attribute of *asking*."""

    def flush_skipped(self) -> None:
        """The program asked for a flush, and there was nothing to do."""


class _Shadow:
    """The shadowed methods of one session, and who listens to them."""

    def __init__(self, session: Session) -> None:
        self.listeners: tuple[Listener, ...] = ()
        # Bound methods would make a cycle, and the session would wait for the garbage collector.
        self._session = weakref.ref(session)
        self._methods = _methods(self._session, self)
        for name, method in self._methods.items():
            vars(session).setdefault(name, method)  # what the program put there stays

    def remove(self, session: Session) -> None:
        for name, method in self._methods.items():
            if vars(session).get(name) is method:
                del vars(session)[name]

    def tell(self, call: str, *details: object) -> None:
        try:
            for listener in self.listeners:
                getattr(listener, call)(*details)
        except Exception:  # noqa: BLE001 - a defect of the instrument must not become one of the program
            return


_shadows: weakref.WeakKeyDictionary[Session, _Shadow] = weakref.WeakKeyDictionary()


def listen(session: Session, listener: Listener) -> None:
    """Tell *listener* of the calls."""
    shadow = _shadows.get(session)
    if shadow is None:
        shadow = _shadows[session] = _Shadow(session)
    shadow.listeners = (*shadow.listeners, listener)


def remove(session: Session, listener: Listener) -> None:
    """Tell *listener* no more; when nobody listens, the session is as it was."""
    shadow = _shadows.get(session)
    if shadow is not None:
        shadow.listeners = tuple(other for other in shadow.listeners if other is not listener)
        if not shadow.listeners:
            shadow.remove(session)
            del _shadows[session]


def _methods(this: weakref.ref[Session], shadow: _Shadow) -> dict[str, FunctionType]:
    def original(name: str) -> Callable[..., Any]:
        session = this()
        method: Callable[..., Any] = getattr(type(session), name)
        return method.__get__(session)  # type: ignore[no-any-return]

    def _delete_impl(*arguments: Any, **named: Any) -> Any:
        # What delete() and delete_all() call for each object. In session.delete(session.get(...)) the program
        # has looked delete() up already when the session of a class that is watched first begins.
        if not named.get("head"):  # what the cascade brings: told below
            return original("_delete_impl")(*arguments, **named)
        latest = next(reversed(_marked(this())), None)
        try:
            return original("_delete_impl")(*arguments, **named)
        finally:
            # The dictionary keeps the order of marking: the object itself, then what the cascade brought.
            # To look for what that brings may flush, and then nothing that was marked before is left.
            fresh = list(takewhile(lambda state: state is not latest, reversed(_marked(this()))))[::-1]
            for place, state in enumerate(fresh):
                shadow.tell("deletion_marked", state, fresh[0] if place else None)

    def add(*arguments: Any, **named: Any) -> Any:
        before = list(_marked(this()))
        try:
            return original("add")(*arguments, **named)
        finally:
            for state in before:
                if state not in _marked(this()):
                    shadow.tell("deletion_unmarked", state)

    def flush(*arguments: Any, **named: Any) -> Any:
        # A commit and an autoflush ask as well; of those nobody expects a flush.
        asked = not str(sys._getframe(1).f_globals.get("__name__")).startswith("sqlalchemy.orm.session")
        idle = asked and _is_idle(this())
        result = original("flush")(*arguments, **named)
        if idle:
            shadow.tell("flush_skipped")
        return result

    def _identity_lookup(*arguments: Any, **named: Any) -> Any:
        # SQLAlchemy asks here for get(), merge() and for what a many-to-one points to.
        before = [listener.sent for listener in shadow.listeners]
        found = original("_identity_lookup")(*arguments, **named)
        if named.get("passive", PassiveFlag.PASSIVE_OFF) == PassiveFlag.PASSIVE_OFF:
            state = _instance_state(found, *arguments[:1])
            if state and before == [listener.sent for listener in shadow.listeners]:
                shadow.tell("identity_found", state, named.get("lazy_loaded_from"))
        return found

    known = {name: method for name, method in locals().copy().items() if hasattr(Session, name)}
    return {name: _as_sqlalchemy(method) for name, method in known.items()}


def _marked(session: Session | None) -> dict[State, object]:
    # The public set would be built anew each time.
    return getattr(session, "_deleted", {})


def _is_idle(session: Session | None) -> bool:
    # The private question is the one that flush() itself asks; the public ones would build sets.
    clean: Callable[[], bool] = getattr(session, "_is_clean", lambda: False)
    return clean() and not getattr(session, "_flushing", True)


def _instance_state(found: Any, mapper: Any) -> State | None:
    if isinstance(mapper, Mapper) and isinstance(found, mapper.class_):
        state: State = mapper.class_manager.state_getter()(found)
        return state
    return None


def _as_sqlalchemy(method: FunctionType) -> FunctionType:
    """Let *method* run under the name of a module of SQLAlchemy.

    SQLAlchemy lets a warning point to the first frame outside its own modules; that must still be the
    program's.
    """
    scope = {**method.__globals__, "__name__": "sqlalchemy.orm.session_demo"}
    return FunctionType(method.__code__, scope, method.__name__, None, method.__closure__)
