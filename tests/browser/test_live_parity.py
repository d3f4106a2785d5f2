"""What a cell puts out in the browser is what the book shows below it, on every page, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from living import live_page
from test_site import PAGES, SITE, browser, site, unavailable  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.browser

# What may differ, and why.
EXCUSED = [
    (re.compile(r" at 0x[0-9a-f]+"), "an address in memory, which the stored outputs leave out"),
]
WITH_CELLS = [page for page in PAGES if "main.mjs" in (SITE / page).read_text(encoding="utf-8")]


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    """One cache for all pages, as a reader has it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    # Where none is stored, the theme complains.
    context.add_init_script("localStorage.setItem('mode', 'light')")
    yield context
    context.close()


def test_chapters_run() -> None:
    """Every chapter has cells that run."""
    if not WITH_CELLS:
        unavailable("The book was built without Node: its cells don't run")
    chapters = [page for page in PAGES if page.startswith("notebooks/")]
    assert chapters
    assert [page for page in chapters if page not in WITH_CELLS] == []


@pytest.mark.parametrize("page", WITH_CELLS)
def test_live_output_is_the_stored_output(site: str, context: BrowserContext, page: str) -> None:  # noqa: F811
    """Run from top to bottom, each cell that can run gives what is stored; the others keep what is stored."""
    with live_page(context, site + page) as live:
        before = live.cells()
        live.run_all()
        after = live.cells()
        status = live.status
    wrong = {
        number: (now["state"], now["output"])
        for number, (then, now) in enumerate(zip(before, after, strict=True), start=1)
        if now["state"] != ("stored" if now["need"] else "passed") or excused(now["output"]) != then["output"]
    }
    assert wrong == {}
    assert status.startswith("Python 3.14")


def excused(output: str) -> str:
    for pattern, _ in EXCUSED:
        output = pattern.sub("", output)
    return output
