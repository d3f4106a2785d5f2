"""The examples of sqla_wrapper's page *Working with the session*, corrected, with our names in its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from session_demo import Session, SQLAlchemy


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Any]:
    db: Any = SQLAlchemy(f"sqlite:///{tmp_path / 'app.db'}")

    class User(db.Model):
        __tablename__ = "user"
        id: Mapped[int] = mapped_column(primary_key=True)
        login: Mapped[str] = mapped_column(unique=True)

    db.User = User
    db.create_all()
    yield db
    db.engine.dispose()


def test_scoped_session_of_a_request(db: Any) -> None:
    """A function called at the end of each request removes the session; the next one gets a new one."""
    app = flask.Flask(__name__)
    seen = []

    @app.teardown_appcontext
    def remove_db_scoped_session(error: BaseException | None = None) -> None:
        db.s.remove()

    @app.post("/<login>")
    def sign_in(login: str) -> str:
        seen.append(db.s())
        user = db.s.first_or_create(db.User, login=login)
        db.s.commit()
        return str(user.id)

    client = app.test_client()
    assert [client.post(path).text for path in ("/ann", "/ben", "/ann")] == ["1", "2", "1"]
    assert len(set(map(id, seen))) == 3
    assert not db.s.registry.has()
    assert db.engine.pool.checkedout() == 0


def test_session_as_a_context_manager(db: Any) -> None:
    """A transaction begins when it is needed; the connection goes back to the pool when the block ends."""
    with db.Session() as dbs:
        assert not dbs.in_transaction()
        dbs.create(db.User, login="ann")
        assert (dbs.in_transaction(), db.engine.pool.checkedout()) == (True, 1)
        dbs.commit()
        dbs.create(db.User, login="ben")
        dbs.rollback()
    assert db.engine.pool.checkedout() == 0
    with db.Session() as dbs:
        assert [user.login for user in dbs.all(db.User)] == ["ann"]


def test_session_closed_by_hand(db: Any) -> None:
    """Without a block the session is closed by hand; the page's own example has a colon too many."""
    dbs = db.Session()
    assert dbs.first(db.User) is None
    assert db.engine.pool.checkedout() == 1
    dbs.close()
    assert db.engine.pool.checkedout() == 0


def test_get_by_primary_key(db: Any) -> None:
    """``get`` is SQLAlchemy's own."""
    user = db.s.create(db.User, login="ann")
    assert db.s.get(db.User, user.id) is user
    assert db.s.get(db.User, 77) is None
    db.s.remove()


def test_session_extends_that_of_sqlalchemy(db: Any) -> None:
    """The members that the page lists are methods of a subclass of SQLAlchemy's Session."""
    members = ["all", "create", "first", "first_or_create", "create_or_first", "paginate"]
    assert issubclass(Session, sa.orm.Session)
    with db.Session() as dbs:
        ann = dbs.create(db.User, login="ann")
        called = [getattr(dbs, name)(db.User, login="ann") for name in ("first", "first_or_create")]
        assert [*called, dbs.create_or_first(db.User, login="ann")] == [ann] * 3
        assert dbs.all(db.User) == [ann]
        assert dbs.paginate(sa.select(db.User), total=1).items == [ann]
    assert all(name in vars(Session) for name in members)
