"""What one session does to its objects, beside their transitions."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Protocol

from sqlalchemy.orm import InstanceState, LoaderCallableStatus

from . import causes
from .lines import Place, caller
from .objects import ObjectRegister
from .records import PLAIN, Kind, Record, Reference

State = InstanceState[Any]


class Sink(Protocol):
    """Where records go."""

    def append(self, record: Record, /) -> object:
        """Keep a record."""


class Outlet:
    """The way to the sink, which can be closed for good: what comes later is lost."""

    __slots__ = ("append",)

    def __init__(self, sink: Sink) -> None:
        self.append: Callable[[Record], object] = sink.append

    def close(self) -> None:
        """Lose all records from now on."""
        self.append = lambda _record: None


class ObjectHooks:
    """The half of the hooks on a session that hears of objects, from :mod:`.shadows` and :mod:`.attributes`.

    Args:
        number: The number of the session in the recording.
        sink: Where the hooks append what they hear.
        register: Numbers the objects that appear.
        hides_all: Whether values of parameters and attributes are left out.
    """

    def __init__(self, number: int, sink: Sink, register: ObjectRegister, hides_all: bool) -> None:
        self.number = number
        self.sink = Outlet(sink)
        self.hides_all = hides_all
        self._register = register
        # How the transaction is ending; None while it is not.
        self._outcome: str | None = None
        # While SQLAlchemy walks a set of objects: the number of that walk, and who asked for it.
        self._walk, self._walks = 0, 0
        self._walk_place: Place | None = None

    def _note(self, kind: Kind, *details: object) -> None:
        self._note_at(caller(), kind, *details)

    def _note_at(self, place: Place | None, kind: Kind, *details: object) -> None:
        # To find the place is what costs. Within one call of the program it is found once.
        self.sink.append((int(kind), perf_counter_ns(), place, self.number, *details))

    def _note_object(self, kind: Kind, state: State, *details: object) -> None:
        self._note(kind, self._register.number(state), state.key and state.key[1], *details)

    def deletion_marked(self, state: State, cascaded_from: State | None) -> None:
        """Record that an object is marked to be deleted."""
        head = cascaded_from and ("cascade from {}", self._register.number(cascaded_from))
        self._note_object(Kind.MARKED, state, True, head)

    def deletion_unmarked(self, state: State) -> None:
        """Record that an object is no longer marked."""
        self._note_object(Kind.MARKED, state, False, None)

    def identity_found(self, state: State, asking: State | None) -> None:
        """Record that the identity map had what was asked for."""
        place = caller()
        called = causes.spelled(place[2]) if place else ""
        cause = ("many-to-one of {}", self._register.number(asking)) if asking else called
        self._note_object(Kind.IDENTITY_FOUND, state, cause)

    def attribute_changed(
        self, state: State, name: str, operation: str, value: Any, old: Any, by: str
    ) -> None:
        """Record that an attribute was set, or that a collection changed."""
        try:
            shown = self._plain(value), self._plain(old)
            self._note_object(Kind.ATTRIBUTE, state, name, operation, *shown, by and f"backref of {by}")
        except Exception:  # noqa: BLE001 - as in silent()
            return

    def _plain(self, value: Any) -> Any:
        """Return what keeps nothing alive: the value, the number of an object, or the name of a type."""
        if self.hides_all:
            return Reference("hidden")
        if type(value) in PLAIN:
            return value
        state = getattr(value, "_sa_instance_state", None) if hasattr(type(value), "__mapper__") else None
        if state is not None:
            return Reference(self._register.number(state))
        return None if isinstance(value, LoaderCallableStatus) else Reference(type(value).__name__)

    def attributes_expired(self, state: State, names: Any) -> None:
        """Record that values of an object were discarded: all of them where *names* is None."""
        try:
            walk = self._walk if self._outcome else 0
            key, names = state.key and state.key[1], tuple(sorted(names or ()))
            number, place = self._register.number(state), self._walk_place if walk else caller()
            self.sink.append(
                (int(Kind.EXPIRED), perf_counter_ns(), place, self.number, number, key, names, walk)
            )
        except Exception:  # noqa: BLE001 - as in silent()
            return

    def attributes_refreshed(self, state: State, names: Any) -> None:
        """Record that values of an object were written anew."""
        try:
            self._note_object(Kind.REFRESHED, state, tuple(sorted(names or ())))
        except Exception:  # noqa: BLE001 - as in silent()
            return
