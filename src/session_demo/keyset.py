"""Pages by key: the rows after a row, however deep, found by its values and not by counting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar, TypeVarTuple, Unpack, overload

import sqlalchemy as sa

from . import cursors
from .cursors import Cursor, Secret
from .errors import CursorError, NotPageableError
from .ordering import Term, beyond_row, fingerprint, terms_of
from .page_numbers import whole
from .pagination import AnySession, own_window, result_of, statement_of, width_of

__all__ = ["KeysetPage", "keyset_page"]

M = TypeVar("M")
Ts = TypeVarTuple("Ts")


class KeysetOptions(TypedDict, total=False):
    """How to make a page by key; :func:`keyset_page` says what each option means."""

    cursor: str | None
    per_page: int
    max_per_page: int | None
    secret: Secret | None


@dataclass(frozen=True)
class KeysetPage(Generic[M]):
    """One page, and the cursors of the pages around it.

    Attributes:
        items: The rows.
        next_cursor: Leads to the page after; None on the last.
        prev_cursor: Leads to the page before; None on the first.
    """

    items: list[M]
    next_cursor: str | None
    prev_cursor: str | None

    @property
    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.next_cursor is not None

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before."""
        return self.prev_cursor is not None

    def __iter__(self) -> Iterator[M]:
        """Iterate over the rows."""
        return iter(self.items)


@overload
def keyset_page(session: AnySession, what: type[M], **options: Unpack[KeysetOptions]) -> KeysetPage[M]: ...


@overload  # as SQLAlchemy 2.0 types a query
def keyset_page(  # type: ignore[overload-overlap]
    session: AnySession, what: sa.Select[tuple[M]], **options: Unpack[KeysetOptions]
) -> KeysetPage[M]: ...


@overload
def keyset_page(
    session: AnySession, what: sa.Select[M], **options: Unpack[KeysetOptions]
) -> KeysetPage[M]: ...


@overload
def keyset_page(  # type: ignore[overload-cannot-match]
    session: AnySession, what: sa.Select[*Ts], **options: Unpack[KeysetOptions]
) -> KeysetPage[sa.Row[*Ts]]: ...


def keyset_page(session: AnySession, what: Any, **options: Unpack[KeysetOptions]) -> KeysetPage[Any]:
    """Return the page of a query that a cursor leads to, without counting what comes before.

    The ORDER BY of the query gives the order; where it selects mapped objects their primary keys are added,
    so that no two rows are equal. A query for columns alone must see to that itself. Columns may go up and
    down as they like, and may be NULL. A page is stable: rows that come or go elsewhere move nothing.

    Args:
        session: Where the query runs.
        what: A ``select()``, or a mapped class, which is ordered by its primary key.
        options: *cursor* is what a page gave as ``next_cursor`` or ``prev_cursor``; None or an empty text
            leads to the first page. *per_page* is the size of a page, 20 by default, and *max_per_page* its
            bound. With a *secret* cursors are signed, and one that was not signed with it is refused.

    Raises:
        CursorError: The cursor is damaged or forged, or of another order; or a column has values that
            can't travel.
        NotPageableError: *what* has no order, or has a LIMIT or a GROUP BY of its own.
        PageError: *per_page* or *max_per_page* is no number from 1.

    Session effect:
        Autobegins, which flushes if need be. One SELECT for one row more than the page has, and those of
        eager loads.

    Example:
        >>> session.add_all(Author(name=name) for name in ("Lem", "Calvino", "Le Guin"))
        >>> from session_demo.keyset import keyset_page
        >>> by_name = sa.select(Author).order_by(Author.name)
        >>> first = keyset_page(session, by_name, per_page=2)
        >>> [author.name for author in first], first.has_prev
        (['Calvino', 'Le Guin'], False)
        >>> second = keyset_page(session, by_name, per_page=2, cursor=first.next_cursor)
        >>> [author.name for author in second], second.has_next
        (['Lem'], False)
    """
    statement = _with_one_order(statement_of(what))
    size = whole(options.get("per_page", 20), "per_page", least=1)
    if (most := options.get("max_per_page")) is not None:
        size = min(size, whole(most, "max_per_page", least=1))
    dialect = _dialect(session, statement)
    terms = terms_of(statement, dialect)
    order = fingerprint(terms)
    text, secret = options.get("cursor"), options.get("secret")
    at = cursors.read(text, order, secret) if text else None
    rows, keys, more = _fetch(session, statement, terms, at, size, dialect)
    backwards = at is not None and at.backwards

    def cursor(key: Sequence[Any], backwards: bool) -> str:
        return cursors.write(Cursor(order, backwards, key), secret)

    return KeysetPage(
        rows,
        next_cursor=cursor(keys[-1], False) if keys and (more or backwards) else None,
        prev_cursor=cursor(keys[0], True) if keys and (more if backwards else at) else None,
    )


def _fetch(
    session: AnySession,
    statement: sa.Select[*tuple[Any, ...]],
    terms: list[Term],
    at: Cursor | None,
    size: int,
    dialect: str,
) -> tuple[list[Any], Sequence[sa.Row[*tuple[Any, ...]]], bool]:
    """Return rows, the values they are ordered by, and whether there are more of them."""
    going = [term.reversed() for term in terms] if at and at.backwards else terms
    window = statement.order_by(None).order_by(*(term.ordering() for term in going)).limit(size + 1)
    if at:
        if len(at.values) != len(going) or not all(map(Term.accepts, going, at.values)):
            raise CursorError(
                "Can't use this cursor: its values are not of these columns. Start at the first page."
            )
        window = window.where(beyond_row(going, at.values, dialect))
    window = window.add_columns(*(term.column.label(f"key_{place}") for place, term in enumerate(terms)))
    found = result_of(session, window).freeze()
    width = width_of(statement)
    rows = list(found().scalars() if width == 1 else found().columns(*range(width)))
    keys = found().columns(*range(width, width + len(terms))).all()
    step = -1 if at and at.backwards else 1
    return rows[:size][::step], keys[:size][::step], len(rows) > size


def _with_one_order(statement: Any) -> sa.Select[*tuple[Any, ...]]:
    if not isinstance(statement, sa.Select):
        state = "it is a union"
    elif statement._group_by_clauses:
        state = "it has a GROUP BY"
    elif own_window(statement) != (0, None):
        state = "it has a LIMIT or OFFSET of its own"
    else:
        return statement
    raise NotPageableError(
        f"Can't page this query by key: {state}. Put it in a subquery, and select from that."
    )


def _dialect(session: AnySession, statement: sa.Select[*tuple[Any, ...]]) -> str:
    entity = statement.column_descriptions[0].get("entity")
    mapper = sa.inspect(entity).mapper if entity is not None else None
    return str(session.get_bind(mapper=mapper, clause=statement).dialect.name)
