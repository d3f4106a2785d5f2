"""Page numbers: nothing that comes with a request breaks a page, and a gap hides at least two."""

from __future__ import annotations

from typing import Any

import pytest
from flask_sqlalchemy.pagination import Pagination
from hypothesis import assume, given
from hypothesis import strategies as st

from session_demo.errors import PageError
from session_demo.page_numbers import numbers_in_three_groups, numbers_in_turns, sanitize_page_number

LAST = st.integers(0, 80)


@pytest.mark.parametrize(
    ("page", "number"),
    [
        *[(3, 3), ("3", 3), (" 3 ", 3), (2.9, 2), (True, 1)],
        *[(None, 1), ("", 1), ("junk", 1), ("0", 1), (0, 1), (-7, 1), ("-7", 1), ([], 1), (object(), 1)],
        *[(float("inf"), 1), (float("nan"), 1), ("inf", 1), ("9" * 5000, 1)],
    ],
)
def test_sanitize_page_number(page: object, number: int) -> None:
    """What is no whole number from 1 becomes the first page, whatever it is."""
    assert sanitize_page_number(page) == number


def test_sanitize_page_number_with_default() -> None:
    """The caller may choose what junk means."""
    assert [sanitize_page_number(page, default=5) for page in ("junk", -1, 2)] == [5, 5, 2]


@given(last=LAST, data=st.data(), showmax=st.integers(4, 20))
def test_numbers_in_turns(last: int, data: st.DataObject, showmax: int) -> None:
    """The ends and the page are shown, numbers rise, None hides two or more, and few are over showmax."""
    page = data.draw(st.integers(1, max(last, 1)))
    shown = numbers_in_turns(page, last, showmax)
    numbers = [number for number in shown if number is not None]
    assert numbers == sorted(set(numbers))
    assert set(numbers) >= ({1, page, last} if last else set())
    assert hidden(shown, last) == [] or min(hidden(shown, last)) >= 2
    assert len(numbers) <= showmax + 2
    assert last > showmax or numbers == list(range(1, last + 1))


def hidden(shown: list[int | None], last: int) -> list[int]:
    """How many numbers each None hides; numbers that are missing without a None count as -1."""
    found, before = [], 0
    for place, number in enumerate(shown):
        if number is None:
            following = shown[place + 1] if place + 1 < len(shown) else last + 1
            assert following is not None
            found.append(following - before - 1)
            before = following - 1
        else:
            found += [] if number == before + 1 else [-1]
            before = number
    return found + ([] if before == last else [-1])


def test_one_page_is_never_hidden() -> None:
    """Where an ellipsis would stand for one page, the page is shown."""
    assert numbers_in_turns(3, 5, 4) == [1, 2, 3, 4, 5]


def test_numbers_in_turns_refuses_too_few() -> None:
    """Both ends, the page and a neighbour are four numbers."""
    with pytest.raises(PageError, match="Can't use 3 as showmax: it takes a whole number from 4"):
        numbers_in_turns(1, 20, 3)


class Theirs(Pagination):
    """Flask-SQLAlchemy's own pagination, with nothing behind it."""

    def _query_items(self) -> list[Any]:
        return []

    def _query_count(self) -> int:
        return int(self._query_args["rows"])


@given(last=LAST, data=st.data(), edges=st.tuples(*[st.integers(0, 6)] * 4))
def test_numbers_in_three_groups(last: int, data: st.DataObject, edges: tuple[int, int, int, int]) -> None:
    """The numbers are those of Flask-SQLAlchemy's iter_pages, without the None of theirs that hides none."""
    page = data.draw(st.integers(1, max(last, 1)))
    left_edge, _, right_current, _ = edges
    assume(page + right_current >= min(left_edge, last))  # else theirs may put None between neighbours
    names = ("left_edge", "left_current", "right_current", "right_edge")
    theirs = Theirs(page=page, per_page=1, rows=last, error_out=False)
    assert numbers_in_three_groups(page, last, *edges) == [
        *theirs.iter_pages(**dict(zip(names, edges, strict=True)))
    ]
