"""A caught error is recognised by class, code and words, and gets its page; a foreign one does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import DetachedInstanceError

from databases import engine_on
from session_demo import explain
from session_demo.errors import NotPageableError
from session_demo.explaining import CODES, entries
from session_demo.models import Author, Book


def caught(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as info:  # noqa: PT011 - which error it is, the test then says
        call()
    return info.value


def page_of(words: str) -> str:
    """Return the page of the one entry with these words of a message."""
    (entry,) = (entry for entry in entries() if words in entry.words)
    return entry.page


def detached(session: Session) -> Author:
    author = Author(name="Ann")
    session.add(author)
    session.commit()
    session.expunge(author)
    return author


def test_known_error_gets_page_cause_and_cure(session: Session) -> None:
    """What is known of an error is told in four lines: the error, why, what to do, where to read."""
    author = detached(session)
    told = explain(caught(lambda: author.name))
    (entry,) = (one for one in entries() if one.page == told.page)
    assert told
    assert str(told).splitlines() == [
        "DetachedInstanceError (bhk3): Instance <Author> is not bound to a Session; "
        "attribute refresh operation cannot proceed",
        f"Cause: {entry.cause}",
        f"Cure: {entry.cure}",
        f"Page: {entry.page}",
    ]


def test_explaining_leaves_the_session_alone(session: Session) -> None:
    """No SQL, no transaction, no change of a state comes of an explanation."""
    author = detached(session)
    error = caught(lambda: author.name)
    session.commit()
    explain(error)
    assert not session.in_transaction()
    assert sa.inspect(author).detached


@pytest.mark.parametrize(
    "error", [ValueError("no page 7"), KeyError("name"), Exception(), KeyboardInterrupt()]
)
def test_foreign_error_is_not_known(error: BaseException) -> None:
    """An error that is none of the session's has no page, and the text says so."""
    told = explain(error)
    assert not told
    assert (told.page, told.cure) == ("", "")
    assert str(told).endswith("not known to the error clinic of this book")


def test_unknown_error_of_sqlalchemy_leads_to_its_own_page() -> None:
    """Where SQLAlchemy has a code for an error that the book does not know, its page is named."""
    told = explain(sa.exc.InvalidRequestError("Something else", code="abcd"))
    assert not told
    assert str(told).endswith(f"SQLAlchemy explains its code: {CODES}abcd")


def test_words_alone_are_not_enough() -> None:
    """An error of another class that happens to say the same is not taken for it."""
    assert not explain(ValueError("database is locked"))
    assert explain(sa.exc.OperationalError("SELECT 1", {}, Exception("database is locked"), code="e3q8"))


def test_another_code_is_another_error() -> None:
    """The words of an entry under a code that is not its own are another error's."""
    words = "Instance is not bound to a Session; attribute refresh operation cannot proceed"
    assert explain(DetachedInstanceError(words, code="bhk3"))
    assert not explain(DetachedInstanceError(words, code="zzzz"))


def test_cause_of_an_error_is_looked_at() -> None:
    """An error that was raised from a known one gets that one's page, and keeps its own name."""

    def fail() -> None:
        try:
            raise sa.exc.InvalidRequestError("A transaction is already begun on this Session.")
        except sa.exc.InvalidRequestError as error:
            raise RuntimeError("no transfer") from error

    told = explain(caught(fail))
    assert told.error == "RuntimeError: no transfer"
    assert told.page == page_of("A transaction is already begun on this Session")


def test_circle_of_causes_ends() -> None:
    """Errors that name each other as cause are looked at once."""
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert not explain(one)


def test_own_error_names_its_page() -> None:
    """An error of this package knows its page; its message has cause and remedy."""
    told = explain(NotPageableError("Can't page a number: it has no rows."))
    assert (told.page, told.cause) == ("book/pages.html", "Can't page a number: it has no rows.")


def test_serialiser_that_reads_a_detached_object(session: Session) -> None:
    """What pydantic makes of a detached object is recognised as FastAPI passes it on."""

    class AuthorOut(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        name: str

    author = detached(session)
    error = caught(lambda: AuthorOut.model_validate(author))
    assert isinstance(error, ValidationError)
    assert "fastapi" in explain(error).page


def test_aborted_transaction_of_postgresql(tmp_path: Path) -> None:
    """After an error PostgreSQL refuses all that follows, and the session believes itself well."""
    engine = engine_on("postgresql", tmp_path)
    with Session(engine) as session:
        caught(lambda: session.execute(sa.text("SELECT * FROM no_such_table")))
        assert session.is_active
        told = explain(caught(lambda: session.execute(sa.text("SELECT 1"))))
        session.rollback()
        assert session.scalar(sa.text("SELECT 1")) == 1
    engine.dispose()
    assert told.page == page_of("current transaction is aborted")


def test_duplicate_on_postgresql(tmp_path: Path) -> None:
    """A violated unique constraint is told in other words on PostgreSQL."""
    engine = engine_on("postgresql", tmp_path)
    with Session(engine) as session:
        session.execute(sa.text("CREATE TEMPORARY TABLE seat (number integer PRIMARY KEY)"))
        take = sa.text("INSERT INTO seat VALUES (1)")
        session.execute(take)
        told = explain(caught(lambda: session.execute(take)))
    engine.dispose()
    assert told.page == page_of("duplicate key value violates unique constraint")


def test_missing_parent_on_postgresql(tmp_path: Path) -> None:
    """A violated foreign key is told in other words on PostgreSQL, a deferred one by the COMMIT."""
    engine = engine_on("postgresql", tmp_path)
    with Session(engine) as session:
        session.execute(sa.text("CREATE TEMPORARY TABLE room (number integer PRIMARY KEY)"))
        rule = "room integer REFERENCES room DEFERRABLE INITIALLY DEFERRED"
        session.execute(sa.text(f"CREATE TEMPORARY TABLE chair ({rule})"))
        session.execute(sa.text("INSERT INTO chair VALUES (1)"))
        refused = explain(caught(session.commit))
        then = explain(caught(lambda: session.execute(sa.text("SELECT 1"))))
    engine.dispose()
    assert refused.page == page_of("violates foreign key constraint")
    assert then.page == page_of("is in 'prepared' state")


def test_deferred_constraint_on_sqlite(session: Session) -> None:
    """The COMMIT is refused, and nothing goes until the session is rolled back."""
    session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    session.add(Book(title="Nobody's", author_id=99))
    session.flush()
    assert explain(caught(session.commit)).page == page_of("FOREIGN KEY constraint failed")
    assert explain(caught(lambda: session.get(Book, 1))).page == page_of("is in 'prepared' state")
    session.rollback()
    assert session.get(Book, 1) is None
