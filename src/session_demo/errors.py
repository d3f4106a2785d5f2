"""Every error this package raises on purpose, each with the page that explains it."""

from __future__ import annotations


class SessionDemoError(Exception):
    """Base class of the errors raised by *session_demo*.

    Errors of SQLAlchemy are never wrapped in it: readers meet the real ones.

    Attributes:
        page: The page of the book that explains the error, relative to its root.
    """

    page = "book/reading-a-trace.html"

    def __str__(self) -> str:
        return f"{super().__str__()} (Explained in the book: {self.page})"


def described(thing: object) -> str:
    """Name what was given instead of what was wanted, for a message.

    Example:
        >>> described(7), described(int)
        ('an int', 'the class int')
    """
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    kind = type(thing).__name__
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"


class NotASessionError(SessionDemoError, TypeError):
    """Something other than a session was given to be watched."""


class TracingStateError(SessionDemoError, RuntimeError):
    """A recording was started while it ran, or stopped while it did not."""


class UnknownObjectError(SessionDemoError, LookupError):
    """A trace was asked about an object it never saw."""


class NotMappedError(SessionDemoError, TypeError):
    """The state of something was asked for that no mapper knows."""

    page = "notebooks/02-object-states.html"


class MissingErrorError(SessionDemoError, AssertionError):
    """A block that was to fail did not."""

    page = "book/api.html"


class StatementBudgetExceededError(SessionDemoError, AssertionError):
    """A session was about to send one statement more than its test allows."""

    page = "book/testing.html"


class NotPageableError(SessionDemoError, TypeError):
    """Pages were asked for of something that has none."""

    page = "book/pages.html"


class PageError(SessionDemoError, ValueError):
    """A page, or its size, was asked for that there can't be."""

    page = "book/pages.html"


class CursorError(SessionDemoError, ValueError):
    """The cursor of a page is damaged, forged, or of another order; or no cursor can be made."""

    page = "book/pages.html"


class NoScopeError(SessionDemoError, RuntimeError):
    """The session of an application context was asked for where there is none."""

    page = "book/flask.html"


class UninitialisedAppError(SessionDemoError, RuntimeError, AttributeError):
    """The session of an application was asked for that was given none."""

    page = "book/flask.html"


class SharedScopeError(SessionDemoError, RuntimeError):
    """A thread or a task came to use the session of another one."""

    page = "book/flask.html"


class MissingExtraError(SessionDemoError, ImportError):
    """A picture or a signature was asked for, and the package that makes it is not installed."""

    page = "book/installing.html"


class TraceFormatError(SessionDemoError, ValueError):
    """A text or a file was read as a trace and is none, or is of another version."""

    page = "book/exporting.html"


class NoSuchAttributeError(SessionDemoError, AttributeError):
    """An attribute was to be filled that the class of the object does not have."""

    page = "book/api.html"


class MatchError(SessionDemoError, TypeError):
    """What identifies a row, and what a new one gets besides, cannot be told apart."""

    page = "book/api.html"


class DatabaseURLError(SessionDemoError, TypeError):
    """Where the database is, was said twice."""

    page = "book/api.html"


class LazyLoadError(SessionDemoError, AssertionError):
    """A relationship was about to be loaded where lazy loads are not allowed."""

    page = "book/testing.html"


class NoSuchExerciseError(SessionDemoError, LookupError):
    """An exercise was named that there is not."""

    page = "book/exercises.html"


class ProgressError(SessionDemoError, ValueError):
    """Progress was to be kept in a file that holds something else."""

    page = "book/exercises.html"


class NoSuchSelfTestError(SessionDemoError, LookupError):
    """A chapter was named that has no self-test, or an answer that is not in it."""

    page = "book/api.html"


class UnprotectedMatchWarning(UserWarning):
    """A row is to be found or else made, and nothing keeps two sessions from making it twice."""
