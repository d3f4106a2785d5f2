"""A cursor comes back as it went, or not at all."""

from __future__ import annotations

import json
import string
import sys
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_demo.cursors import Cursor, read, write
from session_demo.errors import CursorError, MissingExtraError

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.binary(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.uuids(),
    st.decimals(-(10**12), 10**12, places=6),
)


def packed(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode()


@given(values=st.lists(VALUES), backwards=st.booleans(), secret=st.sampled_from([None, "secret", b"\xff"]))
def test_cursor_comes_back(values: list[Any], backwards: bool, secret: str | bytes | None) -> None:
    """Every kind of value that can travel arrives with its type, in text that needs no quoting in a URL."""
    text = write(Cursor("order", backwards, values), secret)
    assert set(text) <= {*string.ascii_letters, *string.digits, *"-_."}
    found = read(text, "order", secret)
    assert found == Cursor("order", backwards, values)
    assert [type(value) for value in found.values] == [type(value) for value in values]


@given(text=st.text())
def test_any_text_is_refused(text: str) -> None:
    """What this package did not write is refused with one kind of error."""
    for secret in (None, "secret"):
        with pytest.raises(CursorError):
            read(text, "order", secret)


@given(parts=st.recursive(VALUES.filter(lambda value: type(value) in {int, str, bool}), st.lists))
def test_any_json_is_refused(parts: Any) -> None:
    """Well-formed JSON that is no cursor is refused just so."""
    with pytest.raises(CursorError):
        read(packed(*parts) if isinstance(parts, list) else packed(parts), "order")


@pytest.mark.parametrize(
    "value",
    [
        *["\0", "\ud800", 2**63, 10**400, float("nan"), float("inf"), {}],
        *[["int", "7"], ["date", "soon"], ["date", 7], ["Decimal", "NaN"], ["Decimal", "1e999999"]],
        *[
            ["Decimal", "1e-999999"],
            ["Decimal", "x"],
            ["UUID", "7"],
            ["bytes", "z"],
            ["os", "system"],
            [[], ""],
        ],
    ],
)
def test_value_that_no_row_has_is_refused(value: Any) -> None:
    """What would make a driver stumble is refused before it gets there."""
    with pytest.raises(CursorError, match=r"it is damaged\. Start at the first page"):
        read(packed("order", False, value), "order")


@pytest.mark.parametrize("value", [object(), "\0", float("nan"), Decimal("NaN"), 2**63])
def test_value_that_cannot_travel(value: Any) -> None:
    """A value that could not be read again is not written."""
    with pytest.raises(CursorError, match=r"Can't make a cursor of an? "):
        write(Cursor("order", False, [value]))


def test_cursor_of_another_order_is_refused() -> None:
    """A cursor leads on in its own order only."""
    with pytest.raises(CursorError, match="it belongs to another order"):
        read(write(Cursor("by title", False, [1])), "by author")


def test_changed_signature_is_refused() -> None:
    """With a secret, neither a changed cursor, nor one signed with another secret, nor a bare one is read."""
    cursor = Cursor("order", False, [1])
    signed = write(cursor, "secret")
    for forged in (signed[:-1] + ("A" if signed[-1] != "A" else "B"), write(cursor, "other"), write(cursor)):
        with pytest.raises(CursorError, match="it is damaged"):
            read(forged, "order", "secret")
    with pytest.raises(CursorError, match="it is damaged"):
        read(signed, "order")


def test_types_that_travel() -> None:
    """Dates keep their zone, and a timestamp is not mistaken for a date."""
    values = [datetime(2026, 11, 25, 15, 0, 0, 7, UTC), date(2026, 11, 25), time(15, 0), UUID(int=7)]
    assert read(write(Cursor("", True, values)), "").values == values


def test_signing_needs_itsdangerous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that signs the error says how to get it."""
    monkeypatch.setitem(sys.modules, "itsdangerous", None)
    with pytest.raises(MissingExtraError, match="Can't sign a cursor: itsdangerous is not installed"):
        write(Cursor("", False, []), "secret")
    assert write(Cursor("", False, []))
