"""How a sequence of events shows itself: as text, as HTML, in pictures, in files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TextIO

from ..picture import Picture
from .events import Event, EventsDropped
from .export import json, page, perfetto
from .render import html, lifelines, state_machine, swimlane, terminal, text
from .render.layout import summarise
from .render.steps import Steps
from .render.wording import count


class Shown:
    """What can show itself, because it has events."""

    def _events(self) -> Sequence[Event]:
        raise NotImplementedError

    @property
    def dropped(self) -> int:
        """How many older events were given up to keep no more than ``maxlen``; the first event says so."""
        return _dropped(self._events())

    @property
    def summary(self) -> str:
        """One line that says what happened."""
        return summarise(self._events())

    def state_machine(self) -> Picture:
        """Draw the state machine of objects with the edges that were walked in this trace.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return _after_dropped(state_machine.render(self._events()), self._events())

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
        return _after_dropped(lifelines.render(self._events()), self._events())

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
        return _after_dropped(swimlane.render(self._events()), self._events())

    def to_json(self) -> str:
        """Write the trace as JSON, for :meth:`session_demo.Trace.from_json`. Hidden values stay hidden.

        Example:
            >>> with trace(session) as story:
            ...     session.add(Author(name="Stanislaw Lem"))
            >>> Trace.from_json(story.to_json()).states("Author A")
            ['transient', 'pending']
        """
        return json.write(self._events())

    def save(self, path: str | PathLike[str]) -> None:
        """Write the trace into a file, for :func:`session_demo.load_trace` and ``session-demo show``.

        Args:
            path: The file. What it held before is replaced.

        Raises:
            OSError: It cannot be written.
        """
        Path(path).write_text(self.to_json(), encoding="utf-8")

    def to_perfetto(self) -> str:
        """Write the trace for https://ui.perfetto.dev: tracks of time, with SQL and lines behind each span.

        Example:
            >>> with trace(session) as story:
            ...     session.add(Author(name="Stanislaw Lem"))
            >>> "session transaction" in story.to_perfetto()
            True
        """
        return perfetto.render(self._events())

    def to_html(self, title: str = "Trace of a session") -> str:
        """Write the trace as a page of its own, which fetches nothing.

        Args:
            title: The title of the page and its heading.

        Example:
            >>> Trace().to_html()[:15]
            '<!DOCTYPE html>'
        """
        return page.render(title, self.summary, [self.steps()._repr_html_(), self._repr_html_()])

    def show(self, file: TextIO | None = None) -> None:
        """Print the trace: in a terminal as wide as that is, and in colour unless ``NO_COLOR`` is set.

        Args:
            file: Where to; None for ``sys.stdout``. What is no terminal gets lines of any length.

        Example:
            >>> Trace().show()
            Nothing happened: no event.
        """
        stream = file or sys.stdout
        told = text.render(self._events(), terminal.width_of(stream), terminal.has_colour(stream))
        stream.write(terminal.writable(told, stream) + "\n")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    def __str__(self) -> str:
        return text.render(self._events())

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]

    def _repr_html_(self) -> str:
        return html.render(self._events())


def _dropped(events: Sequence[Event]) -> int:
    return events[0].number if events and isinstance(events[0], EventsDropped) else 0


def _after_dropped(picture: Picture, events: Sequence[Event]) -> Picture:
    """Say below a picture, and in its words, how many older events are not in it."""
    if dropped := _dropped(events):
        picture.add_note(f"{count(dropped, 'older event')} dropped.")
    return picture
