"""A trace for Perfetto: what the Trace Event Format asks for holds for any trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from sqlalchemy.orm import Session

from session_demo import Trace, trace
from session_demo.models import Author
from session_demo.tracing.events import (
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    Event,
    FlushStarted,
    ObjectState,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.export.perfetto import render
from session_demo.tracing.redaction import HIDDEN

from .test_json import STORIES

Mark = dict[str, Any]


def marks(story: Trace | list[Event]) -> list[Mark]:
    written = json.loads(Trace(story).to_perfetto())
    assert written["displayTimeUnit"] == "ns"
    return list(written["traceEvents"])


def spans(found: list[Mark]) -> list[tuple[str, str, int]]:
    """Replay begin and end on each track; return track, name and depth of each span."""
    tracks = {m["tid"]: m["args"]["name"] for m in found if m["name"] == "thread_name"}
    stacks: dict[int, list[str]] = {tid: [] for tid in tracks}
    told = []
    for mark in found:
        stack = stacks.get(mark["tid"], [])
        if mark["ph"] == "B":
            told.append((tracks[mark["tid"]], mark["name"], len(stack)))
            stack.append(mark["name"])
        elif mark["ph"] == "E":
            assert stack.pop() == mark["name"]
    assert not any(stacks.values())
    return told


@given(STORIES)
def test_spans_nest_and_time_goes_on(story: list[Event]) -> None:
    """On each track every end is that of the innermost span, all spans end, and no time goes back."""
    found = marks(story)
    spans(found)
    times = [mark["ts"] for mark in found]
    assert times == sorted(times)
    assert {mark["ph"] for mark in found} <= set("MBEiC")


def test_session_and_connection_have_tracks(session: Session) -> None:
    """What the session does nests on one track, the database transaction on that of its connection."""
    with trace(session) as story:
        session.add(Author(name="Ursula K. Le Guin"))
        session.commit()
    assert spans(marks(story)) == [
        ("session 1", "session transaction", 0),
        ("session 1", "flush", 1),
        ("session 1, connection 1", "checked out", 0),
        ("session 1", "BEGIN", 2),
        ("session 1, connection 1", "database transaction", 1),
        ("session 1", "INSERT INTO author (name) VALUES (?)", 2),
        ("session 1", "COMMIT", 1),
    ]


def test_savepoint_nests_in_both_tracks(session: Session) -> None:
    """A nested transaction is a span of the session, its savepoint one of the database transaction."""
    with trace(session) as story:
        with session.begin_nested():
            session.execute(sa.text("SELECT 1"))
        session.rollback()
    found = spans(marks(story))
    assert ("session 1", "nested transaction", 1) in found
    assert [depth for track, name, depth in found if "," in track and name.startswith("SAVEPOINT")] == [2]


def test_each_session_has_its_track() -> None:
    """Sessions are told apart as threads are, and the tracks of one stand together."""
    told: list[Event] = [StatementExecuted("SELECT 1", session=session, connection=1) for session in (1, 2)]
    told.append(DatabaseTransactionChanged("BEGIN", session=1, connection=1))
    names = [mark["args"]["name"] for mark in marks(told) if mark["name"] == "thread_name"]
    assert names == ["session 1", "session 1, connection 1", "session 2", "session 2, connection 1"]


def test_statement_has_its_time_and_its_details() -> None:
    """Microseconds come from the event, and a click shows SQL, values, line and cause."""
    line = SourceLine("orders.py", 3, "author.books")
    sql = "SELECT book.id FROM book WHERE book.author_id = ? AND book.secret_token = ? ORDER BY book.id"
    told = StatementExecuted(
        sql, ((7, HIDDEN),), at=1_500, duration=2_000, line=line, cause="lazy load of Author.books"
    )
    begin, end = [mark for mark in marks([told]) if mark["ph"] in "BE"]
    assert (begin["ts"], end["ts"], begin["name"]) == (1.5, 3.5, sql[:77] + "...")
    assert begin["args"] == {
        **{"line": "orders.py:3", "code": "author.books", "cause": "lazy load of Author.books"},
        **{"sql": sql, "parameters": "[7, ***]", "rows": None},
    }


def test_objects_are_counted_in_each_state() -> None:
    """A counter follows the objects, and an object that changes its session is counted once."""
    detached, persistent = ObjectState.DETACHED, ObjectState.PERSISTENT
    told: list[Event] = [
        StateChanged("ann", None, persistent, at=1),
        StateChanged("bob", None, persistent, at=2),
        StateChanged("ann", persistent, detached, at=3),
        StateChanged("ann", detached, persistent, at=4, session=2),
    ]
    counters = [mark for mark in marks(told) if mark["ph"] == "C"]
    assert [
        (mark["name"][-1], *(mark["args"][state] for state in (persistent, detached))) for mark in counters
    ] == [
        *(("1", 1, 0), ("1", 2, 0), ("1", 1, 1)),
        *(("1", 1, 0), ("2", 1, 0)),
    ]


def test_what_was_open_ends_with_the_trace() -> None:
    """Spans that the trace left open end at its last moment."""
    told: list[Event] = [
        FlushStarted(1, 0, 0, at=1_000),
        ConnectionCheckedOut(1, at=2_000),
        DatabaseTransactionChanged("BEGIN", connection=1, at=3_000, duration=4_000),
    ]
    assert [(m["name"], m["ts"]) for m in marks(told) if m["ph"] == "E" and m["name"] != "BEGIN"] == [
        *(("flush", 7.0), ("database transaction", 7.0), ("checked out", 7.0)),
    ]


@pytest.mark.parametrize("story", [[], [DatabaseTransactionChanged("COMMIT", connection=1)]])
def test_little_is_drawn_of_little(story: list[Event]) -> None:
    """A trace without events, or with an end that has no beginning, is a valid file too."""
    assert marks(story)[0]["name"] == "process_name"
    assert render(story) == Trace(story).to_perfetto()
