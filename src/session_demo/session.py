"""A Session that finds and makes objects in one call, and loses nothing when another session was faster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, TypeVarTuple, Unpack, overload

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from .engine import begin_to_write
from .errors import MatchError, described
from .pagination import Paginator, paginate
from .paginator import PageOptions
from .uniqueness import identity_of, may_be_duplicate, warn_if_unprotected

M = TypeVar("M")
Ts = TypeVarTuple("Ts")


class Session(orm.Session):
    """SQLAlchemy's Session with a few methods more. Nothing that it had is changed.

    Attributes are told by keyword, and a relationship may be told by its object, as in SQLAlchemy's
    ``filter_by``.

    Example:
        >>> from session_demo import Session
        >>> with Session(engine) as session:
        ...     author = session.create(Author, name="Ursula K. Le Guin")
        ...     session.first(Author, name="Ursula K. Le Guin") is author
        True
    """

    def all(self, model: type[M], /, **attrs: Any) -> list[M]:
        """Return the objects of *model* with these attributes, in the order of the primary key.

        Args:
            model: The mapped class.
            attrs: What the attributes must equal.

        Session effect:
            Autobegins and autoflushes, as every query. One SELECT, and those of eager loads.

        Example:
            >>> session.add_all([Book(title="Solaris"), Book(title="Eden"), Book(title="Eden", copies=2)])
            >>> session.all(Book, title="Eden")
            [Book(id=2, title='Eden', copies=1, author_id=None),
             Book(id=3, title='Eden', copies=2, author_id=None)]
        """
        return list(self.scalars(_selecting(model, attrs)).unique())

    def first(self, model: type[M], /, **attrs: Any) -> M | None:
        """Return the object of *model* with these attributes and the smallest primary key, or None.

        Args:
            model: The mapped class.
            attrs: What the attributes must equal.

        Session effect:
            Autobegins and autoflushes, as every query. One SELECT with LIMIT 1, and those of eager loads.

        Example:
            >>> session.first(Author, name="Ursula K. Le Guin")
        """
        return self.scalars(_selecting(model, attrs).limit(1)).unique().first()

    def create(self, model: type[M], /, **attrs: Any) -> M:
        """Make an object of *model*, and send its INSERT.

        Args:
            model: The mapped class.
            attrs: The arguments of its constructor.

        Raises:
            sqlalchemy.exc.IntegrityError: The database refuses this row, or another one that was pending.

        Session effect:
            Autobegins and flushes everything that is pending. Never commits.

        Example:
            >>> session.create(Author, name="Ursula K. Le Guin")
            Author(id=1, name='Ursula K. Le Guin')
        """
        created = model(**attrs)
        self.add(created)
        self.flush()
        return created

    def first_or_create(
        self, model: type[M], /, defaults: Mapping[str, Any] | None = None, **match: Any
    ) -> M:
        """Return the object of *model* that matches, or make it.

        Where rows are often there already, this is the cheaper one; else :meth:`create_or_first` is.

        Args:
            model: The mapped class.
            defaults: What a new object gets besides *match*. An object that is found keeps its own.
            match: The attributes that tell which object is meant. A unique constraint should cover them.

        Returns:
            A persistent object in either case.

        Raises:
            sqlalchemy.exc.IntegrityError: The row can be neither inserted nor found. Either it violates
                another constraint, or the row that is in the way is younger than the snapshot that this
                transaction reads; then it is to be rolled back and tried again.
            MatchError: An attribute is in both *match* and *defaults*, or *defaults* is no mapping.

        Session effect:
            Autobegins and flushes everything that is pending. One SELECT; if nothing is found SAVEPOINT,
            INSERT, RELEASE; if that is refused ROLLBACK TO SAVEPOINT and the SELECT once more. Never
            commits. What the session held before stays as it was. On SQLite a transaction that starts with
            this call is restarted with BEGIN IMMEDIATE before the SAVEPOINT.

        Warns:
            UnprotectedMatchWarning: No unique constraint covers *match*; said once for each model.

        Example:
            >>> session.first_or_create(Member, name="Ann", defaults={"email": "ann@example.org"})
            Member(id=1, name='Ann', email='ann@example.org')
            >>> session.first_or_create(Member, name="Ann", defaults={"email": "new@example.org"})
            Member(id=1, name='Ann', email='ann@example.org')
        """
        values = _joined(match, defaults)
        warn_if_unprotected(sa.inspect(model), match)
        self.flush()
        alone = self._stands_before_its_first_statement(model)
        found = self.first(model, **match)
        return self._insert_or_find(model, match, values, restart=alone) if found is None else found

    def create_or_first(
        self, model: type[M], /, defaults: Mapping[str, Any] | None = None, **match: Any
    ) -> M:
        """Make an object of *model*, or return the one that was there before.

        As :meth:`first_or_create`, but the INSERT goes first: one SELECT less for rows that are mostly new.
        Each refused INSERT may use up a number of the primary key.

        Args:
            model: The mapped class.
            defaults: What a new object gets besides *match*. An object that is found keeps its own.
            match: The attributes that tell which object is meant. A unique constraint should cover them.

        Returns:
            A persistent object in either case.

        Raises:
            sqlalchemy.exc.IntegrityError: As in :meth:`first_or_create`.
            MatchError: As in :meth:`first_or_create`.

        Session effect:
            Autobegins and flushes everything that is pending. SAVEPOINT, INSERT, RELEASE; if the INSERT is
            refused ROLLBACK TO SAVEPOINT and one SELECT. The SELECT goes first when the session holds the
            object with this primary key. Never commits. What the session held before stays as it was. On
            SQLite, where Python's driver has begun no transaction yet, BEGIN IMMEDIATE goes first.

        Warns:
            UnprotectedMatchWarning: No unique constraint covers *match*; said once for each model.

        Example:
            >>> session.create_or_first(Author, name="Lem") is session.create_or_first(Author, name="Lem")
            True
        """
        values = _joined(match, defaults)
        mapper: orm.Mapper[M] = sa.inspect(model)
        warn_if_unprotected(mapper, match)
        self.flush()
        held = self._held(mapper, values)
        if held is not None:
            found = self.first(model, **match)
            if found is not None:
                return found
        return self._insert_or_find(model, match, values)

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
        """Return a page of a query; :func:`session_demo.pagination.paginate` says how.

        Args:
            query: A ``select()``, a union of several, or a mapped class.
            options: *page*, *per_page*, *total*, *padding*, *count* and *max_per_page*, as
                :class:`session_demo.pagination.Paginator` knows them.

        Raises:
            NotPageableError: *query* is neither a query nor a mapped class.
            PageError: An option is no number that it can be.

        Session effect:
            One SELECT that counts, and one for the rows when they are first asked for.

        Example:
            >>> session.add_all([Author(name="Lem"), Author(name="Calvino"), Author(name="Le Guin")])
            >>> page = session.paginate(sa.select(Author).order_by(Author.name), per_page=2)
            >>> [author.name for author in page], page.total
            (['Calvino', 'Le Guin'], 3)
        """
        return paginate(self, query, **options)

    def _insert_or_find(
        self, model: type[M], match: Mapping[str, Any], values: Mapping[str, Any], *, restart: bool = False
    ) -> M:
        """Insert within a SAVEPOINT, or return the row that was in the way. All else is flushed already."""
        mapper: orm.Mapper[M] = sa.inspect(model)
        begin_to_write(self.connection({"mapper": mapper}), restart=restart)
        self._let_go_of_deleted(mapper, values)
        try:
            with self.begin_nested():
                return self.create(model, **values)
        except IntegrityError as error:
            found = self.first(model, **match) if may_be_duplicate(error) else None
            if found is None:
                raise
            return found

    def _held(self, mapper: orm.Mapper[M], values: Mapping[str, Any]) -> M | None:
        """Return the object that the identity map has under the primary key that *values* tell."""
        identity = identity_of(mapper, values)
        key = identity and mapper.identity_key_from_primary_key(identity)
        return self.identity_map.get(key) if key else None

    def _let_go_of_deleted(self, mapper: orm.Mapper[Any], values: Mapping[str, Any]) -> None:
        """Expunge the object whose row another session has deleted, and whose key a new one is to have."""
        held = self._held(mapper, values)
        if held is not None:
            state = sa.inspect(held)
            if self.get(state.mapper, state.identity, populate_existing=True) is None:
                self.expunge(held)

    def _stands_before_its_first_statement(self, model: type[Any]) -> bool:
        """Whether the next statement begins a database transaction that is this session's alone."""
        bind = self.get_bind(sa.inspect(model))
        shared = sa.pool.StaticPool, sa.pool.SingletonThreadPool
        if not isinstance(bind, sa.Engine) or isinstance(bind.pool, shared) or self.in_nested_transaction():
            return False
        root = self.get_transaction()
        # SessionTransaction.connections came with SQLAlchemy 2.1.7; before, there is only what it reads.
        return root is None or not getattr(root, "connections", root._connections)


def _selecting(model: type[M], attrs: Mapping[str, Any]) -> sa.Select[Any]:
    mapper: orm.Mapper[M] = sa.inspect(model)
    keys = [getattr(model, mapper.get_property_by_column(column).key) for column in mapper.primary_key]
    return sa.select(model).filter_by(**attrs).order_by(*keys)


def _joined(match: Mapping[str, Any], defaults: Any) -> dict[str, Any]:
    """Return what the constructor of a new object is given."""
    if not isinstance(defaults, Mapping | None):
        raise MatchError(
            f"Can't read the defaults: {described(defaults)} is no mapping. "
            'Write defaults={"name": value}; an attribute called defaults cannot be matched.'
        )
    values = dict(defaults or {})
    if both := sorted(values.keys() & match.keys()):
        raise MatchError(
            f"Can't tell the match from the defaults: {', '.join(both)} is in both. "
            "Match what identifies the row, and leave the rest to defaults."
        )
    return {**match, **values}
