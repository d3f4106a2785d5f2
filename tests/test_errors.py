"""Errors are of one family, refine a builtin, and name the page that explains them."""

from __future__ import annotations

import pytest

from session_demo import errors
from session_demo.errors import SessionDemoError

FAMILY = {
    "NotASessionError": TypeError,
    "TracingStateError": RuntimeError,
    "UnknownObjectError": LookupError,
    "TraceFormatError": ValueError,
    "NotMappedError": TypeError,
    "MissingErrorError": AssertionError,
    "MissingExtraError": ImportError,
    "NotPageableError": TypeError,
    "CursorError": ValueError,
    "PageError": ValueError,
    "NoScopeError": RuntimeError,
    "UninitialisedAppError": AttributeError,
    "SharedScopeError": RuntimeError,
    "StatementBudgetExceededError": AssertionError,
    "NoSuchAttributeError": AttributeError,
    "MatchError": TypeError,
    "DatabaseURLError": TypeError,
    "LazyLoadError": AssertionError,
    "NoSuchExerciseError": LookupError,
    "ProgressError": ValueError,
    "NoSuchSelfTestError": LookupError,
}


def test_family_is_complete() -> None:
    """Each error class of the module is listed here with the builtin it refines."""
    assert {one.__name__ for one in SessionDemoError.__subclasses__()} == set(FAMILY)


@pytest.mark.parametrize("name", FAMILY)
def test_error_can_be_caught_as_its_builtin(name: str) -> None:
    """Who knows only the builtin catches the error all the same."""
    kind = getattr(errors, name)
    with pytest.raises(FAMILY[name]):
        raise kind("Can't.")
    assert issubclass(kind, SessionDemoError)


@pytest.mark.parametrize("name", ["SessionDemoError", *FAMILY])
def test_message_ends_with_the_page(name: str) -> None:
    """The text of an error says where the book explains it."""
    kind = getattr(errors, name)
    assert str(kind("Can't do it: why. Remedy.")) == (
        f"Can't do it: why. Remedy. (Explained in the book: {kind.page})"
    )
    assert kind.page.endswith(".html")
