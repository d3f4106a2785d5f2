"""What happens to the attributes of objects: set, appended, removed, expired, refreshed.

SQLAlchemy tells of these by class only, never by session. So the hooks are put on each mapped class
once, when a recording first meets it, and stay; they sleep while no recording wants to hear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, Mapper, Session

from . import listening

State = InstanceState[Any]


class Listener(Protocol):
    """What is told of the attributes of the objects of one session."""

    def attribute_changed(
        self, state: State, name: str, operation: str, value: Any, old: Any, by: str
    ) -> None:
        """An attribute was set, or a collection changed; *by* names the other side, if it began there."""

    def attributes_expired(self, state: State, names: Any) -> None:
        """Values were discarded; no names mean all."""

    def attributes_refreshed(self, state: State, names: Any) -> None:
        """Values were written anew; no names mean all."""


_listeners: dict[int | None, tuple[Listener, ...]] = {}
_heard: WeakSet[type] = WeakSet()


def listen(session: Session, listener: Listener) -> None:
    """Tell *listener* of the attributes of the objects in *session*."""
    _listeners[session.hash_key] = (*_listeners.get(session.hash_key, ()), listener)


def remove(session_key: int, listener: Listener) -> None:
    """Tell *listener* no more."""
    rest = tuple(other for other in _listeners.pop(session_key, ()) if other is not listener)
    if rest:
        _listeners[session_key] = rest


def hear(mapped: type) -> None:
    """Put the hooks on a mapped class, once."""
    if mapped in _heard:
        return
    _heard.add(mapped)
    mapper: Mapper[Any] = sa.inspect(mapped)
    for name, hook in (("expire", _expired), ("refresh", _refreshed)):
        listening.listen(mapper.class_manager, name, hook, raw=True)
    for column in mapper.column_attrs:
        _hear_attribute(mapped, column.key, collection=False)
    for relationship in mapper.relationships:
        _hear_attribute(mapped, relationship.key, collection=bool(relationship.uselist))


def _hear_attribute(mapped: type, key: str, collection: bool) -> None:
    attribute = getattr(mapped, key)
    for operation in ("append", "remove") if collection else ("set",):
        hook = _attribute_hook(mapped, key, operation)
        listening.listen(attribute, operation, hook, raw=True, retval=True, include_key=True)


def _attribute_hook(mapped: type, name: str, operation: str) -> Callable[..., Any]:
    listeners = _listeners

    def changed(state: State, value: Any, *rest: Any, **_key: Any) -> Any:
        for listener in listeners.get(state.session_id, ()):
            old = rest[0] if operation == "set" else None
            listener.attribute_changed(state, name, operation, value, old, _began(rest[-1], mapped, name))
        return value

    return changed


def _began(initiator: Any, mapped: type, name: str) -> str:
    """Name the attribute on the other side that began the change; empty where it began here."""
    began = getattr(initiator, "impl", None)
    if began is None or (began.key == name and issubclass(mapped, began.class_)):
        return ""
    return f"{began.class_.__name__}.{began.key}"


def _expired(state: State, names: Any) -> None:
    # An UPDATE of many rows tells of each object, also where it discards nothing: then no name is in the set.
    if names is None or names:
        for listener in _listeners.get(state.session_id, ()):
            listener.attributes_expired(state, names)


def _refreshed(state: State, _context: object, names: Any) -> None:
    # The same UPDATE names attributes that are not loaded, and leaves them so.
    written = names if names is None else [name for name in names if name in state.dict]
    if written is None or written:
        for listener in _listeners.get(state.session_id, ()):
            listener.attributes_refreshed(state, written)
