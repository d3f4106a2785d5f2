"""The state machine, with the edges that were walked."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from session_demo.picture import Picture
from session_demo.tracing.events import FlushEnded, ObjectState, StateChanged
from session_demo.tracing.records import TRANSITIONS
from session_demo.tracing.render.state_machine import EDGES, HALF_BOX, HEIGHT, PLACES, WIDTH, render
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
