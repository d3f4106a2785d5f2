"""The one model of all pictures: lives of objects, and spans of what was open."""

from __future__ import annotations

from collections import Counter

import pytest

from session_demo.tracing.events import (
    AttributeChanged,
    AttributesExpired,
    AttributesRefreshed,
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    DeletionMarked,
    Event,
    FlushEnded,
    FlushStarted,
    IdentityFound,
    ObjectForgotten,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.records import TRANSITIONS
from session_demo.tracing.render.model import Bar, Span
from session_demo.tracing.render.replay import model_of

T, P, S, X, D = ObjectState


def moved(transition: str, label: str = "ann") -> Event:
    return StateChanged(label, *TRANSITIONS[transition])


@pytest.mark.parametrize(
    ("events", "bars"),
    [
        ([moved("transient_to_pending")], [Bar(T, 0, 0), Bar(P, 1, 1)]),
        ([FlushEnded(), FlushEnded(), moved("transient_to_pending")], [Bar(T, 2, 2), Bar(P, 3, 3)]),
        ([moved("loaded_as_persistent"), FlushEnded()], [Bar(S, 1, 2)]),
        ([FlushEnded(), moved("persistent_to_deleted")], [Bar(S, 0, 1), Bar(X, 2, 2)]),
        ([FlushEnded(), FlushEnded(), moved("detached_to_persistent")], [Bar(D, 2, 2), Bar(S, 3, 3)]),
        ([FlushEnded(), IdentityFound("ann")], [Bar(S, 0, 2)]),
        ([AttributeChanged("ann", "name", "set", "'A'")], [Bar(None, 1, 1)]),
        (
            [AttributeChanged("ann", "name", "set", "'A'"), moved("transient_to_pending")],
            [Bar(T, 1, 1), Bar(P, 2, 2)],
        ),
        (
            [moved("loaded_as_persistent"), AttributesExpired("ann"), AttributesRefreshed("ann", ("id",))],
            [Bar(S, 1, 1), Bar(S, 2, 2, expired=True), Bar(S, 3, 3)],
        ),
        ([moved("loaded_as_persistent"), AttributesExpired("ann", ("name",))], [Bar(S, 1, 2)]),
        (
            [DeletionMarked("ann"), DeletionMarked("ann", False)],
            [Bar(S, 0, 0), Bar(S, 1, 1, marked=True), Bar(S, 2, 2)],
        ),
        (
            [DeletionMarked("ann"), SessionTransactionEnded("autobegin", "rolled back"), FlushEnded()],
            [Bar(S, 0, 0), Bar(S, 1, 1, marked=True), Bar(S, 2, 3)],
        ),
        (
            [DeletionMarked("ann"), moved("persistent_to_deleted")],
            [Bar(S, 0, 0), Bar(S, 1, 1, marked=True), Bar(X, 2, 2)],
        ),
    ],
)
def test_life_of_an_object(events: list[Event], bars: list[Bar]) -> None:
    """Each condition of an object is a bar from the event that brought it to the last before the next."""
    (life,) = model_of(events).lives
    assert life.bars == bars


def test_forgotten_object_ends() -> None:
    """What is forgotten is nowhere from that event on."""
    (life,) = model_of(
        [moved("loaded_as_persistent"), FlushEnded(), ObjectForgotten("ann"), FlushEnded()]
    ).lives
    assert (life.forgotten, life.bars) == (3, [Bar(S, 1, 2)])
    assert [life.at(moment) is not None for moment in range(5)] == [False, True, True, False, False]


def test_key_is_kept() -> None:
    """The key an object once had is its key, also where a later event does not tell it."""
    states = P, S
    (life,) = model_of([StateChanged("ann", *states, key="id=1"), ObjectForgotten("ann")]).lives
    assert (life.key, life.states) == ("id=1", [P, S])


BEGIN, COMMIT, ROLLBACK = map(DatabaseTransactionChanged, ("BEGIN", "COMMIT", "ROLLBACK"))
SAVEPOINT, RELEASE, ROLLBACK_TO = (
    DatabaseTransactionChanged(command, "sp")
    for command in ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
)
DATABASE, SESSION = "database transaction", "session transaction"


@pytest.mark.parametrize(
    ("events", "spans"),
    [
        (
            [BEGIN, FlushEnded(), COMMIT],
            [Span("flush", "flush", 1, 0, 2, "ended"), Span(DATABASE, "BEGIN", 1, 1, 3, "committed")],
        ),
        ([BEGIN], [Span(DATABASE, "BEGIN", 1, 1, 2)]),
        ([ROLLBACK], [Span(DATABASE, "BEGIN", 1, 0, 1, "rolled back")]),
        (
            [BEGIN, SAVEPOINT, RELEASE, COMMIT],
            [
                Span(DATABASE, "BEGIN", 1, 1, 4, "committed"),
                Span(DATABASE, "SAVEPOINT sp", 1, 2, 3, "released", 1),
            ],
        ),
        (
            [SAVEPOINT, ROLLBACK],
            [
                Span(DATABASE, "BEGIN", 1, 0, 2, "rolled back"),
                Span(DATABASE, "SAVEPOINT sp", 1, 1, 2, "rolled back", 1),
            ],
        ),
        ([SAVEPOINT, ROLLBACK_TO], [Span(DATABASE, "SAVEPOINT sp", 1, 1, 2, "rolled back")]),
        (
            [
                SessionTransactionBegun("autobegin"),
                SessionTransactionBegun("begin_nested"),
                SessionTransactionEnded("autobegin", "closed"),
            ],
            [
                Span(SESSION, "autobegin", 1, 1, 3, "closed"),
                Span(SESSION, "begin_nested", 1, 2, 3, "closed", 1),
            ],
        ),
        (
            [
                SessionTransactionEnded("begin_nested", "committed"),
                SessionTransactionEnded("begin", "committed"),
            ],
            [
                Span(SESSION, "begin", 1, 0, 2, "committed"),
                Span(SESSION, "begin_nested", 1, 0, 1, "committed", 1),
            ],
        ),
        ([FlushStarted(1, 0, 0), FlushEnded(True)], [Span("flush", "flush", 1, 1, 2, "failed")]),
        (
            [ConnectionCheckedOut(1), ConnectionCheckedOut(2), ConnectionCheckedIn(1)],
            [
                Span("connection", "connection 1", 1, 1, 3, "checked in"),
                Span("connection", "connection 2", 1, 2, 4),
            ],
        ),
    ],
)
def test_spans(events: list[Event], spans: list[Span]) -> None:
    """What is open is a span; it may be older than the trace, and outlast it."""
    assert list(model_of(events).spans) == spans


def test_sessions_have_spans_of_their_own() -> None:
    """The commit of one session does not end the transaction of another."""
    events = [SessionTransactionBegun("autobegin", session=n) for n in (1, 2)]
    ended = SessionTransactionEnded("autobegin", "committed", session=1)
    assert [span.session for span in model_of([*events, ended]).open_at(3)] == [2]


@pytest.mark.parametrize("size", [10, 1_000, 100_000])
def test_census_is_the_sum_of_the_lives(size: int) -> None:
    """At each moment the census counts the bars of the lives."""
    events: list[Event] = [StatementExecuted("SELECT")]
    for number in range(size // 4):
        label = f"Author {number}"
        events += [moved("transient_to_pending", label), moved("pending_to_persistent", label)]
        if number % 2:
            events += [ObjectForgotten(label)]
    model = model_of(events)
    moments = [0, 1, 3, len(events) // 2, len(events)]
    counted = [Counter(bar.state for life in model.lives if (bar := life.at(n))) for n in moments]
    assert model.census(moments) == counted
