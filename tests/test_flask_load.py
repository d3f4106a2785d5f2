"""Thousands of requests at once on a threaded server: nothing is shared, left over, or lost."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, abort, stream_with_context
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.pool import QueuePool

from serving import Server, eventually, waitress_server, werkzeug_server
from session_demo import create_engine
from session_demo.flask import current_session, flask_scoped_session

REQUESTS, CLIENTS, THREADS = 3000, 32, 8
KINDS = ("read", "write", "fail", "abort", "leave")


class Base(DeclarativeBase):
    """Tables that no other test uses."""


class Entry(Base):
    """A row for each write that was promised to be there."""

    __tablename__ = "load_entry"
    number: Mapped[int] = mapped_column(primary_key=True)


class Tally(Base):
    __tablename__ = "load_counter"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Engine]:
    """A database with a pool that is smaller than the number of threads."""
    url: Any = f"sqlite:///{tmp_path / 'load.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").url
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=1,
        **({"connect_args": {"timeout": 60}} if request.param == "sqlite" else {}),
    )
    if request.param == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Tally(id=1, value=0))
        session.commit()
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


def load_app(engine: Engine) -> tuple[Flask, flask_scoped_session[Any], list[int]]:
    """An app whose every view marks its session, so that a session that is met twice is seen."""
    app = Flask("load")
    session = flask_scoped_session(sessionmaker(engine), app)
    numbers = count()
    shared: list[int] = []

    @app.before_request
    def mark() -> None:
        if session.info or session.new or session.in_transaction():
            shared.append(next(numbers))
        session.info["request"] = next(numbers)

    def write(number: int) -> None:
        session.execute(update(Tally).where(Tally.id == 1).values(value=Tally.value + 1))
        current_session.add(Entry(number=number))
        session.flush()

    @app.get("/read/<int:number>")
    def read(number: int) -> str:
        return str(session.scalar(select(sa.func.count(Entry.number)).where(Entry.number <= number)))

    @app.get("/write/<int:number>")
    def write_and_commit(number: int) -> str:
        write(number)
        session.commit()
        return "written"

    @app.get("/fail/<int:number>")
    def fail(number: int) -> str:
        write(number)
        raise LookupError(number)

    @app.get("/abort/<int:number>")
    def refuse(number: int) -> str:
        write(number)
        abort(409)

    @app.get("/leave/<int:number>")
    def leave(number: int) -> Response:
        def stream() -> Iterator[str]:
            session.scalar(select(Tally.value))
            while True:
                yield "x" * 5000

        return Response(stream_with_context(stream()))

    return app, session, shared


def ask(server: Server, kind: str, number: int) -> tuple[str, int]:
    """Make one request, and return what became of it."""
    if kind == "leave":
        with suppress(OSError, HTTPException):
            server.leave_after(f"/leave/{number}")
        return kind, 0
    return kind, server.get(f"/{kind}/{number}").status


@pytest.mark.parametrize("serve", [waitress_server, werkzeug_server])
def test_load(database: Engine, serve: Any) -> None:
    """Each write that was answered is there once, none that failed is, and all is given back."""
    app, session, shared = load_app(database)
    kinds = random.Random(4).choices(KINDS, weights=[40, 40, 8, 8, 4], k=REQUESTS)
    logging.disable()  # 500 is part of the test
    try:
        with serve(app, threads=THREADS) as server, ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(lambda asked: ask(server, *asked), zip(kinds, count(), strict=False)))
            assert eventually(lambda: not session.registry.registry)  # type: ignore[attr-defined]
            assert eventually(lambda: database.pool.checkedout() == 0)  # type: ignore[attr-defined]
    finally:
        logging.disable(logging.NOTSET)
    asked = Counter(kinds)
    assert Counter(answers) == {
        ("read", 200): asked["read"],
        ("write", 200): asked["write"],
        ("fail", 500): asked["fail"],
        ("abort", 409): asked["abort"],
        ("leave", 0): asked["leave"],
    }
    assert shared == []
    with Session(database) as check:
        numbers = set(check.scalars(select(Entry.number)))
        assert numbers == {number for number, kind in enumerate(kinds) if kind == "write"}
        assert check.scalar(select(Tally.value)) == asked["write"]
