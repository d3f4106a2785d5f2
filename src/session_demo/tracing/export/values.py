"""Parameter values as JSON: what JSON cannot hold is tagged with its type."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ..redaction import HIDDEN, Hidden


class Described:
    """Stands in a trace that was read for a value that JSON cannot hold: its class and its ``repr``."""

    __slots__ = ("kind", "text")

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Described) and (self.kind, self.text) == (other.kind, other.text)

    def __hash__(self) -> int:
        return hash((self.kind, self.text))


# Exact types only: a subclass may mean something else by the same value.
_WRITERS: dict[type, Callable[[Any], Any]] = {
    float: str,  # only those that are no number to JSON come here
    Decimal: str,
    bytes: lambda value: b64encode(value).decode("ascii"),
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    UUID: str,
    tuple: lambda value: [encode(one) for one in value],
    dict: lambda value: [[encode(key), encode(one)] for key, one in value.items()],
}

_READERS: dict[str, Callable[[Any], object]] = {
    "float": float,
    "Decimal": Decimal,
    "bytes": lambda value: b64decode(value, validate=True),
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: timedelta(*value),
    "UUID": UUID,
    "tuple": lambda value: tuple(map(decode, value)),
    "dict": lambda value: {decode(key): decode(one) for key, one in value},
    "hidden": lambda _: HIDDEN,
    "other": lambda value: Described(*value),
}

TAGS = tuple(_READERS)
"""The types a tagged value may have."""


def encode(value: object) -> Any:
    """Return what JSON writes for *value*.

    Example:
        >>> from decimal import Decimal
        >>> encode(1), encode([Decimal("1.50")])
        (1, [{'type': 'Decimal', 'value': '1.50'}])
    """
    kind = type(value)
    if value is None or kind in (bool, int, str) or (kind is float and math.isfinite(value)):  # type: ignore[arg-type]
        return value
    if kind is list:
        return [encode(one) for one in value]  # type: ignore[attr-defined]
    if kind in _WRITERS:
        return {"type": kind.__name__, "value": _WRITERS[kind](value)}
    if isinstance(value, Hidden):
        return {"type": "hidden", "value": None}
    if isinstance(value, Described):  # a trace that was read is written again
        return {"type": "other", "value": [value.kind, value.text]}
    return {"type": "other", "value": [f"{kind.__module__}.{kind.__qualname__}", repr(value)]}


def decode(written: Any) -> Any:
    """Return the value that :func:`encode` wrote.

    Raises:
        ValueError: It is nothing that ``encode`` writes.

    Example:
        >>> decode({"type": "Decimal", "value": "1.50"})
        Decimal('1.50')
    """
    if isinstance(written, list):
        return [decode(one) for one in written]
    if not isinstance(written, dict):
        return written
    reader = _READERS.get(str(written.get("type")))
    if reader is None or written.keys() != {"type", "value"}:
        raise ValueError(f"no value is written as {written!r}")
    try:
        return reader(written["value"])
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"{written['value']!r} is no {written['type']}") from error
