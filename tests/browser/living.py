"""A page whose cells run, driven as a reader drives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

MILLISECONDS = 120_000
# What the theme adds to stored outputs when a page is opened, and nothing of what is said.
PLAIN = """function plain(output) {
    const copy = output.cloneNode(true);
    copy.querySelectorAll('.copybtn').forEach(button => button.remove());
    for (const name of ['tabindex', 'id'])
        copy.querySelectorAll(`.output[${name}], .output pre[${name}]`).forEach(
            one => one.removeAttribute(name));
    return [...copy.children].map(one => one.outerHTML.replace(/\\s+(?=<\\/div>)/g, '')).join('');
}"""
CELLS = f"""() => {{
    {PLAIN}
    return [...document.querySelectorAll('div.cell[data-live]')].map(cell => ({{
        state: cell.dataset.live,
        need: [...cell.classList].find(name => name.startsWith('tag_needs-')) ?? '',
        note: cell.querySelector('.live-note').textContent,
        output: [...cell.querySelectorAll(':scope > .cell_output')].map(plain).join(''),
    }}));
}}"""
QUIET = """() => document.querySelector('.live-bar') && !document.querySelector(
    'div.cell[data-live=waiting], div.cell[data-live=running]')"""


class LivePage:
    """A page of the book in a tab.

    Args:
        tab: The tab, with the page.
    """

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.errors: list[str] = []
        self.requests: list[str] = []
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.on("pageerror", lambda error: self.errors.append(error.message))
        tab.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self, address: str) -> LivePage:
        self.tab.goto(address, wait_until="load")
        self.tab.wait_for_selector(".live-bar")
        return self

    def cells(self) -> list[dict[str, Any]]:
        """Tell state, need, note and output of each cell."""
        told: list[dict[str, Any]] = self.tab.evaluate(CELLS)
        return told

    def cell(self, number: int) -> Locator:
        return self.tab.locator("div.cell[data-live]").nth(number - 1)

    def output(self, number: int) -> str:
        shown = self.cell(number).locator("> .cell_output")
        return shown.inner_text().strip() if shown.count() else ""

    def state(self, number: int) -> str | None:
        return self.cell(number).get_attribute("data-live")

    def button(self, name: str) -> Locator:
        return self.tab.get_by_role("button", name=name, exact=True)

    def run(self, number: int) -> str:
        """Press the Run of a cell and return what it puts out."""
        self.button(f"Run cell {number}").click()
        self.settle()
        return self.output(number)

    def run_all(self) -> None:
        self.button("Run all cells of this page").click()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing runs."""
        self.tab.wait_for_function(QUIET, timeout=MILLISECONDS)

    def write(self, number: int, source: str) -> None:
        """Replace the code of a cell, by keyboard."""
        self.button(f"Edit cell {number}").click()
        self.editor(number).press("Control+a")
        self.tab.keyboard.insert_text(source)

    def editor(self, number: int) -> Locator:
        return self.tab.get_by_role("textbox", name=f"Code of cell {number}", exact=True)

    def execute(self, number: int, source: str) -> str:
        """Write code into a cell and run it with Shift and Enter."""
        self.write(number, source)
        self.tab.keyboard.press("Shift+Enter")
        self.settle()
        return self.output(number)

    @property
    def status(self) -> str:
        return self.tab.get_by_role("status").inner_text()


@contextmanager
def live_page(context: BrowserContext, address: str) -> Iterator[LivePage]:
    """Open a page in a tab of its own."""
    tab = context.new_page()
    try:
        yield LivePage(tab).open(address)
    finally:
        tab.close()
