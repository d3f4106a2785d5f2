"""Code on a telephone: a line that breaks goes on below itself, and is copied as it was written."""

from typing import TYPE_CHECKING

import nbformat
import pytest
from test_site import browser, site
from tools.notebooks import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
__all__ = ["browser", "site"]

PAGES = ["book/errors-transactions", "notebooks/01-session"]
# What the button beside a cell copies.
COPIED = "() => [...document.querySelectorAll('.cell_input pre')].map((code) => code.innerText.trimEnd())"
AT_THE_MARGIN = """() => [...document.querySelectorAll('.highlight .line:not(.i0)')]
    .filter((line) => line.getClientRects().length)
    .filter((line) => {
        const code = line.closest('pre');
        const margin = code.getBoundingClientRect().left + parseFloat(getComputedStyle(code).paddingLeft);
        return line.getBoundingClientRect().left < margin + 5;
    })
    .map((line) => line.textContent)"""


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_code_stays_indented(site: str, browser: "Browser", page: str, width: int) -> None:
    """No line that is indented begins or goes on at the margin, and copying gives the code of the cell."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(f"{site}{page}.html", wait_until="load")
    copied, at_the_margin = tab.evaluate(COPIED), tab.evaluate(AT_THE_MARGIN)
    tab.close()
    cells = nbformat.read(ROOT / f"{page}.ipynb", as_version=4).cells
    assert copied
    assert [code for code in copied if code not in [cell.source for cell in cells]] == []
    assert at_the_margin == []
