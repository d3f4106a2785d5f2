"""A trace as steps: where one ends, what it tells, and that it needs no script."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from session_demo.tracing.events import (
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    MarkSet,
    ObjectForgotten,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render.moments import OBJECTS_SHOWN, STEPS_SHOWN, story_of
from session_demo.tracing.render.steps import Steps

T, P, S, X, D = ObjectState
ADD, COMMIT, QUERY = (
    SourceLine("orders.py", number, text) for number, text in enumerate(("add()", "commit()", "scalars()"), 1)
)

EVENTS: list[Event] = [
    SessionTransactionBegun("autobegin", line=ADD),
    StateChanged("ann", T, P, entity="Author", line=ADD),
    FlushStarted(1, 0, 0, line=COMMIT),
    ConnectionCheckedOut(1, line=COMMIT),
    DatabaseTransactionChanged("BEGIN", connection=1, line=COMMIT),
    StatementExecuted("INSERT INTO author (name) VALUES (?)", (("<b>",),), line=COMMIT),
    StateChanged("ann", P, S, key="id=1", entity="Author", line=COMMIT),
    FlushEnded(line=COMMIT),
    DatabaseTransactionChanged("COMMIT", connection=1, line=COMMIT),
    ConnectionCheckedIn(1, line=COMMIT),
    SessionTransactionEnded("autobegin", "committed", line=COMMIT),
    ObjectForgotten("ann"),
]


def stretches(events: list[Event]) -> list[list[int]]:
    return [[row.number for row in step.rows] for step in story_of(events).steps]


def test_step_is_a_line_or_a_part_of_it() -> None:
    """Another line begins a step, and within a line the end of a flush does; a flush is one step."""
    assert stretches(EVENTS) == [[1, 2], [3, 4, 5, 6, 7, 8], [9, 10, 11, 12]]


def test_each_query_is_a_step_with_what_it_loads() -> None:
    """A statement outside a flush begins a step, with the BEGIN before it and the objects after it."""
    events: list[Event] = [
        SessionTransactionBegun("autobegin"),
        ConnectionCheckedOut(1),
        DatabaseTransactionChanged("BEGIN"),
        StatementExecuted("SELECT 1"),
        StateChanged("ann", None, S),
        StatementExecuted("SELECT 2"),
        StateChanged("ben", None, S),
        MarkSet("here"),
    ]
    assert stretches(events) == [[1, 2, 3, 4, 5], [6, 7], [8]]


def test_step_tells_what_the_session_holds_after_it() -> None:
    """Transactions, connection, identity map and pending objects are those at the end of the step."""
    told = [list(step.facts.values()) for step in story_of(EVENTS).steps]
    assert told == [
        ["open: autobegin", "none", "none", "empty", "ann"],
        ["open: autobegin", "open: BEGIN", "connection 1", "Author id=1", "empty"],
        ["none", "none", "none", "empty", "empty"],
    ]


def test_object_has_its_key_only_when_it_has_one() -> None:
    """A pending object has no key yet, and a forgotten one is gone."""
    told = [
        (one.title, one.before, one.bar and one.bar.state, one.notes)
        for step in story_of(EVENTS).steps
        for one in step.standings
    ]
    assert told == [("ann", T, P, ""), ("ann (id=1)", P, S, ""), ("ann (id=1)", S, None, "")]


def test_forgotten_object_is_called_so() -> None:
    """What is no longer there has no state."""
    assert "  ann (id=1): forgotten" in str(Steps(EVENTS)).splitlines()
    assert "&rarr; forgotten</td>" in Steps(EVENTS)._repr_html_()


def test_nested_transactions_and_savepoints_are_shown_within_each_other() -> None:
    """What is open within something stands behind it."""
    events: list[Event] = [
        SessionTransactionBegun("autobegin"),
        DatabaseTransactionChanged("BEGIN"),
        SessionTransactionBegun("begin_nested"),
        DatabaseTransactionChanged("SAVEPOINT", "sp"),
    ]
    facts = story_of(events).steps[-1].facts
    assert facts["session transaction"] == "open: autobegin > begin_nested"
    assert facts["database transaction"] == "open: BEGIN > SAVEPOINT sp"


def test_sessions_are_told_apart() -> None:
    """Where there are several sessions, each has facts of its own."""
    events = [SessionTransactionBegun("autobegin"), StateChanged("ann", None, S, session=2)]
    facts = story_of(events).steps[-1].facts
    assert facts["session 1: session transaction"] == "open: autobegin"
    assert facts["session 1: identity map"] == "empty"
    assert facts["session 2: session transaction"] == "none"
    assert facts["session 2: identity map"] == "ann"


def queries(number: int) -> list[Event]:
    return [
        event
        for n in range(number)
        for event in (StatementExecuted(f"SELECT {n}"), StateChanged(f"Book {n}", None, S))
    ]


def test_steps_that_do_not_fit_are_counted() -> None:
    """Of a long story both ends are shown, and how many steps that is."""
    story = story_of(queries(98))
    assert story.omission == f"{STEPS_SHOWN} of 98 steps shown"
    assert [step.number for step in story.steps] == [*range(1, 16), *range(84, 99)]
    assert story.omission in str(Steps(queries(98)))
    assert story.omission in Steps(queries(98))._repr_html_()


def test_loop_is_shown_at_its_first_and_last_turn() -> None:
    """Steps of the same shape are folded."""
    events: list[Event] = [StatementExecuted("SELECT") for _ in range(50)]
    assert [step.number for step in story_of(events).steps] == [1, 50]


def test_objects_that_do_not_fit_are_counted() -> None:
    """A step shows what it is about, and counts the rest by state."""
    events = queries(20)
    last = story_of(events).steps[-1]
    assert len(last.standings) == OBJECTS_SHOWN
    assert "Book 19" in [one.title for one in last.standings]
    assert last.others == f"and {20 - OBJECTS_SHOWN} persistent"
    assert last.facts["identity map"].endswith(f", {20 - OBJECTS_SHOWN} more")


def test_steps_are_written_as_text() -> None:
    """Printed, each step has its line, its events, its objects and what the session holds."""
    assert str(Steps(EVENTS)).split("\n\n")[1].splitlines() == [
        "Step 1 of 3: orders.py:1: add()",
        "   1  session   session transaction begins (autobegin)",
        "   2  object    ann transient -> pending",
        "  ann: pending",
        "  session transaction: open: autobegin",
        "  database transaction: none",
        "  connection: none",
        "  identity map: empty",
        "  pending objects: ann",
    ]


class Reader(HTMLParser):
    """Reads elements with their attributes; what is opened must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "input":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_each_step_is_a_labelled_radio_button() -> None:
    """There is a button for each step, the first is chosen, and back and forward name their neighbours."""
    read = Reader(Steps(EVENTS)._repr_html_())
    buttons = read.all("input")
    assert [button["aria-label"] for button in buttons] == [
        "Step 1 of 3: orders.py:1: add()",
        "Step 2 of 3: orders.py:2: commit()",
        "Step 3 of 3: orders.py:2: commit()",
    ]
    assert ["checked" in button for button in buttons] == [True, False, False]
    ids = [button["id"] for button in buttons]
    assert [label["for"] for label in read.all("label")] == [ids[1], ids[0], ids[2], ids[1]]
    assert len({button["name"] for button in buttons}) == 1


def test_same_steps_twice_on_a_page_do_not_meddle() -> None:
    """No name and no id of one output is that of another, also when they show the same."""
    first, second = (Reader(Steps(EVENTS)._repr_html_()).all("input") for _ in range(2))
    assert {one["id"] for one in first} & {one["id"] for one in second} == set()
    assert first[0]["name"] != second[0]["name"]


def test_names_are_the_same_in_two_processes(python) -> None:
    """Neither time, nor hash seed, nor process changes the output."""
    code = (
        "from session_demo.tracing.events import *\n"
        "from session_demo.tracing.render.steps import Steps\n"
        "print(Steps([StatementExecuted('SELECT 1'), FlushEnded()])._repr_html_())"
    )
    assert python(code, PYTHONHASHSEED="1") == python(code, PYTHONHASHSEED="2")


def test_steps_need_nothing_from_elsewhere() -> None:
    """There is no script, no handler, nothing that is fetched and nothing that moves; values are escaped."""
    page = Steps(EVENTS)._repr_html_()
    assert not re.search(r"<script|\son\w+=|<link|<img|src=|href=|url\(|@import|animation|transition:", page)
    assert "<b>&#x27;" not in page
    assert "&lt;b&gt;" in page


def test_empty_trace_has_no_steps() -> None:
    """A trace without events says so."""
    steps = Steps([])
    assert (len(steps), str(steps)) == (0, "Nothing happened: no event.")
    assert "Nothing happened" in steps._repr_html_()
    assert "<input" not in steps._repr_html_()


@pytest.mark.parametrize("size", [10, 1_000, 100_000])
def test_steps_of_any_size_stay_small(size: int) -> None:
    """The HTML of the steps stays below 300 kB."""
    assert len(Steps(queries(size // 2))._repr_html_()) < 300_000
