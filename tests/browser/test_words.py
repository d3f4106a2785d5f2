"""The sentence of a word is shown where the word is pointed at, or reached by keyboard."""

from typing import TYPE_CHECKING, Any

import pytest
from test_site import browser, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
__all__ = ["browser", "site"]

CHAPTER = "notebooks/01-session.html"
SHOWN = """(link) => {
    const style = getComputedStyle(link, '::after');
    return style.display === 'none' ? '' : style.content;
}"""
SIDEWAYS = "() => document.documentElement.scrollWidth - innerWidth"
# Where no rule hides it, a browser says of a sentence that it is there; this is what it takes to be seen.
BOX = """(link) => {
    const style = getComputedStyle(link, '::after');
    return [style.position, parseFloat(style.width) > 100, parseFloat(style.width) <= innerWidth - 16];
}"""


@pytest.fixture(params=[390, 1280])
def tab(request: pytest.FixtureRequest, site: str, browser: "Browser") -> Any:
    tab = browser.new_page(viewport={"width": request.param, "height": 800})
    tab.goto(site + CHAPTER, wait_until="load")
    yield tab
    tab.close()


def shows(tab: Any, link: Any) -> str:
    return str(link.evaluate(SHOWN)).partition('" / ""')[0].strip('"')


def test_pointer_shows_the_sentence(tab: Any) -> None:
    """It is beside the word, within the window, and gone when the pointer is."""
    link = tab.locator("a.term", has_text="connection").first
    sentence = link.get_attribute("aria-description")
    assert sentence
    assert shows(tab, link) == "none"
    link.hover()
    assert shows(tab, link) == sentence
    assert link.evaluate(BOX) == ["fixed", True, True]
    assert tab.evaluate(SIDEWAYS) <= 0
    tab.mouse.move(1, 1)
    assert shows(tab, link) == "none"


def test_keyboard_shows_the_sentence_and_puts_it_away(tab: Any) -> None:
    """The Tab key reaches a word and shows its sentence, Escape hides it, the next word shows its own."""
    first, second = tab.locator("a.term").nth(0), tab.locator("a.term").nth(1)
    # Focus that the keyboard moves is visible focus.
    second.focus()
    tab.keyboard.press("Shift+Tab")
    assert shows(tab, first) == first.get_attribute("aria-description")
    tab.keyboard.press("Escape")
    assert shows(tab, first) == ""
    tab.keyboard.press("Tab")
    assert shows(tab, second) == second.get_attribute("aria-description")


def test_word_leads_to_its_entry(tab: Any) -> None:
    """Who follows the link finds the entry."""
    tab.locator("a.term").first.click()
    tab.wait_for_url("**/book/glossary.html#term-*")
    assert tab.locator(":target").inner_text().startswith("session")


def test_entries_explain_each_other(site: str, browser: "Browser") -> None:
    """Within the glossary a word shows the sentence of its own entry, too."""
    tab = browser.new_page()
    tab.goto(site + "book/glossary.html", wait_until="load")
    link = tab.locator("dd a.term", has_text="session transaction").first
    link.hover()
    entry = tab.locator("dt#term-session-transaction + dd > p").first
    assert shows(tab, link) == entry.inner_text()
    tab.close()


def test_no_script_is_needed(site: str, browser: "Browser") -> None:
    """Where a policy or a reader forbids scripts, the sentence is shown all the same."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site + CHAPTER, wait_until="load")
    link = tab.locator("a.term").first
    link.hover()
    assert shows(tab, link) == link.get_attribute("aria-description")
    context.close()
