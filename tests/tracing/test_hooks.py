"""The instrument leaves no mark, in no case; and what a session does is the same with it and without it."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import (
    DeclarativeBase,
    InstanceState,
    Mapped,
    Session,
    make_transient,
    make_transient_to_detached,
    mapped_column,
)
from tests.conftest import hooked

from session_demo import create_engine, state_of, trace
from session_demo.errors import UnknownObjectError
from session_demo.models import Author, Base, Book, Loan, Member
from session_demo.tracing.connections import ConnectionNumbers
from session_demo.tracing.events import ConnectionCheckedIn
from session_demo.tracing.hooks import Level, SessionHooks
from session_demo.tracing.objects import ObjectRegister
from session_demo.tracing.target import acquired_connections


def test_hooks_are_on_while_it_runs_and_off_afterwards(session: Session) -> None:
    """The session and its connection are listened to in the block, and by nobody after it."""
    with trace(session):
        connection = session.connection()
        during = bool(hooked(session)), bool(hooked(connection))
    assert (during, hooked(session), hooked(connection)) == ((True, True), [], [])


def test_hooks_come_off_connections_that_went_back(session: Session) -> None:
    """A connection that was given back before the end, and is still referred to, is free too."""
    with trace(session):
        connection = session.connection()
        session.commit()
    assert hooked(connection) == []


def test_hooks_come_off_a_connection_that_was_given(engine: Engine) -> None:
    """The connection a session was bound to is free afterwards."""
    with engine.connect() as connection, Session(connection) as session:
        with trace(session):
            session.execute(sa.text("SELECT 1"))
        assert hooked(connection) == []


@pytest.mark.parametrize("kind", ["plain", "two phases", "given"])
def test_two_phases_are_listened_for_where_they_may_come(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A transaction begun in one phase stays in one; one not begun, or begun in two, may have two."""
    for name in ("do_begin_twophase", "do_rollback_twophase"):
        monkeypatch.setattr(engine.dialect, name, lambda *_: None)
    with engine.connect() as given:
        bind = given if kind == "given" else engine
        with Session(bind, twophase=kind == "two phases") as session, trace(session):
            heard = "prepare_twophase" in hooked(session.connection())
            assert heard == (kind != "plain")
        assert hooked(given) == []


def test_hooks_come_off_after_an_error(session: Session) -> None:
    """An exception in the block leaves nothing hooked."""
    with pytest.raises(sa.exc.OperationalError), trace(session):
        session.execute(sa.text("SELECT nothing"))
    connection = session.connection()
    assert (hooked(session), hooked(connection)) == ([], [])


def test_watching_sends_nothing(session: Session, heard: list[str]) -> None:
    """Starting, reading and stopping open no connection, begin no transaction and emit no SQL."""
    author = Author(name="Ann")
    session.add(author)
    session.commit()
    heard.clear()
    with trace(session) as story:
        str(story)
        story._repr_html_()
    assert (heard, session.in_transaction(), sa.inspect(author).expired) == ([], False, True)


def test_watching_a_session_that_has_begun_sends_nothing(session: Session, heard: list[str]) -> None:
    """A session transaction that has no connection yet gets none from being watched."""
    session.begin()
    with trace(session):
        assert list(acquired_connections(session)) == []
    assert heard == []


def test_acquired_connections_are_those_of_the_transaction(session: Session) -> None:
    """Looking for connections finds those in use, once each, also from within a savepoint."""
    assert list(acquired_connections(session)) == []
    connection = session.connection()
    session.begin_nested()
    assert list(acquired_connections(session)) == [connection]


def test_object_is_collected_while_it_is_watched(session: Session) -> None:
    """The identity map may forget an object while its story is being recorded."""
    with trace(session) as story:
        author = Author(name="Ann")
        session.add(author)
        session.commit()
        alive = weakref.ref(author)
        del author
        gc.collect()
        assert (alive(), list(session.identity_map)) == (None, [])
    assert story.states("Author A") == ["transient", "pending", "persistent"]


def test_session_is_collected_while_a_recording_exists(engine: Engine) -> None:
    """A recording, running or finished, holds no session; what it heard stays."""
    session = Session(engine)
    running, finished = trace(session).start(), trace(session).start()
    session.add(Author(name="Ann"))
    session.commit()
    story = finished.stop()
    alive = weakref.ref(session)
    del session
    gc.collect()
    assert alive() is None
    assert running.stop() == story
    assert running.commands == ["BEGIN", "INSERT", "COMMIT"]


def test_given_connection_is_collected_with_its_session(engine: Engine) -> None:
    """A recording that goes on keeps no connection that was given to a session, and no pool waiting."""
    connection = engine.connect()
    session = Session(connection)
    recording = trace(session).start()
    session.add(Author(name="Ann"))
    session.commit()
    connection.commit()
    gone = weakref.ref(connection)
    del session, connection
    gc.collect()
    assert gone() is None
    recording.stop()
    assert recording.commands == ["BEGIN", "INSERT", "COMMIT"]


def test_recording_of_a_collected_session_can_be_started_again(engine: Engine) -> None:
    """A recording whose session is gone has nothing to hear, and says nothing."""
    watch = trace(Session(engine))
    gc.collect()
    assert list(watch.start().stop()) == []


class Prickly(DeclarativeBase):
    pass


class Hedgehog(Prickly):
    """A model that cannot bear to be looked at."""

    __tablename__ = "hedgehog"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def _refuse(self, *_: object) -> Any:
        raise AssertionError("the instrument touched an object")

    __repr__ = __str__ = __eq__ = __bool__ = __len__ = _refuse
    __hash__ = None


def test_model_is_never_asked_anything(engine: Engine) -> None:
    """Neither recording nor rendering calls a special method of a mapped object."""
    Prickly.metadata.create_all(engine)
    with Session(engine) as session, trace(session) as story:
        session.add(hedgehog := Hedgehog(name="Ann"))
        session.commit()
        session.delete(hedgehog)
        session.commit()
    assert story.states(hedgehog) == ["transient", "pending", "persistent", "deleted", "detached"]
    assert "Hedgehog A" in str(story)
    assert "Hedgehog A" in story._repr_html_()


class BrokenRegister(ObjectRegister):
    def number(self, state: InstanceState[Any]) -> int:
        raise RuntimeError("a defect of the instrument")


def test_defect_of_the_instrument_never_reaches_the_program(session: Session, count: Callable) -> None:
    """A hook that fails is silent: the session works as if nobody watched."""
    records: list[Any] = []
    hooks = SessionHooks(session, 1, records, BrokenRegister(), ConnectionNumbers())
    hooks.attach()
    session.add(Author(name="Ann"))
    session.commit()
    hooks.detach()
    assert count("author") == 1
    assert records


def test_error_in_the_block_is_not_hidden_by_one_in_reading(session: Session) -> None:
    """Leaving the block reads nothing, so that the program's own error is the one that is seen."""
    with pytest.raises(ValueError, match="the program's"), trace(session) as story:  # noqa: PT012
        story._records.append(("no kind", 0, None, 1))
        raise ValueError("the program's")
    with pytest.raises(KeyError):
        list(story)


def test_stop_from_within_a_listener_keeps_the_session_working(session: Session, count: Callable) -> None:
    """A listener of the program may stop the recording between two events."""
    watch = trace(session).start()
    event.listen(session, "before_commit", lambda _: watch.stop(), once=True)
    session.add(Author(name="Ann"))
    session.commit()
    assert (watch.commands, count("author")) == ([], 1)


def test_connection_leaves_the_trace_with_its_session(engine: Engine) -> None:
    """What another session does on a connection that was given back is not heard."""
    with Session(engine) as watched, trace(watched) as story:
        connection = watched.connection()
        driver = connection.connection.dbapi_connection
        watched.commit()
        with Session(engine) as other:
            assert other.connection().connection.dbapi_connection is driver
            other.execute(sa.text("SELECT 1"))
    assert (story.commands, story[-2]) == (["BEGIN", "COMMIT"], ConnectionCheckedIn(1))


# --- With the instrument and without it ---------------------------------------------------------

SLOTS = st.integers(0, 5)
NAMES = st.sampled_from(["Ann", "Ben", "Cy"])
STEPS = st.one_of(
    st.tuples(st.just("add"), NAMES),
    st.tuples(st.just("add_book"), SLOTS),
    st.tuples(st.just("borrow"), NAMES),
    st.tuples(st.sampled_from(["add_again", "delete", "expunge", "expire", "read", "refresh"]), SLOTS),
    st.tuples(st.just("elsewhere"), st.sampled_from(["flush", "commit", "rollback", "close"])),
    st.tuples(st.sampled_from(["move", "make_transient", "make_detached", "merge"]), SLOTS),
    st.tuples(st.just("rename"), SLOTS, NAMES),
    st.tuples(st.sampled_from(["update_in_bulk", "insert_in_bulk", "save_in_bulk", "update_unheard"]), NAMES),
    st.tuples(
        st.sampled_from(
            [
                *("flush", "commit", "rollback", "close", "begin_nested", "commit_nested", "rollback_nested"),
                *(
                    "query",
                    "query_books",
                    "text",
                    "fail",
                    "delete_in_bulk",
                    "get",
                    "expunge_all",
                    "invalidate",
                ),
                "query_elsewhere",
            ]
        )
    ),
)


class Program:
    """Runs steps in one session on a fresh database and remembers all that can be seen of it."""

    def __init__(self, expire_on_commit: bool = True) -> None:
        self.sql: list[Any] = []
        self.engine, self.elsewhere_engine = self._database(), self._database()
        self.session = Session(self.engine, expire_on_commit=expire_on_commit)
        # A database in memory is one connection, so that two sessions need two. Rows of an object that moves
        # are not there, and its UPDATE fails: that is welcome.
        self.other = Session(self.elsewhere_engine)
        # Objects stay referenced: when the garbage collector runs is no difference of interest.
        self.things: list[Any] = []
        self.seen: list[Any] = []

    def _database(self) -> Engine:
        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        event.listen(engine, "before_cursor_execute", self._executed)
        for name in ("begin", "commit", "rollback"):
            event.listen(engine, name, lambda *_, name=name: self.sql.append(name))
        return engine

    def _executed(self, _c: Connection, _cursor: object, sql: str, values: object, *_: object) -> None:
        self.sql.append((sql, repr(values)))

    def run(self, steps: list[tuple[Any, ...]]) -> None:
        for name, *arguments in steps:
            error: Any = None
            try:
                getattr(self, name)(*arguments)
            except (sa.exc.SQLAlchemyError, AttributeError, AssertionError) as raised:
                error = type(raised), getattr(raised, "code", None), str(getattr(raised, "orig", ""))
            # A flush loads what it needs in set order, so that statements of one step are compared sorted.
            self.seen.append((error, [state_of(thing) for thing in self.things], sorted(map(str, self.sql))))
            self.sql.clear()

    def rows(self) -> list[Any]:
        found = []
        for session in (self.session, self.other):
            session.close()
            with session.bind.connect() as connection:
                tables = Base.metadata.sorted_tables
                found.append([connection.execute(sa.select(table)).all() for table in tables])
            session.bind.dispose()
        return found

    def _keep(self, thing: Any) -> None:
        if all(thing is not known for known in self.things):
            self.things.append(thing)

    def _thing(self, slot: int) -> Any:
        return self.things[slot % len(self.things)] if self.things else Author(name="nobody")

    def add(self, name: str) -> None:
        self._keep(Author(name=name))
        self.session.add(self.things[-1])

    def add_book(self, slot: int) -> None:
        author = self._thing(slot)
        book = Book(title="Kindred")
        self._keep(book)
        if isinstance(author, Author):
            book.author = author
        self.session.add(book)

    def borrow(self, name: str) -> None:
        books = [thing for thing in self.things if isinstance(thing, Book)]
        for thing in (member := Member(name=name), loan := Loan(member=member, book=(books or [None])[0])):
            self._keep(thing)
        self.session.add(loan)

    def add_again(self, slot: int) -> None:
        self.session.add(self._thing(slot))

    def delete(self, slot: int) -> None:
        self.session.delete(self._thing(slot))

    def _leaves(self, thing: Any) -> bool:
        # SQLAlchemy numbers pending objects by how many there are: once one was expunged two others may
        # share a number, and which of them is inserted first differs from run to run, watched or not.
        return not sa.inspect(thing).pending and not isinstance(thing, Member)

    def expunge(self, slot: int) -> None:
        if self._leaves(thing := self._thing(slot)):
            self.session.expunge(thing)

    def move(self, slot: int) -> None:
        if self._leaves(thing := self._thing(slot)):
            self.session.expunge(thing)
            self.other.add(thing)

    def make_transient(self, slot: int) -> None:
        if self._leaves(thing := self._thing(slot)):
            make_transient(thing)

    def make_detached(self, slot: int) -> None:
        make_transient_to_detached(self._thing(slot))

    def merge(self, slot: int) -> None:
        self._keep(self.session.merge(self._thing(slot)))

    def update_in_bulk(self, name: str) -> None:
        self.session.execute(sa.update(Author).where(Author.id == 1).values(name=name))

    def insert_in_bulk(self, name: str) -> None:
        self.session.execute(sa.insert(Author), [{"name": f"{name} {number}"} for number in range(3)])

    def delete_in_bulk(self) -> None:
        self.session.execute(sa.delete(Book))

    def save_in_bulk(self, name: str) -> None:
        self._keep(author := Author(name=f"{name} in bulk"))
        self.session.bulk_save_objects([author], return_defaults=True)

    def update_unheard(self, name: str) -> None:
        options = {"synchronize_session": False}
        self.session.execute(
            sa.update(Author).where(Author.id == 1).values(name=name), execution_options=options
        )

    def get(self) -> None:
        if author := self.session.get(Author, 1):
            self._keep(author)

    def refresh(self, slot: int) -> None:
        self.session.refresh(self._thing(slot))

    def expunge_all(self) -> None:
        self.session.expunge_all()

    def invalidate(self) -> None:
        if not self.session.in_transaction():
            self.session.invalidate()

    def elsewhere(self, call: str) -> None:
        getattr(self.other, call)()

    def query_elsewhere(self) -> None:
        for author in self.other.scalars(sa.select(Author).order_by(Author.id)):
            self._keep(author)

    def expire(self, slot: int) -> None:
        self.session.expire(self._thing(slot))

    def read(self, slot: int) -> None:
        repr(getattr(self._thing(slot), "name", None))

    def rename(self, slot: int, name: str) -> None:
        self._thing(slot).name = name

    def flush(self) -> None:
        self.session.flush()

    def commit(self) -> None:
        self.session.commit()

    def rollback(self) -> None:
        self.session.rollback()

    def close(self) -> None:
        self.session.close()

    def begin_nested(self) -> None:
        self.session.begin_nested()

    def commit_nested(self) -> None:
        self.session.get_nested_transaction().commit()

    def rollback_nested(self) -> None:
        self.session.get_nested_transaction().rollback()

    def query(self) -> None:
        for author in self.session.scalars(sa.select(Author).order_by(Author.id)):
            self._keep(author)

    def query_books(self) -> None:
        for book in self.session.scalars(sa.select(Book).order_by(Book.id)):
            self._keep(book)

    def text(self) -> None:
        self.session.execute(sa.text("SELECT count(*) FROM author"))

    def fail(self) -> None:
        self.session.execute(sa.text("INSERT INTO author (id, name) VALUES (NULL, NULL)"))


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    steps=st.lists(STEPS, min_size=1, max_size=15),
    late=st.integers(0, 5),
    level=st.sampled_from(["sql", "session", "full"]),
    expire_on_commit=st.booleans(),
)
def test_session_does_the_same_with_the_instrument_and_without(
    steps: list[tuple[Any, ...]], late: int, level: Level, expire_on_commit: bool
) -> None:
    """Whatever a program does, rows, object states, errors and SQL do not depend on being watched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        alone, watched = Program(expire_on_commit), Program(expire_on_commit)
        alone.run(steps)
        watched.run(steps[:late])
        with trace(watched.session, level) as story, trace(watched.other, level) as elsewhere:
            watched.run(steps[late:])
        assert watched.seen == alone.seen
        if level != "sql":
            # The last state told is the state it is in, also where no event told of it. What went on to
            # another session is that session's story.
            for thing in watched.things:
                here, there = (story, elsewhere) if thing not in watched.other else (elsewhere, story)
                if told := last_state(here, thing):
                    assert told == state_of(thing)
                assert thing not in watched.other or last_state(there, thing) in (None, *OUTSIDE)
        assert watched.rows() == alone.rows()


OUTSIDE = ("transient", "detached", "deleted")


def last_state(story: Any, thing: object) -> str | None:
    try:
        return story.states(thing)[-1]
    except UnknownObjectError:  # nothing was told of it
        return None
