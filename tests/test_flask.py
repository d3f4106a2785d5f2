"""One session for one application context: made at its first use, removed at its end, shared with nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any
from unittest.mock import Mock

import pytest
from asgiref.sync import sync_to_async
from flask import Flask, copy_current_request_context
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from session_demo.errors import NoScopeError, SharedScopeError, UninitialisedAppError
from session_demo.flask import current_session, flask_scoped_session
from session_demo.models import Author, Base


class Helpful(Session):
    """A session with a method of its own."""

    shelf = "upper"

    def authors(self) -> int:
        return self.scalar(select(func.count(Author.id))) or 0


@pytest.fixture
def app() -> Flask:
    app = Flask("library")
    app.testing = True
    return app


@pytest.fixture
def session(engine: Engine, app: Flask) -> Iterator[flask_scoped_session[Helpful]]:
    """A scoped session, of which nothing may be left over."""
    session = flask_scoped_session(sessionmaker(engine, class_=Helpful), app)
    yield session
    assert left(session) == {}
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


Scoped = flask_scoped_session[Helpful]


def left(session: Scoped) -> dict[object, Session]:
    return session.registry.registry  # type: ignore[attr-defined, no-any-return]


def in_thread(function: Callable[[], Any]) -> Any:
    """Run it in a plain thread, and return or raise what it does."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_one_session_in_one_context(app: Flask, session: Scoped) -> None:
    """Within a context it is the same session all the time, by each of its names."""
    with app.app_context():
        first = session()
        assert session() is first
        assert current_session() is first
        assert isinstance(first, Helpful)


def test_another_context_has_another_session(app: Flask, session: Scoped) -> None:
    """The next context starts with a session of its own, which knows nothing of the one before."""
    with app.app_context():
        session.add(Author(name="Stanislaw Lem"))
        first = session()
    with app.app_context():
        assert session() is not first
        assert list(session.new) == []


def test_nested_context_has_its_own_session(app: Flask, session: Scoped) -> None:
    """A context inside another has its own session, and its end leaves the outer one as it was."""
    with app.app_context():
        outer = session()
        session.add(Author(name="Stanislaw Lem"))
        with app.app_context():
            assert session() is not outer
        assert session() is outer
        assert len(session.new) == 1


def test_request_in_a_context_shares_it(app: Flask, session: Scoped) -> None:
    """Up to Flask 3.1 a request that begins within an application context goes on in that context."""
    with app.app_context():
        outer = session()
        with app.test_request_context():
            assert session() is outer
        assert session() is outer


def test_work_that_is_not_committed_is_rolled_back(app: Flask, session: Scoped, count: Any) -> None:
    """The end of a context commits nothing."""
    with app.app_context():
        session.add(Author(name="Stanislaw Lem"))
        session.flush()
    assert count("author") == 0


def test_error_in_a_view_rolls_back(app: Flask, session: Scoped, count: Any) -> None:
    """A view that fails leaves nothing behind, and the next request starts anew."""
    app.testing = False

    @app.post("/<name>")
    def add(name: str) -> str:
        session.add(Author(name=name))
        session.flush()
        if name == "nobody":
            raise LookupError(name)
        session.commit()
        return "added"

    client = app.test_client()
    assert [client.post(f"/{name}").status_code for name in ("nobody", "lem", "lem", "calvino")] == [
        *(500, 200),
        *(500, 200),  # the second Lem is refused by the database
    ]
    assert count("author") == 2


def test_removed_once_by_what_remove_is_then(app: Flask, session: Scoped) -> None:
    """The end of a context calls self.remove, looked up at that moment, exactly once."""
    mock = Mock(wraps=session.remove)
    session.remove = mock  # type: ignore[method-assign]

    @app.get("/")
    def index() -> str:
        assert mock.call_count == len(calls)
        session()
        return "seen"

    calls: list[str] = []
    for _ in range(3):
        calls.append(app.test_client().get("/").text)
        assert mock.call_count == len(calls)


def test_context_that_uses_no_session_makes_none(app: Flask, engine: Engine) -> None:
    """Where nobody asks for a session none is made."""
    factory = Mock(wraps=sessionmaker(engine))
    flask_scoped_session(factory, app)
    with app.app_context():
        pass
    assert factory.call_count == 0


def test_close_that_fails_is_forgotten_all_the_same(app: Flask, session: Scoped) -> None:
    """When closing fails the error is seen, and the next context has a new session."""

    class Broken(Helpful):
        def close(self) -> None:
            super().close()
            raise ConnectionError("gone")

    session.session_factory.class_ = Broken
    with pytest.raises(ConnectionError), app.app_context():
        session()
    assert left(session) == {}


@pytest.mark.parametrize(
    "use",
    [
        lambda session: session(),
        lambda session: session.add(Author()),
        lambda session: session.remove(),
        lambda session: session.authors(),
        lambda _: current_session(),
        lambda _: current_session.add(Author()),
    ],
)
def test_outside_a_context(session: Scoped, use: Callable[[Scoped], object]) -> None:
    """Without a context there is no session, and the error says how to come by one."""
    with pytest.raises(NoScopeError, match=r"no application context of Flask is here\. Enter one with"):
        use(session)
    assert not current_session


def test_uninitialised_app(session: Scoped) -> None:
    """An app that does not know the session is told so; the old library's AttributeError catches it too."""
    other = Flask("other")
    with other.app_context():
        for use in (session, lambda: current_session.add(Author())):
            with pytest.raises(UninitialisedAppError, match=r"Can't .*<Flask 'other'>") as caught:
                use()
            assert isinstance(caught.value, AttributeError)
            assert isinstance(caught.value, RuntimeError)


def test_errors_without_assertions(python: Callable[..., str]) -> None:
    """With ``python -O`` the same errors are raised, and no session is made that nobody removes."""
    code = """
from flask import Flask
from sqlalchemy.orm import sessionmaker
from session_demo.flask import current_session, flask_scoped_session
session = flask_scoped_session(sessionmaker())
for use in (session, current_session):
    for context in (Flask("other").app_context(), None):
        try:
            context and context.push()
            use()
        except Exception as error:
            print(type(error).__name__)
        if context:
            context.pop()
print(session.registry.registry)
"""
    assert python(code, PYTHONOPTIMIZE="1").split() == [
        *("UninitialisedAppError", "NoScopeError") * 2,
        "{}",
    ]


def test_init_app_twice_is_harmless(app: Flask, session: Scoped) -> None:
    """The session is removed once for each context, however often the app is told of it."""
    wrapped = app.wsgi_app
    session.init_app(app)
    session.init_app(app)
    assert app.wsgi_app is wrapped
    assert len(app.teardown_appcontext_funcs) == 1


def test_init_app_later(engine: Engine) -> None:
    """The session can be made before the app is."""
    session = flask_scoped_session(sessionmaker(engine))
    first, second = Flask("first"), Flask("second")
    session.init_app(first)
    session.init_app(second)
    with first.app_context():
        one = session()
        with second.app_context():
            assert session() is not one
        assert session() is one
    assert session.registry.registry == {}  # type: ignore[attr-defined]


def test_several_factories_are_told_apart(app: Flask, session: Scoped, tmp_path: Any) -> None:
    """Two scoped sessions of one app are two sessions; current_session is the one that came last."""
    archive = create_engine(f"sqlite:///{tmp_path / 'archive.db'}")
    Base.metadata.create_all(archive)
    other = flask_scoped_session(sessionmaker(archive), app)
    with app.app_context():
        session.add(Author(name="Stanislaw Lem"))
        session.commit()
        assert other.scalars(select(Author)).all() == []
        assert current_session() is other()
        assert session() is not other()
    assert other.registry.registry == left(session) == {}  # type: ignore[attr-defined]
    archive.dispose()


def test_helpers_of_the_class_are_reached(app: Flask, session: Scoped) -> None:
    """What the class of the session has besides is there, by both names."""
    with app.app_context():
        session.add(Author(name="Stanislaw Lem"))
        assert session.authors() == current_session.authors() == 1
        assert session.shelf == "upper"


def test_helpers_of_any_factory_are_reached(app: Flask, engine: Engine) -> None:
    """A factory need not be a sessionmaker."""
    session = flask_scoped_session(lambda: Helpful(engine), app)
    with app.app_context():
        assert session.authors() == 0


def test_unknown_name_is_an_attribute_error(app: Flask, session: Scoped) -> None:
    """A name that no session has is none here, within a context and without."""
    assert not hasattr(session, "author")
    assert not hasattr(session, "__wrapped__")
    with app.app_context(), pytest.raises(AttributeError, match="'flask_scoped_session' object has no"):
        session.author()


def test_command_has_a_session(app: Flask, session: Scoped, count: Any) -> None:
    """A command of the app runs in a context, so its session ends with it."""

    @app.cli.command("add")
    def add() -> None:
        session.add(Author(name="Stanislaw Lem"))
        session.commit()
        session.add(Author(name="Nobody"))

    result = app.test_cli_runner().invoke(args=["add"])
    assert (result.exit_code, count("author")) == (0, 1)


def test_context_that_the_test_client_keeps(app: Flask, session: Scoped) -> None:
    """``with client`` keeps the context for the test; the session of the view has gone by then."""
    seen: list[Session] = []

    @app.get("/")
    def index() -> str:
        seen.append(session())
        return "seen"

    with app.test_client() as client:
        client.get("/")
        assert session() is not seen[0]


# Threads


def test_plain_thread_has_no_session(app: Flask, session: Scoped) -> None:
    """A thread starts without a context."""
    with app.app_context(), pytest.raises(NoScopeError):
        in_thread(session)


def test_thread_in_a_copied_context_is_refused(app: Flask, session: Scoped) -> None:
    """A thread that runs in a copy of the context would share the session, and is told so."""
    with app.app_context():
        session.add(Author(name="Stanislaw Lem"))
        context = copy_context()
        with pytest.raises(
            SharedScopeError, match="Can't share the session of this context with another thr"
        ):
            in_thread(lambda: context.run(session.commit))
        assert len(session.new) == 1


def test_thread_in_its_own_context(app: Flask, session: Scoped) -> None:
    """A thread that enters a context has its own session, which ends with that context."""

    def work() -> tuple[Session, int]:
        with app.app_context():
            return session(), session.authors()

    with app.app_context():
        assert in_thread(work)[0] is not session()
        context = copy_context()
        assert in_thread(lambda: context.run(work))[0] is not session()


def test_copy_current_request_context(app: Flask, session: Scoped) -> None:
    """A thread with a copied request has its own session, removed when its function returns."""
    seen: list[Session] = []

    @app.get("/")
    def index() -> str:
        @copy_current_request_context
        def work() -> None:
            seen.append(session())
            session.add(Author(name="Stanislaw Lem"))
            session.commit()

        seen.append(session())
        in_thread(work)
        assert session() is seen[0]
        return str(session.authors())

    assert app.test_client().get("/").text == "1"
    assert seen[0] is not seen[1]


# Async views


def test_async_view_has_the_session_of_its_request(app: Flask, session: Scoped) -> None:
    """All of a request works in one session, in whatever thread Flask and asgiref run each part."""
    seen: dict[str, Session] = {}

    @app.before_request
    def before() -> None:
        seen["before"] = session()

    @app.before_request
    async def before_async() -> None:
        seen["before, async"] = session()

    @app.get("/")
    async def index() -> str:
        seen["view"] = session()
        await asyncio.sleep(0)
        seen["view, later"] = session()
        seen["sync_to_async"] = await sync_to_async(session)()
        session.add(Author(name="Stanislaw Lem"))
        session.commit()
        return str(session.authors())

    @app.teardown_request
    def after(_error: object) -> None:
        seen["teardown"] = session()

    assert app.test_client().get("/").text == "1"
    assert len(seen) == 6
    assert len(set(map(id, seen.values()))) == 1


def test_tasks_of_an_async_view_cannot_share(app: Flask, session: Scoped) -> None:
    """Of several tasks that run at once only one gets the session; the others are refused."""

    async def add(name: str) -> None:
        session.add(Author(name=name))
        await asyncio.sleep(0)
        session.commit()

    @app.get("/")
    async def index() -> list[str]:
        results = await asyncio.gather(*map(add, "abc"), return_exceptions=True)
        return [type(result).__name__ for result in results]

    answer = app.test_client().get("/").json
    assert answer == ["NoneType", "SharedScopeError", "SharedScopeError"]


def test_task_beside_the_view_is_refused(app: Flask, session: Scoped) -> None:
    """A task that the view waits for has to have a context of its own."""

    async def own() -> int:
        with app.app_context():
            return session.authors()

    async def shared() -> int:
        return session.authors()

    @app.get("/")
    async def index() -> list[Any]:
        session()
        found = await asyncio.gather(own(), shared(), return_exceptions=True)
        return [found[0], type(found[1]).__name__]

    assert app.test_client().get("/").json == [0, "SharedScopeError"]


def test_tasks_one_after_the_other(app: Flask, session: Scoped) -> None:
    """A task whose forerunner is done goes on with the session."""

    async def work() -> int:
        return id(session())

    @app.get("/")
    async def index() -> list[int]:
        return [await asyncio.create_task(work()), await asyncio.create_task(work())]

    first, second = app.test_client().get("/").json
    assert first == second


def test_thread_beside_an_async_view_is_refused(app: Flask, session: Scoped) -> None:
    """A helper thread of an async view does not get the session."""

    @app.get("/")
    async def index() -> str:
        session()
        try:
            await asyncio.to_thread(session)
        except SharedScopeError:
            return "refused"
        return "shared"

    assert app.test_client().get("/").text == "refused"
