"""The examples of Flask-SQLAlchemy-Session's documentation, corrected, on a real server."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort, jsonify
from sqlalchemy import Engine, StaticPool
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from serving import werkzeug_server
from session_demo import create_engine
from session_demo.flask import current_session, flask_scoped_session


class Base(DeclarativeBase):
    """Declarative classes."""


class User(Base):
    """The model of the example, typed."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name}


@pytest.fixture
def users(tmp_path: Any) -> Iterator[Engine]:
    """The engine of the example, on a file, with one user."""
    engine = create_engine(f"sqlite:///{tmp_path / 'users.db'}")
    fill(engine)
    yield engine
    engine.dispose()


def fill(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with sessionmaker(bind=engine).begin() as session:
        session.add(User(name="ann"))


def asked(app: Flask) -> list[tuple[int, Any]]:
    """What the server answers for a user that is there, and for one that is not."""
    with werkzeug_server(app) as server:
        answers = [server.get("/users/1"), server.get("/users/2")]
    return [(status, json.loads(text) if status == 200 else None) for status, text in answers]


FOUND_AND_NOT_FOUND = [(200, {"id": 1, "name": "ann"}), (404, None)]


def test_basic_usage(users: Engine) -> None:
    """A session is made like a scoped_session, with the app, and used in a view."""
    session_factory = sessionmaker(bind=users)

    app = Flask(__name__)
    session = flask_scoped_session(session_factory, app)

    @app.route("/users/<int:user_id>")
    def user(user_id: int) -> Any:
        user = session.get(User, user_id)
        if user is None:
            abort(404)
        return jsonify(**user.to_dict())

    assert asked(app) == FOUND_AND_NOT_FOUND


def test_current_session(users: Engine) -> None:
    """current_session is the same session, as request is the current request."""
    app = Flask(__name__)
    flask_scoped_session(sessionmaker(bind=users), app)

    @app.route("/users/<int:user_id>")
    def user(user_id: int) -> Any:
        user = current_session.get(User, user_id)
        if user is None:
            abort(404)
        return jsonify(**user.to_dict())

    assert asked(app) == FOUND_AND_NOT_FOUND


def test_query_as_it_was_written(users: Engine) -> None:
    """The example's own words still work, with the warning that SQLAlchemy has for them."""
    app = Flask(__name__)
    session = flask_scoped_session(sessionmaker(bind=users), app)

    with app.app_context():
        with pytest.warns(sa.exc.LegacyAPIWarning):
            assert session.query(User).get(1) is session.get(User, 1)
        assert current_session.query(User).filter_by(name="ann").one().to_dict() == {"id": 1, "name": "ann"}


def test_init_app(users: Engine) -> None:
    """The app may come later, from a function that makes it."""
    session = flask_scoped_session(sessionmaker(bind=users))

    def create_app() -> Flask:
        app = Flask(__name__)
        session.init_app(app)
        app.add_url_rule("/users/<int:user_id>", view_func=user)
        return app

    def user(user_id: int) -> Any:
        return session.get_one(User, user_id).to_dict()

    assert asked(create_app())[0] == FOUND_AND_NOT_FOUND[0]


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.parametrize(
    ("options", "status"),
    [({}, 500), ({"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}, 200)],
)
def test_engine_of_the_example(options: dict[str, Any], status: int) -> None:
    """``sqlite://`` is another, empty database in each thread; one shared connection is one database."""
    assert status_with(sa.create_engine("sqlite://", **options)) == status
    gc.collect()  # connections of threads that have ended; later they would be another test's


def status_with(engine: Engine) -> int:
    fill(engine)
    app = Flask(__name__)
    session = flask_scoped_session(sessionmaker(bind=engine), app)

    @app.route("/users/<int:user_id>")
    def user(user_id: int) -> Any:
        return session.get_one(User, user_id).to_dict()

    logging.disable()  # 500 is part of the test
    answers = asked(app)
    logging.disable(logging.NOTSET)
    engine.dispose()
    return answers[0][0]
