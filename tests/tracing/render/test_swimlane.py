"""Lines of the program beside what was open, and what they sent."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from session_demo.picture import Picture
from session_demo.tracing.events import (
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    MarkSet,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render.model import Span
from session_demo.tracing.render.replay import model_of
from session_demo.tracing.render.slots import Slot, deepest, rows_of, slots_of
from session_demo.tracing.render.swimlane import LANES, ROWS_SHOWN, SHAPES_SHOWN, render

pytest.importorskip("matplotlib", reason="matplotlib is not installed: nothing can be drawn")

ADD = SourceLine("orders.py", 1, "session.add(ann)")
LOOP = SourceLine("orders.py", 2, "for book in ann.books:")

EVENTS: list[Event] = [
    SessionTransactionBegun("autobegin", line=ADD),
    StateChanged("ann", ObjectState.TRANSIENT, ObjectState.PENDING, line=ADD),
    FlushStarted(1, 0, 0, line=LOOP),
    ConnectionCheckedOut(1, line=LOOP),
    DatabaseTransactionChanged("BEGIN", connection=1, line=LOOP),
    StatementExecuted("INSERT INTO author", line=LOOP),
    FlushEnded(line=LOOP),
    *[StatementExecuted("SELECT book", line=LOOP)] * 10,
    DatabaseTransactionChanged("COMMIT", connection=1, line=LOOP),
    ConnectionCheckedIn(1, line=LOOP),
    SessionTransactionEnded("autobegin", "committed", line=LOOP),
]


def words(picture: Picture) -> list[str]:
    root = ElementTree.fromstring(picture.svg())
    return [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]


def test_row_is_a_line_or_what_it_sent() -> None:
    """The same statement again and again from one line is one row; all events belong to a row."""
    assert slots_of(EVENTS) == [
        Slot(1, 2, ADD),
        Slot(3, 4, LOOP),
        Slot(5, 5, sql="BEGIN"),
        Slot(6, 7, sql="INSERT INTO author"),
        Slot(8, 17, sql="SELECT book", times=10),
        Slot(18, 20, sql="COMMIT"),
    ]


def test_rows_that_come_again_are_folded() -> None:
    """A loop shows its first and its last turn."""
    turn = [StatementExecuted("SELECT a"), StatementExecuted("SELECT b")]
    assert slots_of(turn * 20) == [
        Slot(1, 1, sql="SELECT a"),
        Slot(2, 2, sql="SELECT b"),
        Slot(3, 38, note="... the same 2 rows 18 times more (x 20)", folds=True),
        Slot(39, 39, sql="SELECT a"),
        Slot(40, 40, sql="SELECT b"),
    ]


@pytest.mark.parametrize(
    ("first", "last", "rows"),
    [(1, 1, (0, 0)), (2, 39, (1, 3)), (5, 30, None), (0, 41, (0, 4)), (40, 40, (4, 4))],
)
def test_span_touches_rows(first: int, last: int, rows: tuple[int, int] | None) -> None:
    """A bar reaches from the row of its beginning to that of its end; within a fold it is not drawn."""
    slots = slots_of([StatementExecuted("SELECT a"), StatementExecuted("SELECT b")] * 20)
    assert rows_of(Span("flush", "flush", 1, first, last), slots) == rows


def test_lanes_lines_and_statements_are_written() -> None:
    """Each lane has its name, each line its text and place, each statement how often it was sent."""
    told = set(words(render(EVENTS)))
    assert {kind for kind, _ in LANES} <= told
    assert {"session.add(ann)", "orders.py:1", "INSERT INTO author", "SELECT book  x 10", "C"} <= told


def test_alternative_counts_what_the_picture_shows() -> None:
    """The text alternative tells the statements with their lines, and how everything ended."""
    assert render(EVENTS).alt == (
        "Swimlane of 20 events. SELECT book x 10, asked for by orders.py:2. "
        "INSERT INTO author x 1, asked for by orders.py:2. Session transaction: 1 committed. "
        "Database transaction: 1 committed. Flush: 1 ended. Connection: 1 checked in."
    )


def test_nesting_is_deep() -> None:
    """Savepoints stand beside the transaction they are in."""
    commands = [DatabaseTransactionChanged("BEGIN"), DatabaseTransactionChanged("SAVEPOINT", "sp")]
    assert (deepest(model_of(commands)), deepest(model_of(commands[:1])), deepest(model_of([]))) == (2, 1, 1)


def test_end_of_each_transaction_has_a_letter() -> None:
    """A rollback and a failed flush are told apart from a commit without colour."""
    events = [
        FlushStarted(1, 0, 0),
        DatabaseTransactionChanged("BEGIN"),
        DatabaseTransactionChanged("ROLLBACK"),
        FlushEnded(failed=True),
    ]
    told = words(render(events))
    assert {"R", "X"} <= set(told)
    assert "C" not in told


def different(number: int) -> list[Event]:
    return [StatementExecuted(f"SELECT {n % (SHAPES_SHOWN + 5)} FROM {n * n % 7}") for n in range(number)]


def test_trace_of_too_many_rows_is_drawn_in_bins() -> None:
    """The most frequent statements have a row each, with their number; the rest is stated."""
    events = [
        *different(500),
        DatabaseTransactionChanged("ROLLBACK"),
        *[StatementExecuted("SELECT often")] * 300,
    ]
    told = words(render(events))
    assert {"SELECT often", "x 300", "database transactions rolled back"} <= set(told)
    assert any(word.startswith(f"{SHAPES_SHOWN} of ") and word.endswith("statements shown") for word in told)


@pytest.mark.parametrize("events", [[], [FlushEnded()], [MarkSet("here & <there> $x$")]])
def test_trace_with_little_in_it_is_drawn(events: list[Event]) -> None:
    """There is a picture even where there is next to nothing to draw, and no sign breaks it."""
    told = words(render(events))
    assert "flush" in told
    assert ("--- here & <there> $x$ ---" in told) == any(isinstance(event, MarkSet) for event in events)


def test_limit_of_rows() -> None:
    """As many rows as fit are drawn one by one."""
    events = [StatementExecuted(f"SELECT {n}") for n in range(ROWS_SHOWN)]
    assert f"SELECT {ROWS_SHOWN - 1}" in words(render(events))
