"""One page: its arithmetic is right at both ends, and its neighbours are made like itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_demo.errors import NotPageableError, PageError
from session_demo.pagination import Paginator

ROWS = st.integers(0, 60).map(range)
PER_PAGE = st.integers(1, 15)
PADDING = st.integers(0, 25)


class Asked(list[int]):
    """A list that remembers what it was asked for."""

    def __init__(self, rows: range) -> None:
        super().__init__(rows)
        self.heard: list[object] = []

    def __len__(self) -> int:
        self.heard.append("count")
        return super().__len__()

    def __getitem__(self, rows: Any) -> Any:
        self.heard.append((rows.start, rows.stop))
        return super().__getitem__(rows)


def walk(page: Paginator[int]) -> list[Paginator[int]]:
    """Follow next until there is none."""
    found = [page]
    while following := found[-1].next:
        found.append(following)
    return found


@given(rows=ROWS, per_page=PER_PAGE, count=st.booleans())
def test_pages_hold_every_row_once(rows: range, per_page: int, count: bool) -> None:
    """All pages one after the other are the whole, in order, and none but the last is short."""
    pages = walk(Paginator(rows, per_page=per_page, count=count))
    assert [item for page in pages for item in page] == list(rows)
    assert all(page.showing == per_page for page in pages[:-1])
    assert [page.page for page in pages] == list(range(1, len(pages) + 1))


@given(rows=ROWS, per_page=PER_PAGE, count=st.booleans(), page=st.integers(1, 70))
def test_prev_undoes_next(rows: range, per_page: int, count: bool, page: int) -> None:
    """Going on and back leads to the same rows."""
    here = Paginator(rows, page=page, per_page=per_page, count=count)
    if here.next:
        assert here.next.prev
        assert here.next.prev.items == here.items
    assert (here.prev is None) is (here.page == 1) is (not here.has_prev)
    assert (here.prev_num, here.next_num) == (here.page - 1, here.page + 1)


@given(rows=ROWS, per_page=PER_PAGE, padding=PADDING, page=st.integers(1, 70), count=st.booleans())
def test_padding_shows_neighbouring_rows(
    rows: range, per_page: int, padding: int, page: int, count: bool
) -> None:
    """A page with padding shows what lies around the same page without, cut at the ends."""
    bare = Paginator(rows, page=page, per_page=per_page, count=count)
    padded = Paginator(rows, page=page, per_page=per_page, padding=padding, count=count)
    start = (bare.page - 1) * per_page
    assert padded.items == list(rows)[max(start - padding, 0) : start + per_page + padding]
    assert padded.showing == len(padded.items)
    assert padded.items == list(rows)[padded.offset : padded.offset + padded.limit]
    assert (padded.page, padded.has_next, padded.get_range()) == (bare.page, bare.has_next, bare.get_range())


@given(rows=ROWS, per_page=PER_PAGE, page=st.integers(1, 70))
def test_counted_page_is_within_the_end(rows: range, per_page: int, page: int) -> None:
    """A page past the end becomes the last one, whose numbers agree with its rows."""
    here = Paginator(rows, page=page, per_page=per_page)
    assert here.num_pages == here.total_pages == len(list(rows)[::per_page])
    assert here.page == min(page, max(here.num_pages, 1))
    assert here.has_next is (here.page < here.num_pages)
    assert here.is_paginated is (here.num_pages > 1)
    assert bool(here) is bool(rows)
    if rows:
        assert (here.start_index, here.end_index) == (here.items[0], here.items[-1])
        assert here.get_range() == f"{here.items[0] + 1} - {here.items[-1] + 1}"


@given(rows=ROWS, per_page=PER_PAGE, page=st.integers(1, 70), padding=PADDING)
def test_uncounted_page_knows_what_follows(rows: range, per_page: int, page: int, padding: int) -> None:
    """Without counting a page still knows whether there is another, and shows the same rows."""
    counted = Paginator(rows, page=page, per_page=per_page, padding=padding)
    here = Paginator(rows, page=page, per_page=per_page, padding=padding, count=False)
    assert (here.total, here.num_pages, here.pages, list(here.iter_pages())) == (None, None, [], [])
    assert here.page == page
    if page == counted.page and rows:
        assert (here.items, here.has_next, here.is_paginated, here.get_range(), bool(here)) == (
            *(counted.items, counted.has_next, counted.is_paginated),
            *(counted.get_range(), True),
        )
    else:
        assert (here.has_next, here.get_range()) == (False, "0 - 0")


def test_empty() -> None:
    """Nothing to show is page 1 of none, without a negative index."""
    page = Paginator([])
    assert (page.items, page.page, page.num_pages, page.showing) == ([], 1, 0, 0)
    assert (page.start_index, page.end_index, page.get_range()) == (0, 0, "0 - 0")
    assert (page.prev, page.next, page.pages, bool(page)) == (None, None, [], False)


def test_past_the_end_is_the_last_page() -> None:
    """Page 99 of 3 is page 3 in all that it says."""
    page = Paginator(range(25), page=99, per_page=10)
    assert (page.page, page.items, page.get_range(" to ")) == (3, [20, 21, 22, 23, 24], "21 to 25")
    assert (page.showing, page.pages, page.next, repr(page)) == (
        5,
        [1, 2, 3],
        None,
        "<Paginator: page 3 of 3>",
    )


def test_first_and_last_by_name() -> None:
    """The ends can be asked for in words."""
    assert [Paginator(range(25), page=name, per_page=10).page for name in ("first", "last")] == [1, 3]
    assert Paginator([], page="last").page == 1


def test_last_needs_a_count() -> None:
    """Without counting nobody knows the last page, unless the caller gives the total."""
    with pytest.raises(PageError, match="Can't go to the last page: the rows are not counted"):
        Paginator(range(25), page="last", count=False)
    assert Paginator(range(25), page="last", count=False, total=25).page == 2


def test_rows_are_fetched_once() -> None:
    """Whatever is asked of a page, its rows are counted once and fetched once."""
    rows = Asked(range(50))
    page = Paginator(rows, page=2)
    assert (page.items, list(page), page.showing, page.get_range()) == (
        *(list(range(20, 40)), list(range(20, 40))),
        *(20, "21 - 40"),
    )
    assert rows.heard == ["count", (20, 40)]


def test_neighbours_do_not_count_again() -> None:
    """A neighbour asks for its own rows only."""
    rows = Asked(range(50))
    page = Paginator(rows, page=2)
    assert page.next
    assert page.prev
    assert (page.next.items, page.prev.items) == (list(range(40, 50)), list(range(20)))
    assert rows.heard == ["count", (40, 60), (0, 20)]


def test_no_count_costs_one_row_more() -> None:
    """Not counting fetches one row beyond the page, and never shows it."""
    rows = Asked(range(50))
    page = Paginator(rows, count=False)
    assert (page.has_next, page.items) == (True, list(range(20)))
    assert rows.heard == [(0, 21)]


def test_total_is_not_counted_again() -> None:
    """Who knows the total gives it, and nothing is counted."""
    rows = Asked(range(50))
    assert Paginator(rows, total=50).num_pages == 3
    assert rows.heard == []


def test_empty_total_asks_for_nothing() -> None:
    """Where there are no rows none are fetched."""
    rows = Asked(range(0))
    assert Paginator(rows).items == []
    assert rows.heard == ["count"]


def test_neighbours_keep_padding_total_and_limits() -> None:
    """What the caller chose holds for every page one goes to, in both directions."""
    page = Paginator(range(500), page=3, per_page=5000, padding=2, total=400, max_per_page=100)
    for neighbour in (page.next, page.prev):
        assert neighbour
        assert (neighbour.per_page, neighbour.max_per_page) == (100, 100)
        assert (neighbour.padding, neighbour.total) == (2, 400)


@pytest.mark.parametrize("page", [10**30, 2**63, 2**62])
@pytest.mark.parametrize("padding", [0, 7])
def test_great_page_is_no_greater_than_databases_count(page: int, padding: int) -> None:
    """No number in a request makes an offset, with its limit, that a driver can't take."""
    here = Paginator(range(5), page=page, padding=padding, count=False)
    assert here.items == []
    assert here.offset + here.limit < 2**63


def test_great_total_is_counted_exactly() -> None:
    """Page numbers are whole numbers all through: no float rounds them."""
    assert Paginator([], total=2**60 + 1, per_page=1).num_pages == 2**60 + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_page": 0}, "Can't use 0 as per_page: it takes a whole number from 1."),
        ({"per_page": "20"}, "Can't use '20' as per_page"),
        ({"per_page": True}, "Can't use True as per_page"),
        ({"max_per_page": 0}, "Can't use 0 as max_per_page"),
        ({"padding": -1}, "Can't use -1 as padding: it takes a whole number from 0."),
        ({"total": -1}, "Can't use -1 as total"),
    ],
)
def test_wrong_sizes_are_refused(options: dict[str, Any], message: str) -> None:
    """A size that is none is the program's mistake, and is said at once."""
    with pytest.raises(PageError) as caught:
        Paginator([1], **options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("what", [iter([1]), {1, 2}, 7])
def test_what_has_no_slices_is_refused(what: Any) -> None:
    """What has no order or no length has no pages."""
    with pytest.raises(NotPageableError, match="Can't page a"):
        Paginator(what)


def test_pages_as_flask_sqlalchemy_shows_them() -> None:
    """iter_pages takes the same arguments, and None stands for a gap."""
    page = Paginator(range(300), page=8)
    assert list(page.iter_pages()) == [1, 2, None, 6, 7, 8, 9, 10, 11, 12, None, 14, 15]
    assert list(page.iter_pages(left_edge=1, left_current=1, right_current=1, right_edge=1)) == (
        [1, None, 7, 8, 9, None, 15]
    )
    assert page.pages == page.get_pages(12)
    assert page.get_pages(5) == [1, None, 7, 8, 9, None, 15]
