"""What a line of the program sends again and again is named in the summary, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, undefer

from session_demo import Trace, create_engine, trace
from session_demo.models import Author, Base
from session_demo.tracing.events import Event, SourceLine, StatementExecuted
from session_demo.tracing.render import html, text
from session_demo.tracing.render.layout import lay_out
from session_demo.tracing.render.loops import loops_of


class OwnBase(DeclarativeBase):
    """The classes of these tests."""


class Letter(OwnBase):
    """What has a column that is loaded when it is read."""

    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(deferred=True)


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on a library of four authors."""
    engine: Engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    OwnBase.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all([Author(name=name) for name in ("Ann", "Ben", "Cid", "Dan")])
    with Session(engine) as session:
        yield session
    engine.dispose()


def lazy(times: int, line: int = 7) -> list[Event]:
    where = SourceLine("shop.py", line, "print(book.author.name)")
    one = StatementExecuted("SELECT author.id FROM author", line=where, cause="lazy load of Book.author")
    return [one] * times


def told(story: Trace) -> list[str]:
    """The sentences, without the place of the line."""
    places = {event.line.place for event in story if event.line}
    sentences = []
    for sentence in loops_of(story):
        for place in places:
            sentence = sentence.replace(f" by {place}", "")
        sentences.append(sentence)
    return sentences


def test_loop_of_lazy_loads_is_named() -> None:
    """The summary names relationship, line and remedy of an N+1, in every medium that shows it."""
    told = (
        "N+1: Book.author is loaded 3 times by shop.py:7; selectinload(Book.author) would load all at once."
    )
    assert told in lay_out(lazy(3)).summary
    assert told in text.render(lazy(3))
    assert told in html.render(lazy(3))


def test_few_lazy_loads_are_no_loop() -> None:
    """Two lazy loads, or three from three lines, are none."""
    assert list(loops_of(lazy(2))) == []
    assert list(loops_of([*lazy(1, 1), *lazy(1, 2), *lazy(1, 3)])) == []


def test_expired_objects_refreshed_one_by_one(session: Session) -> None:
    """The remedy that is named is one: after a query for the objects there is nothing left to refresh."""
    authors = session.scalars(select(Author)).all()
    session.commit()
    with trace(session) as story:
        names = [author.name for author in authors]
    assert told(story) == ["4 expired objects are refreshed one by one; one query for them refreshes all."]
    session.commit()
    with trace(session) as story:
        session.scalars(select(Author)).all()
        assert names == [author.name for author in authors]
    assert told(story) == []
    assert len(story.statements) == 1


def test_refreshes_that_no_query_could_spare_are_no_loop(session: Session) -> None:
    """A commit in each turn expires all again, and one object may be refreshed many times."""
    authors = session.scalars(select(Author)).all()
    session.commit()
    with trace(session) as story:
        for author in authors:
            author.name += "!"
            session.commit()
        for _ in range(4):
            session.expire(authors[0])
            assert authors[0].name
    assert len([one for one in story.statements if one.cause.startswith("refresh of expired")]) == 8
    assert told(story) == []


def test_columns_loaded_one_by_one(session: Session) -> None:
    """Columns that are deferred are loaded object by object; undefer() loads them with the query."""
    session.add_all([Letter(text=text) for text in ("one", "two", "three")])
    session.commit()
    letters = session.scalars(select(Letter)).all()
    with trace(session) as story:
        assert all(letter.text for letter in letters)
    assert told(story) == [
        "More columns of 3 objects are loaded one by one; "
        "where they are deferred, undefer() loads them with the query."
    ]
    session.expunge_all()
    with trace(session) as story:
        assert all(letter.text for letter in session.scalars(select(Letter).options(undefer(Letter.text))))
        session.expunge_all()
        assert all(letter.text for letter in session.scalars(select(Letter).limit(2)))
    assert len([one for one in story.statements if one.cause.startswith("load of more columns")]) == 2
    assert told(story) == []


def test_queries_in_a_loop(session: Session) -> None:
    """One line that sends a SELECT with other values each time is named."""
    with trace(session, "sql") as story:
        for key in (1, 2, 3):
            session.scalars(select(Author).where(Author.id == key)).all()
    assert told(story) == ["The same SELECT is sent 3 times, with 3 different values: would one query do?"]


@pytest.mark.parametrize("keys", [(1, 2), (1, 1, 1), (1, 1, 2)])
def test_queries_that_are_no_loop(session: Session, keys: tuple[int, ...]) -> None:
    """Two queries are none, and the same values again are asked for on purpose: to see what others wrote."""
    with trace(session, "sql") as story:
        for key in keys:
            session.scalars(select(Author).where(Author.id == key)).all()
    assert len(story.statements) == len(keys)
    assert told(story) == []


def test_hidden_values_tell_no_loop(session: Session) -> None:
    """Where values are not recorded, nobody can say that they differ."""
    with trace(session, "sql", parameters=False) as story:
        for key in (1, 2, 3):
            session.scalars(select(Author).where(Author.id == key)).all()
    assert told(story) == []
