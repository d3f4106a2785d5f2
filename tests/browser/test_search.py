"""The search of the built book leads from a message to its entry in the error clinic."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import nbformat
import pytest
from test_site import browser, site
from tools import claims

from session_demo.explaining import entries

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
__all__ = ["browser", "site"]

PAGES = sorted((claims.ROOT / "book").glob("errors-*.ipynb"))
FIRST_WORDS = 5
RESULTS = 3
PRINTED = re.compile(r"^(\w+)(?: \(\w+\))?: (.+)$", re.MULTILINE)
WORDS = {entry.page: entry.words for entry in entries()}
RESULT_LINKS = (
    "() => [...document.querySelectorAll('#search-results ul.search li > a')].map(link => link.href)"
)
FINISHED = (
    "() => /finished|did not match/i.test(document.querySelector('.search-summary')?.textContent ?? '')"
)


def texts() -> Iterator[tuple[str, str]]:
    """Yield what people know of an error, and its section: heading, question, printed message."""
    said = {one: row["claim"].replace("`", "") for one, row in claims.known().items()}
    for path in PAGES:
        section = ""
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                if heading := re.match(r"## (.+)", cell.source):
                    section = f"book/{path.stem}.html#{claims.html_id(heading[1])}"
                    yield heading[1], section
                continue
            yield from ((said[one], section) for one in cell.metadata.get("claims", []) if one[0] == "P")
            for output in cell.outputs:
                for kind, message in PRINTED.findall(output.get("text", "")):
                    if any(words in message for words in WORDS.get(section, [])):
                        yield message, section
                        yield f"{kind}: {message}", section
                        yield re.sub(r"\b(Author|Book|book)\b", "Invoice", message), section


SEARCHES = sorted({(" ".join(text.split()[:FIRST_WORDS]), section) for text, section in texts()})


def test_every_error_is_searched_for() -> None:
    """All 45 entries are looked for, by one text at least."""
    assert len({section for _, section in SEARCHES}) == len([one for one in claims.known() if one[0] == "P"])


def test_message_leads_to_its_entry(site: str, browser: "Browser") -> None:
    """The first five words of a message find its entry among the first three results."""
    tab = browser.new_page()
    missed = {}
    for words, section in SEARCHES:
        tab.goto(f"{site}search.html?q={quote_plus(words)}", wait_until="load")
        tab.wait_for_function(FINISHED)
        first = [link.removeprefix(site) for link in tab.evaluate(RESULT_LINKS)[:RESULTS]]
        # What shares its words with no heading is found with its page.
        if not {section, section.partition("#")[0]}.intersection(first):
            missed[words] = (section, first)
    tab.close()
    assert missed == {}
