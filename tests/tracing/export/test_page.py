"""A trace as a page of its own."""

from __future__ import annotations

from html.parser import HTMLParser

from session_demo import Trace
from session_demo.tracing.events import MarkSet, StatementExecuted

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Outline(HTMLParser):
    """Reads a document and minds that each element is closed where it must be."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(document)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_complete() -> None:
    """A page has a language, a title, a width for telephones, both colour schemes, the table, its summary."""
    story = Trace([StatementExecuted("SELECT 1")])
    document = story.to_html("Orders")
    outline = Outline(document).elements
    metas = {one["name"]: one["content"] for tag, one in outline if tag == "meta" and "name" in one}
    assert ("html", {"lang": "en"}) in outline
    assert metas == {
        "viewport": "width=device-width, initial-scale=1",
        "color-scheme": "light dark",
        "description": story.summary,
    }
    assert "<title>Orders</title>" in document
    assert "<h1>Orders</h1>" in document
    assert story._repr_html_() in document


def test_page_fetches_nothing() -> None:
    """A page stands alone: no script, no picture, no style from elsewhere."""
    outline = Outline(Trace([StatementExecuted("SELECT 1")]).to_html()).elements
    assert {"script", "link", "img", "iframe"} & {tag for tag, _ in outline} == set()


def test_page_escapes_what_the_program_says() -> None:
    """Names of the program, and the title, are text and never HTML."""
    document = Trace([MarkSet("<script>")]).to_html("<script>&")
    assert "<script>" not in document
    assert "<title>&lt;script&gt;&amp;</title>" in document
