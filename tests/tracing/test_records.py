"""Hand-written records become events; what SQLAlchemy does in set order is sorted, and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from session_demo.models import Author, Book
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
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.objects import ObjectRegister
from session_demo.tracing.records import TRANSITIONS, Kind, Record, decode

NO_OBJECTS = ObjectRegister()

EVENTS: dict[Kind, tuple[Record, Event]] = {
    Kind.TRANSACTION_BEGUN: (("autobegin",), SessionTransactionBegun("autobegin")),
    Kind.TRANSACTION_ENDED: (("begin", "committed"), SessionTransactionEnded("begin", "committed")),
    Kind.FLUSH_STARTED: ((1, 2, 3), FlushStarted(1, 2, 3)),
    Kind.FLUSH_ENDED: ((True,), FlushEnded(failed=True)),
    Kind.CHECKED_OUT: ((2,), ConnectionCheckedOut(2)),
    Kind.CHECKED_IN: ((2,), ConnectionCheckedIn(2)),
    Kind.COMMAND: (("COMMIT",), DatabaseTransactionChanged("COMMIT")),
    Kind.SQL: (("SELECT 1", (), False, True, None), StatementExecuted("SELECT 1")),
}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_record_becomes_its_event(kind: Kind) -> None:
    """Each kind of record has one kind of event, with the time since the recording began."""
    details, event = EVENTS[kind]
    (made,) = decode([(kind, 1_700, None, *details)], NO_OBJECTS, started=1_000)
    assert (made, made.at) == (event, 700)


def test_every_kind_is_tried() -> None:
    """No kind of record is without a test; those of states have their own below."""
    assert {*EVENTS, Kind.STATE} == set(Kind)


def sql(statement: str, values: Any = (), many: bool = False, finished: bool = True) -> Event:
    (made,) = decode([(Kind.SQL, 0, None, statement, values, many, finished, None)], NO_OBJECTS, 0)
    return made


@pytest.mark.parametrize(
    ("statement", "event"),
    [
        ("BEGIN", DatabaseTransactionChanged("BEGIN")),
        ("SAVEPOINT sp_1", DatabaseTransactionChanged("SAVEPOINT", "sp_1")),
        ("RELEASE SAVEPOINT sp_1", DatabaseTransactionChanged("RELEASE SAVEPOINT", "sp_1")),
        ("ROLLBACK TO SAVEPOINT sp_1", DatabaseTransactionChanged("ROLLBACK TO SAVEPOINT", "sp_1")),
        ("rollback to savepoint sp_1", DatabaseTransactionChanged("ROLLBACK TO SAVEPOINT", "sp_1")),
    ],
)
def test_transaction_command_of_the_cursor_is_a_command(statement: str, event: Event) -> None:
    """A savepoint passes through the cursor like a statement and is told as what it is."""
    assert sql(statement) == event


@pytest.mark.parametrize(
    ("values", "many", "sets"),
    [
        (None, False, ((),)),
        ((), False, ((),)),
        (("Ann", 7), False, (("Ann", 7),)),
        ({"name": "Ann"}, False, ({"name": "Ann"},)),
        ([("Ann",), ("Ben",)], True, (("Ann",), ("Ben",))),
        ([{"name": "Ann"}, {"name": "Ben"}], True, ({"name": "Ann"}, {"name": "Ben"})),
        # One row of an INSERT .. RETURNING of many rows: "many", and yet a single set.
        (("Ann", None), True, (("Ann", None),)),
        ({"name__0": "Ann", "name__1": "Ben"}, True, ({"name__0": "Ann", "name__1": "Ben"},)),
    ],
)
def test_parameters_are_sets_of_what_the_driver_received(values: Any, many: bool, sets: Any) -> None:
    """One set for each row the driver was given at once."""
    assert sql("INSERT", values, many) == StatementExecuted("INSERT", sets)


def test_white_space_of_a_statement_is_folded() -> None:
    """A statement is one line."""
    assert sql("\nSELECT a,\n\t  b  ") == StatementExecuted("SELECT a, b")


def test_statement_that_did_not_finish_failed() -> None:
    """A statement after which the driver was not heard again was refused."""
    assert sql("INSERT", finished=False) == StatementExecuted("INSERT", failed=True)


PERSISTENT = ObjectState.PENDING, ObjectState.PERSISTENT


class Scene:
    """Objects that a register has numbered in the order given, and records about them."""

    def __init__(self, *things: object) -> None:
        self.things = things
        self.register = ObjectRegister()
        for thing in things:
            self.register.number(sa.inspect(thing))

    def record(
        self, number: int, transition: str, key: tuple[Any, ...] | None = None, walk: int = 1
    ) -> Record:
        return (Kind.STATE, 0, None, number, transition, key, walk)

    def told(self, records: list[Record]) -> list[tuple[str, str, str]]:
        made = decode(records, self.register, 0)
        return [(event.label, event.transition, event.key) for event in made]


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_state_record_becomes_a_change_of_state(transition: str) -> None:
    """Each transition is told with the label, both states and the key."""
    scene = Scene(Author())
    (made,) = decode([scene.record(0, transition, (7,))], scene.register, 0)
    source, target = TRANSITIONS[transition]
    assert made == StateChanged("Author A", source, target, "id=7")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_walk_is_sorted_by_transition_class_and_key(order: tuple[int, ...]) -> None:
    """However SQLAlchemy walked its set, one walk is told in one order."""
    scene = Scene(Book(), Author(), Author(), Author())
    records = [
        scene.record(0, "pending_to_persistent", (1,)),
        scene.record(1, "pending_to_persistent", (10,)),
        scene.record(2, "pending_to_persistent", (9,)),
        scene.record(3, "persistent_to_deleted", (3,)),
    ]
    assert scene.told([records[place] for place in order]) == [
        ("Author A", "pending_to_persistent", "id=9"),
        ("Author B", "pending_to_persistent", "id=10"),
        ("Book A", "pending_to_persistent", "id=1"),
        ("Author C", "persistent_to_deleted", "id=3"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_walk_without_keys_is_sorted_by_label(order: tuple[int, ...]) -> None:
    """Objects that lost their key in a rollback keep the order in which they were first told."""
    scene = Scene(Author(), Author(), Author())
    flush = [scene.record(number, "pending_to_persistent", (9 - number,)) for number in range(3)]
    rollback = [scene.record(number, "persistent_to_transient", walk=2) for number in range(3)]
    told = scene.told([*flush, *(rollback[place] for place in order)])
    assert told[3:] == [(f"Author {name}", "persistent_to_transient", "") for name in "ABC"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_keys_that_cannot_be_compared_are_sorted_all_the_same(order: tuple[int, int]) -> None:
    """Keys of two types have an order too."""
    scene = Scene(Author(), Author())
    keys = ("x",), (7,)
    records = [scene.record(number, "pending_to_persistent", keys[number]) for number in order]
    assert scene.told(records) == [
        ("Author A", "pending_to_persistent", "id='x'"),
        ("Author B", "pending_to_persistent", "id=7"),
    ]


def test_walks_are_not_mixed() -> None:
    """What a later walk reports stays later."""
    scene = Scene(Author(), Author())
    records = [
        scene.record(0, "pending_to_persistent", (9,), walk=1),
        scene.record(1, "pending_to_persistent", (1,), walk=2),
    ]
    assert [key for _, _, key in scene.told(records)] == ["id=9", "id=1"]


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_calls_of_the_program_stay_in_their_order(transition: str) -> None:
    """Outside of a walk nothing is sorted."""
    scene = Scene(Author(), Author())
    records = [scene.record(0, transition, (9,), walk=0), scene.record(1, transition, (1,), walk=0)]
    assert [key for _, _, key in scene.told(records)] == ["id=9", "id=1"]


@pytest.mark.parametrize(
    "transition", ["transient_to_pending", "loaded_as_persistent", "detached_to_persistent"]
)
def test_calls_of_the_program_stay_in_their_order_within_a_walk(transition: str) -> None:
    """Adding and loading come one by one, even from a listener while a flush is running."""
    scene = Scene(Author(), Author())
    records = [scene.record(0, transition, (9,)), scene.record(1, transition, (1,))]
    assert [key for _, _, key in scene.told(records)] == ["id=9", "id=1"]


def test_other_events_divide_a_walk() -> None:
    """A transition is never moved across a statement."""
    scene = Scene(Author(), Author())
    statement = (Kind.SQL, 0, None, "SELECT 1", (), False, True, None)
    records = [
        scene.record(0, "pending_to_persistent", (9,)),
        statement,
        scene.record(1, "pending_to_persistent", (1,)),
    ]
    assert list(decode(records, scene.register, 0)) == [
        StateChanged("Author A", *PERSISTENT, "id=9"),
        StatementExecuted("SELECT 1"),
        StateChanged("Author B", *PERSISTENT, "id=1"),
    ]
