"""Races for the same new rows: no error, no duplicate, and nothing of anybody's lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from databases import DATABASES, engine_on
from racing import Race, in_processes, in_threads
from session_demo import Session
from shop import Base, Note, Tag

HELPERS = ["first_or_create", "create_or_first"]
READ_COMMITTED = {"isolation_level": "READ COMMITTED"}
ROOM = {"pool_size": 16}

Track = Callable[..., Engine]


@pytest.fixture
def track(tmp_path: Path) -> Iterator[Track]:
    """Make an engine on a database with empty tables."""
    engines = []

    def make(database: str, **options: object) -> Engine:
        engine = engine_on(database, tmp_path, **ROOM, **options)
        engines.append(engine)
        Base.metadata.drop_all(engine)
        Base.metadata.create_all(engine)
        return engine

    yield make
    for engine in engines:
        Base.metadata.drop_all(engine)
        engine.dispose()


def options_for(database: str) -> dict[str, str]:
    """SQLite knows no READ COMMITTED; MariaDB needs to be asked for it."""
    return {} if database.startswith("sqlite") else READ_COMMITTED


def finish(engine: Engine, race: Race) -> tuple[list[str], int]:
    """Return the names of the tags, and how many of the runners' notes are missing."""
    with Session(engine) as session:
        tags = sorted(session.scalars(sa.select(Tag.name)), key=int)
        notes = session.scalar(sa.select(sa.func.count(Note.text.distinct())))
    return tags, race.rounds * race.runners * race.pending - notes


def goal(race: Race) -> tuple[list[str], int]:
    return [str(number) for number in range(race.rounds)], 0


@pytest.mark.parametrize("pending", [True, False], ids=["after other work", "first"])
@pytest.mark.parametrize("helper", HELPERS)
@pytest.mark.parametrize("database", DATABASES)
def test_threads(track: Track, database: str, helper: str, pending: bool) -> None:
    """Of sixteen threads each gets the one new row, and each keeps what it did before."""
    engine = track(database, **options_for(database))
    race = Race(helper, pending)
    assert (in_threads(engine, race), finish(engine, race)) == ([], goal(race))
    assert engine.pool.checkedout() == 0


@pytest.mark.parametrize("database", DATABASES)
def test_processes(track: Track, tmp_path: Path, database: str) -> None:
    """What holds for threads holds for processes."""
    engine = track(database, **options_for(database))
    race = Race("first_or_create", rounds=5, runners=4, options=options_for(database))
    assert (in_processes(database, tmp_path, race), finish(engine, race)) == ([], goal(race))


SNAPSHOTS = [
    ("postgresql", "REPEATABLE READ", {"UniqueViolation"}),
    ("postgresql", "SERIALIZABLE", {"SerializationFailure", "UniqueViolation"}),
    ("mariadb", "REPEATABLE READ", {"IntegrityError"}),
    ("mariadb", "SERIALIZABLE", {"OperationalError", "IntegrityError"}),
]


@pytest.mark.parametrize(("database", "level", "errors"), SNAPSHOTS)
def test_snapshot_raises(track: Track, database: str, level: str, errors: set[str]) -> None:
    """Where a transaction cannot see the row that is in its way, the database's own error is raised."""
    engine = track(database, isolation_level=level)
    race = Race("first_or_create")
    failed = in_threads(engine, race)
    tags, lost = finish(engine, race)
    assert failed
    assert set(failed) <= errors
    assert tags == goal(race)[0]
    assert lost == len(failed)


@pytest.mark.parametrize(("database", "level", "errors"), SNAPSHOTS)
def test_snapshot_and_another_try(track: Track, database: str, level: str, errors: set[str]) -> None:
    """Who rolls back and tries the whole transaction again succeeds, and loses nothing."""
    engine = track(database, isolation_level=level)
    race = Race("first_or_create", rounds=3, patience=20)
    assert (in_threads(engine, race), finish(engine, race)) == ([], goal(race))
