"""Flask behind real servers: streams, clients that leave, threads, and what becomes of the sessions."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from importlib.metadata import version
from threading import Thread, get_ident
from typing import Any

import pytest
from flask import Flask, Response, copy_current_request_context, stream_with_context
from sqlalchemy import Engine, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import DetachedInstanceError

from serving import Server, eventually, waitress_server, werkzeug_server
from session_demo.errors import NoScopeError
from session_demo.flask import flask_scoped_session
from session_demo.models import Author

FLASK = tuple(int(part) for part in version("flask").split(".")[:3])
STREAM_STARTS_ANEW = FLASK >= (3, 1, 2)
"""Since Flask 3.1.2 the context of the view ends before its stream begins."""

SERVERS = [waitress_server, werkzeug_server]


class Library:
    """An app with a scoped session that remembers what became of it."""

    def __init__(self, engine: Engine) -> None:
        self.app = Flask("library")
        self.engine = engine
        self.session = flask_scoped_session(sessionmaker(engine), self.app)
        self.seen: list[tuple[str, Session]] = []
        self.errors: list[BaseException] = []
        with Session(engine) as session:
            session.add_all(Author(name=f"Author {number:03}") for number in range(300))
            session.commit()

        @self.app.get("/session")
        def index() -> str:
            self.see("view")
            return f"{id(self.session())} {get_ident()} {len(self.session.new)}"

    def see(self, where: str) -> Session:
        self.seen.append((where, self.session()))
        return self.session()

    def names(self, batch: int = 20) -> Iterator[str]:
        """Read the authors as a stream would, and remember how that ended."""
        try:
            query = select(Author.name).order_by(Author.name).execution_options(yield_per=batch)
            for name in self.see("stream").scalars(query):
                yield name + " " * 2000
        except BaseException as error:
            self.errors.append(error)
            raise

    def nothing_left(self) -> bool:
        registry = self.session.registry.registry  # type: ignore[attr-defined]
        return not registry and not self.engine.pool.checkedout()  # type: ignore[attr-defined]


@pytest.fixture
def library(engine: Engine) -> Iterator[Library]:
    library = Library(engine)
    yield library
    assert eventually(library.nothing_left)


@pytest.fixture(params=SERVERS)
def serve(request: pytest.FixtureRequest) -> Iterator[Any]:
    logging.disable()  # errors are part of these tests
    yield request.param
    logging.disable(logging.NOTSET)


def test_each_request_has_its_own_session(library: Library, serve: Any) -> None:
    """Requests one after the other have different sessions, even in the same thread."""
    with serve(library.app, threads=1) as server:
        answers = [server.get("/session") for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 5
    assert len({id(session) for _, session in library.seen}) == 5


def test_stream_with_context(library: Library, serve: Any) -> None:
    """A stream works in a session: its own since Flask 3.1.2, before that the one of the view."""

    @library.app.get("/stream")
    def stream() -> Response:
        library.see("view")
        return Response(stream_with_context(library.names()))

    with serve(library.app) as server:
        answer = server.get("/stream")
    assert len(answer.text.split()) == 600
    (_, in_view), (_, in_stream) = library.seen
    assert (in_stream is not in_view) is STREAM_STARTS_ANEW


def test_stream_with_context_as_decorator(library: Library, serve: Any) -> None:
    """The decorator does the same."""

    @library.app.get("/stream")
    def stream() -> Response:
        @stream_with_context
        def generate() -> Iterator[str]:
            yield from library.names()

        return Response(generate())

    with serve(library.app) as server:
        assert len(server.get("/stream").text.split()) == 600


def test_stream_without_context_has_no_session(library: Library, serve: Any) -> None:
    """A bare generator runs when the context is over, and is told that there is no session."""

    @library.app.get("/stream")
    def stream() -> Response:
        return Response(library.names())

    with serve(library.app) as server:
        with suppress(OSError, HTTPException):  # the server gives up in the middle of the answer
            server.get("/stream")
        assert eventually(lambda: library.errors)
    assert type(library.errors[0]) is NoScopeError


def test_objects_of_the_view_in_a_stream(library: Library, serve: Any) -> None:
    """Since Flask 3.1.2 the objects of the view are detached when the stream begins."""

    @library.app.get("/stream")
    def stream() -> Response:
        author = library.session.get_one(Author, 1)
        library.session.commit()

        def generate() -> Iterator[str]:
            try:
                yield author.name
            except DetachedInstanceError as error:
                library.errors.append(error)
                yield "detached"

        return Response(stream_with_context(generate()))

    with serve(library.app) as server:
        assert server.get("/stream").text == ("detached" if STREAM_STARTS_ANEW else "Author 000")


def test_result_of_the_view_in_a_stream(library: Library, serve: Any) -> None:
    """Since Flask 3.1.2 an open result of the view can't be read in the stream: query there."""

    @library.app.get("/stream")
    def stream() -> Response:
        result = library.session.scalars(select(Author).execution_options(yield_per=10))

        def generate() -> Iterator[str]:
            try:
                for author in result:
                    yield author.name[0]
            except InvalidRequestError as error:
                library.errors.append(error)
                yield "closed"

        return Response(stream_with_context(generate()))

    with serve(library.app) as server:
        text = server.get("/stream").text
    assert text == ("closed" if STREAM_STARTS_ANEW else "A" * 300)


def test_client_leaves_in_the_middle(library: Library, serve: Any) -> None:
    """When the client leaves the stream ends, its session is removed, and nobody inherits it."""

    @library.app.get("/stream")
    def stream() -> Response:
        return Response(stream_with_context(name for _ in range(1000) for name in library.names()))

    with serve(library.app, threads=1) as server:
        for _ in range(3):
            assert server.leave_after("/stream")
        assert eventually(lambda: len(library.errors) == 3)
        assert eventually(library.nothing_left)
        library.seen.clear()
        answers = [server.get("/session").text.split()[2] for _ in range(5)]
    assert {type(error) for error in library.errors} == {GeneratorExit}
    assert answers == ["0"] * 5
    assert len({id(session) for _, session in library.seen}) == 5


class ClosedElsewhere:
    """Close each response in another thread, as some servers and middlewares do."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        body = self.application(environ, start_response)
        try:
            for part in body:  # noqa: UP028 - "yield from" would close it here
                yield part
        finally:
            thread = Thread(target=self.close, args=[body])
            thread.start()
            thread.join()

    def close(self, body: Any) -> None:
        if hasattr(body, "close"):
            with suppress(ValueError, LookupError):  # what Flask says when it is not in its own context
                body.close()


def stream_and_leave(library: Library, server: Server) -> list[int]:
    """Leave a stream that has pending work, then make five requests in the same thread."""

    @library.app.get("/stream")
    def stream() -> Response:
        def generate() -> Iterator[str]:
            library.session.add(Author(name="of somebody who has left"))
            while True:
                with library.session.no_autoflush:
                    yield from library.names()

        return Response(stream_with_context(generate()))

    server.leave_after("/stream")
    assert eventually(lambda: library.errors)
    library.seen.clear()
    pending = [int(server.get("/session").text.split()[2]) for _ in range(5)]
    return [len({id(session) for _, session in library.seen}), sum(pending)]


def test_response_is_closed_in_another_thread(library: Library) -> None:
    """Even then the stream's session is removed, and the next requests have their own."""
    with waitress_server(ClosedElsewhere(library.app), threads=1) as server:
        assert stream_and_leave(library, server) == [5, 0]
        assert eventually(library.nothing_left)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_flask_alone_does_then(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """Without a context of its own the stream stays in the thread: five requests share its session."""
    library = Library(engine)
    library.app.wsgi_app = library.app.wsgi_app.application  # type: ignore[attr-defined, method-assign]
    caplog.set_level(logging.CRITICAL)
    with waitress_server(ClosedElsewhere(library.app), threads=1) as server:
        sessions, _ = stream_and_leave(library, server)
    assert sessions == 1
    for session in [*library.session.registry.registry.values()]:  # type: ignore[attr-defined]
        session.close()


def test_forgotten_stream_leaves_others_alone(library: Library) -> None:
    """A stream that is garbage ends in its own context, though another request is under way."""

    @library.app.get("/stream")
    def stream() -> Response:
        return Response(stream_with_context(library.names()))

    @library.app.get("/other")
    def other() -> str:
        mine = library.session()
        bodies.clear()
        gc.collect()
        assert library.session() is mine
        return "unharmed"

    client = library.app.test_client()
    answer = client.get("/stream", buffered=False)
    bodies = [answer.response]
    assert next(bodies[0])
    del answer
    assert client.get("/other").text == "unharmed"
    assert [type(error) for error in library.errors] == [GeneratorExit]


def test_threads_of_a_view(library: Library, serve: Any) -> None:
    """On a server too, a thread with the copied request has a session of its own."""

    @library.app.get("/threads")
    def threads() -> str:
        mine = library.see("view")
        workers = [
            Thread(target=copy_current_request_context(library.see), args=["thread"]) for _ in range(4)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert library.session() is mine
        return "done"

    with serve(library.app) as server:
        assert server.get("/threads").text == "done"
    assert len({id(session) for _, session in library.seen}) == 5


def test_async_view(library: Library, serve: Any) -> None:
    """An async view on a threaded server works in the session of its request."""

    @library.app.get("/async")
    async def first_names() -> list[str]:
        return list(library.session.scalars(select(Author.name).order_by(Author.id).limit(2)))

    with serve(library.app) as server:
        answers = [server.get("/async") for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert "Author 001" in answers[2].text


def test_async_view_that_streams(library: Library, serve: Any) -> None:
    """A stream from an async view has a session from Flask 3.1.2 on."""

    @library.app.get("/async")
    async def stream() -> Response:
        return Response(stream_with_context(library.names()))

    with serve(library.app) as server:
        if STREAM_STARTS_ANEW:
            assert len(server.get("/async").text.split()) == 600


def test_error_in_a_stream(library: Library, serve: Any) -> None:
    """A stream that fails half way gives its session back."""

    @library.app.get("/stream")
    def stream() -> Response:
        def generate() -> Iterator[str]:
            library.session.add(Author(name="nobody"))
            library.session.flush()
            yield "begun"
            raise LookupError

        return Response(stream_with_context(generate()))

    with serve(library.app) as server:
        with suppress(OSError, HTTPException):
            server.get("/stream")
        assert eventually(library.nothing_left)
    with Session(library.engine) as session:
        assert session.scalars(select(Author).filter_by(name="nobody")).all() == []
