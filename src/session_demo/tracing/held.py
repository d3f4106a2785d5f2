"""One object as a session holds it: its state, its key, its values and what they were."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, LoaderCallableStatus

from .events import ObjectState
from .objects import key_text, object_state
from .records import PLAIN
from .redaction import SENSITIVE, hiding
from .render.wording import short

_hides = hiding(SENSITIVE)


@dataclass(frozen=True, slots=True)
class Value:
    """One attribute of an object.

    Attributes:
        name: The name of the attribute.
        now: Its value as text: related objects by class and key, ``expired`` or ``not loaded`` where there
            is none.
        was: What it was when it was loaded, where that is known and something else; else empty.
    """

    name: str
    now: str
    was: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.now}" + (f" was {self.was}" if self.was else "")


@dataclass(frozen=True, slots=True)
class Held:
    """An object as it stood at one moment. It is not kept alive.

    Attributes:
        name: Its class, and its key or its place among the new objects.
        state: The object state.
        marked: Whether it was marked to be deleted.
        values: Its attributes, columns first.
    """

    name: str
    state: ObjectState
    marked: bool
    values: tuple[Value, ...]
    _of: weakref.ref[InstanceState[Any]] | None = field(default=None, compare=False, repr=False)

    @property
    def thing(self) -> object:
        """What tells it from others: the state of the living object, or something that equals nothing."""
        return (self._of() or object()) if self._of else self.name

    @property
    def notes(self) -> str:
        """The state, and whether it is modified, expired or marked to be deleted."""
        modified = self.state is ObjectState.PERSISTENT and any(value.was for value in self.values)
        expired = any(value.now == "expired" for value in self.values)
        words = ["modified"] * modified + ["expired"] * expired + ["marked to be deleted"] * self.marked
        return ", ".join([str(self.state), *words])

    def short(self) -> str:
        """Return one line."""
        return f"{self.name} {self.notes}"

    def long(self) -> str:
        """Return that line and one for each attribute."""
        return "\n".join([self.short(), *(f"  {value}" for value in self.values)])


def held(thing: object, name: str, marked: bool) -> Held:
    """Look at an object without touching it: no SQL, no ``repr`` of it, no attribute read.

    Args:
        thing: An instance of a mapped class.
        name: How to call it.
        marked: Whether it is marked to be deleted.
    """
    state: InstanceState[Any] = sa.inspect(thing)
    return Held(name, object_state(state), marked, tuple(_values(state)), weakref.ref(state))


def pairs(before: Sequence[Held], after: Sequence[Held]) -> list[tuple[Held | None, Held | None]]:
    """Put together what was held at two moments: the same row, else the same object.

    Args:
        before: The objects at the first moment.
        after: Those at the second.

    Returns:
        Each of them once; beside None what is there at one moment only.
    """
    rows = {one.name: one for one in after if one.state is not ObjectState.PENDING}
    same = {one.name: rows[one.name] for one in before if one.name in rows}
    met = {id(one) for one in same.values()}
    things = {one.thing: one for one in after if id(one) not in met}
    found = [(one, same.get(one.name) or things.pop(one.thing, None)) for one in before]
    return [*found, *((None, one) for one in things.values())]


def _values(state: InstanceState[Any]) -> Iterator[Value]:
    columns, links = state.mapper.column_attrs.keys(), state.mapper.relationships.keys()
    for name in (*columns, *links):
        hide = name in columns and _hides(name)
        spell: Callable[[Any], str] = (lambda _: "***") if hide else _spelled
        if name not in state.dict:
            told = "expired" if name in state.expired_attributes and name in columns else "not loaded"
            if state.key or name in columns:
                yield Value(name, told if state.key else "not set")
            continue
        yield Value(name, spell(state.dict[name]), _was(state, name, spell))


def _was(state: InstanceState[Any], name: str, spell: Callable[[Any], str]) -> str:
    """Return what an attribute was when the object was loaded, if that is something else."""
    if name not in state.committed_state:
        return ""
    was, now = state.committed_state[name], state.dict[name]
    if state.key is None and isinstance(was, LoaderCallableStatus):
        return ""  # a new object never had another value
    return "" if _spelled(was) == _spelled(now) else spell(was)


def _spelled(value: Any) -> str:
    """Write a value, knowing nothing of the program's own types but their names."""
    if type(value) in PLAIN:
        return short(repr(value))
    if isinstance(value, LoaderCallableStatus):
        return "unknown"
    state = getattr(value, "_sa_instance_state", None)
    if state is not None:
        key = key_text(type(value), state.key, _hides)
        return f"{type(value).__name__} ({key or 'new'})"
    if isinstance(value, list | tuple | set | frozenset):
        told = [_spelled(one) for one in value]
        return f"[{', '.join(sorted(told) if isinstance(value, set | frozenset) else told)}]"
    return f"a {type(value).__name__}"
