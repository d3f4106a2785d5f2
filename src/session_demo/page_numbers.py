"""Which page numbers to show, and what counts as one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from .errors import PageError


def numbers_in_turns(page: int, last: int, showmax: int) -> list[int | None]:
    """Choose about *showmax* numbers: the ends, *page*, and in turns those around all three."""
    if last <= whole(showmax, "showmax", least=4):
        return list(range(1, last + 1))
    steps = [(page - n, page + n, 1 + n, last - n) for n in range(1, showmax)]
    wanted = dict.fromkeys(n for n in (1, page, last, *chain(*steps)) if 1 <= n <= last)
    return _with_gaps([*wanted][:showmax], last, shortest=2)


def numbers_in_three_groups(
    page: int, last: int, left_edge: int, left_current: int, right_current: int, right_edge: int
) -> list[int | None]:
    """Choose fixed counts of numbers at both ends and around *page*."""
    current = range(page - left_current, page + right_current + 1)
    right = range(max(last - right_edge + 1, current.stop), last + 1)
    wanted = chain(range(1, left_edge + 1), current, right)
    return _with_gaps(wanted, last, shortest=1)


def sanitize_page_number(page: object, default: int = 1) -> int:
    """Return *page* as a number from 1, or *default* if it is none.

    Example:
        >>> from session_demo.pagination import sanitize_page_number
        >>> sanitize_page_number("3"), sanitize_page_number("-1"), sanitize_page_number("junk")
        (3, 1, 1)
    """
    try:
        number = int(page)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):  # the last one is infinity
        return default
    return number if number > 0 else default


def _with_gaps(wanted: Iterable[int], last: int, shortest: int) -> list[int | None]:
    """Sort the numbers from 1 to *last*, and put None for each gap of at least *shortest*."""
    shown: list[int | None] = []
    before = 0
    for number in [*sorted({n for n in wanted if 1 <= n <= last}), last + 1]:
        left_out = range(before + 1, number)
        shown += [None] if len(left_out) >= shortest else left_out
        shown += [number]
        before = number
    return shown[:-1]


def whole(number: object, name: str, least: int) -> int:
    """Return *number*, or raise PageError if it is no whole number from *least*."""
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise PageError(f"Can't use {number!r} as {name}: it takes a whole number from {least}.")
    return number
