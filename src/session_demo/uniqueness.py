"""What a match says about a row: the columns it fixes, the key it names, and whether at most one row fits."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import (
    ColumnProperty,
    CompositeProperty,
    Mapper,
    MapperProperty,
    RelationshipDirection,
    RelationshipProperty,
    SynonymProperty,
)

from .errors import UnprotectedMatchWarning

# SQLSTATE 23000 covers more than duplicates, but some drivers tell no more than that.
_SAID_OF_DUPLICATES = {
    *("23505", "23000"),
    *("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"),
    *(1062, 1586),  # MariaDB and MySQL
    *(2601, 2627),  # SQL Server
}

_warned: weakref.WeakSet[Mapper[Any]] = weakref.WeakSet()


def columns_of(mapper: Mapper[Any], match: Mapping[str, Any]) -> dict[sa.ColumnElement[Any], Any]:
    """Return the columns that *match* fixes, with their values.

    A many-to-one relationship fixes its foreign key. A name that stands for no column, such as that of a
    hybrid, fixes none.

    Example:
        >>> author = Author(id=7)
        >>> columns_of(sa.inspect(Book), {"title": "Eden", "author": author}) == {
        ...     Book.__table__.c.title: "Eden", Book.__table__.c.author_id: 7
        ... }
        True
    """
    return {column: value for name, given in match.items() for column, value in _fixed(mapper, name, given)}


def is_protected(mapper: Mapper[Any], columns: Mapping[sa.ColumnElement[Any], Any]) -> bool:
    """Whether the database keeps two rows with these values out.

    It does where a primary key, unique constraint or unique index has no other columns, is judged at each
    statement, and none of the values is NULL, which equals nothing.

    Example:
        >>> author = sa.inspect(Author)
        >>> is_protected(author, columns_of(author, {"name": "Lem"}))
        True
        >>> is_protected(author, columns_of(author, {"name": None}))
        False
    """
    fixed = {column for column, value in columns.items() if value is not None}
    return any(key and key <= fixed for table in mapper.tables for key in _unique_keys(table))


def warn_if_unprotected(mapper: Mapper[Any], match: Mapping[str, Any]) -> None:
    """Say, once for a model, that no code can keep duplicates of *match* out."""
    if mapper in _warned or is_protected(mapper, columns_of(mapper, match)):
        return
    model, names = mapper.class_.__name__, ", ".join(match) or "nothing"
    warnings.warn(
        f"Can't keep duplicates of {model} out: matched by {names}, and no unique constraint covers that, "
        "so two sessions at the same time may both insert. Give it a unique constraint on what is matched, "
        "and put values that do not identify the row into defaults.",
        UnprotectedMatchWarning,
        stacklevel=3,
    )
    _warned.add(mapper)


def identity_of(mapper: Mapper[Any], values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the primary key that an object made of *values* will have, if they tell it.

    Example:
        >>> identity_of(sa.inspect(Author), {"id": 7, "name": "Lem"})
        (7,)
        >>> identity_of(sa.inspect(Author), {"name": "Lem"})
    """
    fixed = columns_of(mapper, values)
    key = tuple(fixed.get(column) for column in mapper.primary_key)
    return None if None in key else key


def may_be_duplicate(error: sa.exc.IntegrityError) -> bool:
    """Whether the database refused a second row of a kind; a driver that tells nothing is believed to say so.

    Example:
        >>> session.add_all([Author(id=1, name="Lem"), Author(id=2, name="Lem")])
        >>> try:
        ...     session.flush()
        ... except sa.exc.IntegrityError as error:
        ...     may_be_duplicate(error)
        True
    """
    first = error.orig.args[0] if error.orig and error.orig.args else None
    if isinstance(first, int):
        return first in _SAID_OF_DUPLICATES
    names = ("sqlstate", "pgcode", "sqlite_errorname")
    said = next(filter(None, (getattr(error.orig, name, None) for name in names)), None)
    return said is None or said in _SAID_OF_DUPLICATES


def _fixed(mapper: Mapper[Any], name: str, given: Any) -> Iterator[tuple[sa.ColumnElement[Any], Any]]:
    match _property(mapper, name):
        case ColumnProperty(columns=columns):
            yield from ((column, given) for column in columns)
        case CompositeProperty(columns=columns):
            values = (None,) * len(columns) if given is None else given.__composite_values__()
            yield from zip(columns, values, strict=True)
        case RelationshipProperty(direction=RelationshipDirection.MANYTOONE, local_remote_pairs=pairs):
            for local, remote in pairs or ():
                yield local, None if given is None else _value(given, remote)


def _property(mapper: Mapper[Any], name: str) -> MapperProperty[Any] | None:
    found = mapper.attrs.get(name)
    return mapper.attrs.get(found.name) if isinstance(found, SynonymProperty) else found


def _value(related: object, column: sa.ColumnElement[Any]) -> Any:
    mapper: Mapper[Any] = sa.inspect(related).mapper
    return getattr(related, mapper.get_property_by_column(column).key)


def _unique_keys(table: sa.FromClause) -> Iterator[set[sa.ColumnElement[Any]]]:
    yield set(table.primary_key)
    if not isinstance(table, sa.Table):
        return
    for constraint in table.constraints:
        # One that is judged at COMMIT lets both rows in before.
        if isinstance(constraint, sa.UniqueConstraint) and constraint.initially != "DEFERRED":
            yield set(constraint.columns)
    for index in table.indexes:
        partial = any(option.endswith("_where") for option in index.dialect_kwargs)
        if index.unique and not partial:
            yield set(index.columns)
