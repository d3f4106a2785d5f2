"""The book on paper: light from every theme, and the cheat sheet whole, on two sheets."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from test_site import PAGES, browser, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
__all__ = ["browser", "site"]

SHEET = "book/cheat-sheet.html"
PAGE = re.compile(rb"/Type\s*/Page\b")
# What 186 mm, a sheet of A4 within its margins, are in pixels.
PAPER_WIDTH = 703
# Texts and grounds that would not do on white paper, where WCAG asks for 4.5 to 1; but for pictures.
DARK_PRINT = """() => {
    const luminance = (color) => {
        const [red, green, blue, alpha = 1] = color.match(/[\\d.]+/g).map(Number);
        const linear = [red, green, blue].map((part) => {
            const share = (alpha * part + (1 - alpha) * 255) / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const found = new Set();
    for (const element of document.querySelectorAll('.bd-content, .bd-content *:not(svg, svg *)')) {
        const style = getComputedStyle(element);
        if (!element.getClientRects().length || style.visibility === 'hidden') continue;
        const name = `${element.tagName}.${[...element.classList].join('.')}`;
        const ground = style.backgroundColor;
        if (ground.startsWith('rgb(') && luminance(ground) < 0.6) found.add(`${name} on ${ground}`);
        const writes = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (writes && 1.05 / (luminance(style.color) + 0.05) < 4.5) found.add(`${name} in ${style.color}`);
    }
    return [...found].sort();
}"""
BEYOND_THE_EDGE = """() => [...document.querySelectorAll('.cheat-sheet td')]
    .filter((cell) => {
        const edge = Math.min(innerWidth, cell.closest('.cell_output').getBoundingClientRect().right);
        return cell.getBoundingClientRect().right > edge + 1;
    })
    .map((cell) => cell.textContent.slice(0, 40))"""


def dark(browser: "Browser", **options: Any) -> Any:
    context = browser.new_context(**options)
    context.add_init_script("localStorage.setItem('mode', 'dark')")
    return context


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_cheat_sheet_is_two_sheets(site: str, browser: "Browser", paper: str) -> None:
    """The cheat sheet is printed on two pages, as it says itself."""
    tab = browser.new_page()
    tab.goto(site + SHEET, wait_until="load")
    printed = tab.pdf(format=paper)
    tab.close()
    assert len(PAGE.findall(printed)) == 2


@pytest.mark.parametrize(
    ("width", "media"), [(PAPER_WIDTH, "print"), (390, "screen"), (800, "screen"), (1280, "screen")]
)
def test_no_column_is_cut_off(site: str, browser: "Browser", width: int, media: Any) -> None:
    """The cheat sheet is seen whole on paper and on screens, without going sideways."""
    tab = browser.new_page(viewport={"width": width, "height": 1000})
    tab.emulate_media(media=media)
    tab.goto(site + SHEET, wait_until="load")
    beyond = tab.evaluate(BEYOND_THE_EDGE)
    tab.close()
    assert beyond == []


@pytest.mark.parametrize("page", PAGES)
def test_print_is_light(site: str, browser: "Browser", page: str) -> None:
    """Who reads in the dark prints dark letters on white paper all the same."""
    context = dark(browser, viewport={"width": PAPER_WIDTH, "height": 1000})
    tab = context.new_page()
    tab.emulate_media(media="print")
    tab.goto(site + page, wait_until="load")
    found = tab.evaluate(DARK_PRINT)
    theme = tab.evaluate("document.documentElement.dataset.theme")
    context.close()
    assert theme == "dark"
    assert found == []
