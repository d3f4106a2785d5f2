"""A trace as plain text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from session_demo.tracing.render.text import LINES_SHOWN, NARROWEST, columns, render


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


LONG = StatementExecuted(
    "SELECT book.id, book.title, book.copies, book.author_id FROM book WHERE book.author_id = ?", ((1,),)
)


def test_long_line_goes_on_under_its_beginning() -> None:
    """With a width, SQL is wrapped between words, and what follows hangs under it."""
    assert render([FlushStarted(1, 0, 0), LONG], width=60).splitlines()[1:] == [
        "   1  flush     flush begins: 1 new",
        "   2  database    SELECT book.id, book.title, book.copies,",
        "                    book.author_id FROM book WHERE",
        "                    book.author_id = ?  [1]",
    ]


def test_very_long_line_is_cut() -> None:
    """One event fills four lines at most; dots say that there is more."""
    lines = render([StatementExecuted("SELECT " + "column, " * 100)], width=40).splitlines()[1:]
    assert len(lines) == LINES_SHOWN
    assert lines[-1] == "                  column, column,..."


TEXTS = st.text(st.characters(codec="utf-8"), max_size=120)


@given(TEXTS, TEXTS, st.integers(NARROWEST, 100), st.integers(0, 30))
def test_no_line_is_wider_than_asked(sql: str, name: str, width: int, depth: int) -> None:
    """Whatever names, values and depth a program brings, each line keeps within the width."""
    line = SourceLine("orders.py", 3, name)
    told = [FlushStarted(1, 0, 0)] * depth + [
        replace(StatementExecuted(f"SELECT {sql}", ((name,),)), line=line)
    ]
    assert max(map(columns, render(told, width).split("\n"))) <= width


@given(TEXTS)
def test_terminal_gets_no_escape_of_the_program(sql: str) -> None:
    """What the program's names hold cannot steer a terminal: the only escapes are ours."""
    shown = render([StatementExecuted(f"SELECT {sql}")], 80, colour=True)
    assert all(letter.isprintable() or letter == "\n" for letter in re.sub(r"\033\[[\d;]*m", "", shown))


def test_colour_is_never_alone() -> None:
    """A coloured state has its letter and its word."""
    moved = StateChanged("Author A", ObjectState.PENDING, ObjectState.PERSISTENT)
    shown = render([moved], colour=True).splitlines()[1]
    assert re.sub(r"\033\[[\d;]*m", "", shown) == "   1  object    Author A P pending -> S persistent"
    assert f"\033[1m\033[38;5;{16 + 36 * 1 + 6 * 3 + 5}mS persistent\033[0m" in shown


def test_wide_letters_take_two_columns() -> None:
    """Width is counted in columns of a terminal, not in letters."""
    assert [columns(text) for text in ("ab", "日本", "e\u0301")] == [2, 4, 1]
