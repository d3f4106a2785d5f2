"""The order of a query, read column by column, and what comes after a row in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors

from .errors import NotPageableError

Clause = sa.ColumnElement[Any]

MODIFIERS = {operators.asc_op, operators.desc_op, operators.nulls_first_op, operators.nulls_last_op}
WRAPPERS = {"label", "label_reference"}
SYMBOLS: dict[tuple[bool, bool], Callable[[Any, Any], Any]] = {
    (False, False): operators.gt,
    (False, True): operators.ge,
    (True, False): operators.lt,
    (True, True): operators.le,
}
"""How to compare with a column that goes down or not, for rows after a value, or at it too."""

NULLS_ARE_GREATEST = {"postgresql", "oracle"}
"""Databases that put NULL after all values; the others put it before."""

SEEKS_TUPLES = {"postgresql", "sqlite"}
"""Databases that use an index for ``(a, b) > (1, 2)``; MariaDB and MySQL read the whole index for it."""


@dataclass(frozen=True)
class Term:
    """One column of the ORDER BY."""

    column: Clause
    descending: bool
    nulls_last: bool
    nulls_said: bool
    nullable: bool

    def reversed(self) -> Term:
        """Return the same column in the opposite order."""
        return replace(self, descending=not self.descending, nulls_last=not self.nulls_last)

    def ordering(self) -> Clause:
        """Return the column as ORDER BY takes it."""
        ordered = self.column.desc() if self.descending else self.column.asc()
        if not self.nulls_said:
            return ordered
        return ordered.nulls_last() if self.nulls_last else ordered.nulls_first()

    def beyond(self, value: Any, or_at: bool = False) -> Clause:
        """Return the condition for rows that come after *value*, or have it if *or_at*."""
        if value is None and self.nulls_last:
            return self.column.is_(None) if or_at else sa.false()
        if value is None:
            return sa.true() if or_at else self.column.is_not(None)
        compare = SYMBOLS[self.descending, or_at]
        found: Clause = compare(self.column, self.literal(value))
        return sa.or_(found, self.column.is_(None)) if self.nullable and self.nulls_last else found

    def literal(self, value: Any) -> Clause:
        """Return *value* as a parameter for a comparison with the column."""
        # A number from a stranger may be too great for the column; some drivers cast to its type.
        whole = isinstance(self.column.type, sa.Integer)
        return sa.literal(value, sa.BigInteger() if whole else self.column.type)

    def accepts(self, value: Any) -> bool:
        """Whether a row can have *value* here, as far as the type of the column tells."""
        if value is None:
            return self.nullable
        try:
            kind = self.column.type.python_type
        except NotImplementedError:
            return True
        own = isinstance(self.column.type, sa.TypeDecorator)  # it may make any type of any other
        return own or type(value) is kind or (kind is float and type(value) is int)


def terms_of(statement: sa.Select[*tuple[Any, ...]], dialect: str) -> list[Term]:
    """Read the ORDER BY, and make it one that leaves no two rows equal."""
    greatest = dialect in NULLS_ARE_GREATEST
    outer = any(
        getattr(part, "isouter", False) or getattr(part, "full", False)
        for source in statement.get_final_froms()
        for part in visitors.iterate(source)
    )
    terms = [_term(clause, greatest, outer) for clause in statement._order_by_clauses]
    downwards = terms[-1].descending if terms else False
    for key in _primary_keys(statement):
        if not any(term.column.compare(key) for term in terms):
            terms.append(_term(key.desc() if downwards else key, greatest, outer))
    if not terms:
        raise NotPageableError(
            "Can't page this query by key: it has no ORDER BY. Order it by columns without equals."
        )
    return terms


def _term(clause: Any, nulls_are_greatest: bool, outer: bool) -> Term:
    descending, nulls_last = False, None
    while (modifier := getattr(clause, "modifier", None)) in MODIFIERS or clause.__visit_name__ in WRAPPERS:
        descending = descending or modifier is operators.desc_op
        if modifier in (operators.nulls_first_op, operators.nulls_last_op):
            nulls_last = modifier is operators.nulls_last_op
        clause = clause.element
    if not isinstance(clause, sa.ColumnElement) or clause.__visit_name__ == "textual_label_reference":
        raise NotPageableError(
            f"Can't page by {str(clause)!r}: it is text, which says nothing of its type. Order by columns."
        )
    nullable = outer or not isinstance(clause, sa.Column) or bool(clause.nullable)
    default = nulls_are_greatest is not descending
    return Term(
        clause, descending, default if nulls_last is None else nulls_last, nulls_last is not None, nullable
    )


def _primary_keys(statement: sa.Select[*tuple[Any, ...]]) -> list[Any]:
    """Return the primary keys of the objects that the query selects whole."""
    keys = []
    for column in statement.column_descriptions:
        if (entity := column.get("entity")) is not None and column["expr"] is entity:
            mapper = sa.inspect(entity).mapper
            keys += [getattr(entity, mapper.get_property_by_column(key).key) for key in mapper.primary_key]
    return [key.__clause_element__() for key in keys]


def beyond_row(terms: Sequence[Term], values: Sequence[Any], dialect: str) -> Clause:
    """Return the condition for rows that come after those with *values*."""
    (first, *others), (value, *rest) = terms, values
    if not others:
        return first.beyond(value)
    if dialect in SEEKS_TUPLES and _as_one(terms):
        literals = [term.literal(value) for term, value in zip(terms, values, strict=True)]
        compare = SYMBOLS[first.descending, False]
        together: Clause = compare(sa.tuple_(*(term.column for term in terms)), sa.tuple_(*literals))
        return together
    # The first condition alone already lets an index find the place.
    return sa.and_(
        first.beyond(value, or_at=True), sa.or_(first.beyond(value), beyond_row(others, rest, dialect))
    )


def _as_one(terms: Sequence[Term]) -> bool:
    """Whether all columns go the same way and are never NULL, so that they can be compared as a tuple."""
    return len({term.descending for term in terms}) == 1 and not any(term.nullable for term in terms)


def fingerprint(terms: list[Term]) -> str:
    """Return a short text that differs for another order, so that its cursors are told apart."""
    spelled = ";".join(str(term.ordering()) for term in terms)
    return sha256(spelled.encode()).hexdigest()[:8]
