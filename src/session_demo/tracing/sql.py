"""Which tables a statement is about, read from its text."""

from __future__ import annotations

import re
from functools import lru_cache

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_PART = r"(?:\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|[\w$]+)"
_NAME = rf"{_PART}(?:\.{_PART})*"
_WITH = re.compile(rf"(?:\bWITH(?:\s+RECURSIVE)?|,)\s+({_NAME})(?:\s*\([^()]*\))?\s+AS\s*\(", re.IGNORECASE)
# What may follow a table and is no other name for it.
_WORDS = (
    "WHERE|ORDER|GROUP|HAVING|LIMIT|OFFSET|FETCH|FOR|JOIN|INNER|LEFT|RIGHT|FULL|CROSS|NATURAL|ON|USING|SET"
    "|VALUES|DEFAULT|SELECT|RETURNING|UNION|EXCEPT|INTERSECT|WINDOW"
)
_TABLE = rf"{_NAME}(?:\s+(?:AS\s+)?(?!(?:{_WORDS})\b){_PART})?"
_TABLES = re.compile(
    rf"\b(?:INTO|UPDATE|JOIN|FROM)\s+(?!SELECT\b)({_TABLE}(?:\s*,\s*{_TABLE})*)", re.IGNORECASE
)


@lru_cache(maxsize=512)
def tables_of(sql: str) -> tuple[str, ...]:
    """Return the tables that a statement names, in the order in which it names them.

    A name is given as the program's metadata spells it: without quotes, with its schema where the statement
    has one. Names that the statement gives to parts of itself (``WITH``) are not among them. No grammar of
    SQL is known here, only where names of tables stand.

    Args:
        sql: The text of the statement.

    Example:
        >>> from session_demo.tracing.sql import tables_of
        >>> tables_of("SELECT book.id FROM book JOIN author ON author.id = book.author_id")
        ('book', 'author')
    """
    text = _LITERAL.sub("''", sql)
    own = {_plain(name) for name in _WITH.findall(text)}
    found = []
    for listed in _TABLES.findall(text):
        found += [_plain(one.split()[0]) for one in listed.split(",")]
    return tuple(dict.fromkeys(name for name in found if name not in own))


def _plain(name: str) -> str:
    return re.sub(r"[\"`\[\]]", "", name)
