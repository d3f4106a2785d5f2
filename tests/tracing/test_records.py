"""Hand-written records become events; what SQLAlchemy does in set order is sorted, and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from session_demo.models import Author, Book
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
    FlushSkipped,
    FlushStarted,
    IdentityFound,
    MarkSet,
    ObjectForgotten,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.objects import ObjectRegister
from session_demo.tracing.records import TRANSITIONS, Decoder, Kind, Record, Reference

EVENTS: dict[Kind, tuple[Record, Event]] = {
    Kind.TRANSACTION_BEGUN: (("autobegin",), SessionTransactionBegun("autobegin")),
    Kind.TRANSACTION_ENDED: (("begin", "committed"), SessionTransactionEnded("begin", "committed")),
    Kind.FLUSH_STARTED: ((1, 2, 3, None), FlushStarted(1, 2, 3)),
    Kind.FLUSH_ENDED: ((True,), FlushEnded(failed=True)),
    Kind.CHECKED_OUT: ((2,), ConnectionCheckedOut(2)),
    Kind.CHECKED_IN: ((2,), ConnectionCheckedIn(2)),
    Kind.COMMAND: (("COMMIT", 1, None), DatabaseTransactionChanged("COMMIT")),
    Kind.SQL: (("SELECT 1", (), False, 1_900, None, None, 1, None), StatementExecuted("SELECT 1")),
    Kind.MARK: (("here",), MarkSet("here")),
    Kind.FLUSH_SKIPPED: ((), FlushSkipped()),
    Kind.MARKED: ((0, (7,), True, None), DeletionMarked("Author A", True, key="id=7")),
    Kind.IDENTITY_FOUND: ((0, (7,), None), IdentityFound("Author A", key="id=7")),
    Kind.ATTRIBUTE: (
        (0, (7,), "name", "set", "Ben", "Ann", None),
        AttributeChanged("Author A", "name", "set", "'Ben'", "'Ann'", key="id=7"),
    ),
    Kind.EXPIRED: ((0, (7,), ("name",), 0), AttributesExpired("Author A", ("name",), key="id=7")),
    Kind.REFRESHED: ((0, (7,), ()), AttributesRefreshed("Author A", key="id=7")),
    Kind.FORGOTTEN: ((0,), ObjectForgotten("Author A")),
}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_record_becomes_its_event(kind: Kind) -> None:
    """Each kind of record has one kind of event, with the time since the recording began."""
    details, event = EVENTS[kind]
    scene = Scene(Author())
    (made,) = Decoder(scene.register, started=1_000).decode([(kind, 1_700, None, 1, *details)])
    assert (made, made.at, made.session) == (event, 700, 1)


def test_every_kind_is_tried() -> None:
    """No kind of record is without a test; those of states have their own below."""
    assert {*EVENTS, Kind.STATE, Kind.STATES} == set(Kind)


def sql(statement: str, values: Any = (), many: bool = False, finished: bool = True) -> Event:
    record = (Kind.SQL, 0, None, 1, statement, values, many, int(finished), None, None, 1, None)
    (made,) = Decoder(ObjectRegister()).decode([record])
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
        return (Kind.STATE, 0, None, 1, number, transition, key, walk, None)

    def told(self, records: list[Record]) -> list[tuple[str, str, str]]:
        made = Decoder(self.register).decode(records)
        return [(event.label, event.transition, event.key) for event in made]


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_state_record_becomes_a_change_of_state(transition: str) -> None:
    """Each transition is told with the label, both states and the key."""
    scene = Scene(Author())
    (made,) = Decoder(scene.register).decode([scene.record(0, transition, (7,))])
    source, target = TRANSITIONS[transition]
    assert made == StateChanged("Author A", source, target, key="id=7")


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


def test_other_events_divide_a_walk() -> None:
    """A transition is never moved across a statement."""
    scene = Scene(Author(), Author())
    statement = (Kind.SQL, 0, None, 1, "SELECT 1", (), False, 1, None, None, 1, None)
    records = [
        scene.record(0, "pending_to_persistent", (9,)),
        statement,
        scene.record(1, "pending_to_persistent", (1,)),
    ]
    assert list(Decoder(scene.register).decode(records)) == [
        StateChanged("Author A", *PERSISTENT, key="id=9"),
        StatementExecuted("SELECT 1"),
        StateChanged("Author B", *PERSISTENT, key="id=1"),
    ]


def test_walks_of_two_sessions_are_not_mixed() -> None:
    """Walks are numbered for each session, and two that meet stay two."""
    scene = Scene(Author(), Author())
    records = [
        scene.record(0, "pending_to_persistent", (9,)),
        (*scene.record(1, "pending_to_persistent", (1,))[:3], 2, 1, "pending_to_persistent", (1,), 1, None),
    ]
    assert [(one.key, one.session) for one in Decoder(scene.register).decode(records)] == [
        ("id=9", 1),
        ("id=1", 2),
    ]


def test_states_that_nobody_told_are_changes() -> None:
    """Where an object is found in another state than was told, the change is told as a silent one."""
    scene = Scene(Author(), Author(), Author())
    records = [
        scene.record(0, "persistent_to_detached", (1,)),
        scene.record(1, "persistent_to_detached", (2,)),
        (
            Kind.STATES,
            0,
            None,
            1,
            [
                (0, ObjectState.TRANSIENT, None),
                (1, ObjectState.DETACHED, (2,)),
                (2, ObjectState.PENDING, None),  # nothing was told of this one, so nothing was told wrongly
            ],
        ),
    ]
    *_, last = made = list(Decoder(scene.register).decode(records))
    assert len(made) == 3
    assert last == StateChanged("Author A", ObjectState.DETACHED, ObjectState.TRANSIENT, silent=True)


def test_values_of_attributes_are_text() -> None:
    """An object is told by its label, a value of an unknown type by its type; hidden ones are not told."""
    scene = Scene(Book(), Author())
    records = [
        (Kind.ATTRIBUTE, 0, None, 1, 0, None, "author", "set", Reference(1), None, None),
        (Kind.ATTRIBUTE, 0, None, 1, 0, None, "cover", "set", Reference("Picture"), None, None),
        (Kind.ATTRIBUTE, 0, None, 1, 0, None, "secret_code", "set", "1234", None, None),
    ]
    made = list(Decoder(scene.register, hides=lambda name: "secret" in name).decode(records))
    assert [(one.attribute, one.value, one.old) for one in made] == [
        ("author", "Author A", "None"),
        ("cover", "<Picture>", "None"),
        ("secret_code", "***", "None"),
    ]


def test_rollback_of_a_mark_is_no_change_of_state() -> None:
    """SQLAlchemy says deleted_to_persistent also of an object that was only marked; it never was deleted."""
    scene = Scene(Author())
    records = [
        (Kind.MARKED, 0, None, 1, 0, (1,), True, None),
        scene.record(0, "deleted_to_persistent", (1,)),
        scene.record(0, "persistent_to_deleted", (1,), walk=2),
        scene.record(0, "deleted_to_persistent", (1,), walk=3),
    ]
    assert list(Decoder(scene.register).decode(records)) == [
        DeletionMarked("Author A", True, key="id=1"),
        DeletionMarked("Author A", False, key="id=1"),
        StateChanged("Author A", ObjectState.PERSISTENT, ObjectState.DELETED, key="id=1"),
        StateChanged("Author A", ObjectState.DELETED, ObjectState.PERSISTENT, key="id=1"),
    ]
