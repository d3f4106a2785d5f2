"""A self-test in a real browser, by keyboard and by pointer, with scripts switched off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_site import browser  # noqa: F401 - a fixture

from session_demo.selftest import Option, self_test
from session_demo.selftest.showing import reason

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

TEST = self_test("identity-map")


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Iterator[Page]:  # noqa: F811
    """A page that holds a self-test."""
    page = tmp_path / "selftest.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>self-test</title>'
    page.write_text(head + TEST._repr_html_(), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto(page.as_uri())
    yield tab
    context.close()


def why(option: Option) -> str:
    """Return the reason without its marks."""
    return reason(option).replace("`", "").replace("*", "")


def told(tab: Page) -> list[str]:
    """Return the reasons that are seen."""
    return tab.locator("p:visible").all_inner_texts()


def test_nothing_is_told_before_a_choice(tab: Page) -> None:
    """The reader thinks first."""
    assert told(tab) == []


def test_every_answer_tells_its_reason(tab: Page) -> None:
    """A click on an answer shows why it is right or not, and hides the reason of the one before."""
    for place, option in enumerate(TEST.questions[0].options):
        tab.locator("label").nth(place).click()
        assert told(tab) == [why(option)]


def test_keyboard(tab: Page) -> None:
    """The tab key leads to a question, the arrow keys choose, and the tab key leads on."""
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    first, second = TEST.questions[:2]
    assert told(tab) == [why(first.options[1]), why(second.options[0])]


def test_focus_is_visible(tab: Page) -> None:
    """The button that has the keyboard shows it."""
    tab.keyboard.press("Tab")
    assert tab.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
