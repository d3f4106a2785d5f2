"""A scoped session that knows the helpers of the Session it stands for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, TypeVarTuple, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.orm import scoped_session

from .pagination import Paginator
from .paginator import PageOptions
from .session import Session

M = TypeVar("M")
P = ParamSpec("P")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")


def _of_current_session(
    method: Callable[Concatenate[Session, P], R],
) -> Callable[Concatenate[ScopedSession, P], R]:
    """Return a method that calls the one of the same name on the session of the current scope."""

    @wraps(method)
    def call(scoped: ScopedSession, /, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = getattr(scoped(), method.__name__)(*args, **kwargs)
        return result

    return call


class ScopedSession(scoped_session[Session]):
    """SQLAlchemy's ``scoped_session`` with the helpers of :class:`~session_demo.Session`.

    Each scope, by default each thread, has a session of its own, made when it is first needed and closed by
    ``remove()``. What a subclass of Session has besides is reached through the scoped session as well.

    Example:
        >>> from sqlalchemy.orm import sessionmaker
        >>> from session_demo import Session
        >>> from session_demo.scoped import ScopedSession
        >>> scoped = ScopedSession(sessionmaker(engine, class_=Session))
        >>> scoped.create(Author, name="Lem") is scoped.first(Author, name="Lem")
        True
        >>> scoped.remove()
    """

    all = _of_current_session(Session.all)
    first = _of_current_session(Session.first)
    create = _of_current_session(Session.create)
    first_or_create = _of_current_session(Session.first_or_create)
    create_or_first = _of_current_session(Session.create_or_first)

    @overload
    def paginate(self, query: type[M], **options: Unpack[PageOptions]) -> Paginator[M]: ...

    @overload  # as SQLAlchemy 2.0 types a query
    def paginate(  # type: ignore[overload-overlap]
        self, query: sa.Select[tuple[M]], **options: Unpack[PageOptions]
    ) -> Paginator[M]: ...

    @overload
    def paginate(  # type: ignore[overload-overlap]
        self, query: sa.Select[M], **options: Unpack[PageOptions]
    ) -> Paginator[M]: ...

    @overload
    def paginate(
        self, query: sa.Select[*Ts] | sa.CompoundSelect[*Ts], **options: Unpack[PageOptions]
    ) -> Paginator[sa.Row[*Ts]]: ...

    def paginate(self, query: Any, **options: Unpack[PageOptions]) -> Paginator[Any]:
        """Return a page of a query, as :meth:`session_demo.Session.paginate` does."""
        return self().paginate(query, **options)

    def __getattr__(self, name: str) -> Any:
        # Asked for only where this class has no such attribute. The class of the session is asked first:
        # a question alone makes no session.
        if name.startswith("_") or not hasattr(getattr(self.session_factory, "class_", Session), name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self(), name)
