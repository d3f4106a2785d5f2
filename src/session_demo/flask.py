"""A session for each application context of Flask, which the end of the context removes.

The names are those of Flask-SQLAlchemy-Session, so that a program changes its import and goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import get_ident
from typing import Any, TypeVar
from weakref import WeakSet

from flask import Flask, appcontext_pushed, current_app, g
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from werkzeug.local import LocalProxy

from .errors import NoScopeError, SharedScopeError, UninitialisedAppError
from .wsgi import OwnContext, entered_by

__all__ = ["current_session", "flask_scoped_session"]

S = TypeVar("S", bound=Session)

EXTENSION = "session_demo"
TASK = "_session_demo_task"


class flask_scoped_session(scoped_session[S]):  # noqa: N801 - a name that programs import
    """A ``scoped_session`` whose scope is the application context, which is to say the request.

    It is used like a session, and has the methods of the class that *session_factory* makes. Called, it
    returns the session itself, which type checkers know better.

    Work that is not committed when the context ends is rolled back. One thread works in a scope at a time,
    and one task: another one that finds its way into it is refused, because two would mix their work in one
    transaction. Each response is iterated and closed in the context of its request (see
    :class:`session_demo.wsgi.OwnContext`).

    Args:
        session_factory: A ``sessionmaker``, or anything that makes a session when it is called.
        app: The application, unless :meth:`init_app` is called later.

    Raises:
        NoScopeError: It is used where no application context is.
        UninitialisedAppError: It is used in an application that :meth:`init_app` was not called for.
        SharedScopeError: It is used from a thread or a task that the context does not belong to.

    Session effect:
        The first use in a context makes the session. The end of the context closes it: ROLLBACK if a
        transaction is open, and the connection goes back to the pool.

    Example:
        >>> from flask import Flask
        >>> from sqlalchemy.orm import sessionmaker
        >>> from session_demo.flask import current_session, flask_scoped_session
        >>> app = Flask("library")
        >>> session = flask_scoped_session(sessionmaker(engine), app)
        >>> with app.app_context():
        ...     session.add(Author(name="Stanislaw Lem"))
        ...     session.commit()
        ...     current_session() is session()
        True
    """

    def __init__(self, session_factory: sessionmaker[S] | Callable[[], S], app: Flask | None = None) -> None:
        super().__init__(session_factory, scopefunc=self._scope)  # type: ignore[arg-type]
        self._apps: WeakSet[Flask] = WeakSet()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give *app* the session, and remove it when a context of *app* ends.

        To call it again changes nothing. An application may have several: each has its own sessions, and
        ``current_session`` is that of the one that came last.

        Raises:
            AssertionError: Flask's own; *app* has already served a request.
        """
        if app in self._apps:
            return
        # Looked up when a context ends: a test, or a subclass, may have its own.
        app.teardown_appcontext(lambda _error: self.remove())
        if EXTENSION not in app.extensions:
            app.wsgi_app = OwnContext(app.wsgi_app)  # type: ignore[method-assign]
            appcontext_pushed.connect(_mark_thread, app)
        app.extensions[EXTENSION] = self
        self._apps.add(app)

    def remove(self) -> None:
        """Close the session of this context, if there is one, and forget it even if that fails.

        Session effect:
            ROLLBACK if a transaction is open; the objects of the session are detached.
        """
        try:
            super().remove()
        finally:
            self.registry.clear()

    def __getattr__(self, name: str) -> Any:
        """Find what the session has and ``scoped_session`` has not, such as methods of a subclass."""
        made = getattr(self.__dict__.get("session_factory"), "class_", None)
        if name.startswith("_") or (made is not None and not hasattr(made, name)):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.registry(), name)

    def _scope(self) -> object:
        if not current_app:
            raise NoScopeError(
                "Can't give you a session: no application context of Flask is here. "
                "Enter one with app.app_context(), or call the session factory for a session of your own."
            )
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        if app not in self._apps:
            raise UninitialisedAppError(
                f"Can't give you a session: {app!r} does not know it. Call init_app(app) first."
            )
        _refuse_strangers()
        return g._get_current_object()


def _current() -> flask_scoped_session[Any]:
    if not current_app:
        raise NoScopeError(
            "Can't find the current session: no application context of Flask is here. "
            "Enter one with app.app_context()."
        )
    found: flask_scoped_session[Any] | None = current_app.extensions.get(EXTENSION)
    if found is None:
        raise UninitialisedAppError(
            f"Can't find the current session: {current_app!r} has none. "
            "Make one with flask_scoped_session(session_factory, app)."
        )
    return found


current_session: flask_scoped_session[Any] = LocalProxy(_current)  # type: ignore[assignment]
"""The ``flask_scoped_session`` of the application that runs, as ``flask.request`` is its request."""


def _mark_thread(_app: Flask, **_: object) -> None:
    entered_by.set(get_ident())


def _refuse_strangers() -> None:
    """Refuse a thread that runs in a copy of the context, and a task beside the one that began."""
    task = _task()
    if task is None:
        if entered_by.get(get_ident()) != get_ident():
            raise SharedScopeError(
                "Can't share the session of this context with another thread. "
                "Enter app.app_context() in the thread, or use copy_current_request_context."
            )
        return
    working = g.setdefault(TASK, task)
    if working is not task and not working.done():
        raise SharedScopeError(
            "Can't share the session of this context with another task, while one that used it still runs. "
            "Enter app.app_context() in the task, or make a session of its own."
        )
    setattr(g, TASK, task)


def _task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None
