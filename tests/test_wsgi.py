"""A request leaves nothing in the context of its thread, whoever ends its response."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from threading import Thread
from typing import Any
from wsgiref.util import FileWrapper

import pytest

from session_demo.wsgi import OwnContext

current: ContextVar[str] = ContextVar("current", default="nobody")
heard: list[str] = []


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Stream who asks, as frameworks do: in a context variable that is reset at the end."""

    def stream() -> Iterator[bytes]:
        token = current.set(environ["USER"])
        try:
            while True:
                yield current.get().encode()
        finally:
            current.reset(token)
            heard.append(f"{environ['USER']} done")

    return stream()


@pytest.fixture(autouse=True)
def _nothing_heard() -> None:
    heard.clear()


def elsewhere(function: Callable[[], object]) -> None:
    thread = Thread(target=function)
    thread.start()
    thread.join()


def test_bare_stream_stays_in_the_thread() -> None:
    """Without a context of its own, a stream that another thread closes stays for the next request."""
    body = application({"USER": "ann"}, None)
    assert next(body) == b"ann"
    failed: list[Exception] = []

    def close() -> None:
        try:
            body.close()
        except ValueError as error:
            failed.append(error)

    elsewhere(close)
    assert (current.get(), len(failed)) == ("ann", 1)
    current.set("nobody")


def test_stream_runs_in_its_own_context() -> None:
    """Two streams of one thread do not see each other, and the thread sees neither."""
    ann, ben = (OwnContext(application)({"USER": name}, None) for name in ("ann", "ben"))
    assert [next(ann), next(ben), next(ann), current.get()] == [b"ann", b"ben", b"ann", "nobody"]
    ann.close()
    ben.close()
    assert heard == ["ann done", "ben done"]


def test_stream_is_closed_from_any_thread() -> None:
    """Another thread closes it in the context of its request."""
    body = OwnContext(application)({"USER": "ann"}, None)
    assert next(body) == b"ann"
    elsewhere(body.close)
    assert (heard, current.get()) == (["ann done"], "nobody")


def test_forgotten_stream_is_closed_in_its_context() -> None:
    """What the server forgets is closed when it is garbage, without a word to the context of the time."""
    body = OwnContext(application)({"USER": "ann"}, None)
    assert next(body) == b"ann"
    token = current.set("ben")
    del body
    gc.collect()
    assert (heard, current.get()) == (["ann done"], "ben")
    current.reset(token)


class Body:
    """A body that tells when it is closed."""

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"a"])

    def close(self) -> None:
        heard.append("closed")


def test_close_happens_once() -> None:
    """Closing again, or collecting afterwards, does nothing more."""
    body = OwnContext(lambda *_: Body())({}, None)
    assert list(body) == [b"a"]
    body.close()
    body.close()
    del body
    gc.collect()
    assert heard == ["closed"]


@pytest.mark.parametrize("body", [[b"a"], (b"a",)])
def test_list_stays_a_list(body: Any) -> None:
    """A server knows the length of a list, and goes on knowing it."""
    assert OwnContext(lambda *_: body)({}, None) is body


def test_file_stays_a_file(tmp_path: Any) -> None:
    """A server that sends files in its own way is given the file."""
    (tmp_path / "file").write_bytes(b"a")
    with (tmp_path / "file").open("rb") as file:
        wrapped = FileWrapper(file)
        assert OwnContext(lambda *_: wrapped)({"wsgi.file_wrapper": FileWrapper}, None) is wrapped
