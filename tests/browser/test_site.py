"""The built book in a real browser: whole, readable on a telephone, and at home on this machine alone."""

import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote, urlsplit

import pytest
from accessibility import AXE, findings, switch_theme
from tools.serve import address, make_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

SITE = Path(__file__).resolve().parents[2] / "_build/html"
PAGES = sorted(
    page.relative_to(SITE).as_posix()
    for folder in ("book", "notebooks")
    for page in (SITE / folder).rglob("*.html")
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
LOOK = """() => ({
    theme: document.documentElement.dataset.theme,
    sideways: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    unlabelled: [...document.querySelectorAll(
        'img:not([alt]), img[alt=""], '
        + 'svg[role=img]:not([aria-label]):not([aria-labelledby]):not([aria-hidden=true])'
    )].map(element => element.outerHTML.slice(0, 120)),
    broken: [...document.images].filter(image => image.complete && !image.naturalWidth)
        .map(image => image.src),
})"""
TARGETS = """() => [...document.querySelectorAll('[href], [src]')]
    .filter(element => element.namespaceURI === 'http://www.w3.org/1999/xhtml')
    .map(element => element.href || element.src)"""


def unavailable(reason: str) -> NoReturn:
    """Skip, or fail where the caller has said that the browser must be there."""
    if "browser" in os.environ.get("SESSION_DEMO_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the built book."""
    if not PAGES:
        unavailable("The book is not built: make html")
    with make_server(SITE) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield address(server)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """The system's Chromium, which finds no machine but this one."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is not installed: pip install -r requirements-dev.txt")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program:
        unavailable("No Chromium is found: install one, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def test_book_is_built(site: str) -> None:
    """There are pages to read."""
    assert "book/index.html" in PAGES


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
@pytest.mark.parametrize("page", PAGES)
def test_page(site: str, browser: "Browser", page: str, width: int, theme: str) -> None:
    """A page loads without an error, asks no other machine, labels its pictures, fits, and is accessible."""
    if not AXE.exists():
        unavailable("axe-core is missing: make html, with Node.js")
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.add_init_script(f"localStorage.setItem('mode', '{theme}')")
    context.add_init_script(path=AXE)
    tab = context.new_page()
    errors: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(error.message))
    tab.on("request", lambda request: requests.append(request.url))

    response = tab.goto(site + page, wait_until="load")
    seen = tab.evaluate(LOOK)
    found = findings(tab)
    other = {"light": "dark", "dark": "light"}[theme]
    switch_theme(tab, other)
    seen_in_other = tab.evaluate(LOOK)
    context.close()

    assert response
    assert response.status == 200
    assert errors == []
    assert [url for url in requests if not url.startswith((site, "data:", "blob:"))] == []
    assert seen == {"theme": theme, "sideways": 0, "unlabelled": [], "broken": []}
    assert seen_in_other == {**seen, "theme": other}
    assert found == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(site: str, browser: "Browser", page: str) -> None:
    """Every address inside the book names a file that is there, and an anchor that is in it."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(site + page, wait_until="load")
    targets: list[Any] = tab.evaluate(TARGETS)
    context.close()
    inside = {target.removeprefix(site) for target in targets if str(target).startswith(site)}
    assert sorted(target for target in inside if not leads_somewhere(target)) == []


def leads_somewhere(target: str) -> bool:
    parts = urlsplit(target)
    file = SITE / unquote(parts.path)
    if file.is_dir():
        file /= "index.html"
    if not file.is_file():
        return False
    return not parts.fragment or file.suffix != ".html" or unquote(parts.fragment) in anchors(file)


@cache
def anchors(file: Path) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', file.read_text(encoding="utf-8"))) | {"top"}
