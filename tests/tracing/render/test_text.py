"""A trace as plain text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_demo.tracing.events import (
    DatabaseTransactionChanged,
    FlushEnded,
    FlushStarted,
    ObjectState,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render.layout import ROWS_SHOWN
from session_demo.tracing.render.text import render


def test_trace_is_a_line_for_each_event_under_its_summary() -> None:
    """Number, layer and words stand in columns, and what is open indents."""
    assert render(
        [
            FlushStarted(1, 0, 0),
            DatabaseTransactionChanged("BEGIN"),
            StatementExecuted("INSERT INTO author (name) VALUES (?)", (("Ann",),), failed=True),
            FlushEnded(failed=True),
            StateChanged("Author A", ObjectState.PENDING, ObjectState.TRANSIENT),
        ]
    ).split("\n") == [
        "5 events: BEGIN, INSERT. Author A: pending -> transient.",
        "   1  flush     flush begins: 1 new",
        "   2  database    BEGIN",
        "   3  database    INSERT INTO author (name) VALUES (?)  ['Ann'] (refused by the database)",
        "   4  flush     flush fails",
        "   5  object    Author A pending -> transient",
    ]


def test_empty_trace_is_one_line() -> None:
    """A trace without events says so and ends."""
    assert render([]) == "Nothing happened: no event."


@pytest.mark.parametrize("more", [1, 2, 1600])
def test_what_is_left_out_is_stated(more: int) -> None:
    """A long trace says between its two halves how much is not shown."""
    total = ROWS_SHOWN + more
    lines = render([StatementExecuted(f"SELECT {number}") for number in range(1, total + 1)]).split("\n")
    half = ROWS_SHOWN // 2
    assert lines[half : half + 3] == [
        f"{half:4d}  database  SELECT {half}",
        f"     ... {more:,} of {total:,} events not shown ...",
        f"{half + more + 1:4d}  database  SELECT {half + more + 1}",
    ]
    assert len(lines) == 1 + ROWS_SHOWN + 1


def test_text_adds_nothing_but_ascii() -> None:
    """Only names and values of the program bring other letters."""
    assert render(
        [StateChanged("Author A", ObjectState.PENDING, ObjectState.PERSISTENT, key="id=1")]
    ).isascii()


def test_line_stands_above_the_events_it_caused() -> None:
    """A line is written once, before its first event, and again when it comes back."""
    add, commit = SourceLine("orders.py", 3, "session.add(order)"), SourceLine("<stdin>", 1)
    told = [replace(FlushEnded(), line=line) for line in (add, add, commit, None, add)]
    assert render(told).splitlines()[1:] == [
        "orders.py:3: session.add(order)",
        "   1  flush     flush ends",
        "   2  flush     flush ends",
        "line 1",
        "   3  flush     flush ends",
        "   4  flush     flush ends",
        "orders.py:3: session.add(order)",
        "   5  flush     flush ends",
    ]
