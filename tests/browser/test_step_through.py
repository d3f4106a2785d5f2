"""The steps of a trace in a real browser, by keyboard and by pointer, with scripts switched off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_site import browser  # noqa: F401 - a fixture

from session_demo.tracing.events import FlushEnded, MarkSet
from session_demo.tracing.render.steps import Steps

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SHOWN = """() => [...document.querySelectorAll('.sd-steps')].map(
    one => [...one.querySelectorAll('section')]
        .filter(section => getComputedStyle(section).display !== 'none')
        .map(section => section.querySelector('nav b').textContent).join())"""


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Iterator[Page]:  # noqa: F811
    """A page that holds the same steps twice."""
    steps = Steps([MarkSet("one"), MarkSet("two"), FlushEnded(), MarkSet("three")])
    page = tmp_path / "steps.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>steps</title>'
    page.write_text(head + steps._repr_html_() + steps._repr_html_(), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto(page.as_uri())
    yield tab
    context.close()


def test_arrow_keys_go_forward_and_back(tab: Page) -> None:
    """One press of an arrow key is one step; the other group of steps on the page stays where it is."""
    assert tab.evaluate(SHOWN) == ["Step 1 of 3", "Step 1 of 3"]
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate(SHOWN) == ["Step 2 of 3", "Step 1 of 3"]
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(SHOWN) == ["Step 2 of 3", "Step 1 of 3"]


def test_each_group_is_one_stop_of_the_tab_key(tab: Page) -> None:
    """The second press of the tab key leads to the next group."""
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate(SHOWN) == ["Step 1 of 3", "Step 2 of 3"]


def test_focus_is_visible(tab: Page) -> None:
    """The button that has the keyboard shows it."""
    tab.keyboard.press("Tab")
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    assert tab.evaluate(outline) == "solid"


def test_words_forward_and_back_can_be_clicked(tab: Page) -> None:
    """The pointer goes forward and back as well, and the keyboard goes on from there."""
    tab.locator("section:visible label", has_text="forward").last.click()
    assert tab.evaluate(SHOWN) == ["Step 1 of 3", "Step 2 of 3"]
    tab.keyboard.press("ArrowRight")
    tab.locator("section:visible label", has_text="back").last.click()
    assert tab.evaluate(SHOWN) == ["Step 1 of 3", "Step 2 of 3"]


def test_steps_fit_a_telephone(tab: Page) -> None:
    """Nothing has to be moved sideways."""
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 390
