"""Cursors: the place between two rows as text that can travel in a URL and come back changed."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple
from uuid import UUID

from .errors import CursorError, MissingExtraError, described

SALT = "session_demo.keyset"

# How values travel that JSON does not have.
CODECS: dict[type, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    datetime: (datetime.isoformat, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
    time: (time.isoformat, time.fromisoformat),
    Decimal: (str, Decimal),
    UUID: (str, UUID),
    bytes: (bytes.hex, bytes.fromhex),
}
NAMES = {kind.__name__: kind for kind in CODECS}
PLAIN = {str, int, float, bool, type(None)}

Secret = str | bytes


class Cursor(NamedTuple):
    """The place before or after the row with these *values*, in the order that *order* stands for."""

    order: str
    backwards: bool
    values: Sequence[Any]


def write(cursor: Cursor, secret: Secret | None = None) -> str:
    """Return *cursor* as text for a URL, signed if there is a *secret*.

    Raises:
        CursorError: A value is of a kind that can't travel.

    Example:
        >>> text = write(Cursor("by title", False, ["Solaris", 7]))
        >>> read(text, "by title").values
        ['Solaris', 7]
    """
    packed = [cursor.order, cursor.backwards, *map(_pack, cursor.values)]
    if secret is not None:
        return str(_signer(secret).dumps(packed))
    return urlsafe_b64encode(json.dumps(packed, separators=(",", ":")).encode()).decode().rstrip("=")


def read(text: str, order: str, secret: Secret | None = None) -> Cursor:
    """Return the cursor that *text* stands for.

    Raises:
        CursorError: *text* was not written by :func:`write`, with this secret and for this order.
    """
    try:
        found, backwards, *values = _load(text, secret)
        cursor = Cursor(found, backwards, [_unpack(value) for value in values])
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        raise CursorError(
            f"Can't read the cursor {text!r:.80}: it is damaged. Start at the first page."
        ) from None
    if cursor.order != order or type(backwards) is not bool:
        raise CursorError(
            f"Can't use the cursor {text!r:.80}: it belongs to another order. Start at the first page."
        )
    return cursor


def _load(text: str, secret: Secret | None) -> Any:
    if secret is None:
        return json.loads(b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True))
    signer = _signer(secret)
    from itsdangerous import BadData

    try:
        return signer.loads(text)
    except BadData:
        raise ValueError from None


def _pack(value: Any) -> Any:
    kind = type(value)
    try:
        _sane(value)
    except ValueError:
        raise CursorError(
            f"Can't make a cursor of {described(value)}: it can't travel. "
            "Order by text, numbers, dates or keys."
        ) from None
    if kind not in CODECS:
        return value
    write, _ = CODECS[kind]
    return [kind.__name__, write(value)]


def _unpack(packed: Any) -> Any:
    if not isinstance(packed, list):
        return _sane(packed)
    name, text = packed
    _, read = CODECS[NAMES[name]]
    return _sane(read(text))


def _sane(value: Any) -> Any:
    """Refuse what no row has, or what makes a driver raise an error of its own."""
    if isinstance(value, str):
        sane = "\0" not in value and bool(value.encode() or True)  # a lone surrogate raises ValueError
    elif isinstance(value, int):
        sane = -(2**63) <= value < 2**63
    elif isinstance(value, float | Decimal):
        near = float(value)
        sane = isfinite(near) and (near != 0) is (value != 0)
    else:
        sane = type(value) in PLAIN | CODECS.keys()
    if not sane:
        raise ValueError
    return value


def _signer(secret: Secret) -> Any:
    try:
        from itsdangerous import URLSafeSerializer
    except ImportError as missing:
        raise MissingExtraError(
            "Can't sign a cursor: itsdangerous is not installed. "
            'Run pip install "session-demo[cursors]"; cursors without a secret work without it.'
        ) from missing
    return URLSafeSerializer(secret, salt=SALT)
