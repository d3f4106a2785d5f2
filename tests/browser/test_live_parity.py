"""What a cell puts out in the browser is what the book shows below it, on every page, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from accessibility import AXE, findings, switch_theme
from living import LivePage, live_page
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
    if AXE.exists():
        context.add_init_script(path=AXE)
    yield context
    context.close()


def test_chapters_run() -> None:
    """Every chapter has cells that run."""
    if not WITH_CELLS:
        unavailable("The book was built without Node: its cells don't run")
    chapters = [page for page in PAGES if page.startswith("notebooks/")]
    assert chapters
    assert [page for page in chapters if page not in WITH_CELLS] == []


@pytest.fixture(scope="module", params=WITH_CELLS)
def run_page(
    request: pytest.FixtureRequest,
    site: str,  # noqa: F811
    context: BrowserContext,
) -> Iterator[tuple[list[dict[str, Any]], LivePage]]:
    """Each page after all of its cells have run, and what its cells were before."""
    with live_page(context, site + request.param) as live:
        before = live.cells()
        live.run_all()
        yield before, live


def test_live_output_is_the_stored_output(run_page: tuple[list[dict[str, Any]], LivePage]) -> None:
    """Run from top to bottom, each cell that can run gives what is stored; the others keep what is stored."""
    before, live = run_page
    wrong = {
        number: (now["state"], now["output"])
        for number, (then, now) in enumerate(zip(before, live.cells(), strict=True), start=1)
        if now["state"] != ("stored" if now["need"] else "passed") or excused(now["output"]) != then["output"]
    }
    assert wrong == {}
    assert live.errors == []
    assert live.status.startswith("Python 3.14")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_that_has_run_is_accessible(
    run_page: tuple[list[dict[str, Any]], LivePage],
    theme: str,
) -> None:
    """axe-core finds nothing in what a run has put onto the page."""
    _, live = run_page
    switch_theme(live.tab, theme)
    assert findings(live.tab) == []


def excused(output: str) -> str:
    for pattern, _ in EXCUSED:
        output = pattern.sub("", output)
    return output
