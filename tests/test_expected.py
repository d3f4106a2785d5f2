"""Errors that teach are printed in one line, the same on every run."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from session_demo import expect_error
from session_demo.errors import MissingErrorError
from session_demo.expected import error_line
from session_demo.models import Author


def test_expected_error_is_printed(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """The error's class and first line are printed, without the address of an object."""
    with expect_error(sa.exc.InvalidRequestError):
        session.refresh(Author(name="Ann"))
    assert capsys.readouterr().out == (
        "InvalidRequestError: Instance '<Author>' is not persistent within this Session\n"
    )


def test_block_without_an_error_is_one() -> None:
    """A block that was to fail, and does not, fails the cell."""
    told = "raise ValueError, but it ran to its end"
    with pytest.raises(MissingErrorError, match=told), expect_error(ValueError):
        pass


def test_other_errors_pass_unchanged() -> None:
    """An error of another kind is not touched."""
    other = KeyError("x")
    with pytest.raises(KeyError) as caught, expect_error(ValueError):
        raise other
    assert caught.value is other


def test_numbers_of_sessions_are_left_out(session: Session) -> None:
    """How many sessions a program made before is no part of what an error says."""
    author = Author(name="Ann")
    session.add(author)
    with Session() as other, pytest.raises(sa.exc.InvalidRequestError) as caught:
        other.add(author)
    assert error_line(caught.value) == (
        "InvalidRequestError: Object '<Author>' is already attached to session '...' (this is '...')"
    )


def test_code_of_sqlalchemy_is_told(session: Session) -> None:
    """An error that SQLAlchemy's documentation explains shows its code and not the changing link."""
    author = Author(name="Ann")
    session.add(author)
    session.commit()
    session.expunge(author)
    with pytest.raises(sa.orm.exc.DetachedInstanceError) as caught:
        _ = author.name
    assert error_line(caught.value) == (
        "DetachedInstanceError (bhk3): Instance <Author> is not bound to a Session; "
        "attribute refresh operation cannot proceed"
    )


def test_error_without_a_message_is_its_class() -> None:
    """An error that says nothing is told by its class."""
    assert error_line(ValueError()) == "ValueError: "
