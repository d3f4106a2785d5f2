"""What every picture of a trace says, tried on hand-built events."""

from __future__ import annotations

import pytest

from session_demo.tracing import events as all_events
from session_demo.tracing.events import (
    AttributeChanged,
    AttributesExpired,
    AttributesRefreshed,
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    DeletionMarked,
    Event,
    EventsDropped,
    FlushEnded,
    FlushSkipped,
    FlushStarted,
    IdentityFound,
    MarkSet,
    ObjectEvent,
    ObjectForgotten,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.records import TRANSITIONS
from session_demo.tracing.render.layout import ROWS_SHOWN, lay_out, summarise
from session_demo.tracing.render.wording import LONGEST_VALUE, STATE_COLOURS, STATE_LETTERS, values_text

KINDS = [
    kind
    for kind in vars(all_events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]

TOLD: dict[Event, str] = {
    EventsDropped(1200): "1,200 older events dropped: maxlen was reached",
    SessionTransactionBegun("autobegin"): "session transaction begins (autobegin)",
    SessionTransactionBegun("begin_nested"): "nested transaction begins (begin_nested)",
    SessionTransactionEnded("begin", "committed"): "session transaction ends (committed)",
    SessionTransactionEnded("begin_nested", "rolled back"): "nested transaction ends (rolled back)",
    StateChanged("Author A", ObjectState.TRANSIENT, ObjectState.PENDING): "Author A transient -> pending",
    StateChanged("Author A", None, ObjectState.PERSISTENT, key="id=1"): (
        "Author A (id=1) loaded as persistent"
    ),
    StateChanged("Author A", ObjectState.DETACHED, ObjectState.TRANSIENT, silent=True): (
        "Author A detached -> transient  (no event told of it)"
    ),
    StateChanged("Author B", ObjectState.TRANSIENT, ObjectState.PENDING, cause="cascade from ann"): (
        "Author B transient -> pending  (cascade from ann)"
    ),
    DeletionMarked("Author A", key="id=1"): "Author A (id=1) marked to be deleted",
    DeletionMarked("Author A", False, key="id=1"): "Author A (id=1) no longer marked to be deleted",
    IdentityFound("Author A", key="id=1", cause="get()"): (
        "Author A (id=1) found in the identity map, no SQL  (get())"
    ),
    AttributeChanged("ann", "name", "set", "'B'", "'A'", key="id=1"): "ann (id=1) name = 'B', was 'A'",
    AttributeChanged("ann", "name", "set", "'Ben'"): "ann name = 'Ben'",
    AttributeChanged("ann", "books", "append", "Book A"): "ann books: + Book A",
    AttributeChanged("ann", "books", "remove", "Book A"): "ann books: - Book A",
    AttributesExpired("ann", key="id=1"): "ann (id=1) expired: all attributes",
    AttributesExpired("ann", ("books", "name"), key="id=1"): "ann (id=1) expired: books, name",
    AttributesRefreshed("ann", ("name",), key="id=1"): "ann (id=1) refreshed: name",
    ObjectForgotten("ann"): "ann forgotten: nobody refers to it any more",
    MarkSet("the new author"): "--- the new author ---",
    FlushSkipped(): "nothing to flush",
    FlushStarted(3, 0, 0, cause="commit()"): "flush begins: 3 new  (commit())",
    FlushStarted(1, 0, 2): "flush begins: 1 new, 2 deleted",
    FlushStarted(0, 0, 0): "flush begins: nothing of its own",
    FlushEnded(): "flush ends",
    FlushEnded(failed=True): "flush fails",
    ConnectionCheckedOut(1): "connection 1 checked out",
    ConnectionCheckedIn(2): "connection 2 checked in",
    DatabaseTransactionChanged("SAVEPOINT", "sp_1"): "SAVEPOINT sp_1",
    StatementExecuted("SELECT 1"): "SELECT 1",
    StatementExecuted("SELECT ?", ((7,),)): "SELECT ?[7]",
    StatementExecuted("SELECT ?", ((7,),), failed=True): "SELECT ?[7] (refused by the database)",
}


@pytest.mark.parametrize(("event", "told"), TOLD.items(), ids=TOLD.values())
def test_event_is_told(event: Event, told: str) -> None:
    """Each event is one row of words."""
    (row,) = lay_out([event]).rows
    assert ("".join(part.text for part in row.parts), row.lane, row.number) == (told, event.lane, 1)


def test_every_event_class_is_told() -> None:
    """No event class is without words of its own."""
    assert {type(event) for event in TOLD} == set(KINDS) - {ObjectEvent}


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_transition_is_told_by_its_states(transition: str) -> None:
    """Each of the ten transitions shows the state entered, and the one left where there is one."""
    source, target = TRANSITIONS[transition]
    (row,) = lay_out([StateChanged("Author A", source, target)]).rows
    states = [part.text for part in row.parts if part.kind == "state"]
    assert states == [str(state) for state in (source, target) if state]


def test_rows_are_indented_by_what_is_open() -> None:
    """Flushes and nested transactions indent what happens in them, and what closes stands with what opens."""
    events = [
        SessionTransactionBegun("autobegin"),
        SessionTransactionBegun("begin_nested"),
        FlushStarted(1, 0, 0),
        StatementExecuted("INSERT"),
        FlushEnded(),
        SessionTransactionEnded("begin_nested", "committed"),
        SessionTransactionEnded("autobegin", "committed"),
    ]
    assert [row.depth for row in lay_out(events).rows] == [0, 0, 1, 2, 1, 0, 0]


def test_end_without_a_beginning_is_not_indented() -> None:
    """A trace that started within a flush or a savepoint is told from the margin."""
    events = [FlushEnded(), SessionTransactionEnded("begin_nested", "committed"), StatementExecuted("SELECT")]
    assert [row.depth for row in lay_out(events).rows] == [0, 0, 0]


def different(length: int) -> list[Event]:
    return [StatementExecuted(f"SELECT {number}") for number in range(length)]


@pytest.mark.parametrize(
    ("most", "shown"), [(2, [1, 10]), (5, [1, 2, 8, 9, 10]), (9, [1, 2, 3, 4, 6, 7, 8, 9, 10])]
)
def test_long_trace_shows_its_two_ends(most: int, shown: list[int]) -> None:
    """What does not fit is left out in the middle, and said."""
    layout = lay_out(different(10), most)
    assert [row.number for row in layout.rows] == shown
    assert layout.omission == f"{10 - most} of 10 events not shown"


@pytest.mark.parametrize("length", [0, 1, ROWS_SHOWN])
def test_trace_that_fits_is_shown_whole(length: int) -> None:
    """Nothing is left out without need."""
    layout = lay_out(different(length))
    assert (len(layout.rows), layout.hidden, layout.omission) == (length, 0, "")


def journey(label: str, *names: str) -> list[Event]:
    return [StateChanged(label, *TRANSITIONS[name]) for name in names]


@pytest.mark.parametrize(
    ("events", "summary"),
    [
        ([], "Nothing happened: no event."),
        ([FlushEnded()], "1 event: nothing reached the database."),
        (
            [
                DatabaseTransactionChanged("BEGIN"),
                StatementExecuted("SELECT 1"),
                StatementExecuted("SELECT 2"),
            ],
            "3 events: BEGIN, 2 SELECT.",
        ),
        (
            journey("Author A", "loaded_as_persistent", "persistent_to_deleted"),
            "2 events: nothing reached the database. Author A: loaded as persistent -> deleted.",
        ),
        (
            [event for name in "ABCD" for event in journey(f"Author {name}", "transient_to_pending")],
            "4 events: nothing reached the database. Author A: transient -> pending. "
            "Author B: transient -> pending. Author C: transient -> pending. And 1 more object.",
        ),
        ([FlushEnded()] * 1234, "1,234 events: nothing reached the database."),
    ],
)
def test_summary(events: list[Event], summary: str) -> None:
    """One line sums up what the database was told and where each object ended."""
    assert summarise(events) == summary


@pytest.mark.parametrize(
    ("sets", "text"),
    [
        (((),), ""),
        ((("Ann", None),), "['Ann', None]"),
        (({"name": "Ann"},), "{name: 'Ann'}"),
        (((1,), (2,)), "2 sets: [1], [2]"),
        (((1,), (2,), (3,), (4,)), "4 sets: [1], [2], [3], ..."),
    ],
)
def test_values(sets: tuple, text: str) -> None:
    """Values are shown as the driver received them, and of many sets the first three."""
    assert values_text(sets) == text


def test_long_value_is_cut() -> None:
    """A value that is too long ends in dots."""
    assert values_text((("x" * 100,),)) == f"['{'x' * (LONGEST_VALUE - 4)}...]"


@pytest.mark.parametrize("state", ObjectState)
def test_state_has_a_letter_and_a_colour_of_its_own(state: ObjectState) -> None:
    """No two states share a letter or a colour."""
    for signs in (STATE_LETTERS, STATE_COLOURS):
        assert [other for other in ObjectState if signs[other] == signs[state]] == [state]
