"""The databases on which the session helpers are proven, each by its name."""

from __future__ import annotations

import os
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
