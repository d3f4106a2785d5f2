"""A finished record: a read-only sequence of events, and the questions one may ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, overload

from ..errors import UnknownObjectError
from ..picture import Picture
from .events import Event, ObjectEvent, ObjectState, StateChanged, StatementExecuted
from .render import html, lifelines, state_machine, swimlane, text
from .render.layout import commands, summarise
from .render.steps import Steps

E = TypeVar("E", bound=Event)


class Trace(Sequence[Event]):
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

    def of(self, kind: type[E]) -> Iterator[E]:
        """Yield the events of one class, oldest first."""
        return (event for event in self._events() if isinstance(event, kind))

    @property
    def statements(self) -> list[StatementExecuted]:
        """The statements that reached the database; transaction commands are not among them."""
        return list(self.of(StatementExecuted))

    @property
    def commands(self) -> list[str]:
        """What the database was told, in a word or two each, such as BEGIN, INSERT, COMMIT."""
        return commands(self._events())

    @property
    def labels(self) -> list[str]:
        """The labels of the objects seen, in order of first appearance."""
        return list(dict.fromkeys(event.label for event in self.of(ObjectEvent)))

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

    @property
    def summary(self) -> str:
        """One line that says what happened."""
        return summarise(self._events())

    def state_machine(self) -> Picture:
        """Draw the state machine of objects with the edges that were walked in this trace.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return state_machine.render(self._events())

    def steps(self) -> Steps:
        """Divide the trace into steps to go through, forward and back.

        A step shows the line of the program, what happened, the state of each object, the open
        transactions, the connection, and the identity map. It needs no script, so it works in a built
        book too. ``print`` writes the steps one after another.

        Example:
            >>> with trace(session) as story:
            ...     session.add(Author(name="Stanislaw Lem"))
            ...     session.flush()
            >>> len(story.steps())
            2
        """
        return Steps(self._events())

    def lifelines(self) -> Picture:
        """Draw through which states each object went, from event to event.

        Many objects of one class and history share a row; of a very long trace the picture is a census.

        Raises:
            MissingExtraError: matplotlib is not installed.

        Example:
            >>> with trace(session) as story:
            ...     session.add(Author(name="Stanislaw Lem"))
            >>> story.lifelines().alt
            'Lifelines of 1 object over 2 events. Author A: transient at event 1, pending at event 2.'
        """
        return lifelines.render(self._events())

    def swimlane(self) -> Picture:
        """Draw from top to bottom what each line of the program sent, and what was open meanwhile.

        Beside the lines run the session transaction, the database transaction, the flushes and the
        connection. Of a long trace the picture shows where the most frequent statements lie.

        Raises:
            MissingExtraError: matplotlib is not installed.

        Example:
            >>> with trace(session) as story:
            ...     _ = session.scalars(sa.select(Author.id)).all()
            >>> print(story.swimlane().alt)
            Swimlane of 4 events. SELECT author.id FROM author x 1, asked for by line 2.
            Session transaction: 1 open. Database transaction: 1 open. Connection: 1 open.
        """
        return swimlane.render(self._events())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    def __str__(self) -> str:
        return text.render(self._events())

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]

    def _repr_html_(self) -> str:
        return html.render(self._events())
