"""What comes again and again is found, and told once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from session_demo.tracing.events import (
    DatabaseTransactionChanged,
    Event,
    ObjectState,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render import html, text
from session_demo.tracing.render.folds import REPEATS_SHOWN, Fold, fold, shapes_of
from session_demo.tracing.render.layout import lay_out


@pytest.mark.parametrize(
    ("shapes", "folds"),
    [
        ("", []),
        ("abc", [Fold(0), Fold(1), Fold(2)]),
        ("aaaa", [Fold(0, 1, 4)]),
        ("aaa", [Fold(0), Fold(1), Fold(2)]),
        ("xababababy", [Fold(0), Fold(1, 2, 4), Fold(9)]),
        ("aabaabaabaab", [Fold(0, 3, 4)]),
        ("aaaab", [Fold(0, 1, 4), Fold(4)]),
    ],
)
def test_repetition_is_found(shapes: Sequence[str], folds: list[Fold]) -> None:
    """A group that comes more often than is shown is one fold, whatever its size."""
    assert fold(shapes, shown=3) == folds


@pytest.mark.parametrize("shapes", ["abcabcabcabcx" * 3, "aabbab" * 9, "a" * 50 + "b", "abcdef"])
def test_folds_cover_everything_once(shapes: str) -> None:
    """The folds of a sequence follow each other without a gap, and repeat what is there."""
    folds = fold(shapes, shown=2)
    assert "".join(shapes[one.start : one.start + one.size] * one.times for one in folds) == shapes


def insert(number: int, line: int = 1) -> Event:
    sql = "INSERT INTO book (title) VALUES (?)"
    return StatementExecuted(sql, ((f"Book {number}",),), line=SourceLine("load.py", line, "session.flush()"))


def test_shape_is_all_but_names_and_values() -> None:
    """Two inserts of one line are alike; another line, table or failure makes another shape."""
    alike = set(shapes_of([insert(1), insert(2)]))
    assert len(alike) == 1
    other: list[Event] = [
        insert(1, line=2),
        StatementExecuted("SELECT"),
        StatementExecuted("SELECT", failed=True),
    ]
    assert len(set(shapes_of([insert(1), *other]))) == 4


def test_shape_of_a_cascade_names_no_object() -> None:
    """What one cascade brings is alike whichever object it comes from."""
    states = ObjectState.TRANSIENT, ObjectState.PENDING
    events = [StateChanged(f"Book {n}", *states, entity="Book", cause=f"cascade from {n}") for n in "AB"]
    assert len(set(shapes_of(events))) == 1


def test_many_of_one_shape_are_three_rows() -> None:
    """The first and the last are shown, and between them how many there are."""
    rows = lay_out([insert(number) for number in range(1, 99)]).rows
    assert [(row.number, row.last, "".join(part.text for part in row.parts)) for row in rows] == [
        (1, 1, "INSERT INTO book (title) VALUES (?)['Book 1']"),
        (2, 97, "... 96 more like it, 2 to 97 (x 98)"),
        (98, 98, "INSERT INTO book (title) VALUES (?)['Book 98']"),
    ]


def test_group_of_several_events_is_folded() -> None:
    """A loop of two events is shown at its first and its last turn."""
    events = [one for n in range(20) for one in (insert(n), DatabaseTransactionChanged("COMMIT"))]
    told = ["".join(part.text for part in row.parts) for row in lay_out(events).rows]
    assert told[2] == "... the same 2 events 18 times more, 3 to 38 (x 20)"
    assert len(told) == 5


@pytest.mark.parametrize("times", [2, REPEATS_SHOWN])
def test_few_are_not_folded(times: int) -> None:
    """A short loop stays as it is."""
    assert len(lay_out([insert(number) for number in range(times)]).rows) == times


def test_few_folded_events_can_be_unfolded() -> None:
    """HTML keeps the events of a small fold, and those of a large one it does not."""
    small, large = (html.render([insert(number) for number in range(times)]) for times in (14, 300))
    assert (small.count("<details>"), small.count("<li>"), large.count("<details>")) == (1, 12, 0)
    assert "&#x27;Book 5&#x27;" in small


@pytest.mark.parametrize("render", [text.render, html.render])
def test_text_and_html_fold_alike(render: object) -> None:
    """Both say how many there are, in the same words."""
    assert callable(render)
    assert "... 98 more like it, 2 to 99 (x 100)" in render([insert(number) for number in range(100)])


@pytest.mark.parametrize("size", [10, 1_000, 100_000])
def test_page_of_any_size_stays_small(size: int) -> None:
    """The HTML of a trace without any repetition stays below 300 kB, also where SQL is long."""
    columns = ", ".join(f"column_{number}" for number in range(60))
    events = [StatementExecuted(f"SELECT {columns} FROM t WHERE id = {n}", ((n,) * 9,)) for n in range(size)]
    assert len(html.render(events)) < 300_000


def test_sessions_are_told_apart_where_there_are_several() -> None:
    """A row names the session only in a trace of more than one."""
    one, other = StatementExecuted("SELECT 1"), StatementExecuted("SELECT 1", session=2)
    assert "session" not in text.render([one, one])
    assert text.render([one, other]).splitlines()[1:] == [
        "   1  database  session 1: SELECT 1",
        "   2  database  session 2: SELECT 1",
    ]
