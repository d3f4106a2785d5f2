"""Names for objects that neither keep them alive nor touch their attributes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from itertools import count
from math import inf
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, Mapper

from .events import ObjectState

IdentityKey = tuple[Any, ...]


class _Seen(weakref.ref[InstanceState[Any]]):
    """A weak reference that knows the number of its object, and where the object is found."""

    __slots__ = ("address", "number")
    address: int
    number: int


class ObjectRegister:
    """Numbers objects as they are first seen, and gives each a label such as ``Author A``.

    A number is found through the ``id()`` of the object's ``InstanceState`` and forgotten, by a
    weak reference, before that ``id()`` can be used again. Labels count letters for each class,
    so that none can be mistaken for a primary key.

    Args:
        new_class: Called with each mapped class when its first object is seen.
        forgotten: Called with the number of an object that is no more.
    """

    def __init__(
        self,
        new_class: Callable[[type], None] | None = None,
        forgotten: Callable[[int], None] | None = None,
    ) -> None:
        self._seen: dict[int, _Seen] = {}
        # Sessions of several threads may bring objects at once, and no two may get one number.
        self._numbers = count()
        self._classes: dict[int, type] = {}
        self._known: set[type] = set()
        self._labels: dict[int, str] = {}
        self._named: set[str] = set()
        self._places: dict[int, int] = {}
        self._labelled: dict[str, int] = {}
        self._new_class = new_class
        # One function for all objects: a closure for each would be larger than what it forgets.
        if forgotten is None:
            self._forget = lambda seen, known=self._seen: known.pop(seen.address, None)
        else:
            self._forget = lambda seen, known=self._seen: (known.pop(seen.address), forgotten(seen.number))

    def number(self, state: InstanceState[Any]) -> int:
        """Return the number of the object behind *state*, a new one when it was not seen before."""
        address = id(state)
        seen = self._seen.get(address)
        if seen is None:
            seen = self._seen[address] = _Seen(state, self._forget)
            seen.address, seen.number = address, next(self._numbers)
            self._classes[seen.number] = state.class_
            if state.class_ not in self._known:
                self._meet(state.class_)
        return seen.number

    def _meet(self, mapped: type) -> None:
        self._known.add(mapped)
        if self._new_class:
            self._new_class(mapped)

    @property
    def classes(self) -> set[type]:
        """The mapped classes of the objects seen."""
        return self._known

    def living(self) -> Iterator[tuple[int, InstanceState[Any]]]:
        """Yield the number and the state of each object that is still alive, in the order of numbers."""
        for seen in sorted(self._seen.copy().values(), key=lambda seen: seen.number):
            if (state := seen()) is not None and state.obj() is not None:
                yield seen.number, state

    def class_of(self, number: int) -> type:
        """Return the mapped class of object *number*."""
        return self._classes[number]

    def name(self, number: int, name: str) -> None:
        """Use a name of the program's own, where the object has no label yet and no other has this one."""
        if name not in self._named:
            self._named.add(name)
            self._labels.setdefault(number, name)

    def label(self, number: int) -> str:
        """Return the label of object *number*; letters are given in the order of asking."""
        label = self._labels.get(number)
        if label is None:
            name = self._classes[number].__name__
            self._places[number] = self._labelled[name] = self._labelled.get(name, 0) + 1
            label = self._labels[number] = f"{name} {letters(self._places[number])}"
        return label

    def place(self, number: int) -> float:
        """Return the place of object *number* among the labels of its class; infinity without a label."""
        return self._places.get(number, inf)

    def label_of(self, instance: object) -> str | None:
        """Return the label of a living object, or None when it was never seen."""
        number = self.number_of(instance)
        return None if number is None else self.label(number)

    def number_of(self, instance: object) -> int | None:
        """Return the number of a living object, or None when it was never seen."""
        state = sa.inspect(instance, raiseerr=False)
        seen = self._seen.get(id(state)) if isinstance(state, InstanceState) else None
        return None if seen is None else seen.number


def object_state(state: InstanceState[Any]) -> ObjectState:
    """Return the object state that SQLAlchemy tells of now."""
    for known in ObjectState:
        if getattr(state, known):
            return known
    raise AssertionError(f"SQLAlchemy knows a state of {state.class_.__name__} that this version does not.")


def letters(number: int) -> str:
    """Count in letters: 1 is A, 26 is Z, 27 is AA.

    Example:
        >>> [letters(n) for n in (1, 26, 27)]
        ['A', 'Z', 'AA']
    """
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def key_text(mapped: type, key: IdentityKey | None, hide: Callable[[str], bool] = lambda _: False) -> str:
    """Spell an identity key as its columns, such as ``id=1``; the empty string where there is none.

    Args:
        mapped: The mapped class.
        key: The identity key.
        hide: Whether the value of a column is to be hidden.
    """
    if key is None:
        return ""
    mapper: Mapper[Any] = sa.inspect(mapped)
    return ", ".join(
        f"{column.key}={'***' if hide(column.key or '') else repr(value)}"
        for column, value in zip(mapper.primary_key, key[1], strict=True)
    )
