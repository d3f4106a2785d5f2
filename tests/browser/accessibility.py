"""What axe-core finds on a page against WCAG 2.2, levels A and AA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# As a script that is there before the page, so that the page's policy stays as it is.
AXE = Path(__file__).resolve().parents[2] / "live/node_modules/axe-core/axe.min.js"
# A colour that is on its way to another one is not what readers see.
RUN = """async () => {
    for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
    const {violations} = await axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
        resultTypes: ['violations'],
    });
    return violations.flatMap(({id, nodes}) => nodes.map(({target, any, all, none}) =>
        `${id}: ${target.join(' ')}: ${[...any, ...all, ...none].map(one => one.message).join('; ')}`));
}"""
SWITCH = """theme => {
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.mode = theme;
}"""


def findings(tab: Page) -> list[str]:
    """Name rule, element and reason of all that axe-core finds."""
    found: list[str] = tab.evaluate(RUN)
    return found


def switch_theme(tab: Page, theme: str) -> None:
    """Show the page that is open in another theme."""
    tab.evaluate(SWITCH, theme)
