"""The databases on which the session helpers are proven, each by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

import session_demo

SERVERS = {"postgresql": "SESSION_DEMO_POSTGRES_URL", "mariadb": "SESSION_DEMO_MARIADB_URL"}
FILES = ["sqlite", "sqlite-wal", "sqlite-ordinary", "sqlite-ordinary-wal"]
"""Rollback journal or write-ahead log; our engine, or the ordinary one of SQLAlchemy."""
DATABASES = [*FILES, *SERVERS]


def unavailable(name: str, reason: str) -> NoReturn:
    """Skip, or fail where SESSION_DEMO_REQUIRE says that *name* must be there."""
    if name in os.environ.get("SESSION_DEMO_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=True)


@contextmanager
def databases_of(worker: str) -> Iterator[None]:
    """Give *worker*, which tests beside others, a database of its own on each server that is named."""
    variables = [variable for variable in SERVERS.values() if variable in os.environ]
    given = {variable: os.environ[variable] for variable in variables}
    own = f"session_demo_{worker}"
    for variable, url in given.items():
        _send(url, f"DROP DATABASE IF EXISTS {own}", f"CREATE DATABASE {own}")
        os.environ[variable] = sa.make_url(url).set(database=own).render_as_string(hide_password=False)
    yield
    for variable, url in given.items():
        os.environ[variable] = url
        _send(url, f"DROP DATABASE IF EXISTS {own}")


def _send(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def engine_on(database: str, folder: Path, **options: object) -> Engine:
    """Return an engine on *database*, a file in *folder* or a server; skip where there is no such server."""
    if variable := SERVERS.get(database):
        url = os.environ.get(variable)
        if not url:
            unavailable(database, f"{variable} is not set: no {database} to test with")
        return session_demo.create_engine(url, **options)
    create = sa.create_engine if "ordinary" in database else session_demo.create_engine
    engine = create(f"sqlite:///{folder / 'shop.db'}", **options)
    if database.endswith("wal"):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    return engine
