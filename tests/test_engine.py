"""SQLite transactions are real ones, and nothing else about an engine changes."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from session_demo import create_engine, temporary_sqlite_url
from session_demo.models import Author, Base, Loan

INSERT = sa.text("INSERT INTO author (name) VALUES ('Ann')")


def in_transaction(connection: sa.Connection) -> bool:
    """Ask the driver, after a SELECT, whether the database is in a transaction."""
    connection.execute(sa.text("SELECT 1"))
    return connection.connection.dbapi_connection.in_transaction


def test_begin_is_sent_before_the_first_select(engine: Engine) -> None:
    """A transaction that only reads is a transaction."""
    with engine.connect() as connection:
        assert in_transaction(connection)


def test_begin_is_heard_once(engine: Engine, heard: list[str]) -> None:
    """Each transaction sends exactly one BEGIN."""
    with engine.begin() as connection:
        connection.execute(INSERT)
    assert heard == ["checkout", "BEGIN", "begin", INSERT.text, "commit", "checkin"]


def test_released_savepoint_disappears_with_outer_rollback(engine: Engine, count: Callable) -> None:
    """The ROLLBACK of a transaction takes the savepoints released in it along."""
    with engine.connect() as connection:
        with connection.begin_nested():
            connection.execute(INSERT)
        connection.rollback()
    assert count("author") == 0


def test_rolled_back_savepoint_leaves_the_outer_transaction(engine: Engine, count: Callable) -> None:
    """ROLLBACK TO SAVEPOINT undoes what came after the savepoint and nothing before it."""
    with engine.begin() as connection:
        connection.execute(INSERT)
        nested = connection.begin_nested()
        connection.execute(sa.text("DELETE FROM author"))
        nested.rollback()
    assert count("author") == 1


@pytest.mark.parametrize(("make", "stored"), [(sa.create_engine, ["Ann", "Bob"]), (create_engine, ["Bob"])])
def test_refused_commit_is_not_stored_by_the_next_session(
    make: Callable[..., Engine], stored: list[str]
) -> None:
    """What a refused COMMIT leaves open ends here; with SQLAlchemy's own engine the next COMMIT stores it."""
    engine = make(temporary_sqlite_url(), connect_args={"timeout": 0})
    Base.metadata.create_all(engine)
    reader = sqlite3.connect(engine.url.database or "", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM author").fetchall()
    with Session(engine) as refused:
        refused.add(Author(name="Ann"))
        with pytest.raises(OperationalError, match="locked"):
            refused.commit()
    reader.close()
    with Session(engine) as session:
        session.add(Author(name="Bob"))
        session.commit()
        assert session.scalars(sa.select(Author.name).order_by(Author.name)).all() == stored
    engine.dispose()


def test_refused_commit_ends_before_the_next_transaction(engine: Engine) -> None:
    """The connection of a refused COMMIT can begin again."""
    for _ in range(2):
        with Session(engine) as session:
            session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            session.add(Loan(member_id=99, book_id=99))
            with pytest.raises(IntegrityError):
                session.commit()
    with Session(engine) as session:
        assert session.scalars(sa.select(Loan)).all() == []


def test_ddl_is_rolled_back(engine: Engine) -> None:
    """CREATE TABLE is part of the transaction."""
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE passing (id INTEGER)"))
        connection.rollback()
    assert not sa.inspect(engine).has_table("passing")


def test_reads_of_one_transaction_are_repeatable(engine: Engine) -> None:
    """A session that has read goes on reading the same while another one commits."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("PRAGMA journal_mode=WAL"))
    count = sa.select(sa.func.count()).select_from(Author)
    with Session(engine) as reader, Session(engine) as writer:
        before = reader.scalar(count)
        writer.add(Author(name="Ann"))
        writer.commit()
        during = reader.scalar(count)
        reader.rollback()
        assert (before, during, reader.scalar(count)) == (0, 0, 1)


def test_reader_keeps_writers_of_one_file_waiting(tmp_path: Path) -> None:
    """Without a write-ahead log, nobody commits while a transaction reads."""
    engine = create_engine(f"sqlite:///{tmp_path / 'locked.db'}", connect_args={"timeout": 0})
    Author.metadata.create_all(engine)
    with Session(engine) as reader, Session(engine) as writer:
        reader.scalars(sa.select(Author)).all()
        writer.add(Author(name="Ann"))
        with pytest.raises(sa.exc.OperationalError, match="database is locked"):
            writer.commit()
    engine.dispose()


def test_foreign_keys_are_enforced(session: Session) -> None:
    """A row cannot refer to a row that does not exist."""
    session.add(Loan(member_id=7, book_id=7))
    with pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY constraint failed"):
        session.flush()


def autocommit_engine(url: sa.URL) -> sa.Connection:
    return create_engine(url, isolation_level="AUTOCOMMIT").connect()


def autocommit_on_engine(url: sa.URL) -> sa.Connection:
    return create_engine(url).execution_options(isolation_level="AUTOCOMMIT").connect()


def autocommit_on_connection(url: sa.URL) -> sa.Connection:
    return create_engine(url).connect().execution_options(isolation_level="AUTOCOMMIT")


@pytest.mark.parametrize("connect", [autocommit_engine, autocommit_on_engine, autocommit_on_connection])
def test_autocommit_is_respected(engine: Engine, connect: Callable, count: Callable) -> None:
    """Where AUTOCOMMIT is asked for no BEGIN is sent, and what is written stays."""
    with connect(engine.url) as connection:
        assert not in_transaction(connection)
        connection.execute(INSERT)
        connection.rollback()
    connection.engine.dispose()
    assert count("author") == 1


@pytest.mark.parametrize("ask", ["engine", "connection"])
def test_begin_is_back_when_an_autocommit_connection_returns(engine: Engine, ask: str) -> None:
    """A connection that was lent for AUTOCOMMIT sends BEGIN again for the next borrower."""
    options = {"isolation_level": "AUTOCOMMIT"}
    asked = engine.execution_options(**options) if ask == "engine" else engine
    with asked.connect() as connection:
        lent = connection.connection.dbapi_connection
        if ask == "connection":
            connection.execution_options(**options)
        before = in_transaction(connection)
    with engine.connect() as connection:
        again = connection.connection.dbapi_connection
        assert (before, in_transaction(connection), again) == (False, True, lent)


def test_begin_is_sent_where_autocommit_is_overruled(engine: Engine) -> None:
    """A connection of an AUTOCOMMIT engine that asks for SERIALIZABLE gets a real transaction."""
    autocommit = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with autocommit.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        assert in_transaction(connection)
    autocommit.dispose()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3.connect(autocommit=) came with Python 3.12")
@pytest.mark.parametrize("autocommit", [True, False])
def test_newer_transaction_control_is_left_to_the_driver(tmp_path: Path, autocommit: bool) -> None:
    """With connect_args autocommit the driver begins as told; foreign keys are enforced all the same."""
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}", connect_args={"autocommit": autocommit})
    begins: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, *_: begins.append(sql))
    with engine.connect() as connection:
        found = (
            in_transaction(connection),
            connection.connection.dbapi_connection.autocommit,
            connection.exec_driver_sql("PRAGMA foreign_keys").scalar(),
        )
    assert (found, begins) == ((not autocommit, autocommit, 1), ["SELECT 1", "PRAGMA foreign_keys"])
    engine.dispose()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3.connect(autocommit=) came with Python 3.12")
def test_newer_transaction_control_has_real_transactions(tmp_path: Path) -> None:
    """With autocommit=False a released savepoint disappears with the outer rollback."""
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}", connect_args={"autocommit": False})
    Author.metadata.create_all(engine)
    with Session(engine) as session:
        with session.begin_nested():
            session.add(Author(name="Ann"))
        session.rollback()
        assert session.scalars(sa.select(Author.name)).all() == []
    engine.dispose()


def test_options_are_passed_through() -> None:
    """Every option of SQLAlchemy's create_engine is accepted and used."""
    engine = create_engine("sqlite://", echo=False, poolclass=sa.pool.StaticPool, hide_parameters=True)
    assert (type(engine.pool), engine.hide_parameters, engine.echo) == (sa.pool.StaticPool, True, False)


def test_unknown_options_are_refused_by_sqlalchemy() -> None:
    """An option that SQLAlchemy does not know raises SQLAlchemy's own error."""
    with pytest.raises(TypeError, match="no_such_option"):
        create_engine("sqlite://", no_such_option=1)


def test_url_that_cannot_be_understood_is_refused_by_sqlalchemy() -> None:
    """A text that is no URL raises SQLAlchemy's own error."""
    with pytest.raises(sa.exc.ArgumentError):
        create_engine("library.db")


def test_other_databases_are_untouched() -> None:
    """An engine that is not for SQLite has the listeners SQLAlchemy gave it and no others."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: no second dialect to compare with")
    url = "postgresql+psycopg://nobody@nowhere/nothing"
    ours, plain = create_engine(url), sa.create_engine(url)
    numbers = [
        (len(engine.dispatch.begin), len(engine.pool.dispatch.connect), engine._has_events)
        for engine in (ours, plain)
    ]
    assert numbers[0] == numbers[1]


def test_engine_opens_no_connection_by_itself(tmp_path: Path) -> None:
    """Making an engine touches no file."""
    create_engine(f"sqlite:///{tmp_path / 'later.db'}")
    assert list(tmp_path.iterdir()) == []


def test_temporary_urls_are_unique_and_their_files_do_not_exist() -> None:
    """Each temporary URL names a file of its own that is not there yet, in a folder that is."""
    paths = [Path(sa.make_url(temporary_sqlite_url()).database) for _ in range(3)]
    assert len(set(paths)) == 3
    assert [(path.exists(), path.parent.is_dir()) for path in paths] == [(False, True)] * 3


def test_temporary_file_is_removed_at_exit_without_a_warning(python: Callable[..., str]) -> None:
    """When Python exits the file and its folder go, and no ResourceWarning comes."""
    printed = python(
        "import sqlalchemy as sa\n"
        "from session_demo import create_engine, temporary_sqlite_url\n"
        "url = temporary_sqlite_url()\n"
        "engine = create_engine(url)\n"
        "with engine.begin() as c: c.execute(sa.text('CREATE TABLE t (id INTEGER)'))\n"
        "engine.dispose()\n"
        "print(sa.make_url(url).database)\n"
        "import os; print(os.path.exists(sa.make_url(url).database))"
    )
    path, existed = printed.splitlines()
    assert (existed, Path(path).parent.exists()) == ("True", False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
@pytest.mark.parametrize("leave", ["sys.exit()", "import atexit; atexit._clear(); os._exit(0)"])
def test_forked_child_leaves_the_folder_to_its_parent(python: Callable[..., str], leave: str) -> None:
    """The folder outlives a child that exits, and one that forgets as multiprocessing's children do."""
    printed = python(
        "import os, sys\n"
        "import sqlalchemy as sa\n"
        "from session_demo import temporary_sqlite_url\n"
        "folder = os.path.dirname(sa.make_url(temporary_sqlite_url()).database)\n"
        "if not os.fork():\n"
        f"    {leave}\n"
        "os.wait()\n"
        "print(os.path.isdir(folder))"
    )
    assert printed.strip() == "True"


def test_released_savepoint_disappears_on_postgresql(postgres: Engine) -> None:
    """The story told with SQLite is the story of PostgreSQL."""
    with Session(postgres) as session:
        with session.begin_nested():
            session.add(Author(name="Ann"))
        session.rollback()
        assert session.scalars(sa.select(Author.name)).all() == []
