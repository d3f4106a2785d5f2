"""No lazy load in a block, and none in a trace."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, scoped_session, selectinload, sessionmaker

from session_demo import trace
from session_demo.errors import LazyLoadError, NotASessionError
from session_demo.models import Author, Book
from session_demo.testing import assert_no_lazy_loads, no_lazy_loads


@pytest.fixture(autouse=True)
def books(session: Session) -> None:
    session.add_all(Author(name=name, books=[Book(title=name)]) for name in ("Lem", "Calvino"))
    session.commit()
    session.expunge_all()


def test_first_lazy_load_is_refused(session: Session, heard: list[str]) -> None:
    """The error names relationship, remedy and line, and nothing is sent."""
    authors = session.scalars(select(Author)).all()
    heard.clear()
    with pytest.raises(LazyLoadError) as caught, no_lazy_loads(session):
        [author.books for author in authors]
    message = str(caught.value)
    assert message.startswith("Can't load Author.books here: no lazy load is allowed in this block. Load it")
    assert "selectinload(Author.books)" in message
    assert "test_lazy_loads.py:" in message
    assert "[author.books for author in authors]" in message
    assert heard == []


def test_session_works_on(session: Session) -> None:
    """After the refusal, and after the block, the session is as before."""
    author = session.scalars(select(Author)).first()
    assert author is not None
    with pytest.raises(LazyLoadError), no_lazy_loads(session):
        assert author.books
    assert [book.title for book in author.books] == ["Lem"]


def test_swallowed_error_comes_again(session: Session) -> None:
    """A program that catches everything does not hide the lazy load."""
    book = session.scalars(select(Book)).first()
    assert book is not None

    def careless() -> None:
        try:
            book.author  # noqa: B018
        except Exception:  # noqa: BLE001
            return

    with pytest.raises(LazyLoadError, match=r"Book\.author"), no_lazy_loads(session):
        careless()


def test_what_is_no_lazy_load(session: Session) -> None:
    """Eager loads, queries, refreshes and answers of the identity map are allowed."""
    with no_lazy_loads(session):
        authors = session.scalars(select(Author).options(selectinload(Author.books))).all()
        assert [len(author.books) for author in authors] == [1, 1]
        assert authors[0].books[0].author is authors[0]
        session.expire(authors[0], ["name"])
        assert authors[0].name == "Lem"


def test_other_sessions_are_free(session: Session, engine: Engine) -> None:
    """Only this session is watched."""
    with Session(engine) as other, no_lazy_loads(session):
        author = other.scalars(select(Author)).first()
        assert author is not None
        assert len(author.books) == 1


def test_scoped_session(engine: Engine) -> None:
    """A scoped session stands for its current session."""
    scoped = scoped_session(sessionmaker(engine))
    author = scoped.scalars(select(Author)).first()
    assert author is not None
    with pytest.raises(LazyLoadError), no_lazy_loads(scoped):
        assert author.books
    scoped.remove()


def test_something_else(engine: Engine) -> None:
    """What is no session is refused."""
    with pytest.raises(NotASessionError, match="refuse lazy loads"), no_lazy_loads(engine):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize(("authors", "often"), [(1, "1 time"), (2, "2 times")])
def test_trace_with_lazy_loads(session: Session, authors: int, often: str) -> None:
    """The message tells each relationship once, with its line and how often."""
    with trace(session) as story:
        for author in session.scalars(select(Author).limit(authors)):
            assert len(author.books) == 1
    with pytest.raises(AssertionError) as caught:
        assert_no_lazy_loads(story)
    message = str(caught.value)
    assert f"Author.books, {often}, selectinload(Author.books) would load it at once" in message
    assert message.count("test_lazy_loads.py:") == 1


def test_trace_without_lazy_loads(session: Session) -> None:
    """A trace without one passes."""
    with trace(session) as story:
        session.scalars(select(Author).options(selectinload(Author.books))).all()
    assert_no_lazy_loads(story)
