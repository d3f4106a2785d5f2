"""A real database for each test, and the proof that no test leaves anything hooked."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from sqlalchemy import Connection, Engine, Pool, event
from sqlalchemy.event import registry
from sqlalchemy.orm import Mapper, Session, scoped_session, sessionmaker
from sqlalchemy.orm.session import _sessions

from databases import databases_of
from session_demo import create_engine
from session_demo.models import Base
from session_demo.tracing import attributes, watch
from session_demo.tracing.target import acquired_connections

# How long an example takes depends on the machine, and proves nothing.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

SHADOWED = ("add", "delete", "flush", "_identity_lookup")
CLASSES = (Session, sessionmaker, scoped_session, Connection, Engine, Pool, Mapper, Base)


def listeners() -> Counter[str]:
    """Count everybody's listeners on whole classes, and what is hooked on living sessions."""
    whole = {id(one): one.__name__ for one in CLASSES}
    found: Counter[str] = Counter()
    # Copies: while a loop runs, the garbage collector may take entries away.
    for (target, name, _), collections in registry._key_to_collection.copy().items():
        for collection, listener in collections.copy().items():
            if collection() is None or listener() is None:
                continue
            # One listener on a watched class stays, and sleeps.
            if target in whole and listener().__module__ != "session_demo.tracing.watch":
                found[f"{whole[target]}.{name}"] += 1
    for session in list(_sessions.values()):
        found.update(f"a session's {name}" for name in hooked(session))
        found.update(f"a session's own {name}" for name in vars(session) if name in SHADOWED)
        for connection in acquired_connections(session):
            found.update(f"a connection's {name}" for name in hooked(connection))
    found["sessions with attributes heard"] = len(attributes._listeners)
    found["classes watched"] = len(watch._watches)
    return found


def hooked(target: Any) -> list[str]:
    """Name the events of a session or a connection that the tracer listens to on this very object."""
    if "dispatch" not in vars(target):
        return []
    return [
        name
        for name in sorted(type(target).dispatch._event_names)
        for listener in getattr(target.dispatch, name)
        if listener.__module__.startswith(("session_demo.tracing", "session_demo.testing"))
        and listener.__module__ != "session_demo.tracing.watch"
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Let workers of pytest-xdist, which run side by side, not meet in one database of a server."""
    if worker := getattr(config, "workerinput", {}).get("workerid"):
        own = databases_of(worker)
        own.__enter__()
        config.add_cleanup(lambda: own.__exit__(None, None, None))


@pytest.fixture(autouse=True)
def _nothing_is_left_hooked() -> Iterator[None]:
    """After every test no session, connection or class has a listener that it did not have before."""
    before = listeners()
    yield
    if listeners() != before:
        gc.collect()  # a session that is garbage takes its listeners with it
    assert listeners() == before


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a real SQLite file with the tables of the library."""
    engine = create_engine(f"sqlite:///{tmp_path / 'library.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def heard(engine: Engine) -> list[str]:
    """What the engine really does, told by listeners that owe nothing to the tracer."""
    told: list[str] = []

    def execute(_c: object, _cursor: object, sql: str, *_rest: object) -> None:
        told.append(sql)

    event.listen(engine, "before_cursor_execute", execute)
    for name in ("begin", "commit", "rollback"):
        event.listen(engine, name, lambda *_, name=name: told.append(name))
    for name in ("checkout", "checkin"):
        event.listen(engine.pool, name, lambda *_, name=name: told.append(name))
    return told


@pytest.fixture(scope="session")
def python() -> Callable[..., str]:
    """Run code in a fresh interpreter where warnings are errors, and return what it prints."""

    def run(code: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


@pytest.fixture
def postgres() -> Iterator[Engine]:
    """An engine on the PostgreSQL database that SESSION_DEMO_POSTGRES_URL names."""
    url = os.environ.get("SESSION_DEMO_POSTGRES_URL")
    if not url:
        pytest.skip("SESSION_DEMO_POSTGRES_URL is not set: no PostgreSQL to test with")
    engine = create_engine(url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def count(engine: Engine) -> Callable[[str], int]:
    """Count the committed rows of a table through a connection of one's own."""

    def rows(table: str) -> int:
        with engine.connect() as connection:
            return connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))

    return rows
