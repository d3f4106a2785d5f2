"""Names for objects that neither keep them alive nor touch their attributes."""

from __future__ import annotations

import weakref
from math import inf
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, Mapper

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
    """

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}
        self._classes: list[type] = []
        self._places: dict[int, int] = {}
        self._labelled: dict[str, int] = {}
        # One function for all objects: a closure for each would be larger than what it forgets.
        self._forget = lambda seen, known=self._seen: known.pop(seen.address, None)

    def number(self, state: InstanceState[Any]) -> int:
        """Return the number of the object behind *state*, a new one when it was not seen before."""
        address = id(state)
        seen = self._seen.get(address)
        if seen is None:
            seen = self._seen[address] = _Seen(state, self._forget)
            seen.address, seen.number = address, len(self._classes)
            self._classes.append(state.class_)
        return seen.number

    def class_of(self, number: int) -> type:
        """Return the mapped class of object *number*."""
        return self._classes[number]

    def label(self, number: int) -> str:
        """Return the label of object *number*; letters are given in the order of asking."""
        name = self._classes[number].__name__
        if number not in self._places:
            self._places[number] = self._labelled[name] = self._labelled.get(name, 0) + 1
        return f"{name} {letters(self._places[number])}"

    def place(self, number: int) -> float:
        """Return the place of object *number* among the labels of its class; infinity without a label."""
        return self._places.get(number, inf)

    def label_of(self, instance: object) -> str | None:
        """Return the label of a living object, or None when it was never seen."""
        state = sa.inspect(instance, raiseerr=False)
        seen = self._seen.get(id(state)) if isinstance(state, InstanceState) else None
        return None if seen is None else self.label(seen.number)


def letters(count: int) -> str:
    """Count in letters: 1 is A, 26 is Z, 27 is AA.

    Example:
        >>> [letters(n) for n in (1, 26, 27)]
        ['A', 'Z', 'AA']
    """
    text = ""
    while count:
        count, rest = divmod(count - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def key_text(mapped: type, key: IdentityKey | None) -> str:
    """Spell an identity key as its columns, such as ``id=1``; the empty string where there is none."""
    if key is None:
        return ""
    mapper: Mapper[Any] = sa.inspect(mapped)
    return ", ".join(
        f"{column.key}={value!r}" for column, value in zip(mapper.primary_key, key[1], strict=True)
    )
