"""A chapter opens as a notebook, in JupyterLite on the same site, and runs there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from living import MILLISECONDS
from test_live_parity import WITH_CELLS
from test_site import browser, site, unavailable  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.browser

CHAPTER = "notebooks/01-session.html"


def execute(cell: Locator, source: str, expected: str) -> None:
    """Write code into a cell of the notebook, run it, and wait for what it is to print."""
    editor = cell.locator(".cm-content")
    editor.click(timeout=MILLISECONDS)
    editor.press("Control+a")
    editor.page.keyboard.insert_text(source)
    editor.press("Control+Enter")
    cell.locator(".jp-OutputArea-output", has_text=expected).wait_for(timeout=MILLISECONDS)


def test_launch_button_opens_the_chapter_as_a_notebook(site: str, browser: Browser) -> None:  # noqa: F811
    """It has the chapter's cells, on the Python of the pages, and asks no other host for anything."""
    if CHAPTER not in WITH_CELLS:
        unavailable("The book was built without Node: there is no JupyterLite")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    requests: list[str] = []
    refused: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    context.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
    tab = context.new_page()
    tab.goto(site + CHAPTER, wait_until="load")
    tab.get_by_role("button", name="Run this chapter").click()
    with context.expect_page() as opened:
        tab.get_by_role("link", name="JupyterLite").click(modifiers=["Control"])
    notebook = opened.value

    notebook.get_by_role("heading", name="Watch a session do nothing").wait_for(timeout=MILLISECONDS)
    first = notebook.locator(".jp-CodeCell").first
    execute(
        first,
        "import sys, session_demo, sqlalchemy\nfrom session_demo.models import Base\n"
        "engine = session_demo.create_engine('sqlite://')\nBase.metadata.create_all(engine)\n"
        "print(sys.platform, sorted(sqlalchemy.inspect(engine).get_table_names())[:1])",
        "emscripten ['author']",
    )
    execute(first, "print(engine.name, 6 * 7)", "sqlite 42")
    context.close()

    assert [url for url in requests if not url.startswith((site, "data:", "blob:"))] == []
    assert refused == []
    loaded = {url.removeprefix(site).split("?")[0] for url in requests if url.endswith((".wasm", ".whl"))}
    assert any(one.endswith("pyodide.asm.wasm") for one in loaded)
    assert any("session_demo" in one for one in loaded)
    assert [one for one in loaded if not one.startswith("_live/")] == []
