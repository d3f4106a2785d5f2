"""A finished record: a read-only sequence of events, and the questions one may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import overload

from ..errors import UnknownObjectError
from .asked import Asked
from .events import Event, MarkSet, ObjectEvent, ObjectState, StateChanged
from .export import json
from .render.replay import model_of


class Trace(Asked, Sequence[Event]):
    """Events in the order in which they happened. A slice of a trace is a trace.

    A trace shows itself: as text when printed, as a table in a notebook.

    Args:
        events: The events, oldest first.
        label_of: Finds the label of a living object; a recording knows how.

    Session effect:
        None. Reading a trace never touches the session.

    Example:
        >>> with trace(session) as story:
        ...     session.add(Author(name="Ursula K. Le Guin"))
        ...     session.commit()
        >>> story.commands
        ['BEGIN', 'INSERT', 'COMMIT']
        >>> story.states("Author A")
        ['transient', 'pending', 'persistent']
    """

    def __init__(
        self, events: Iterable[Event] = (), *, label_of: Callable[[object], str | None] = lambda _: None
    ) -> None:
        self._made = list(events)
        self._label_of = label_of

    def _events(self) -> Sequence[Event]:
        return self._made

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> Event | Trace:
        if isinstance(index, slice):
            return Trace(self._events()[index], label_of=self._label_of)
        return self._events()[index]

    def __len__(self) -> int:
        return len(self._events())

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Trace) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def states(self, thing: object) -> list[str]:
        """Return the states an object went through, oldest first.

        Args:
            thing: The object itself, or its label.

        Returns:
            The state it left first, then each state it entered; a loaded object starts as persistent.

        Raises:
            UnknownObjectError: No event in this trace is about it.

        Example:
            >>> with trace(session) as story:
            ...     author = Author(name="Stanislaw Lem")
            ...     session.add(author)
            >>> story.states(author)
            ['transient', 'pending']
        """
        changes = list(self.of(StateChanged))  # first, for labels are given as events are read
        label = thing if isinstance(thing, str) else self._label_of(thing)
        moves = [event for event in changes if event.label == label]
        if not moves:
            named = repr(thing) if isinstance(thing, str) else f"this {type(thing).__name__}"
            seen = ", ".join(self.labels) or "no object at all"
            raise UnknownObjectError(
                f"Can't tell the states of {named}: no event in this trace is about it; it saw {seen}. "
                "Was the trace started before the object was added or loaded?"
            )
        left: list[ObjectState] = [moves[0].source] if moves[0].source else []
        return [str(state) for state in left + [move.target for move in moves]]

    def where(self, wanted: Callable[[Event], bool]) -> Trace:
        """Return the events for which *wanted* says yes, as a trace."""
        return Trace(filter(wanted, self._events()), label_of=self._label_of)

    def about(self, thing: object) -> Trace:
        """Return the events of one object.

        Args:
            thing: The object itself, or its label.

        Example:
            >>> with trace(session, "full") as story:
            ...     author = Author(name="Stanislaw Lem")
            ...     session.add(author)
            ...     author.name = "Lem"
            >>> len(story.about(author))
            2
        """
        events = self._events()  # first, for labels are given as events are read
        label = thing if isinstance(thing, str) else self._label_of(thing)
        return Trace(
            (event for event in events if isinstance(event, ObjectEvent) and event.label == label),
            label_of=self._label_of,
        )

    def between(self, first: str, last: str | None = None) -> Trace:
        """Return the events after one mark and before another one.

        Args:
            first: The name of the mark after which to begin.
            last: The name of the mark before which to end; None for the end of the trace.

        Raises:
            LookupError: There is no such mark.

        Example:
            >>> with trace(session) as story:
            ...     session.add(Author(name="Stanislaw Lem"))
            ...     story.mark("commit")
            ...     session.commit()
            >>> story.between("commit").commands
            ['BEGIN', 'INSERT', 'COMMIT']
        """
        begin = self._place_of(first, 0) + 1
        return self[begin : None if last is None else self._place_of(last, begin)]

    @property
    def flushes(self) -> list[Trace]:
        """The events of each flush, from its begin to its end."""
        return [
            self[max(span.first - 1, 0) : span.last]
            for span in model_of(self._events()).spans
            if span.kind == "flush"
        ]

    def of_line(self, line: int | str) -> Trace:
        """Return the events that one line of the program asked for.

        Args:
            line: The number of the line in its file or cell, or a part of its text.

        Example:
            >>> with trace(session) as story:
            ...     session.add(Author(name="Stanislaw Lem"))
            ...     session.commit()
            >>> story.of_line("commit()").commands
            ['BEGIN', 'INSERT', 'COMMIT']
        """
        return self.where(
            lambda event: (
                event.line is not None
                and (event.line.number == line if isinstance(line, int) else line in event.line.text)
            )
        )

    def _place_of(self, mark: str, begin: int) -> int:
        events = self._events()
        for place in range(begin, len(events)):
            if isinstance(event := events[place], MarkSet) and event.name == mark:
                return place
        seen = ", ".join(repr(event.name) for event in self.of(MarkSet)) or "none at all"
        raise LookupError(f"Can't find the mark {mark!r}: this trace has {seen}. Set it with story.mark().")

    @staticmethod
    def from_json(written: str) -> Trace:
        """Read a trace that :meth:`session_demo.Trace.to_json` wrote.

        Raises:
            TraceFormatError: *written* is something else, or of another version of the format.
        """
        return Trace(json.read(written))
