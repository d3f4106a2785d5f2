"""The state machine, with the edges that were walked."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest

from session_demo.picture import Picture
from session_demo.tracing.events import FlushEnded, ObjectState, StateChanged
from session_demo.tracing.records import TRANSITIONS
from session_demo.tracing.render.state_machine import (
    EDGES,
    HALF_BOX,
    HEIGHT,
    PLACES,
    WIDTH,
    _beside_word,
    _ends,
    render,
)
from session_demo.tracing.render.wording import STATE_LETTERS

pytest.importorskip("matplotlib", reason="matplotlib is not installed: nothing can be drawn")


def words(picture: Picture) -> list[str]:
    root = ElementTree.fromstring(picture.svg())
    return [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]


def change(transition: str) -> StateChanged:
    return StateChanged("Author A", *TRANSITIONS[transition])


def test_every_transition_has_an_edge_and_every_state_a_place() -> None:
    """The drawing knows the ten transitions and the five states, in one order."""
    assert sorted(EDGES) == sorted(TRANSITIONS)
    assert list(PLACES) == list(ObjectState)


@pytest.mark.parametrize("state", ObjectState)
def test_state_is_drawn_inside_the_picture(state: ObjectState) -> None:
    """No box is cut off, and each shows its letter and its word."""
    (x, y), (half_width, half_height) = PLACES[state], HALF_BOX
    assert half_width < x < WIDTH - half_width
    assert half_height < y < HEIGHT - half_height
    assert f"{STATE_LETTERS[state]}  {state}" in words(render())


@pytest.mark.parametrize(
    "events", [[], [StateChanged("Author A", ObjectState.PENDING, ObjectState.DETACHED)]]
)
def test_words_are_legible_on_a_phone(events: list[StateChanged]) -> None:
    """On a page 342 pixels wide, which a phone of 390 has room for, each word is at least 11 pixels high."""
    picture = render(events)
    picture.add_note("3 older events dropped.")
    width, _ = picture.figure.get_size_inches()
    words = [one for one in (*picture.figure.texts, *picture.figure.axes[0].texts) if one.get_text()]
    assert len(words) > len(EDGES)
    assert [one.get_text() for one in words if one.get_fontsize() * 342 / (width * 72) < 11] == []


def test_words_do_not_touch() -> None:
    """With two digits on each edge, no word stands on another one, and none on the arrow of a load."""
    figure = render([change(transition) for transition in EDGES for _ in range(12)]).figure
    texts = figure.axes[0].texts
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    assert [(one, two) for (one, a), (two, b) in combinations(boxes, 2) if a.overlaps(b)] == []
    start, _ = figure.axes[0].transData.transform(_ends("loaded_as_persistent")[0])
    assert next(box.x0 for word, box in boxes if word.startswith("load")) > start


@pytest.mark.parametrize("transition", EDGES)
def test_edge_is_counted_when_walked(transition: str) -> None:
    """An edge that was walked three times says so, in the picture and in its text alternative."""
    plain = words(render())
    picture = render([change(transition), FlushEnded(), change(transition), change(transition)])
    alt = f"State machine of objects. Edges walked: {transition.replace('_', ' ')} x3."
    told = set(words(picture)) - set(plain)
    last_line = EDGES[transition][0].split("\n")[-1]
    assert (picture.alt, told) == (alt, {f"{last_line} \u00d73"})


@pytest.mark.parametrize("events", [[], [FlushEnded()]])
def test_without_transitions_all_edges_are_alike(events: list) -> None:
    """A trace that moved no object shows the machine itself."""
    picture = render(events)
    assert picture.alt == (
        "The five object states (transient, pending, persistent, deleted, detached) and ten transitions."
    )
    assert picture.svg() == render().svg()


def test_edges_walked_are_listed_in_one_order() -> None:
    """The order of the text alternative is that of the edges, not that of the events."""
    names = list(EDGES)
    assert (
        render([change(name) for name in reversed(names)]).alt == render([change(name) for name in names]).alt
    )


SILENT = [
    (source, target)
    for source in ObjectState
    for target in ObjectState
    if source is not target and f"{source}_to_{target}" not in TRANSITIONS
]


@pytest.mark.parametrize(("source", "target"), SILENT)
def test_change_that_is_no_edge_is_drawn_and_told(source: ObjectState, target: ObjectState) -> None:
    """A change of state that no event told of stands beside the machine, with a count, and breaks nothing."""
    picture = render([StateChanged("Author A", source, target, silent=True)] * 2)
    assert picture.alt == (
        f"State machine of objects. No edge walked. Without any event: {source} to {target} x2."
    )
    assert {"no", "event", "\u00d72"} <= set(words(picture))


@pytest.mark.parametrize(("source", "target"), SILENT)
def test_word_beside_the_machine_is_inside_the_picture(source: ObjectState, target: ObjectState) -> None:
    """No count is cut off."""
    x, y = _beside_word(f"{source}_to_{target}")
    assert 0.25 < x < WIDTH - 0.25
    assert 0.25 < y < HEIGHT - 0.25


def test_silent_change_along_an_edge_is_counted_and_told() -> None:
    """An edge that was walked without an event is walked, and the text alternative says how."""
    changed = StateChanged("Author A", ObjectState.DELETED, ObjectState.DETACHED, silent=True)
    assert render([changed, change("transient_to_pending")]).alt == (
        "State machine of objects. Edges walked: transient to pending x1, deleted to detached x1. "
        "Without any event: deleted to detached x1."
    )
