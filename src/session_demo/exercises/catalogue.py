"""All exercises, in the order of the chapters."""

from __future__ import annotations

from difflib import get_close_matches

from ..errors import NoSuchExerciseError
from . import (
    deleting,
    ending,
    flushing,
    identity_map,
    leaving,
    object_states,
    querying,
    reaching,
    requests,
    returning,
    scoping,
    session,
    writing,
)
from .exercise import Exercise

MODULES = (
    session,
    object_states,
    identity_map,
    writing,
    querying,
    flushing,
    ending,
    leaving,
    returning,
    scoping,
    reaching,
    deleting,
    requests,
)

CATALOGUE: dict[str, Exercise] = {one.name: one for module in MODULES for one in module.EXERCISES}
"""The exercises by their names."""


def find(name: str) -> Exercise:
    """Return the exercise of that name.

    Args:
        name: Its name, such as ``"load-once"``.

    Raises:
        NoSuchExerciseError: There is none.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    close = get_close_matches(str(name), CATALOGUE, 1)
    remedy = f"Did you mean {close[0]!r}?" if close else "names() lists all."
    raise NoSuchExerciseError(f"Can't find an exercise called {name!r}. {remedy}")


def names(chapter: str | None = None) -> list[str]:
    """Return the names of the exercises.

    Args:
        chapter: The name of a chapter's file, without the number; None for the whole book.

    Session effect:
        None.

    Example:
        >>> from session_demo import exercises
        >>> exercises.names("identity-map")
        ['load-once', 'old-and-new', 'titles-alone']
    """
    return [one.name for one in CATALOGUE.values() if chapter in (None, one.chapter)]
