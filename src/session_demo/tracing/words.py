"""The words in which events are told: object states, layers, lines of the program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath


class ObjectState(StrEnum):
    """The five object states of :class:`sqlalchemy.orm.InstanceState`.

    Example:
        >>> print(*ObjectState)
        transient pending persistent deleted detached
    """

    TRANSIENT = "transient"
    PENDING = "pending"
    PERSISTENT = "persistent"
    DELETED = "deleted"
    DETACHED = "detached"


class Lane(StrEnum):
    """The layer an event belongs to; the word a trace shows in its second column."""

    PROGRAM = "program"
    SESSION = "session"
    OBJECT = "object"
    FLUSH = "flush"
    POOL = "pool"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the program that was watched.

    Attributes:
        file: The file as Python names it; for a notebook cell or a doctest a name made up for it.
        number: The number of the line in that file or cell, from 1.
        text: What stands in the line; empty where the source cannot be had.
    """

    file: str
    number: int
    text: str = ""

    @property
    def place(self) -> str:
        """Where it stands, as ``orders.py:12``, or as ``line 2`` in a notebook cell or a doctest."""
        if self.file.startswith("<") or "ipykernel_" in self.file:
            return f"line {self.number}"
        return f"{PurePath(self.file).name}:{self.number}"
