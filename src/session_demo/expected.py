"""Errors that teach: raised for real, shown in one line, the same on every run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import MissingErrorError

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_NUMBER = re.compile(r"\b(session|this is|thread id) ('?)\d+\2")
_BACKGROUND = re.compile(r"\s*\(Background on this error at: .*?\)")


@contextmanager
def expect_error(kind: type[BaseException]) -> Iterator[None]:
    """Let the block fail with an error of *kind*, and print the error.

    What is printed is the class, SQLAlchemy's code for the error where it has one, and the first
    line of the message, without memory addresses and the numbers of sessions and threads. The page
    https://sqlalche.me/e/ explains the codes.

    Args:
        kind: The class of error that the block must raise.

    Raises:
        MissingErrorError: The block raised no error. An error of another kind passes unchanged.

    Session effect:
        None of its own.

    Example:
        >>> with expect_error(sa.exc.InvalidRequestError):
        ...     session.refresh(Author(name="Ursula K. Le Guin"))
        InvalidRequestError: Instance '<Author>' is not persistent within this Session
    """
    try:
        yield
    except kind as error:
        print(error_line(error))  # noqa: T201 - showing it is the purpose
    else:
        raise MissingErrorError(
            f"Expected the block to raise {kind.__name__}, but it ran to its end. "
            "Does the line that fails stand inside the with block?"
        )


def error_line(error: BaseException) -> str:
    r"""Write an error in one line that is the same on every run and every version of SQLAlchemy.

    Example:
        >>> error_line(ValueError("no page 7\nof 3"))
        'ValueError: no page 7'
    """
    code = getattr(error, "code", None)
    message = _NUMBER.sub(r"\1 \2...\2", _BACKGROUND.sub("", _ADDRESS.sub("", str(error)))).strip()
    first = message.splitlines()[0] if message else ""
    return f"{type(error).__name__}{f' ({code})' if isinstance(code, str) else ''}: {first}"
