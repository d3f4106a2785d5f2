"""Lives of objects as lines: one each, one for many of one history, or a census."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from session_demo.picture import Picture
from session_demo.tracing.events import (
    AttributesExpired,
    DatabaseTransactionChanged,
    DeletionMarked,
    Event,
    FlushEnded,
    FlushStarted,
    ObjectForgotten,
    ObjectState,
    StateChanged,
)
from session_demo.tracing.records import TRANSITIONS
from session_demo.tracing.render.chart import HATCHES
from session_demo.tracing.render.lifelines import BARS_SHOWN, CENSUS_FROM, ROWS_SHOWN, render, rows_of
from session_demo.tracing.render.replay import model_of

pytest.importorskip("matplotlib", reason="matplotlib is not installed: nothing can be drawn")


def words(picture: Picture) -> list[str]:
    root = ElementTree.fromstring(picture.svg())
    return [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]


def journey(label: str, *names: str, key: str = "") -> list[Event]:
    return [StateChanged(label, *TRANSITIONS[name], key=key) for name in names]


TO_PERSISTENT = "transient_to_pending", "pending_to_persistent"


def many(number: int) -> list[Event]:
    return [event for n in range(number) for event in journey(f"Book {n}", *TO_PERSISTENT)]


def test_few_objects_have_a_row_each() -> None:
    """Each object is named with its key, and its bars carry the letters of its states."""
    events = [
        *journey("ann", *TO_PERSISTENT, key="id=1"),
        *[FlushEnded()] * 3,
        *journey("Book A", "loaded_as_persistent"),
    ]
    told = words(render(events))
    assert {"ann (id=1)", "Book A", "T", "P", "S"} <= set(told)


def test_life_is_told_in_words() -> None:
    """The text alternative tells when each state began, and what else befell the object."""
    events = [
        *journey("ann", *TO_PERSISTENT, key="id=1"),
        AttributesExpired("ann"),
        DeletionMarked("ann"),
        *journey("ann", "persistent_to_deleted"),
        ObjectForgotten("ann"),
    ]
    assert render(events).alt == (
        "Lifelines of 1 object over 6 events. ann (id=1): transient from the start, pending at event 1, "
        "persistent at event 2, expired at event 3, expired marked at event 4, deleted at event 5, "
        "forgotten at event 6."
    )


def test_signs_are_explained_where_they_are_used() -> None:
    """Expired, marked and forgotten objects, commits and flushes have a legend when they occur."""
    plain = " ".join(words(render(journey("ann", *TO_PERSISTENT))))
    events: list[Event] = [FlushStarted(1, 0, 0), *journey("ann", *TO_PERSISTENT), FlushEnded()]
    events += [DatabaseTransactionChanged("COMMIT"), AttributesExpired("ann"), DeletionMarked("ann")]
    full = " ".join(words(render([*events, ObjectForgotten("ann")])))
    for sign in ("dashed: expired", "~ marked", "o forgotten", "C commit", "grey: flush"):
        assert sign in full
        assert sign not in plain


def test_many_objects_are_grouped_by_class_and_history() -> None:
    """Objects of one class that went through the same states share a row."""
    events = [*many(30), *[one for n in range(20) for one in journey(f"Author {n}", "loaded_as_persistent")]]
    titles = [row.title for row in rows_of(model_of(events))]
    assert titles == ["30 Book: T P S", "20 Author: S"]
    assert set(titles) <= set(words(render(events)))


def test_rows_that_do_not_fit_are_counted() -> None:
    """Of more histories than there are rows the largest are drawn, and the rest is stated."""
    events = [one for n in range(ROWS_SHOWN + 3) for one in journey(f"K{n:03d} A", "loaded_as_persistent")]
    assert f"{ROWS_SHOWN} of {ROWS_SHOWN + 3} rows shown; 3 objects not shown" in words(render(events))


def test_long_life_is_cut_and_said() -> None:
    """An object that changes very often is drawn up to a point."""
    events = journey("ann", *("persistent_to_detached", "detached_to_persistent") * BARS_SHOWN)
    picture = render(events)
    assert f"1 row cut after {BARS_SHOWN} changes" in words(picture)
    assert f"and {BARS_SHOWN + 1} more changes" in picture.alt


def test_text_alternative_names_few_and_counts_the_rest() -> None:
    """Five lives are told, the others counted by the state in which they ended."""
    assert render(many(7)).alt.endswith("And 2 more objects. At the end, of all: 7 persistent.")


def test_very_long_trace_is_a_census() -> None:
    """From a certain size on the picture counts objects by state."""
    told = words(render(many(CENSUS_FROM // 2)))
    assert f"Objects in each state: {CENSUS_FROM // 2:,} in {CENSUS_FROM:,} events" in told


def test_long_trace_of_few_objects_is_no_census() -> None:
    """Few objects keep their rows, however long the trace."""
    assert "ann" in words(render([*journey("ann", *TO_PERSISTENT), *[FlushEnded()] * CENSUS_FROM]))


@pytest.mark.parametrize("events", [[], [FlushEnded()]])
def test_trace_without_objects_is_drawn(events: list[Event]) -> None:
    """There is a picture even where there is nothing to draw."""
    picture = render(events)
    assert picture.alt.startswith("Lifelines: no object in ")
    assert picture.svg()


@pytest.mark.parametrize("label", ["<b> & $x$", "a" * 300])
def test_name_is_written_as_it_is(label: str) -> None:
    """No sign in a name is an element or a formula, and a long name is cut."""
    picture = render(journey(label, *TO_PERSISTENT))
    assert any(word.startswith(label[:9]) for word in words(picture))
    assert label in picture.alt


@pytest.mark.parametrize("state", ObjectState)
def test_state_has_a_hatch_of_its_own(state: ObjectState) -> None:
    """No two states share a hatch."""
    assert [other for other in ObjectState if HATCHES[other] == HATCHES[state]] == [state]
