"""A transaction around a test, which the code under test cannot end."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from .scoped import ScopedSession
from .session import Session


class TestTransaction:
    """The time between the making of this object and its ``close()``, in which nothing is committed for good.

    All sessions that *factory* makes meanwhile, and so those of *scoped* too, work on one connection and
    within SAVEPOINTs: they may flush, commit and roll back as they like. What goes past them, on connections
    that somebody takes from the engine, is not isolated; nor is DDL on MariaDB, which commits by itself.

    Args:
        engine: The engine; on SQLite one whose transactions are real ones.
        factory: Makes the sessions.
        scoped: The scoped session that *factory* serves.

    Attributes:
        connection: The connection of all sessions.
        trans: Its transaction.
        session: The session that *scoped* stands for in this thread.

    Session effect:
        BEGIN at once, SAVEPOINT where a session begins, RELEASE where it commits. ``close()`` sends ROLLBACK.

    Example:
        >>> from session_demo import SQLAlchemy
        >>> db = SQLAlchemy("sqlite://")
        >>> class Author(db.Model):
        ...     __tablename__ = "author"
        ...     id = sa.Column(sa.Integer, primary_key=True)
        >>> db.create_all()
        >>> with db.test_transaction():
        ...     _ = db.s.create(Author)
        ...     db.s.commit()
        >>> db.s.all(Author)
        []
        >>> db.s.remove()
        >>> db.engine.dispose()
    """

    __test__ = False

    def __init__(self, engine: sa.Engine, factory: sessionmaker[Session], scoped: ScopedSession) -> None:
        self._factory = factory
        self._scoped = scoped
        self._usual = dict(factory.kw)
        self._before = scoped() if scoped.registry.has() else None
        self.connection = _in_transactions(engine.connect())
        self.trans = self.connection.begin()
        joined = {"bind": self.connection, "binds": None, "join_transaction_mode": "create_savepoint"}
        factory.configure(**joined)
        self.session = factory()
        scoped.registry.set(self.session)

    def close(self) -> None:
        """Undo everything, and give the scoped session back as it was."""
        if self.connection.closed:
            return
        if self._scoped.registry.has():
            self._scoped.remove()
        self.session.close()
        self._factory.kw.clear()
        self._factory.kw.update(self._usual)
        if self._before is not None:
            self._scoped.registry.set(self._before)
        self.trans.rollback()
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _in_transactions(connection: sa.Connection) -> sa.Connection:
    """Return the connection with transactions, where its engine has asked for AUTOCOMMIT."""
    dialect: Any = connection.dialect
    asked = connection.get_execution_options().get("isolation_level", dialect._on_connect_isolation_level)
    if asked == "AUTOCOMMIT":
        return connection.execution_options(isolation_level=connection.default_isolation_level)
    return connection
