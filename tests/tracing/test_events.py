"""Events are plain values."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

from session_demo.tracing import events
from session_demo.tracing.events import (
    DatabaseTransactionChanged,
    Event,
    Lane,
    ObjectState,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.records import TRANSITIONS

KINDS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]


def example(kind: type[Event], **more: object) -> Event:
    """Make an event of any kind with a value for each of its fields."""
    needed = [
        field
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.name not in more
    ]
    return kind(**{field.name: field.name for field in needed}, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_events_equal_whenever_they_happened(kind: type[Event]) -> None:
    """Two events that differ in nothing but the time are equal."""
    assert example(kind, at=1) == example(kind, at=2)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(KINDS, 2)))
def test_events_of_two_kinds_differ(one: type[Event], other: type[Event]) -> None:
    """Events of different classes are never equal."""
    assert example(one) != example(other)


@pytest.mark.parametrize("kind", KINDS)
def test_event_cannot_be_changed(kind: type[Event]) -> None:
    """What happened stays as it happened."""
    event = example(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.at = 7


@pytest.mark.parametrize("kind", KINDS)
def test_event_belongs_to_a_lane(kind: type[Event]) -> None:
    """Every event class names the layer it happens in."""
    assert isinstance(kind.lane, Lane)


def test_every_lane_has_events() -> None:
    """No lane is without an event class."""
    assert {kind.lane for kind in KINDS} == set(Lane)


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_transition_has_the_name_of_sqlalchemys_event(transition: str) -> None:
    """The states left and entered spell the name of the lifecycle event."""
    source, target = TRANSITIONS[transition]
    assert StateChanged("Author A", source, target).transition == transition


@pytest.mark.parametrize(
    ("event", "sql"),
    [
        (DatabaseTransactionChanged("COMMIT"), "COMMIT"),
        (DatabaseTransactionChanged("RELEASE SAVEPOINT", "sp_1"), "RELEASE SAVEPOINT sp_1"),
    ],
)
def test_transaction_command_spells_its_sql(event: DatabaseTransactionChanged, sql: str) -> None:
    """A command shows the name of its savepoint where it has one."""
    assert event.sql == sql


@pytest.mark.parametrize(
    ("sql", "verb"), [("SELECT 1", "SELECT"), ("insert into t", "INSERT"), ("VACUUM", "VACUUM"), ("", "")]
)
def test_verb_is_the_first_word(sql: str, verb: str) -> None:
    """A statement is summed up by its first word, in capitals."""
    assert StatementExecuted(sql).verb == verb


def test_row_count_is_not_compared() -> None:
    """What a driver says of rows differs from driver to driver and makes no event differ."""
    assert StatementExecuted("DELETE FROM t", row_count=1) == StatementExecuted("DELETE FROM t")


def test_states_are_sqlalchemys_five() -> None:
    """The object states have the names of the flags of an InstanceState."""
    assert [str(state) for state in ObjectState] == [
        "transient",
        "pending",
        "persistent",
        "deleted",
        "detached",
    ]


def test_events_know_nothing_of_sqlalchemy() -> None:
    """The module of events imports no database library: its values can be made by hand."""
    assert "import sqlalchemy" not in Path(events.__file__).read_text()
