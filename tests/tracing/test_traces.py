"""A trace is a read-only sequence that answers questions; these traces are written by hand."""

from __future__ import annotations

import pytest

from session_demo import Trace
from session_demo.errors import UnknownObjectError
from session_demo.models import Author
from session_demo.tracing.events import (
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    ObjectState,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render import html, state_machine, text

EVENTS: list[Event] = [
    StateChanged("Author A", ObjectState.TRANSIENT, ObjectState.PENDING),
    FlushStarted(1, 0, 0),
    DatabaseTransactionChanged("BEGIN"),
    StatementExecuted("INSERT INTO author (name) VALUES (?)", (("Ann",),)),
    StateChanged("Author A", ObjectState.PENDING, ObjectState.PERSISTENT, key="id=1"),
    FlushEnded(),
    StateChanged("Book A", None, ObjectState.PERSISTENT, key="id=1"),
    DatabaseTransactionChanged("ROLLBACK TO SAVEPOINT", "sp_1"),
]


@pytest.fixture
def story() -> Trace:
    return Trace(EVENTS)


def test_trace_is_a_sequence(story: Trace) -> None:
    """A trace has a length, an order, and its last event at -1."""
    assert (list(story), len(story), story[-1], story.index(EVENTS[2])) == (EVENTS, 8, EVENTS[-1], 2)


def test_slice_of_a_trace_is_a_trace(story: Trace) -> None:
    """A part of a trace answers the same questions."""
    assert story[2:4] == Trace(EVENTS[2:4])
    assert story[2:4].commands == ["BEGIN", "INSERT"]


def test_slice_still_knows_the_objects() -> None:
    """A part of a trace finds the label of an object like the whole."""
    author = Author()
    whole = Trace(EVENTS, label_of={author: "Author A"}.get)
    assert whole[:1].states(author) == ["transient", "pending"]


def test_traces_of_equal_events_are_equal(story: Trace) -> None:
    """A trace is its events, and nothing but another trace equals it."""
    assert story == Trace(tuple(EVENTS))
    assert story != Trace(EVENTS[1:])
    assert story != EVENTS


def test_trace_has_no_hash(story: Trace) -> None:
    """A trace may still be filling, so it cannot be a key."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(story)


def test_trace_does_not_follow_the_list_it_was_made_of() -> None:
    """Who changes the list afterwards does not change the trace."""
    events = list(EVENTS)
    story = Trace(events)
    events.clear()
    assert list(story) == EVENTS


def test_of_yields_the_events_of_one_class(story: Trace) -> None:
    """Asking for a class gives its events in order."""
    assert list(story.of(StateChanged)) == [EVENTS[0], EVENTS[4], EVENTS[6]]


def test_statements_and_commands(story: Trace) -> None:
    """Statements are what the program's work sent, commands are all the database was told."""
    assert story.statements == [EVENTS[3]]
    assert story.commands == ["BEGIN", "INSERT", "ROLLBACK TO SAVEPOINT"]


def test_labels_come_in_order_of_first_appearance(story: Trace) -> None:
    """Each object is named once."""
    assert story.labels == ["Author A", "Book A"]


def test_states_start_with_the_state_left(story: Trace) -> None:
    """The path of an object starts where it was, a loaded one starts persistent."""
    assert story.states("Author A") == ["transient", "pending", "persistent"]
    assert story.states("Book A") == ["persistent"]


def test_states_are_words(story: Trace) -> None:
    """The path is made of plain text, so that it prints as it reads."""
    assert {type(state) for state in story.states("Author A")} == {str}


@pytest.mark.parametrize(
    ("thing", "named"), [("Author B", "'Author B'"), (Author(), "this Author"), (7, "this int")]
)
def test_unknown_object_is_told_from_the_known(story: Trace, thing: object, named: str) -> None:
    """Asking about an object that no event is about names those that were seen."""
    with pytest.raises(UnknownObjectError) as caught:
        story.states(thing)
    assert str(caught.value) == (
        f"Can't tell the states of {named}: no event in this trace is about it; it saw Author A, Book A. "
        "Was the trace started before the object was added or loaded? "
        "(Explained in the book: book/reading-a-trace.html)"
    )


def test_unknown_object_in_a_trace_without_objects() -> None:
    """A trace that saw no object says so."""
    with pytest.raises(UnknownObjectError, match="it saw no object at all"):
        Trace().states("Author A")


def test_empty_trace() -> None:
    """A trace without events answers every question."""
    empty = Trace()
    answers = (list(empty), empty.statements, empty.commands, empty.labels, str(empty), bool(empty))
    assert answers == ([], [], [], [], "Nothing happened: no event.", False)


def test_trace_shows_itself(story: Trace) -> None:
    """Text, HTML and representation come from the renderers and one summary."""
    assert (str(story), story._repr_html_()) == (text.render(EVENTS), html.render(EVENTS))
    assert repr(story) == f"<Trace: {story.summary}>"
    assert story.summary == text.render(EVENTS).splitlines()[0]


def test_trace_shows_itself_as_text_in_a_terminal(story: Trace) -> None:
    """IPython's printer receives what print() shows."""

    class Printer:
        def text(self, shown: str) -> None:
            self.shown = shown

    printer = Printer()
    story._repr_pretty_(printer, False)
    assert printer.shown == str(story)


def test_state_machine_of_a_trace(story: Trace) -> None:
    """The picture of a trace is the picture of its events."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: nothing can be drawn")
    assert story.state_machine().svg() == state_machine.render(EVENTS).svg()
