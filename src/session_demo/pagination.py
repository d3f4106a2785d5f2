"""Pages of a query: its rows as a sequence that asks the database for its length and its slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, TypeVarTuple, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.orm import LoaderCriteriaOption, Session, aliased, lazyload, scoped_session

from .errors import NotPageableError, described
from .page_numbers import sanitize_page_number
from .paginator import PageOptions, Paginator

__all__ = ["Paginator", "paginate", "sanitize_page_number"]

M = TypeVar("M")
Ts = TypeVarTuple("Ts")

AnySession: TypeAlias = "Session | scoped_session[Any]"
Statement: TypeAlias = "sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]]"


@overload
def paginate(session: AnySession, what: type[M], **options: Unpack[PageOptions]) -> Paginator[M]: ...


@overload  # as SQLAlchemy 2.0 types a query
def paginate(  # type: ignore[overload-overlap]
    session: AnySession, what: sa.Select[tuple[M]], **options: Unpack[PageOptions]
) -> Paginator[M]: ...


@overload
def paginate(  # type: ignore[overload-overlap]
    session: AnySession, what: sa.Select[M], **options: Unpack[PageOptions]
) -> Paginator[M]: ...


@overload
def paginate(
    session: AnySession, what: sa.Select[*Ts] | sa.CompoundSelect[*Ts], **options: Unpack[PageOptions]
) -> Paginator[sa.Row[*Ts]]: ...


def paginate(session: AnySession, what: Any, **options: Unpack[PageOptions]) -> Paginator[Any]:
    """Return a page of a query.

    A query for one entity or column gives objects or values, one for more gives rows. Give the query an
    ORDER BY that leaves no two rows equal, or the database may put them in another order for every page.

    Args:
        session: Where the query runs.
        what: A ``select()``, a union of several, or a mapped class, which is ordered by its primary key.
            A LIMIT and an OFFSET of the query are kept: the pages lie within them.
        options: *page*, *per_page*, *total*, *padding*, *count* and *max_per_page* of :class:`Paginator`.

    Raises:
        NotPageableError: *what* is neither a query nor a mapped class, or its LIMIT is no plain number.
        PageError: As for :class:`Paginator`.

    Session effect:
        Autobegins, which flushes if need be. One ``SELECT count(*)`` without the ORDER BY, the eager loads
        and the FOR UPDATE of the query, then one SELECT with LIMIT and OFFSET, and those of eager loads,
        when the rows are first asked for.

    Example:
        >>> session.add_all(Author(name=name) for name in ("Lem", "Calvino", "Le Guin"))
        >>> from session_demo.pagination import paginate
        >>> page = paginate(session, sa.select(Author).order_by(Author.name), per_page=2)
        >>> [author.name for author in page], page.total
        (['Calvino', 'Le Guin'], 3)
        >>> [author.name for author in page.next]
        ['Lem']
    """
    return Paginator(SelectedRows(session, statement_of(what)), **options)


@dataclass(frozen=True)
class SelectedRows:
    """The rows that *statement* selects; ``len(rows)`` counts them, ``rows[20:40]`` fetches some.

    Example:
        >>> session.add_all([Author(name="Stanislaw Lem"), Author(name="Italo Calvino")])
        >>> rows = SelectedRows(session, sa.select(Author.name).order_by(Author.name))
        >>> len(rows), rows[1:2]
        (2, ['Stanislaw Lem'])
    """

    session: AnySession
    statement: Statement

    def __post_init__(self) -> None:
        own_window(self.statement)  # refuses now what a slice would refuse later

    def __len__(self) -> int:
        """Count the rows, with one SELECT."""
        return self.session.execute(_counting(self.statement)).scalar_one()

    def __getitem__(self, rows: slice, /) -> list[Any]:
        """Fetch the rows from ``rows.start`` until before ``rows.stop``, with one SELECT."""
        own_offset, own_limit = own_window(self.statement)
        stop = rows.stop if own_limit is None else min(rows.stop, own_limit)
        if stop <= rows.start:
            return []
        window = self.statement.limit(stop - rows.start).offset(own_offset + rows.start)
        result = result_of(self.session, window)
        return list(result.scalars() if width_of(self.statement) == 1 else result)


def statement_of(what: Any) -> Statement:
    """Return *what* if it is a query; for a mapped class, the query for its objects by primary key.

    Raises:
        NotPageableError: It is neither.
    """
    if isinstance(what, sa.Select | sa.CompoundSelect):
        return what
    mapper = sa.inspect(what, raiseerr=False) if isinstance(what, type) else None
    if mapper is None:
        raise NotPageableError(
            f"Can't page {described(what)}: it is neither a query nor a mapped class. "
            "Give select(...), or give a list to Paginator."
        )
    return sa.select(what).order_by(*mapper.primary_key)


def result_of(session: AnySession, statement: Statement) -> sa.Result[*tuple[Any, ...]]:
    """Execute *statement*, and drop the repetitions that a joined eager load makes, but no others."""
    result = session.execute(statement)
    # To drop repetitions always would make pages short where the query itself selects a row twice.
    return result.unique() if result._unique_filter_state else result


def width_of(statement: Statement) -> int:
    """Return how many things a row of *statement* has; a mapped class is one."""
    return len(getattr(statement, "column_descriptions", None) or statement.selected_columns)


def _counting(statement: Statement) -> sa.Select[int]:
    """Return the query that counts the rows of *statement*, without what changes neither number nor rows."""
    bare = statement.order_by(None).options(lazyload("*"))
    # SQLAlchemy can add FOR UPDATE to a query, but not take it away: counting would lock every row.
    bare._for_update_arg = None
    rows: Any = bare.subquery()
    # A subquery of mapped classes no longer tells which they are. An alias does: so the session asks the
    # right engine, and criteria that hide rows hide them here too.
    described_columns = getattr(statement, "column_descriptions", ())
    if entities := [entity for column in described_columns if (entity := column.get("entity"))]:
        rows = aliased(sa.inspect(entities[0]).mapper, rows)
    criteria = [option for option in statement._with_options if isinstance(option, LoaderCriteriaOption)]
    count = sa.select(sa.func.count()).select_from(rows).options(*criteria)
    return count.execution_options(**statement.get_execution_options())


def own_window(statement: Statement) -> tuple[int, int | None]:
    """Return the query's own OFFSET and LIMIT, which SQLAlchemy shows nowhere else."""
    asked = statement._fetch_clause_options or {}
    try:
        if any(asked.values()):  # WITH TIES, PERCENT
            raise sa.exc.CompileError
        fetch = statement._offset_or_limit_clause_asint(statement._fetch_clause, "fetch")
        return statement._offset or 0, statement._limit if fetch is None else fetch
    except sa.exc.CompileError:
        raise NotPageableError(
            "Can't page this query: its own LIMIT or OFFSET is no plain number. "
            "Page the query without it, or put it in a subquery."
        ) from None
