"""One object that holds what a program needs of a database: engine, models, sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy import orm

from .base_model import BaseModel
from .engine import create_engine
from .errors import DatabaseURLError
from .isolation import TestTransaction
from .scoped import ScopedSession
from .session import Session

if TYPE_CHECKING:

    class Model(BaseModel, orm.DeclarativeBase):
        """What a type checker takes ``db.Model`` for."""


class SQLAlchemy:
    """An engine, a base class for models, and sessions with helpers, under one name.

    Args:
        url: The database URL, as text or as SQLAlchemy's URL. Or give its parts:
        dialect: Such as ``"postgresql"`` or ``"mysql+pymysql"``.
        name: The name of the database; for SQLite the path of the file.
        user: Who connects.
        password: Taken as it is; nothing in it needs to be quoted.
        host: The machine.
        port: The port.
        engine_options: For :func:`~session_demo.create_engine`. Read and not changed, like
        session_options: For ``sessionmaker``; ``class_`` may name a subclass of Session, ``scopefunc`` is for
            the scoped session.
        base_model_class: What ``Model`` inherits from. A subclass of SQLAlchemy's ``DeclarativeBase`` becomes
            ``Model`` itself.
        base_model_metaclass: The metaclass of ``Model``.

    Raises:
        DatabaseURLError: A URL is given, and parts of one as well.
        sqlalchemy.exc.ArgumentError: The URL cannot be understood.

    Attributes:
        url: The URL as text, with the password.
        engine: The engine; on SQLite one that really sends BEGIN.
        registry: Where the models are registered.
        Model: The base class of the models.
        session_class: The class of the sessions.
        Session: Makes sessions; a ``sessionmaker``.
        s: The session of the current scope, by default of the thread.

    Session effect:
        None; nothing is connected yet.

    Example:
        >>> from session_demo import SQLAlchemy
        >>> db = SQLAlchemy("sqlite://")
        >>> class Author(db.Model):
        ...     __tablename__ = "author"
        ...     id = sa.Column(sa.Integer, primary_key=True)
        ...     name = sa.Column(sa.String, unique=True)
        >>> db.create_all()
        >>> db.s.first_or_create(Author, name="Lem")
        Author(id=1, name='Lem')
        >>> db.s.remove()
        >>> db
        <SQLAlchemy('sqlite://')>
        >>> db.engine.dispose()
    """

    Model: type[Model]
    Session: orm.sessionmaker[Session]
    s: ScopedSession

    def __init__(
        self,
        url: str | sa.URL | None = None,
        *,
        dialect: str | None = None,
        name: str | None = None,
        user: str | None = None,
        password: str | None = None,
        host: str | None = None,
        port: int | str | None = None,
        engine_options: Mapping[str, Any] | None = None,
        session_options: Mapping[str, Any] | None = None,
        base_model_class: type[Any] = BaseModel,
        base_model_metaclass: type[Any] = orm.DeclarativeMeta,
    ) -> None:
        parts = {"drivername": dialect, "database": name, "username": user, "password": password}
        address = _url(url, **parts, host=host, port=None if port is None else int(port))
        self.url = address.render_as_string(hide_password=False)
        self.engine = create_engine(address, **(engine_options or {}))
        self.Model = _base(base_model_class, base_model_metaclass)
        self.registry = self.Model.registry
        options = {"class_": Session, "bind": self.engine, **(session_options or {})}
        scope: Callable[[], Any] | None = options.pop("scopefunc", None)
        self.session_class: type[Session] = options["class_"]
        self.Session = orm.sessionmaker(**options)
        self.s = ScopedSession(self.Session, scope)

    def create_all(self, **options: Any) -> None:
        """Create the tables of all models that do not exist yet.

        Args:
            options: For SQLAlchemy's ``MetaData.create_all``, such as *tables* or another *bind*.

        Session effect:
            None: a connection of its own, committed at once.
        """
        self.registry.metadata.create_all(**{"bind": self.engine} | options)

    def drop_all(self, **options: Any) -> None:
        """Drop the tables of all models.

        Args:
            options: For SQLAlchemy's ``MetaData.drop_all``.

        Session effect:
            None: a connection of its own, committed at once.
        """
        self.registry.metadata.drop_all(**{"bind": self.engine} | options)

    def test_transaction(self, savepoint: bool = False) -> TestTransaction:
        """Begin a transaction that undoes what a test does, even what it commits.

        Args:
            savepoint: Ignored. sqla_wrapper's callers give it; here the code under test may always roll back.

        Returns:
            The transaction, to be closed, or used in a ``with`` statement.

        Session effect:
            BEGIN now and ROLLBACK at the end. Meanwhile ``db.s`` and what ``db.Session()`` makes work within
            SAVEPOINTs of it.
        """
        return TestTransaction(self.engine, self.Session, self.s)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.engine.url.render_as_string(hide_password=True)!r})>"


def _url(url: str | sa.URL | None, **parts: Any) -> sa.URL:
    given = {part: value for part, value in parts.items() if value is not None}
    if url is None:
        return sa.URL.create(**{"drivername": "sqlite"} | given)
    if given:
        raise DatabaseURLError(
            f"Can't make the URL of a database: a URL is given, and {', '.join(given)} as well. "
            "Give the URL or its parts."
        )
    return sa.make_url(url)


def _base(wanted: type[Any], metaclass: type[Any]) -> type[Model]:
    if issubclass(wanted, orm.DeclarativeBase):
        return cast("type[Model]", wanted)
    made: Any = orm.registry().generate_base(cls=wanted, name="Model", metaclass=metaclass)
    return cast("type[Model]", made)
