"""What may be recorded besides one session: every session of a class, whichever thread or task drives it."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from tests.conftest import hooked

from session_demo import create_engine, trace
from session_demo.models import Author, Base, Book
from session_demo.tracing import watch
from session_demo.tracing.events import ConnectionCheckedOut, DeletionMarked, StateChanged
from session_demo.tracing.objects import ObjectRegister


class Shop(Session):
    """A Session class of the program's own."""


class Facade:
    """What has a sessionmaker under the name Session stands for its sessions."""

    def __init__(self, maker: sessionmaker[Session]) -> None:
        self.Session = maker


@pytest.mark.parametrize("kind", ["maker", "class", "facade"])
def test_all_sessions_are_heard_and_told_apart(engine: Engine, kind: str) -> None:
    """Each session of a maker, a class or a facade is recorded under a number of its own."""
    maker = sessionmaker(engine, class_=Shop)
    target = {"maker": maker, "class": Shop, "facade": Facade(maker)}[kind]
    other = Session(engine)
    with trace(target) as story:
        for name in ("Ann", "Ben"):
            with maker() as session:
                author = Author(name=name)
                session.add(author)
                session.commit()
        other.execute(sa.text("SELECT 1"))
    other.close()
    assert [(one.session, one.target) for one in story.of(StateChanged)] == [
        *[(1, "pending"), (1, "persistent"), (1, "detached")],
        *[(2, "pending"), (2, "persistent"), (2, "detached")],
    ]
    assert story.commands == ["BEGIN", "INSERT", "COMMIT"] * 2
    assert story[0].cause == ""


def test_deletion_is_marked_in_the_first_call(engine: Engine) -> None:
    """Also where the program looks delete() up before get() begins the first transaction."""
    with Session(engine) as session, session.begin():
        session.add(Author(name="Ann"))
    maker = sessionmaker(engine)
    with trace(maker) as story, maker() as session:
        session.delete(session.get_one(Author, 1))
    assert [(one.key, one.marked) for one in story.of(DeletionMarked)] == [("id=1", True)]


def test_first_transaction_is_told_once(engine: Engine) -> None:
    """The transaction in which a session is met is told once, also where the program listens to it too."""
    maker = sessionmaker(engine)
    with trace(maker) as story, maker() as plain, maker() as listened:
        event.listen(listened, "after_transaction_create", lambda *_: None)
        for session in (plain, listened):
            session.execute(sa.text("SELECT 1"))
            session.commit()
    told = [(one.session, type(one).__name__) for one in story]
    assert told == [
        (number, name)
        for number in (1, 2)
        for name in (
            "SessionTransactionBegun",
            "ConnectionCheckedOut",
            "DatabaseTransactionChanged",
            "StatementExecuted",
            "DatabaseTransactionChanged",
            "ConnectionCheckedIn",
            "SessionTransactionEnded",
        )
    ]


def test_session_at_work_is_met_at_its_next_flush(engine: Engine) -> None:
    """A session that is in a transaction already is heard from its next flush on."""
    maker = sessionmaker(engine)
    with maker() as session:
        session.add(Author(name="Ann"))
        with trace(maker) as story:
            session.commit()
    assert story.commands == ["BEGIN", "INSERT", "COMMIT"]


def test_sessions_are_free_afterwards(engine: Engine) -> None:
    """After the recording no session is hooked, and none is kept alive."""
    maker = sessionmaker(engine)
    with trace(maker):
        session = maker()
        session.execute(sa.text("SELECT 1"))
    assert (hooked(session), hooked(session.connection()), watch._watches) == ([], [], ())
    session.close()
    gone = weakref.ref(session)
    del session
    gc.collect()
    assert gone() is None


def test_recordings_of_one_class_may_overlap(engine: Engine) -> None:
    """Two recordings hear what happens while each runs."""
    maker = sessionmaker(engine)
    first, second = trace(maker).start(), trace(maker).start()
    with maker() as session:
        session.execute(sa.text("SELECT 1"))
        first.stop()
        session.execute(sa.text("SELECT 2"))
        second.stop()
        session.execute(sa.text("SELECT 3"))
    assert (first.commands, second.commands) == (["BEGIN", "SELECT"], ["BEGIN", "SELECT", "SELECT"])


def test_threads_are_recorded_together(engine: Engine) -> None:
    """Sessions of several threads fill one recording, each event under the right session."""
    maker = sessionmaker(engine)

    def read(number: int) -> None:
        with maker() as session:
            for _ in range(20):
                session.scalars(select(Author).where(Author.id == number)).all()

    with trace(maker) as story:
        threads = [threading.Thread(target=read, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    asked = {(one.session, one.parameter_sets) for one in story.statements}
    assert (len(asked), len(story.statements)) == (4, 80)


def test_starting_and_stopping_never_disturbs_other_threads(engine: Engine) -> None:
    """Sessions work on while recordings of their class, with attributes, come and go."""
    maker = sessionmaker(engine)
    # A listener of the program's own on each of the busiest events: what is walked must not be changed.
    for name in ("before_flush", "after_transaction_create", "transient_to_pending"):
        event.listen(maker, name, lambda *_: sum(range(50)))
    errors: list[BaseException] = []
    over = threading.Event()

    def work() -> None:
        in_memory = create_engine("sqlite://")
        Base.metadata.create_all(in_memory)
        try:
            while not over.is_set():
                with maker(bind=in_memory) as session:
                    session.add(Author(name="Ann"))
                    session.flush()
                    session.rollback()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            errors.append(error)
        finally:
            in_memory.dispose()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for level in ("session", "full") * 100:
        with trace(maker, level):
            over.wait(0.002)
    over.set()
    for thread in threads:
        thread.join()
    assert errors == []


def test_scoped_session_is_its_current_session(engine: Engine) -> None:
    """A scoped_session stands for the session of this thread."""
    registry = scoped_session(sessionmaker(engine))
    with trace(registry) as story:
        registry.execute(sa.text("SELECT 1"))
    registry.remove()
    assert story.commands == ["BEGIN", "SELECT"]


def test_async_session_is_recorded_with_the_lines_of_its_task(engine: Engine) -> None:
    """An AsyncSession stands for the session it drives; the line is found across SQLAlchemy's greenlet."""
    pytest.importorskip("aiosqlite", reason="aiosqlite is not installed: no asyncio driver for SQLite")
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    async def work() -> list[tuple[str, str]]:
        async_engine = create_async_engine(str(engine.url).replace("sqlite:", "sqlite+aiosqlite:"))
        async with AsyncSession(async_engine) as session:
            with trace(session) as story:
                session.add(Author(name="Ann"))
                await session.commit()
        await async_engine.dispose()
        assert all(one.line for one in story)
        return [(one.verb, one.line.text) for one in story.statements if one.line]

    assert asyncio.run(work()) == [("INSERT", "await session.commit()")]


def test_connections_are_numbered_for_the_whole_recording(engine: Engine) -> None:
    """Two sessions at once have two connections."""
    maker = sessionmaker(engine)
    with trace(maker) as story, maker() as first, maker() as second:
        first.execute(sa.text("SELECT 1"))
        second.execute(sa.text("SELECT 1"))
    assert [(one.session, one.connection) for one in story.of(ConnectionCheckedOut)] == [(1, 1), (2, 2)]


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("eager_threads")
@pytest.mark.parametrize("round_", range(5))
def test_objects_that_threads_bring_at_once_have_numbers_of_their_own(round_: int) -> None:
    """No two objects share a number, and each number leads to the class of its object."""
    register, together = ObjectRegister(), threading.Barrier(4)
    kept: list[tuple[int, object]] = []

    def bring() -> None:
        things = [Author() if place % 2 else Book() for place in range(2_000)]
        states = [sa.inspect(thing) for thing in things]
        together.wait()
        for state, thing in zip(states, things, strict=True):
            kept.append((register.number(state), thing))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(bring) for _ in range(4)]:
            done.result()
    assert sorted(number for number, _ in kept) == list(range(8_000))
    assert [number for number, thing in kept if register.class_of(number) is not type(thing)] == []


@pytest.mark.usefixtures("eager_threads")
def test_stopping_is_not_disturbed_by_sessions_that_begin() -> None:
    """The end of a recording raises nothing in the program while other threads bring new sessions."""
    maker = sessionmaker()
    over = threading.Event()

    def begin() -> None:
        while not over.is_set():
            sessions = [maker() for _ in range(20)]
            for session in sessions:
                session.begin()
            for session in sessions:
                session.close()

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(begin) for _ in range(3)]
        try:
            for _ in range(150):
                with trace(maker):
                    time.sleep(0.001)
        finally:
            over.set()
        for done in working:
            done.result()
