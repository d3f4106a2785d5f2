"""Engines whose transactions are what the book says they are."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


def create_engine(url: str | sa.URL, **options: Any) -> sa.Engine:
    """Create an engine; on SQLite one that really sends BEGIN and enforces foreign keys.

    Python's ``sqlite3`` module, left to itself, sends BEGIN only before the first
    INSERT, UPDATE or DELETE. Until then nothing is in a transaction, whatever SQLAlchemy
    believes: a SAVEPOINT that was released survives the ROLLBACK around it. This engine
    sends BEGIN at the moment SQLAlchemy begins. And when SQLite refuses a COMMIT, its
    transaction stays open while SQLAlchemy takes it for ended; this engine rolls it back
    before the connection goes to the next one. Nothing else differs from
    :func:`sqlalchemy.create_engine`, and engines for other databases do not differ at all.

    Args:
        url: The database URL.
        options: Passed to :func:`sqlalchemy.create_engine` unchanged.

    Returns:
        The engine. It has opened no connection yet.

    Raises:
        sqlalchemy.exc.ArgumentError: The URL cannot be understood.

    Session effect:
        None now. Later each database transaction on SQLite starts with a real BEGIN,
        unless the connection was asked for AUTOCOMMIT.

    Example:
        >>> engine = create_engine("sqlite://")
        >>> with engine.connect() as connection:
        ...     _ = connection.execute(sa.text("SELECT 1"))
        ...     print(connection.connection.dbapi_connection.in_transaction)
        True
        >>> engine.dispose()

    Source:
        SQLAlchemy's documentation of the pysqlite dialect, *Enabling Non-Legacy SQLite
        Transactional Modes*.
    """
    engine = sa.create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _enforce_foreign_keys)
        event.listen(engine, "begin", _send_begin)
        event.listen(engine, "reset", _end_what_is_open)
    return engine


def temporary_sqlite_url() -> str:
    """Return the URL of a SQLite file that does not exist yet.

    The file will lie in a new folder of its own, which is removed when this process exits; a process that
    was forked from it leaves the folder alone.
    Unlike ``sqlite://``, where all sessions of a thread share one connection, each
    session gets its own connection from the pool.

    Returns:
        A URL such as ``sqlite:////tmp/.../library.db``.

    Raises:
        OSError: No temporary folder can be made.

    Session effect:
        None.

    Example:
        >>> sa.make_url(temporary_sqlite_url()).drivername
        'sqlite'
    """
    folder = Path(tempfile.mkdtemp(prefix="session-demo-"))
    atexit.register(_remove, folder, owner=os.getpid())
    return f"sqlite:///{(folder / 'library.db').as_posix()}"


def begin_to_write(connection: sa.Connection, *, restart: bool = False) -> None:
    """Have SQLite wait for its write lock now, where it would otherwise refuse it later.

    A transaction of SQLite that has read cannot write after another one has written: "database is locked",
    at once. And Python's ``sqlite3``, left to itself, commits with the RELEASE of a SAVEPOINT that comes
    first in a transaction. BEGIN IMMEDIATE cures both. Other databases need nothing of this.

    Args:
        connection: A connection that has begun, and on which the next statement will write.
        restart: Whether the transaction in progress has done nothing that is still needed, so that another
            one may take its place.

    Session effect:
        On SQLite BEGIN IMMEDIATE where the driver is in no transaction yet, ROLLBACK and BEGIN IMMEDIATE
        where the transaction is restarted. Nothing under AUTOCOMMIT.

    Example:
        >>> with engine.begin() as connection:
        ...     begin_to_write(connection, restart=True)
    """
    if connection.dialect.name != "sqlite":
        return
    driver: Any = connection.connection.driver_connection
    begun = driver.in_transaction
    if begun and restart:
        connection.exec_driver_sql("ROLLBACK")
    if restart if begun else _leaves_begin_to_driver(driver):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _enforce_foreign_keys(dbapi_connection: Any, _record: object) -> None:
    # SQLite ignores this PRAGMA inside a transaction, and with autocommit=False there always is one.
    chosen = getattr(dbapi_connection, "autocommit", None)
    if chosen is False:
        dbapi_connection.autocommit = True
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
    if chosen is False:
        dbapi_connection.autocommit = False


def _send_begin(connection: sa.Connection) -> None:
    if _leaves_begin_to_driver(connection.connection.dbapi_connection):
        connection.exec_driver_sql("BEGIN")


def _end_what_is_open(driver: Any, _record: object, state: sa.PoolResetState) -> None:
    # After a refused COMMIT, SQLAlchemy believes that the transaction is over, and sends no ROLLBACK.
    if state.transaction_was_reset and getattr(driver, "in_transaction", False):
        driver.rollback()


def _leaves_begin_to_driver(driver: Any) -> bool:
    # None means AUTOCOMMIT was asked for; the attribute "autocommit" (Python 3.12) takes
    # a bool only where the user chose the driver's newer transaction control.
    chosen_by_user = driver.isolation_level is None or isinstance(getattr(driver, "autocommit", None), bool)
    return not chosen_by_user


def _remove(folder: Path, owner: int) -> None:
    # A forked child inherits what its parent does at exit; the folder is its parent's.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
