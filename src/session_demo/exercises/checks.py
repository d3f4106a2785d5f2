"""What an exercise asks of an answer. A check looks at evidence and says what is wrong, or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState

from ..tracing.events import Event, SourceLine
from ..tracing.objects import object_state
from ..tracing.records import PLAIN
from ..tracing.render.wording import short
from .evidence import Evidence, Row

FEW = 10
"""So many members of what was returned are told."""

COMMANDS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as the exercise asks.

    Attributes:
        text: What was wanted, and what was found.
        line: The line of the answer that it goes back to, where one does.
    """

    text: str
    line: SourceLine | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.text
        return f"{self.text} ({self.line.place}: {self.line.text})" if self.line.text else self.text


Check = Callable[[Evidence], Problem | None]


def sends(at_most: bool = False, **counts: int) -> Check:
    """Ask for a number of statements or commands, such as ``sends(select=1, rollback_to_savepoint=1)``.

    Args:
        at_most: Whether fewer are right as well.
        counts: How many of each; underscores stand for spaces. ``total`` counts all statements.
    """

    def check(evidence: Evidence) -> Problem | None:
        for name, count in counts.items():
            word = name.replace("_", " ").upper()
            events = _told(evidence, word)
            if len(events) == count or (at_most and len(events) < count):
                continue
            what = "statements" if word == "TOTAL" else word
            wanted = f"{'at most ' if at_most else ''}{count or 'no'} {what}"
            extra = events[count] if len(events) > count else None
            return Problem(f"wanted {wanted}, found {len(events) or 'none'}", extra.line if extra else None)
        return None

    return check


def _told(evidence: Evidence, word: str) -> list[Event]:
    if word == "TOTAL":
        return list(evidence.trace.statements)
    if word in COMMANDS:
        return [event for event in evidence.trace if getattr(event, "command", None) == word]
    return list(evidence.sent(word))


def stores(query: str, expected: Iterable[Row], what: str) -> Check:
    """Ask what another connection reads afterwards.

    Args:
        query: The SELECT that reads it.
        expected: The rows, in any order.
        what: What that means, in words, such as ``"both authors in the database"``.
    """
    wanted = sorted(expected, key=repr)

    def check(evidence: Evidence) -> Problem | None:
        try:
            found = sorted(evidence.stored(query), key=repr)
        except sqlite3.Error as error:
            return Problem(f"wanted {what}, and the database cannot be read: {error}")
        if found == wanted:
            return None
        return Problem(f"wanted {what}: {wanted}; another connection reads {found or 'nothing'}")

    return check


def returns(right: Callable[[Any], object], what: str) -> Check:
    """Ask for what the answer returns.

    Args:
        right: Whether a value is right; what it raises counts as no.
        what: What is wanted, in words.
    """

    def check(evidence: Evidence) -> Problem | None:
        try:
            if right(evidence.given):
                return None
        except Exception:  # noqa: BLE001 - what it is given may be anything
            return Problem(f"wanted the answer to return {what}; it returned {kind_of(evidence.given)}")
        return Problem(f"wanted the answer to return {what}; it returned {kind_of(evidence.given)}")

    return check


def holds(right: Callable[[Evidence], object], what: str) -> Check:
    """Ask for anything else.

    Args:
        right: Whether it is so; what it raises counts as no.
        what: What is wanted, in words.
    """

    def check(evidence: Evidence) -> Problem | None:
        try:
            good = right(evidence)
        except Exception:  # noqa: BLE001 - as in returns()
            good = False
        return None if good else Problem(f"wanted {what}; it is not so")

    return check


def kind_of(value: object, within: bool = False) -> str:
    """Say what a value is, without calling a ``repr`` of the program's own.

    Args:
        value: The value.
        within: Whether it is told as a member of another one; its own members are not told then, for a list
            may hold itself.
    """
    if value is None:
        return "nothing"
    if type(value) in PLAIN:
        return short(repr(value))
    if not within and type(value) in (tuple, list) and len(value) <= FEW:  # type: ignore[arg-type]
        told = ", ".join(kind_of(one, within=True) for one in value)  # type: ignore[attr-defined]
        return f"({told})" if type(value) is tuple else f"[{told}]"
    name = type(value).__name__
    told = f"an {name}" if name[0] in "AEIOUaeiou" else f"a {name}"
    found = sa.inspect(value, raiseerr=False)
    return f"{told} that is {object_state(found)}" if isinstance(found, InstanceState) else told


def is_in_state(value: object, state: str, mapped: type | None = None) -> bool:
    """Whether *value* is an object in that state."""
    found = sa.inspect(value, raiseerr=False)
    if not isinstance(found, InstanceState) or (mapped is not None and not isinstance(value, mapped)):
        return False
    return bool(getattr(found, state))


def has_loaded(value: object, *names: str) -> bool:
    """Whether attributes of an object can be read without SQL."""
    found = sa.inspect(value)
    return isinstance(found, InstanceState) and all(name in found.dict for name in names)
