"""Which page of the book explains an error that was caught, with its cause and its cure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from .errors import SessionDemoError
from .expected import error_line

CODES = "https://docs.sqlalchemy.org/en/21/errors.html#error-"


class Entry(NamedTuple):
    """An entry of the error clinic that is found by an error.

    Attributes:
        page: Its page and section, relative to the root of the book.
        kinds: Names of error classes; the error is of one of them, or of a subclass.
        code: SQLAlchemy's code for the error, where it has one.
        words: What messages of such errors say; one of them is enough.
        cause: Why it comes; the page says it in the same words.
        cure: What to do; the same.
    """

    page: str
    kinds: list[str]
    code: str
    words: list[str]
    cause: str
    cure: str

    def fits(self, error: BaseException) -> bool:
        """Whether this entry is about *error*."""
        code = getattr(error, "code", None)
        if self.code and isinstance(code, str) and code != self.code:
            return False
        if not {kind.__name__ for kind in type(error).__mro__}.intersection(self.kinds):
            return False
        message = str(error)
        return any(words in message for words in self.words)


@cache
def entries() -> list[Entry]:
    """Return the entries; where a message fits two, the one that says more stands first."""
    stored = files(__package__).joinpath("clinic.json").read_text(encoding="utf-8")
    return [Entry(**row) for row in json.loads(stored)]


@dataclass(frozen=True)
class Explanation:
    """What the book says of an error. It is false where the book says nothing.

    Attributes:
        error: The error, in one line.
        page: Page and section of the book, relative to its root; empty if it has none.
        cause: Why the error came.
        cure: What to do.

    Session effect:
        None.

    Example:
        >>> print(explain(ValueError("no page 7")))
        ValueError: no page 7
        Cause: not known to the error clinic of this book
    """

    error: str
    page: str = ""
    cause: str = ""
    cure: str = ""

    def __bool__(self) -> bool:
        return bool(self.page)

    def __str__(self) -> str:
        told = {"Cause": self.cause, "Cure": self.cure, "Page": self.page}
        return "\n".join([self.error, *(f"{name}: {text}" for name, text in told.items() if text)])


def explain(error: BaseException) -> Explanation:
    """Return what the book says of *error*: its page, the cause, the cure.

    The error is recognised by its class, SQLAlchemy's code and the words of its message; if it is not,
    the error it wraps or was raised from is tried. An unknown one gives an explanation that is false.

    Args:
        error: An error or a warning that was caught.

    Returns:
        The explanation; printed, it is a few lines of text.

    Session effect:
        None.

    Example:
        >>> session.add(Author(name="Ursula K. Le Guin"))
        >>> try:
        ...     session.begin()
        ... except sa.exc.InvalidRequestError as error:
        ...     print(explain(error).cure)
        Let the block begin first, and read inside it;
        or end what the reading began, with `commit()` or `rollback()`.
    """
    for one in _wrapped(error):
        if isinstance(one, SessionDemoError):
            return Explanation(error_line(one), one.page, Exception.__str__(one))
        if entry := next((entry for entry in entries() if entry.fits(one)), None):
            return Explanation(error_line(error), entry.page, entry.cause, entry.cure)
    return Explanation(error_line(error), cause=_not_known(error))


def _wrapped(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, what it was made from, and so on; a circle ends where it closes."""
    seen: list[object] = []
    one: object = error
    while isinstance(one, BaseException) and one not in seen:
        yield one
        seen.append(one)
        one = getattr(one, "orig", None) or one.__cause__


def _not_known(error: BaseException) -> str:
    code = getattr(error, "code", None)
    here = "not known to the error clinic of this book"
    return f"{here}; SQLAlchemy explains its code: {CODES}{code}" if isinstance(code, str) else here
