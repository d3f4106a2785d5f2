"""What a session holds at this moment, told without reading anything from the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, Session

from ..errors import NotMappedError, described
from .events import ObjectState
from .held import Held, held, pairs
from .objects import key_text, object_state
from .render.html import STYLE
from .target import acquired_connections, session_of

if TYPE_CHECKING:
    from .target import OneSession


def state_of(instance: object) -> ObjectState:
    """Tell which of the five object states *instance* is in.

    Args:
        instance: An instance of a mapped class.

    Returns:
        Its state, as :func:`sqlalchemy.inspect` tells it.

    Raises:
        NotMappedError: It is not an instance of a mapped class.

    Session effect:
        None: an expired object stays expired.

    Example:
        >>> author = Author(name="Ursula K. Le Guin")
        >>> print(state_of(author))
        transient
        >>> session.add(author)
        >>> print(state_of(author))
        pending
    """
    state = sa.inspect(instance, raiseerr=False)
    if not isinstance(state, InstanceState):
        raise NotMappedError(
            f"Can't tell the object state of {described(instance)}: it is not an instance of a mapped class. "
            "Pass an object such as Author(name='...')."
        )
    return object_state(state)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a session held at one moment. Names only: no object is kept alive.

    Attributes:
        new: Pending objects, in the order in which they were added.
        identity_map: Objects with an identity in this session, ordered by class and key.
        dirty: Those of them with changes that a flush would look at, with the changed attributes.
        deleted: Those of them that are marked to be deleted.
        transaction: ``none``, ``begun`` or ``failed``; with savepoints, ``begun, 1 nested``.
        connections: How many connections the session holds.
        objects: All of them one by one, with their values; new ones last.

    Example:
        >>> snapshot(session).transaction
        'none'
    """

    new: tuple[str, ...]
    identity_map: tuple[str, ...]
    dirty: tuple[str, ...]
    deleted: tuple[str, ...]
    transaction: str
    connections: int
    objects: tuple[Held, ...] = ()

    @property
    def short(self) -> str:
        """One line for each object, with its state, and whether it is modified, expired or marked."""
        return "\n".join(one.short() for one in self.objects) or "No object."

    @property
    def long(self) -> str:
        """The same with a line for each attribute, its value and what that was.

        Example:
            >>> lem = Author(name="Lem")
            >>> session.add(lem)
            >>> session.flush()
            >>> lem.name = "Stanislaw Lem"
            >>> print(snapshot(session).long)
            Author (id=1) persistent, modified
              id: 1
              name: 'Stanislaw Lem' was 'Lem'
              books: not loaded
        """
        return "\n".join(one.long() for one in self.objects) or "No object."

    def difference(self, later: Snapshot) -> str:
        """Say what is otherwise in a later snapshot: who came, who left, whose state or values changed.

        Args:
            later: The snapshot to compare with.

        Example:
            >>> lem = Author(name="Lem")
            >>> session.add(lem)
            >>> before = snapshot(session)
            >>> session.flush()
            >>> print(before.difference(snapshot(session)))
            ~ Author (1st new), now Author (id=1): pending -> persistent
                id: 1
                books: not loaded
            connections: 0 -> 1
        """
        together = pairs(self.objects, later.objects)
        lines = [f"- {before.short()}" for before, after in together if before and not after]
        lines += [f"+ {after.short()}" for before, after in together if after and not before]
        for before, after in together:
            if before and after and before != after:
                lines += _changes(before, after)
        for name in ("transaction", "connections"):
            was, now = getattr(self, name), getattr(later, name)
            lines += [f"{name}: {was} -> {now}"] * (was != now)
        return "\n".join(lines) or "No difference."

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("new", ", ".join(self.new) or "-"),
            ("identity map", ", ".join(self.identity_map) or "-"),
            ("dirty", ", ".join(self.dirty) or "-"),
            ("deleted", ", ".join(self.deleted) or "-"),
            ("transaction", self.transaction),
            ("connections", str(self.connections)),
        ]

    def __str__(self) -> str:
        return "\n".join(f"{name:<13} {value}" for name, value in self._rows())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        rows = "\n".join(
            f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>' for name, value in self._rows()
        )
        return (
            f'<div class="sd-trace sd-snapshot"><style>{STYLE}</style>\n'
            f"<table><caption>The session at this moment</caption>\n<tbody>\n{rows}\n</tbody></table></div>"
        )


def snapshot(session: OneSession) -> Snapshot:
    """Tell what *session* holds now: objects, transaction, connections.

    Args:
        session: The session; a ``scoped_session`` stands for its current session.

    Returns:
        The snapshot. It names objects by class and key, a pending one by its place in the queue.

    Raises:
        NotASessionError: *session* is something else.

    Session effect:
        None: no SQL, no flush, no transaction, no attribute read.

    Example:
        >>> session.add(Author(name="Ursula K. Le Guin"))
        >>> print(snapshot(session))
        new           Author (1st new)
        identity map  -
        dirty         -
        deleted       -
        transaction   begun
        connections   0
    """
    target = session_of(session, "take a snapshot of")
    new = {
        f"{type(thing).__name__} ({_ordinal(place)} new)": thing for place, thing in enumerate(target.new, 1)
    }
    present = _ordered(target.identity_map.values())
    marked = set(map(id, target.deleted))
    return Snapshot(
        new=tuple(new),
        identity_map=_names(present),
        dirty=tuple(f"{_name(thing)}: {', '.join(_changed(thing))}" for thing in _ordered(target.dirty)),
        deleted=_names(target.deleted),
        transaction=_transaction(target),
        connections=len(set(acquired_connections(target))),
        objects=(
            *(
                held(thing, f"{type(thing).__name__} ({_key(thing)})", id(thing) in marked)
                for thing in present
            ),
            *(held(thing, name, False) for name, thing in new.items()),
        ),
    )


def _changes(before: Held, after: Held) -> list[str]:
    """Write the lines for an object that is in both snapshots."""
    moved = f"{before.notes} -> {after.notes}" if before.notes != after.notes else after.notes
    renamed = f", now {after.name}:" if before.name != after.name else ""
    was = {value.name: value for value in before.values}
    changed = [value for value in after.values if was.get(value.name) != value]
    return [f"~ {before.name}{renamed} {moved}", *(f"    {value}" for value in changed)]


def _names(things: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(_name, _ordered(things)))


def _ordered(things: Iterable[object]) -> list[object]:
    return sorted(things, key=_place)


def _place(thing: object) -> tuple[str, int, str]:
    key = _key(thing)
    return type(thing).__name__, len(key), key  # the length first: 9 before 10


def _key(thing: object) -> str:
    state = sa.inspect(thing)
    assert isinstance(state, InstanceState)
    return key_text(type(thing), state.key)


def _name(thing: object) -> str:
    state = sa.inspect(thing)
    assert isinstance(state, InstanceState)
    # A relationship counts as expired until it is read, also when the row was loaded long ago.
    forgotten = state.expired_attributes.intersection(state.mapper.column_attrs.keys())
    expired = ", expired" if forgotten else ""
    return f"{type(thing).__name__} ({_key(thing)}{expired})"


def _changed(thing: object) -> list[str]:
    state = sa.inspect(thing)
    assert isinstance(state, InstanceState)
    return sorted(state.committed_state)


def _transaction(session: Session) -> str:
    if not session.in_transaction():
        return "none"
    if not session.is_active:
        return "failed, waits for rollback()"
    nested, moved = 0, session.get_nested_transaction()
    while moved is not None and moved.nested:
        nested, moved = nested + 1, moved.parent
    return f"begun, {nested} nested" if nested else "begun"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
