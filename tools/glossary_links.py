"""Lead from the first use of a word on each page to its entry in the glossary: an extension of Sphinx.

Chapters stay plain Markdown, which reads well everywhere. When a page is written, the first use of each
word becomes a link, and the first paragraph of the entry its description: a style shows it where the link
is pointed at or has the focus, and screen readers read it. Headings, code, tables, quotations and links
stay as they are.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes

GLOSSARY = "book/glossary"
# The glossary itself, pages that are lists, and the notes of those who know the words.
LEFT_OUT = {GLOSSARY, "book/api", "book/claims", "book/design"}
SKIPPED = (
    *(nodes.reference, nodes.literal, nodes.FixedTextElement, nodes.title, nodes.table, nodes.block_quote),
    addnodes.desc,
)


class Word(NamedTuple):
    """How a term is found in a text."""

    # Besides the term itself and its plural.
    forms: tuple[str, ...] = ()
    # In code: the whole of what is set as code.
    code: tuple[str, ...] = ()
    # Where the word has the meaning of the entry; elsewhere it is English, or something else.
    pages: tuple[str, ...] = ()
    # Only where it is emphasised.
    emphasised: bool = False
    # Only in code.
    code_only: bool = False
    # Not in a paragraph that says this.
    unless: str = ""


WORDS = {
    "autobegin": Word(("autobegins", "autobegun")),
    "autoflush": Word(("autoflushes", "autoflushed")),
    "check": Word(pages=("book/exercises",)),
    "commit": Word(("commits", "committed")),
    "cursor": Word(pages=("book/pages",)),
    "deleted": Word(
        pages=(
            "notebooks/object-states",
            "notebooks/detached-objects",
            "notebooks/reattached-objects",
            "book/errata",
        ),
        emphasised=True,
        unless="deleted in the snapshot",
    ),
    "dirty": Word(emphasised=True, code=("session.dirty",)),
    "eager load": Word(
        ("eager loading", "load eagerly", "loads eagerly", "loaded eagerly", "eagerly loaded"),
        code=("selectinload", "joinedload"),
    ),
    "event": Word(pages=("book/reading-a-trace", "book/tracer-story", "book/exporting", "book/testing")),
    "expire": Word(("expires", "expired")),
    "expunge": Word(("expunges", "expunged"), code=("expunge()",)),
    "flush": Word(("flushes", "flushed")),
    "hook": Word(pages=("book/reading-a-trace",)),
    "lazy load": Word(("lazy loading", "loads lazily", "load lazily", "loaded lazily")),
    "mapped class": Word(("mapped classes",)),
    "merge": Word(("merges", "merged"), code=("merge()", "session.merge()")),
    "nested transaction": Word(code=("begin_nested()",)),
    "refresh": Word(("refreshes", "refreshed"), code=("refresh()", "session.refresh()")),
    "result": Word(code_only=True, code=("Result", "ScalarResult")),
    "RETURNING": Word(code_only=True, code=("RETURNING",)),
    "rollback": Word(("roll back", "rolls back", "rolled back"), code=("rollback()",)),
    "row": Word(pages=("notebooks/query-results",), emphasised=True, code=("Row",)),
    "SAVEPOINT": Word(("savepoint", "savepoints"), code=("SAVEPOINT",)),
    "scope": Word(pages=("notebooks/scopes", "book/flask", "book/asyncio", "book/helpers")),
    "scoped session": Word(code=("scoped_session",)),
    "session factory": Word(("session factories",), code=("sessionmaker", "sessionmaker()")),
    "set-based statement": Word(("write by sets", "writes by sets", "writing by sets")),
    "snapshot": Word(
        pages=("notebooks/session", "notebooks/object-states", "book/reading-a-trace"),
        code=("snapshot", "snapshot()"),
    ),
    "trace": Word(unless="leave no trace"),
}


class Entry(NamedTuple):
    """A term, the address of its entry within the glossary, and its sentence."""

    term: str
    anchor: str
    sentence: str


class term_link(nodes.reference):  # type: ignore[misc]  # noqa: N801 - docutils names classes so
    """A link to an entry, with its sentence as its description."""


def entries(glossary: nodes.document) -> Iterator[Entry]:
    """Yield what the glossary holds."""
    for item in glossary.findall(nodes.definition_list_item):
        term, definition = item[0], item[-1]
        yield Entry(term.astext(), term["ids"][0], definition[0].astext())


@cache
def pattern(term: str) -> re.Pattern[str]:
    """Return what finds *term* in the text of a page: whole words, with a small or a capital first letter."""
    words = sorted({term, f"{term}s", *WORDS.get(term, Word()).forms}, key=len, reverse=True)
    forms = "|".join(f"(?i:{re.escape(word[0])}){re.escape(word[1:])}" for word in words)
    return re.compile(rf"(?<![\w.+-])(?:{forms})(?![\w+(-])")


def may_mean(term: str, page: str) -> bool:
    """Tell whether a word on *page* may mean *term*; the number of a chapter does not count."""
    pages = WORDS.get(term, Word()).pages
    return not pages or re.sub(r"/\d+-", "/", page) in pages


def counts(term: str, node: nodes.Text) -> bool:
    """Tell whether a word in this place may mean *term*."""
    word = WORDS.get(term, Word())
    if word.code_only or (word.emphasised and not within(node, (nodes.emphasis, nodes.strong))):
        return False
    return not word.unless or word.unless not in paragraph(node).astext()


def first_uses(text: str, wanted: Iterable[Entry]) -> list[tuple[int, int, Entry]]:
    """Return where in *text* each wanted term is first used; of two that overlap, the longer counts."""
    found = [
        (match.start(), match.end(), entry)
        for entry in wanted
        for match in pattern(entry.term).finditer(text)
    ]
    free: list[tuple[int, int, Entry]] = []
    for start, end, entry in sorted(found, key=lambda use: use[0] - use[1]):
        if not any(start < other_end and other_start < end for other_start, other_end, _ in free):
            free.append((start, end, entry))
    last_first = sorted(free, key=lambda use: use[0], reverse=True)
    return sorted({use[2].term: use for use in last_first}.values(), key=lambda use: use[0])


def link_words(app: Any, document: nodes.document, page: str) -> None:
    """Make the first use of each word on *page* a link."""
    if page in LEFT_OUT - {GLOSSARY} or app.builder.format != "html":
        return
    if page == GLOSSARY:
        explain_links(document)
        return
    wanted = {
        entry.term: entry for entry in entries(app.env.get_doctree(GLOSSARY)) if may_mean(entry.term, page)
    }
    codes = {code: term for term in wanted for code in WORDS.get(term, Word()).code}
    address = app.builder.get_relative_uri(page, GLOSSARY)

    def link(entry: Entry, shown: nodes.Node) -> term_link:
        del wanted[entry.term]
        refuri = f"{address}#{entry.anchor}"
        return term_link("", "", shown, internal=True, refuri=refuri, sentence=entry.sentence)

    for node in list(document.findall(lambda node: isinstance(node, nodes.Text | nodes.literal))):
        if isinstance(node, nodes.literal):
            entry = wanted.get(codes.get(node.astext(), ""))
            if entry and paragraph(node) and not within(node.parent, SKIPPED):
                node.replace_self(link(entry, node.deepcopy()))
        elif paragraph(node) and not within(node, SKIPPED):
            text = node.astext()
            here = [entry for term, entry in wanted.items() if counts(term, node)]
            if uses := first_uses(text, here):
                node.parent.replace(node, list(split(text, uses, link)))


def explain_links(glossary: nodes.document) -> None:
    """Give the links within the glossary the sentences of the entries that they lead to."""
    sentences = {entry.anchor: entry.sentence for entry in entries(glossary)}
    for node in list(glossary.findall(nodes.reference)):
        anchor = node.get("refid") or node.get("refuri", "").partition("#")[2]
        if anchor in sentences:
            shown = nodes.Text(node.astext())
            refuri = f"#{anchor}"
            node.replace_self(
                term_link("", "", shown, internal=True, refuri=refuri, sentence=sentences[anchor])
            )


def split(text: str, uses: list[tuple[int, int, Entry]], link: Any) -> Iterator[nodes.Node]:
    """Yield *text* in pieces, those of *uses* as links."""
    done = 0
    for start, end, entry in uses:
        yield nodes.Text(text[done:start])
        yield link(entry, nodes.Text(text[start:end]))
        done = end
    yield nodes.Text(text[done:])


def paragraph(node: nodes.Node) -> Any:
    """Return the paragraph around *node*, if there is one."""
    while node is not None and not isinstance(node, nodes.paragraph):
        node = node.parent
    return node


def within(node: nodes.Node | None, kinds: Any) -> bool:
    """Tell whether *node* stands within a node of these kinds."""
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


def visit_term_link(writer: Any, node: term_link) -> None:
    described = {"aria-description": node["sentence"]}
    writer.body.append(writer.starttag(node, "a", "", CLASS="term", href=node["refuri"], **described))


def depart_term_link(writer: Any, node: term_link) -> None:
    writer.body.append("</a>")


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    app.add_node(term_link, html=(visit_term_link, depart_term_link))
    app.connect("doctree-resolved", link_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
