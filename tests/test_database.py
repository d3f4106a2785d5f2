"""The facade: what it makes, what it leaves alone, and tests that leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import DeclarativeBase, DeclarativeMeta, Mapped, mapped_column

from databases import engine_on
from session_demo import BaseModel, Session, SQLAlchemy
from session_demo.errors import DatabaseURLError, NoSuchAttributeError
from session_demo.scoped import ScopedSession

PLACES = ["memory", "sqlite", "postgresql", "mariadb"]


def with_user(db: SQLAlchemy) -> Any:
    """Give *db* a model."""

    class User(db.Model):
        __tablename__ = "facade_user"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(sa.String(50), unique=True)

    return User


def url_of(place: str, folder: Path) -> sa.URL:
    if place == "memory":
        return sa.make_url("sqlite://")
    engine = engine_on(place, folder)
    engine.dispose()
    return engine.url


@pytest.fixture(params=PLACES)
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLAlchemy]:
    """The facade on each database, with an empty table of users, which are ``db.User``."""
    db: Any = SQLAlchemy(url_of(request.param, tmp_path))
    db.User = with_user(db)
    db.drop_all()
    db.create_all()
    yield db
    db.s.remove()
    db.drop_all()
    db.engine.dispose()


class TestURL:
    @pytest.mark.parametrize(
        ("parts", "url"),
        [
            ({}, "sqlite://"),
            ({"name": "shop.db"}, "sqlite:///shop.db"),
            (
                {
                    "dialect": "postgresql",
                    "user": "ann",
                    "password": "p@ss/w:rd%",
                    "host": "db",
                    "name": "shop",
                },
                "postgresql://ann:p%40ss%2Fw%3Ard%25@db/shop",
            ),
            (
                {"dialect": "mysql+pymysql", "user": "a@b", "host": "db", "port": "3307", "name": "shop"},
                "mysql+pymysql://a%40b@db:3307/shop",
            ),
        ],
    )
    def test_parts_are_quoted(self, parts: dict[str, str], url: str) -> None:
        """What stands in a part is never read as something else."""
        for driver in ("psycopg", "pymysql"):  # a reader has neither
            if driver in url or (driver == "psycopg" and "postgresql" in url):
                pytest.importorskip(driver, reason=f"{driver} is not installed")
        if parts.get("dialect") == "postgresql":
            parts = parts | {"dialect": "postgresql+psycopg"}
            url = url.replace("postgresql:", "postgresql+psycopg:")
        db = SQLAlchemy(**parts)
        assert db.url == url
        made = db.engine.url
        found = {"user": made.username, "password": made.password, "host": made.host, "name": made.database}
        assert {part: found[part] for part in found if part in parts} == {
            part: parts[part] for part in found if part in parts
        }

    def test_url_object(self) -> None:
        """A URL of SQLAlchemy is as good as its text."""
        assert SQLAlchemy(sa.make_url("sqlite:///shop.db")).url == "sqlite:///shop.db"

    def test_url_and_parts(self) -> None:
        """A URL beside parts of one is refused, whichever of them is meant."""
        with pytest.raises(DatabaseURLError, match="a URL is given, and database, host as well"):
            SQLAlchemy("sqlite://", name="shop", host="db")

    def test_representation_hides_the_password(self) -> None:
        """The password is shown only where it is asked for."""
        pytest.importorskip("psycopg", reason="psycopg is not installed")
        db = SQLAlchemy("postgresql+psycopg://ann:secret@db/shop")
        assert repr(db) == "<SQLAlchemy('postgresql+psycopg://ann:***@db/shop')>"
        assert "secret" in db.url


class TestOptions:
    def test_options_are_never_changed(self) -> None:
        """The same options serve two databases, each with its own engine."""
        engine_options: dict[str, Any] = {"echo": False}
        session_options: dict[str, Any] = {"autoflush": False, "class_": Session, "scopefunc": lambda: 1}
        before = dict(engine_options), dict(session_options)
        one, two = (
            SQLAlchemy("sqlite://", engine_options=engine_options, session_options=session_options)
            for _ in range(2)
        )
        assert (engine_options, session_options) == before
        assert (one.s.bind, two.s.bind) == (one.engine, two.engine)
        assert one.s.autoflush is False
        one.s.remove()
        two.s.remove()

    def test_engine_options_reach_the_engine(self) -> None:
        """An engine option is used."""
        assert SQLAlchemy("sqlite://", engine_options={"hide_parameters": True}).engine.hide_parameters

    def test_scope_function(self) -> None:
        """Sessions are told apart by what scopefunc returns."""
        scope = ["a"]
        db = SQLAlchemy("sqlite://", session_options={"scopefunc": lambda: scope[0]})
        first = db.s()
        scope[0] = "b"
        assert db.s() is not first

    def test_own_session_class(self) -> None:
        """A subclass makes the sessions, and its own methods are reached through db.s."""

        class Mine(Session):
            greeting = "hello"

            def greet(self) -> str:
                return self.greeting

        db = SQLAlchemy("sqlite://", session_options={"class_": Mine})
        assert db.session_class is Mine
        assert isinstance(db.Session(), Mine)
        assert db.s.greet() == "hello"
        db.s.remove()

    def test_question_makes_no_session(self) -> None:
        """To ask db.s for what it has not is an AttributeError, and begins nothing."""
        db = SQLAlchemy("sqlite://")
        assert not hasattr(db.s, "nonsense")
        assert not hasattr(db.s, "_nonsense")
        assert not db.s.registry.has()

    def test_own_base_class(self) -> None:
        """Model inherits from base_model_class, and has the metaclass."""

        class Meta(DeclarativeMeta):
            pass

        class Mixin(BaseModel):
            marked = True

        db = SQLAlchemy("sqlite://", base_model_class=Mixin, base_model_metaclass=Meta)
        assert (db.Model.marked, type(db.Model)) == (True, Meta)
        assert db.registry is db.Model.registry

    def test_declarative_base(self) -> None:
        """A subclass of DeclarativeBase is Model itself."""

        class Own(BaseModel, DeclarativeBase):
            pass

        db = SQLAlchemy("sqlite://", base_model_class=Own)
        assert (db.Model, db.registry) == (Own, Own.registry)

    def test_databases_are_apart(self) -> None:
        """Two databases have two bases, so that a table may have the same name in both."""
        one, two = SQLAlchemy("sqlite://"), SQLAlchemy("sqlite://")
        with_user(one)
        with_user(two)
        assert one.Model.metadata is not two.Model.metadata


class TestModel:
    def test_fill_returns_the_object(self, db: Any) -> None:
        """Fill sets several attributes, and the next flush stores them."""
        user = db.s.create(db.User, name="Ann")
        assert user.fill(name="Ben") is user
        db.s.commit()
        assert db.s.first(db.User, name="Ben") is user

    def test_fill_refuses_all_or_nothing(self, db: Any) -> None:
        """An unknown name is refused before anything is set."""
        user = db.User(name="Ann")
        with pytest.raises(NoSuchAttributeError, match="Can't fill nmae of User"):
            user.fill(name="Ben", nmae="Cem")
        assert user.name == "Ann"

    def test_representation_of_a_detached_object(self, db: Any) -> None:
        """An object that is expired and detached still tells its key."""
        user = db.s.create(db.User, name="Ann")
        db.s.commit()
        db.s.remove()
        assert repr(user) == "User(id=1, name=...)"


class TestSessions:
    def test_helpers_of_the_scoped_session(self, db: Any) -> None:
        """db.s does all that a session does."""
        ann = db.s.create(db.User, name="Ann")
        assert db.s.first(db.User, name="Ann") is ann
        assert db.s.first_or_create(db.User, name="Ann") is ann
        assert db.s.create_or_first(db.User, name="Ann") is ann
        assert db.s.all(db.User) == [ann]
        assert db.s.paginate(db.User).items == [ann]
        assert db.s.get(db.User, ann.id) is ann

    def test_forwarded_names_are_those_of_session(self) -> None:
        """Every public method that Session adds is a typed one of ScopedSession, under the same text."""
        added = [name for name in vars(Session) if not name.startswith("_")]
        assert [name for name in added if name not in vars(ScopedSession)] == []

    def test_overridden_helper_is_called(self) -> None:
        """Where a subclass changes a helper, db.s calls the changed one."""

        class Mine(Session):
            def first(self, model: type, /, **attrs: object) -> Any:
                return "mine"

        db = SQLAlchemy("sqlite://", session_options={"class_": Mine})
        assert db.s.first(BaseModel) == "mine"
        db.s.remove()

    def test_session_is_a_context_manager(self, db: Any) -> None:
        """``with db.Session()`` closes the session; what was not committed is gone."""
        with db.Session() as session:
            session.create(db.User, name="Ann")
        assert db.s.all(db.User) == []

    def test_tables_are_dropped(self, db: Any) -> None:
        """drop_all removes what create_all has made."""
        assert sa.inspect(db.engine).has_table("facade_user")
        db.drop_all()
        assert not sa.inspect(db.engine).has_table("facade_user")

    def test_another_bind(self, db: Any) -> None:
        """create_all and drop_all take another engine, as SQLAlchemy's do."""
        other = sa.create_engine("sqlite://")
        db.create_all(bind=other, tables=[db.User.__table__])
        assert sa.inspect(other).has_table("facade_user")
        other.dispose()


def names(db: Any) -> list[str]:
    """Read what is committed, with a session of its own."""
    with db.Session() as session:
        return [user.name for user in session.all(db.User)]


@pytest.mark.parametrize("savepoint", [False, True])
class TestIsolation:
    """What a test does in test_transaction is undone, whatever it does."""

    def test_commit(self, db: Any, savepoint: bool) -> None:
        """What is committed is there for the test, and not afterwards."""
        with db.test_transaction(savepoint=savepoint):
            db.s.create(db.User, name="Ann")
            db.s.commit()
            db.s.create(db.User, name="Ben")
            db.s.commit()
            assert names(db) == ["Ann", "Ben"]
        assert names(db) == []

    def test_rollback(self, db: Any, savepoint: bool) -> None:
        """A rollback undoes what was not committed, and the test goes on isolated."""
        with db.test_transaction(savepoint=savepoint):
            db.s.create(db.User, name="Ann")
            db.s.commit()
            db.s.create(db.User, name="Ben")
            db.s.rollback()
            db.s.create(db.User, name="Cem")
            db.s.commit()
            assert names(db) == ["Ann", "Cem"]
        assert names(db) == []

    def test_savepoint_first(self, db: Any, savepoint: bool) -> None:
        """A test may begin with a savepoint, which leaks on SQLite otherwise."""
        with db.test_transaction(savepoint=savepoint):
            with db.s.begin_nested():
                db.s.add(db.User(name="Ann"))
            db.s.commit()
            with pytest.raises(ZeroDivisionError), db.s.begin_nested():
                db.s.create(db.User, name=str(1 / 0))
            assert names(db) == ["Ann"]
        assert names(db) == []

    def test_error_of_the_database(self, db: Any, savepoint: bool) -> None:
        """After a refused INSERT and a rollback the test goes on."""
        with db.test_transaction(savepoint=savepoint):
            db.s.create(db.User, name="Ann")
            db.s.commit()
            with pytest.raises(sa.exc.IntegrityError):
                db.s.create(db.User, name="Ann")
            db.s.rollback()
            assert db.s.create_or_first(db.User, name="Ann").name == "Ann"
        assert names(db) == []

    def test_sessions_of_the_factory(self, db: Any, savepoint: bool) -> None:
        """Sessions that the code under test makes and closes are isolated, too."""
        with db.test_transaction(savepoint=savepoint):
            with db.Session.begin() as session:
                session.create(db.User, name="Ann")
            with db.Session() as session:
                assert session.first_or_create(db.User, name="Ann").name == "Ann"
            assert [user.name for user in db.s.all(db.User)] == ["Ann"]
        assert names(db) == []

    def test_remove(self, db: Any, savepoint: bool) -> None:
        """The code under test may end its scope, as at the end of a request."""
        with db.test_transaction(savepoint=savepoint):
            db.s.create(db.User, name="Ann")
            db.s.commit()
            db.s.remove()
            assert [user.name for user in db.s.all(db.User)] == ["Ann"]
        assert names(db) == []

    def test_other_thread(self, db: Any, savepoint: bool) -> None:
        """A thread that works while the test waits is isolated, too."""
        if db.url == "sqlite://":
            pytest.skip("sqlite:// is another, empty database in each thread")

        def work() -> None:
            db.s.create(db.User, name="Ann")
            db.s.commit()
            db.s.remove()

        with db.test_transaction(savepoint=savepoint):
            thread = Thread(target=work)
            thread.start()
            thread.join()
            assert [user.name for user in db.s.all(db.User)] == ["Ann"]
        assert names(db) == []

    def test_earlier_rows_are_seen(self, db: Any, savepoint: bool) -> None:
        """What was committed before is there, may be changed, and is as it was afterwards."""
        with db.Session.begin() as session:
            session.create(db.User, name="Ann")
        with db.test_transaction(savepoint=savepoint):
            db.s.first(db.User).name = "Ben"
            db.s.commit()
            assert names(db) == ["Ben"]
        assert names(db) == ["Ann"]

    def test_scoped_session_is_given_back(self, db: Any, savepoint: bool) -> None:
        """Afterwards db.s is the session that it was before, usable, with its pending objects."""
        before = db.s()
        before.add(db.User(name="mine"))
        with db.test_transaction(savepoint=savepoint) as transaction:
            assert db.s() is transaction.session
            assert db.s() is not before
        assert db.s() is before
        db.s.commit()
        assert names(db) == ["mine"]

    def test_scoped_session_starts_anew(self, db: Any, savepoint: bool) -> None:
        """Where there was none before, there is none afterwards, and the next one works."""
        with db.test_transaction(savepoint=savepoint):
            db.s.create(db.User, name="Ann")
        assert not db.s.registry.has()
        db.s.create(db.User, name="Ben")
        db.s.commit()
        assert names(db) == ["Ben"]

    def test_failing_test(self, db: Any, savepoint: bool) -> None:
        """A test that fails leaves nothing behind either."""
        with pytest.raises(ZeroDivisionError), db.test_transaction(savepoint=savepoint):
            db.s.create(db.User, name=str(1 / 0) if db.s.create(db.User, name="Ann") else "")
        assert names(db) == []
        assert db.engine.pool.status() is not None

    def test_close_twice(self, db: Any, savepoint: bool) -> None:
        """close() may be called by hand, and again."""
        transaction = db.test_transaction(savepoint=savepoint)
        db.s.create(db.User, name="Ann")
        transaction.close()
        transaction.close()
        assert transaction.connection.closed
        assert names(db) == []


@pytest.mark.parametrize("how", ["engine", "execution"])
@pytest.mark.parametrize("place", PLACES)
def test_isolation_overrules_autocommit(tmp_path: Path, place: str, how: str) -> None:
    """An engine with AUTOCOMMIT is isolated as well, and is in AUTOCOMMIT again afterwards."""
    autocommit = {"isolation_level": "AUTOCOMMIT"}
    options = autocommit if how == "engine" else {"execution_options": autocommit}
    db: Any = SQLAlchemy(url_of(place, tmp_path), engine_options=options)
    db.User = with_user(db)
    db.drop_all()
    db.create_all()
    with db.test_transaction():
        db.s.create(db.User, name="Ann")
        db.s.commit()
    assert names(db) == []
    with db.Session() as session:
        session.create(db.User, name="Ben")
    assert names(db) == ["Ben"]
    db.drop_all()
    db.engine.dispose()


def test_session_class_without_helpers() -> None:
    """SQLAlchemy's own Session may be used; then db.s has no helpers, as the error says."""
    db = SQLAlchemy("sqlite://", session_options={"class_": orm.Session})
    with pytest.raises(AttributeError, match="'Session' object has no attribute 'first'"):
        db.s.first(BaseModel)
    db.s.remove()
