"""One page of anything that has a length and can be sliced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Generic, Protocol, TypedDict, TypeVar

from .errors import NotPageableError, PageError, described
from .page_numbers import numbers_in_three_groups, numbers_in_turns, sanitize_page_number, whole

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)

GREATEST_OFFSET = 2**63 - 1
"""Databases count rows in 64 bits; beyond, some drivers raise errors of their own."""


class Sliceable(Protocol[M_co]):
    """What can be paged: anything with a length that can be sliced."""

    def __len__(self) -> int:
        """Return how many rows there are."""

    def __getitem__(self, rows: slice, /) -> Iterable[M_co]:
        """Return some of the rows."""


class PageOptions(TypedDict, total=False):
    """How to make pages; :class:`Paginator` says what each option means."""

    page: int | str
    per_page: int
    total: int | None
    padding: int
    count: bool
    max_per_page: int | None


class Paginator(Generic[M]):
    """One page of a query or of a sequence, and the way to the other pages.

    Args:
        query: What to page: a list, or anything else that has a length and can be sliced.
            :func:`~session_demo.pagination.paginate` makes one from a query.
        page: A number from 1, as a number or as text, or ``"first"`` or ``"last"``. What is no such number
            means page 1; what lies past the end means the last page.
        per_page: How many rows a page has.
        total: How many rows there are in all. By default they are counted.
        padding: How many rows of the pages before and after are shown besides.
        count: False to count nothing. ``total`` and ``num_pages`` are then None; ``has_next`` costs one more
            row. A page past the end is then empty.
        max_per_page: The greatest *per_page*; more is cut to it, on this page and on those one goes to.

    Raises:
        NotPageableError: *query* has no length or cannot be sliced.
        PageError: *per_page*, *total* or *padding* is no such number, or the last page is asked for without
            counting.

    Session effect:
        For a query one ``SELECT count(*)`` at once, unless *total* is given or *count* is False, and one
        SELECT when the rows are first asked for. They are kept: reading them again costs nothing.

    Example:
        >>> from session_demo.pagination import Paginator
        >>> page = Paginator("abcdefgh", page=2, per_page=3)
        >>> page.items, page.get_range(), page.total, page.num_pages
        (['d', 'e', 'f'], '4 - 6', 8, 3)
        >>> page.next.items
        ['g', 'h']
    """

    def __init__(
        self,
        query: Sliceable[M],
        *,
        page: int | str = 1,
        per_page: int = 20,
        total: int | None = None,
        padding: int = 0,
        count: bool = True,
        max_per_page: int | None = None,
    ) -> None:
        if not (hasattr(query, "__len__") and hasattr(query, "__getitem__")):
            raise NotPageableError(
                f"Can't page {described(query)}: it has no length, or no slices. "
                "Give a list; for a query call paginate(session, select(...))."
            )
        self.query = query
        self.per_page = whole(per_page, "per_page", least=1)
        if max_per_page is not None:
            self.per_page = min(self.per_page, whole(max_per_page, "max_per_page", least=1))
        self.max_per_page = max_per_page
        self.padding = whole(padding, "padding", least=0)
        if total is None and count:
            total = len(query)
        self.total = None if total is None else whole(total, "total", least=0)
        self.page = self._existing(page)

    def _existing(self, page: int | str) -> int:
        if page == "last" and self.num_pages is None:
            raise PageError(
                "Can't go to the last page: the rows are not counted. Leave count=False out, or give total."
            )
        number = self.num_pages or 1 if page == "last" else sanitize_page_number(page)
        if self.num_pages is None:
            return min(number, (GREATEST_OFFSET - self.padding) // self.per_page - 1)
        return min(number, max(self.num_pages, 1))

    @property
    def num_pages(self) -> int | None:
        """How many pages there are; None when the rows are not counted."""
        return None if self.total is None else -(-self.total // self.per_page)

    @property
    def total_pages(self) -> int | None:
        """The same as ``num_pages``."""
        return self.num_pages

    @property
    def is_paginated(self) -> bool:
        """Whether there is more than one page."""
        return self.has_prev or self.has_next

    @property
    def offset(self) -> int:
        """How many rows come before the first that is shown."""
        return max(self._start - self.padding, 0)

    @property
    def limit(self) -> int:
        """How many rows are shown at most."""
        return self.page * self.per_page + self.padding - self.offset

    @property
    def _start(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def _stop(self) -> int:
        """The 0-based index behind the last row of the page; ``_start`` when there is none."""
        known = self.offset + len(self._fetched) if self.total is None else self.total
        return max(min(self.page * self.per_page, known), self._start)

    @cached_property
    def _fetched(self) -> list[M]:
        if self.total is not None and self.offset >= self.total:
            return []
        # One row more tells whether a page follows; rows of the padding tell it as well.
        more = self.total is None and not self.padding
        return list(self.query[self.offset : self.offset + self.limit + more])

    @property
    def items(self) -> list[M]:
        """The rows of this page, fetched once."""
        return self._fetched[: self.limit]

    def __iter__(self) -> Iterator[M]:
        """Iterate over the rows of this page."""
        return iter(self.items)

    def __bool__(self) -> bool:
        """Whether there are rows at all; when they are not counted, whether this page has any."""
        return bool(self._fetched if self.total is None else self.total)

    @property
    def showing(self) -> int:
        """How many rows this page shows, padding included."""
        return len(self.items)

    @property
    def start_index(self) -> int:
        """The 0-based index of the first row without padding; 0 when there is none."""
        return self._start if self._stop > self._start else 0

    @property
    def end_index(self) -> int:
        """The 0-based index of the last row without padding; 0 when there is none."""
        return self._stop - 1 if self._stop > self._start else 0

    def get_range(self, sep: str = " - ") -> str:
        """Return the first and the last row as people count, such as ``21 - 40``; ``0 - 0`` for none."""
        if self._stop == self._start:
            return f"0{sep}0"
        return f"{self._start + 1}{sep}{self._stop}"

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before."""
        return self.page > 1

    @property
    def has_next(self) -> bool:
        """Whether there is a page after."""
        if self.num_pages is None:
            return self.offset + len(self._fetched) > self.page * self.per_page
        return self.page < self.num_pages

    @property
    def prev_num(self) -> int:
        """The number of the page before, whether or not there is one."""
        return self.page - 1

    @property
    def next_num(self) -> int:
        """The number of the page after, whether or not there is one."""
        return self.page + 1

    @property
    def prev(self) -> Paginator[M] | None:
        """The page before, if there is one. Nothing is counted again."""
        return self._at(self.prev_num) if self.has_prev else None

    @property
    def next(self) -> Paginator[M] | None:
        """The page after, if there is one. Nothing is counted again."""
        return self._at(self.next_num) if self.has_next else None

    def _at(self, page: int) -> Paginator[M]:
        return Paginator(
            self.query,
            page=page,
            per_page=self.per_page,
            total=self.total,
            padding=self.padding,
            count=self.total is not None,
            max_per_page=self.max_per_page,
        )

    @property
    def pages(self) -> list[int | None]:
        """The same as ``get_pages()``."""
        return self.get_pages()

    def get_pages(self, showmax: int = 12) -> list[int | None]:
        """Return the page numbers to show; None stands for two or more that are left out.

        The first, the last and the current page are always there. The other places go, in turns, to those
        around the current page, after the first and before the last. Where only one page would be left out
        it is shown, so there can be two more than *showmax*. None are known when the rows are not counted.

        Example:
            >>> Paginator(range(400), page=9).get_pages()
            [1, 2, 3, None, 6, 7, 8, 9, 10, 11, None, 18, 19, 20]
        """
        return numbers_in_turns(self.page, self.num_pages or 0, showmax)

    def iter_pages(
        self, *, left_edge: int = 2, left_current: int = 2, right_current: int = 4, right_edge: int = 2
    ) -> Iterator[int | None]:
        """Iterate over page numbers as Flask-SQLAlchemy's ``Pagination.iter_pages`` does.

        Example:
            >>> list(Paginator(range(300), page=8).iter_pages())
            [1, 2, None, 6, 7, 8, 9, 10, 11, 12, None, 14, 15]
        """
        edges = left_edge, left_current, right_current, right_edge
        return iter(numbers_in_three_groups(self.page, self.num_pages or 0, *edges))

    def __repr__(self) -> str:
        of = "" if self.num_pages is None else f" of {self.num_pages}"
        return f"<Paginator: page {self.page}{of}>"
