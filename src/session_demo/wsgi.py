"""Each request of a WSGI application in a context of its own, until the last byte of its response."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, ContextVar, copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

T = TypeVar("T")

entered_by: ContextVar[int] = ContextVar("entered_by")
"""The thread that entered this context. A thread that runs in a copy of it finds another one's number."""


class OwnContext:
    """Wrap a WSGI application so that no request leaves anything in the context of its thread.

    Frameworks keep the current request in context variables. A response that streams sets them while the
    server iterates it, and resets them when it ends. If a client leaves, and the server closes the response
    from another thread or forgets it, that fails: the variables stay, and the next requests of the thread
    work in the context of a dead one. In a context of its own nothing stays, and whoever closes the response
    does so in the right context.

    What the application sets in context variables is not seen by the server or by middleware around it.

    Args:
        application: The WSGI application.

    Session effect:
        None by itself.

    Example:
        >>> from session_demo.wsgi import OwnContext
        >>> current = ContextVar("current", default="nobody")
        >>> def application(environ, start_response):
        ...     current.set(environ["USER"])
        ...     return (current.get() for _ in range(1))
        >>> list(OwnContext(application)({"USER": "ann"}, None)), current.get()
        (['ann'], 'nobody')
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Run the application; what it returns stays as it is unless it needs the context."""
        context = copy_context()
        body = context.run(_enter, self.application, environ, start_response)
        # A server may send a file more cheaply, and knows the length of a list.
        file_wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(body, list | tuple) or (file_wrapper and isinstance(body, file_wrapper)):
            return body
        return _Body(body, context)


class _Body:
    """A response that is iterated and closed in its context, wherever the server does so."""

    def __init__(self, body: Iterable[bytes], context: Context) -> None:
        self._context = context
        self._body: Iterable[bytes] | None = body
        self._iterator: Iterator[bytes] = context.run(_enter, iter, body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._context.run(_enter, self._iterator.__next__)

    def close(self) -> None:
        body, self._body = self._body, None
        if body is not None and hasattr(body, "close"):
            self._context.run(_enter, body.close)

    # A server that forgets to close leaves it to the garbage collector, in any thread at any time.
    __del__ = close


def _enter(function: Callable[..., T], *arguments: Any) -> T:
    entered_by.set(get_ident())
    return function(*arguments)
