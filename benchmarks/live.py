"""From the click to the first result: a chapter's first cell in its page, and in JupyterLite beside it.

Run on demand, after ``make html``: ``python -m benchmarks.live``; it is never a test. A cold visit has a
browser with an empty cache, a warm one a new browser with the cache that the cold one left. Both take turns.
Bytes are what a host sends that compresses, counted by the server from the click on.
"""

# ruff: noqa: T201 - it prints

from __future__ import annotations

import argparse
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter
from typing import ClassVar

from playwright.sync_api import BrowserContext, Page, sync_playwright
from tools.live.pages import sent
from tools.live.places import LIVE
from tools.serve import HOST, Handler, address

SITE = Path(__file__).resolve().parent.parent / "_build/html"
CHAPTER = "01-session"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
PATIENCE = 120_000  # milliseconds
# JupyterLab writes a star while a cell runs, and a stored notebook has numbers already.
STARRED = """() => {
    const prompt = document.querySelector('.jp-CodeCell .jp-InputPrompt');
    new MutationObserver(() => { if (prompt.textContent.includes('*')) window.starred = true; })
        .observe(prompt, {childList: true, characterData: true, subtree: true});
}"""
NUMBERED = """() => window.starred
    && /\\d/.test(document.querySelector('.jp-CodeCell .jp-InputPrompt').textContent)"""


class ListingHandler(Handler):
    """Lists the files that are sent; what a browser has already is none of them."""

    files: ClassVar[list[Path]] = []

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Add the file; to weigh it takes time, which is not to be measured."""
        file = Path(self.translate_path(self.path))
        if code == HTTPStatus.OK and self.command == "GET" and file.is_file():
            self.files.append(file)


weight = cache(sent)


@contextmanager
def server() -> Iterator[str]:
    """Serve the built book."""
    with ThreadingHTTPServer((HOST, 0), partial(ListingHandler, directory=str(SITE))) as site:
        thread = Thread(target=site.serve_forever)
        thread.start()
        yield address(site)
        site.shutdown()
        thread.join()


def page_visit(tab: Page, site: str) -> float:
    """Open a chapter, press Run, and wait for the first cell."""
    tab.goto(f"{site}notebooks/{CHAPTER}.html", wait_until="networkidle")
    ListingHandler.files.clear()
    began = perf_counter()
    tab.get_by_role("button", name="Run cell 1", exact=True).click()
    tab.wait_for_selector("div.cell[data-live=passed]", timeout=PATIENCE)
    return perf_counter() - began


def lab_visit(tab: Page, site: str) -> float:
    """Follow the launch button of a chapter, and run the first cell as soon as it is there."""
    ListingHandler.files.clear()
    began = perf_counter()
    tab.goto(f"{site}lab/notebooks/index.html?path={CHAPTER}.ipynb")
    cell = tab.locator(".jp-CodeCell .cm-content").first
    cell.click(timeout=PATIENCE)
    tab.evaluate(STARRED)
    cell.press("Shift+Enter")
    tab.wait_for_function(NUMBERED, timeout=PATIENCE)
    return perf_counter() - began


VISITS: dict[str, Callable[[Page, str], float]] = {
    "Run, in the page": page_visit,
    "JupyterLite": lab_visit,
}


def visit(
    profile: Path, open_browser: Callable[..., BrowserContext], name: str, site: str
) -> tuple[float, int]:
    """Go there with a browser of its own; return seconds and bytes."""
    browser = open_browser(profile)
    try:
        seconds = VISITS[name](browser.new_page(), site)
        return seconds, sum(map(weight, ListingHandler.files))
    finally:
        browser.close()


def own_bytes() -> int:
    """Return the size of our own script and style as they are sent, before compression.

    Of the editor, most of which is CodeMirror, our own module counts as it is written.
    """
    pages = [file for file in SITE.glob("_live/page/*/*") if not file.name.startswith("editor-")]
    return sum(file.stat().st_size for file in (*pages, LIVE / "page/editor.mjs"))


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="visits of each kind (default: 5)")
    arguments = parser.parse_args()
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        parser.error("no Chromium is found: install one, or name it in CHROMIUM")
    if not (SITE / "_live").is_dir():
        parser.error("the book is not built, or without Node: make html")
    found: dict[tuple[str, str], list[tuple[float, int]]] = {}
    with sync_playwright() as playwright, server() as site:
        open_browser = partial(
            playwright.chromium.launch_persistent_context, executable_path=program, args=ARGUMENTS
        )
        for _ in range(arguments.rounds):
            for name in VISITS:
                with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
                    for kind in ("cold", "warm"):
                        seen = visit(Path(profile), open_browser, name, site)
                        found.setdefault((name, kind), []).append(seen)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Chromium, median of {arguments.rounds}.\n")
    print("| first result | seconds | from..to | megabytes |\n| --- | ---: | ---: | ---: |")
    for (name, kind), runs in found.items():
        seconds, megabytes = [run[0] for run in runs], median(run[1] for run in runs) / 1e6
        extremes = f"{min(seconds):.2f}..{max(seconds):.2f}"
        print(f"| {name}, {kind} | {median(seconds):.2f} | {extremes} | {megabytes:.2f} |")
    print(f"\nOur own script and style: {own_bytes():,} bytes before compression.")


if __name__ == "__main__":
    main()
