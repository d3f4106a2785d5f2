"""Where SQLAlchemy's events are silent or say too little: the last state a trace shows is the one it is in.

Each test runs a program, compares the state that the trace tells last with the one that
:func:`sqlalchemy.inspect` tells, and says what the trace shows in place of an event. What no trace can see is
asserted too: it is in the list of the page *How to read a trace*.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session, make_transient, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from session_demo import Trace, state_of, trace
from session_demo.models import Author, Book
from session_demo.tracing.events import (
    AttributeChanged,
    AttributesExpired,
    AttributesRefreshed,
    DatabaseTransactionChanged,
    DeletionMarked,
    Event,
    FlushSkipped,
    FlushStarted,
    IdentityFound,
    ObjectEvent,
    ObjectForgotten,
    SessionTransactionEnded,
    StateChanged,
)


@pytest.fixture
def ann(session: Session) -> Author:
    """A persistent author whose values are loaded."""
    session.add(author := Author(name="Ann"))
    session.commit()
    assert author.name
    assert author.books == []
    return author


@pytest.fixture
def lasting(engine: Engine) -> Iterator[Session]:
    """A session whose objects keep their values after a commit."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


def told(story: Trace, *kinds: type[Event]) -> list[Event]:
    return [event for event in story if isinstance(event, kinds)]


def agrees(story: Trace, *things: object) -> bool:
    """Tell whether the trace ends with each object in the state that it is in."""
    return [story.states(thing)[-1] for thing in things] == [str(state_of(thing)) for thing in things]


def silent(story: Trace) -> list[str]:
    return [event.transition for event in story.of(StateChanged) if event.silent]


# Calls that no event tells of


def test_a_mark_of_delete(session: Session, ann: Author) -> None:
    """session.delete() fires nothing until the flush; the trace tells the mark."""
    with trace(session) as story:
        session.delete(ann)
    assert told(story, ObjectEvent) == [DeletionMarked("Author A", key="id=1")]
    assert state_of(ann) == "persistent"


def test_a_mark_that_add_takes_away(session: Session, ann: Author) -> None:
    """session.add() of a marked object fires nothing; the trace tells that the mark is gone."""
    with trace(session) as story:
        session.delete(ann)
        session.add(ann)
        session.flush()
    assert [event.marked for event in story.of(DeletionMarked)] == [True, False]
    assert (ann in session.deleted, story.statements, state_of(ann)) == (False, [], "persistent")


def test_a_flush_with_nothing_to_do(session: Session, ann: Author) -> None:
    """A flush that finds no work fires nothing; the trace tells that it was asked for."""
    with trace(session) as story:
        session.flush()
    assert list(story) == [FlushSkipped()]
    assert state_of(ann) == "persistent"


def test_an_answer_of_the_identity_map_to_get(session: Session, ann: Author) -> None:
    """get() of an object that is there fires nothing; the trace tells who was found, and that no SQL ran."""
    with trace(session) as story:
        assert session.get(Author, 1) is ann
    assert list(story) == [IdentityFound("Author A", key="id=1")]
    assert state_of(ann) == "persistent"


def test_an_answer_of_the_identity_map_to_a_many_to_one(session: Session, ann: Author) -> None:
    """A many-to-one whose object is there fires nothing; the trace tells which attribute asked."""
    session.add(book := Book(title="Kindred", author=ann))
    session.commit()
    assert (ann.name, book.title) == ("Ann", "Kindred")
    with trace(session) as story:
        assert book.author is ann
    assert [(type(event), event.cause) for event in story] == [(IdentityFound, "many-to-one of Book A")]


def test_why_a_flush_began(session: Session) -> None:
    """before_flush gives no reason; the trace tells autoflush, flush() and commit() apart."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        session.scalars(sa.select(Author.id)).all()
        session.add(Author(name="Ben"))
        session.flush()
        session.add(Author(name="Cy"))
        session.commit()
    assert [event.cause for event in story.of(FlushStarted)] == ["autoflush by scalars()", "", "commit()"]


# States that no event tells of


def test_make_transient_of_a_persistent_object(session: Session, ann: Author) -> None:
    """make_transient() fires persistent_to_detached, and the object ends transient, as the trace does."""
    with trace(session) as story:
        make_transient(ann)
    assert story.states(ann) == ["persistent", "detached", "transient"]
    assert (agrees(story, ann), silent(story)) == (True, ["detached_to_transient"])


def test_make_transient_of_a_detached_object(session: Session, ann: Author) -> None:
    """make_transient() of a detached object fires nothing; the trace finds the object transient."""
    with trace(session) as story:
        session.expunge(ann)
        make_transient(ann)
    assert (agrees(story, ann), silent(story)) == (True, ["detached_to_transient"])


def test_make_transient_to_detached(session: Session) -> None:
    """make_transient_to_detached() fires no lifecycle event; the trace finds the object detached."""
    with trace(session) as story:
        session.add(author := Author(id=7, name="Ann"))
        session.expunge(author)
        make_transient_to_detached(author)
    assert story.states(author) == ["transient", "pending", "transient", "detached"]
    assert (agrees(story, author), silent(story)) == (True, ["transient_to_detached"])


def test_a_committed_delete_of_a_session_that_does_not_expire(lasting: Session) -> None:
    """With expire_on_commit=False a deleted object stays deleted after the commit, and so it does here."""
    lasting.add(author := Author(name="Ann"))
    lasting.commit()
    with trace(lasting) as story:
        lasting.delete(author)
        lasting.commit()
    assert (agrees(story, author), state_of(author)) == (True, "deleted")


def test_close_after_a_flushed_delete(session: Session, ann: Author) -> None:
    """close() forgets an object that was deleted and not committed: it stays deleted, and so it does here."""
    with trace(session) as story:
        session.delete(ann)
        session.flush()
        session.close()
    assert (agrees(story, ann), state_of(ann)) == (True, "deleted")
    assert session.scalar(sa.select(sa.func.count(Author.id))) == 1


def test_close_that_rolls_back(session: Session) -> None:
    """close() fires no rollback event; the trace tells the ROLLBACK, and that nobody had asked for it."""
    with trace(session) as story:
        session.add(author := Author(name="Ann"))
        session.flush()
        session.close()
    assert story.commands[-1] == "ROLLBACK"
    assert told(story, SessionTransactionEnded) == [SessionTransactionEnded("autobegin", "closed")]
    assert agrees(story, author)


def test_a_session_that_is_collected_without_close(engine: Engine) -> None:
    """A session may go without close(): its objects are detached, its connection goes back, unheard."""
    session = Session(engine)
    with trace(session) as story:
        session.add(author := Author(name="Ann"))
        session.commit()
        assert author.name
        del session
        gc.collect()
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert (agrees(story, author), state_of(author)) == (True, "detached")
    assert silent(story) == ["persistent_to_detached"]


def test_an_object_that_python_takes_away(session: Session) -> None:
    """The end of an object fires nothing; at level full the trace tells it, and its lifeline ends."""
    with trace(session, "full") as story:
        session.add(Author(name="Ann"))
        session.flush()
        gc.collect()
    assert told(story, ObjectForgotten) == [ObjectForgotten("Author A")]
    assert story.identity_map() == []
    assert len(session.identity_map) == 0


def test_a_savepoint_that_is_rolled_back(session: Session, ann: Author) -> None:
    """Back at a savepoint the new is transient, the deleted persistent, the changed expired; here too."""
    session.add(ben := Author(name="Ben"))
    session.commit()
    with trace(session, "full") as story, session.begin_nested() as savepoint:
        session.add(cy := Author(name="Cy"))
        ann.name = "Anne"
        session.delete(ben)
        session.flush()
        savepoint.rollback()
    assert agrees(story, ben, cy)
    assert (story.states(cy)[-1], story.states(ben)[-1]) == ("transient", "persistent")
    assert isinstance(story.about(ann)[-1], AttributesExpired)
    assert sa.inspect(ann).expired


def test_a_savepoint_that_gives_a_key_back(session: Session, ann: Author) -> None:
    """A rollback restores a changed identity key and only expires; the trace then shows the key restored."""
    with trace(session, "full") as story:
        savepoint = session.begin_nested()
        ann.id = 1001
        session.flush()
        assert sa.inspect(ann).identity == (1001,)
        savepoint.rollback()
    assert sa.inspect(ann).identity == (1,)
    assert told(story, AttributesExpired)[-1].key == "id=1"  # type: ignore[attr-defined]


# Values and rows


def test_what_bulk_methods_write(session: Session) -> None:
    """bulk_save_objects() tells no object what became of it: they stay transient; the trace has SQL."""
    author = Author(name="Ann")
    with trace(session) as story:
        session.bulk_save_objects([author])
    assert (story.commands, told(story, ObjectEvent)) == (["BEGIN", "INSERT"], [])
    assert state_of(author) == "transient"


def test_insert_of_rows(session: Session) -> None:
    """session.execute(insert()) makes no object, and the trace has none; with returning() they are loaded."""
    with trace(session) as story:
        session.execute(sa.insert(Author), [{"name": "Ann"}, {"name": "Ben"}])
        made = session.scalars(sa.insert(Author).returning(Author), [{"name": "Cy"}]).all()
    assert [event.transition for event in story.of(StateChanged)] == ["loaded_as_persistent"]
    assert agrees(story, *made)
    assert story.statements[0].parameter_sets == (("Ann",), ("Ben",))


@pytest.mark.parametrize("synchronize", ["auto", "evaluate", "fetch"])
def test_update_that_is_repeated_in_memory(session: Session, ann: Author, synchronize: str) -> None:
    """An UPDATE of many rows sets no attribute; the trace tells that values were written anew."""
    with trace(session, "full") as story:
        session.execute(
            sa.update(Author).values(name="Anne"), execution_options={"synchronize_session": synchronize}
        )
    assert told(story, AttributeChanged) == []
    assert told(story, AttributesRefreshed) == [
        AttributesRefreshed("Author A", attributes=("name",), key="id=1")
    ]
    assert ann.name == "Anne"


def test_delete_that_is_repeated_in_memory(session: Session, ann: Author) -> None:
    """A DELETE of many rows makes the objects deleted that the session finds, and the trace tells it."""
    with trace(session) as story:
        session.execute(sa.delete(Author))
    assert (agrees(story, ann), state_of(ann)) == (True, "deleted")


def test_update_that_memory_does_not_follow(session: Session, ann: Author) -> None:
    """With synchronize_session=False the object keeps its value: not seen, there is only SQL."""
    with trace(session, "full") as story:
        session.execute(
            sa.update(Author).values(name="Anne"), execution_options={"synchronize_session": False}
        )
    assert (story.commands, told(story, ObjectEvent)) == (["UPDATE"], [])
    assert (ann.name, state_of(ann)) == ("Ann", "persistent")


def test_values_written_behind_the_back(session: Session, ann: Author) -> None:
    """set_committed_value() and obj.__dict__ fire nothing: not seen."""
    with trace(session, "full") as story:
        set_committed_value(ann, "name", "Anne")
        vars(ann)["name"] = "Anna"
    assert (list(story), ann.name, state_of(ann)) == ([], "Anna", "persistent")


def test_reading_a_value_that_is_loaded(session: Session, ann: Author) -> None:
    """To read a loaded attribute fires nothing: not seen, and nothing happened."""
    with trace(session, "full") as story:
        assert ann.name == "Ann"
    assert (list(story), state_of(ann)) == ([], "persistent")


def test_lazy_load_of_a_collection(session: Session, ann: Author) -> None:
    """A lazy load fires nothing about the owner; the cause of the SELECT names the attribute."""
    session.expire(ann, ["books"])
    with trace(session, "full") as story:
        assert ann.books == []
    assert [one.cause for one in story.statements] == ["lazy load of Author.books"]
    assert state_of(ann) == "persistent"


def test_a_select_of_objects_that_are_loaded(session: Session, ann: Author) -> None:
    """A SELECT whose objects are loaded fires nothing about them: not seen, the trace has the SQL alone."""
    with trace(session, "full") as story:
        assert session.scalars(sa.select(Author)).all() == [ann]
    assert (story.commands, told(story, ObjectEvent)) == (["SELECT"], [])


def test_how_many_rows_a_select_brings(session: Session, ann: Author) -> None:
    """Rows are fetched after the last event about a SELECT: their number is not seen; of an UPDATE it is."""
    with trace(session) as story:
        assert session.scalars(sa.select(Author)).all() == [ann]
        session.execute(sa.update(Author).values(name="Anne"))
    assert [one.row_count for one in story.statements] == [None, 1]


def test_how_long_a_commit_takes(session: Session) -> None:
    """COMMIT and ROLLBACK fire before the driver is called; the trace measures until it has answered."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        session.commit()
        session.add(Author(name="Ben"))
        session.flush()
        session.rollback()
    ends: list[Any] = [one for one in story.of(DatabaseTransactionChanged) if one.command != "BEGIN"]
    assert [one.command for one in ends] == ["COMMIT", "ROLLBACK"]
    assert all(one.duration > 0 for one in ends)
