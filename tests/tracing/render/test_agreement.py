"""All pictures of one trace say the same, whatever its size."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

import pytest

from session_demo.tracing.events import (
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render import html, lifelines, state_machine, swimlane, text
from session_demo.tracing.render.layout import lay_out
from session_demo.tracing.render.moments import story_of
from session_demo.tracing.render.replay import model_of
from session_demo.tracing.render.steps import Steps

pytest.importorskip("matplotlib", reason="matplotlib is not installed: nothing can be drawn")

T, P, S, X, D = ObjectState

RENDERERS: dict[str, Callable[[Sequence[Event]], str]] = {
    "text": text.render,
    "html": html.render,
    "steps": lambda events: Steps(events)._repr_html_(),
    "steps as text": lambda events: str(Steps(events)),
    "state machine": lambda events: state_machine.render(events).svg(),
    "lifelines": lambda events: lifelines.render(events).svg(),
    "swimlane": lambda events: swimlane.render(events).svg(),
}
SIZES = [10, 1_000, 100_000]


def program(size: int) -> list[Event]:
    """Make the events of a program that stores one book after the other, and deletes each third."""
    add, commit = SourceLine("load.py", 2, "session.add(book)"), SourceLine("load.py", 3, "session.commit()")
    events: list[Event] = []
    number = 0
    while len(events) < size:
        number += 1
        label, key = f"Book {number}", f"id={number}"
        events += [
            SessionTransactionBegun("autobegin", line=add),
            StateChanged(label, T, P, entity="Book", line=add),
            FlushStarted(1, 0, 0, line=commit),
            ConnectionCheckedOut(1, line=commit),
            DatabaseTransactionChanged("BEGIN", connection=1, line=commit),
            StatementExecuted("INSERT INTO book (title) VALUES (?)", ((label,),), connection=1, line=commit),
            StateChanged(label, P, S, key=key, entity="Book", line=commit),
        ]
        if not number % 3:
            events += [
                StatementExecuted("DELETE FROM book WHERE id = ?", ((number,),), connection=1, line=commit),
                StateChanged(label, S, X, key=key, entity="Book", line=commit),
            ]
        events += [
            FlushEnded(line=commit),
            DatabaseTransactionChanged("COMMIT", connection=1, line=commit),
            ConnectionCheckedIn(1, line=commit),
            SessionTransactionEnded("autobegin", "committed", line=commit),
        ]
        if not number % 3:
            events.insert(-2, StateChanged(label, X, D, key=key, entity="Book", line=commit))
    return events[:size]


PROGRAMS = {size: program(size) for size in SIZES}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", RENDERERS)
def test_picture_of_any_size_stays_small(name: str, size: int) -> None:
    """No picture grows beyond 300 kB."""
    assert 0 < len(RENDERERS[name](PROGRAMS[size])) < 300_000


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("events", [[], [FlushEnded()], PROGRAMS[10]], ids=["none", "one", "ten"])
def test_picture_leaves_the_events_alone(name: str, events: list[Event]) -> None:
    """A renderer reads events and changes nothing, and the same events give the same picture."""
    before = list(events)
    first, second = RENDERERS[name](events), RENDERERS[name](events)
    assert events == before
    assert re.sub(r"sd-[0-9a-f]{10}(x\d+)?", "", first) == re.sub(r"sd-[0-9a-f]{10}(x\d+)?", "", second)


@pytest.mark.parametrize("name", RENDERERS)
def test_what_comes_from_the_program_is_no_markup(name: str) -> None:
    """Names and values are escaped wherever the picture is markup."""
    evil = "<script>alert('&')</script>"
    line = SourceLine(evil, 1, evil)
    events = [
        StateChanged(evil, T, P, key=evil, entity=evil, line=line),
        StatementExecuted(evil, ((evil,),), line=line),
    ]
    told = RENDERERS[name](events)
    assert "text" in name or "<script" not in told
    if name in ("state machine", "lifelines", "swimlane"):
        ElementTree.fromstring(told)


@pytest.mark.parametrize("size", SIZES)
def test_lives_end_where_the_transitions_lead(size: int) -> None:
    """What the model says of the end is what the last transition of each object said."""
    events = PROGRAMS[size]
    last = {event.label: event.target for event in events if isinstance(event, StateChanged)}
    assert {life.label: life.states[-1] for life in model_of(events).lives} == last


@pytest.mark.parametrize("size", SIZES)
def test_pictures_count_alike(size: int) -> None:
    """Summary, steps, machine, lifelines and swimlane speak of the same objects, statements and commits."""
    events = PROGRAMS[size]
    model = model_of(events)
    changes = [event for event in events if isinstance(event, StateChanged)]
    inserts = sum(isinstance(event, StatementExecuted) and event.verb == "INSERT" for event in events)
    commits = sum(
        isinstance(event, DatabaseTransactionChanged) and event.command == "COMMIT" for event in events
    )

    assert lay_out(events).summary == story_of(events).summary
    assert f"{inserts} INSERT" in lay_out(events).summary or inserts == 1
    assert f"INSERT INTO book (title) VALUES (?) x {inserts:,}," in swimlane.render(events).alt
    assert (f"Database transaction: {commits:,} committed" in swimlane.render(events).alt) == (commits > 0)
    assert f"{len(model.lives):,} object" in lifelines.render(events).alt
    stored = sum(event.transition == "pending_to_persistent" for event in changes)
    assert f"pending to persistent x{stored}" in state_machine.render(events).alt


@pytest.mark.parametrize("size", SIZES)
def test_steps_show_the_states_of_the_lifelines(size: int) -> None:
    """After each step an object stands where its line in the picture is."""
    events = PROGRAMS[size]
    lives = {life.title: life for life in model_of(events).lives}
    story = story_of(events)
    seen = 0
    for step in story.steps:
        for one in step.standings:
            life = lives.get(one.title)
            if life:
                assert one.bar == life.at(step.rows[-1].last)
                seen += 1
    assert seen


@pytest.mark.parametrize("size", SIZES)
def test_rows_account_for_every_event(size: int) -> None:
    """The rows, the folds and what is said to be hidden are all the events there are."""
    layout = lay_out(PROGRAMS[size])
    told = sum(row.last - row.number + 1 for row in layout.rows)
    assert told + layout.hidden == size
