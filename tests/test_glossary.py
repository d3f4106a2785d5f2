"""The glossary holds the words of the book, each in a sentence; pages lead to them."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import sqlalchemy
import sqlalchemy.dialects.sqlite
from sqlalchemy import engine, orm, pool

import session_demo
from session_demo import exercises, keyset, tracing
from session_demo.models import Author

ROOT = Path(__file__).resolve().parent.parent
# What we write and not another word, from the first drafts on.
WORDS = """
    flush, autoflush, identity map, identity key, instance state, object state, transient, pending,
    persistent, deleted, detached, transition, lifecycle event, expire, refresh, lazy load,
    autobegin, session transaction, database transaction, SAVEPOINT, nested transaction, scope,
    registry, scoped session, cascade, hook, event, listener, trace, renderer, check, verdict
"""
ENTRY = re.compile(r"^(\S.*)\n  (\S.*)\n\n  (\S.*)$", re.MULTILINE)
PLACES = (
    sqlalchemy,
    engine,
    orm,
    orm.exc,
    pool,
    sqlalchemy.dialects.sqlite,
    keyset,
    tracing,
    exercises,
    session_demo,
)
# What only objects have, their classes don't tell.
OBJECTS = {"Session": orm.Session(), "InstanceState": sqlalchemy.inspect(Author())}


class Entry(NamedTuple):
    term: str
    sentence: str
    names: str


ENTRIES = [Entry(*found) for found in ENTRY.findall((ROOT / "book/glossary.md").read_text(encoding="utf-8"))]
every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.term)


def test_every_word_has_an_entry() -> None:
    """What the book calls things stands in the glossary."""
    terms = [entry.term for entry in ENTRIES]
    assert [word for word in re.split(r",\s*", WORDS.strip()) if word not in terms] == []
    assert terms == sorted(set(terms), key=str.lower)


@every_entry
def test_entry(entry: Entry) -> None:
    """An entry is one sentence, what SQLAlchemy or this package calls it, and where it is shown."""
    assert re.fullmatch(r"[^.]*(?:\.\.\.[^.]*|\.\w[^.]*)*\.", entry.sentence)
    shown = re.fullmatch(r"(?:SQLAlchemy|This package): \S.*\. Shown in \[\]\((.+)\)\.", entry.names)
    assert shown
    assert (ROOT / "book" / shown[1]).is_file()


def found(name: str) -> bool:
    """Tell whether SQLAlchemy or this package has something of this name."""
    first, *path = name.removeprefix("session_demo.").split(".")
    starts = [OBJECTS.get(first, getattr(place, first, None)) for place in PLACES]
    return any(leads_on(start, path) for start in starts if start is not None)


def leads_on(thing: object, path: list[str]) -> bool:
    for name in path:
        if not hasattr(thing, name):
            return name in getattr(thing, "__annotations__", {})
        thing = getattr(thing, name)
    return True


@every_entry
def test_names_are_real(entry: Entry) -> None:
    """`Session.expire()` is there, and so is whatever else an entry names."""
    named = re.findall(r"`([A-Z]\w+(?:\.\w+)*|\w+(?:\.\w+)+|\w+(?=\())[^`]*`", entry.names)
    assert [name for name in named if not found(name)] == []


def page(text: str, name: str = "notebooks/01-session") -> Any:
    """Return a page made of *text* as it is written, with a glossary of a few entries."""
    core = pytest.importorskip("docutils.core")
    pytest.importorskip("sphinx")
    from docutils import nodes
    from tools import glossary_links

    glossary = core.publish_doctree("")
    entries = nodes.definition_list()
    for term in ("session", "session transaction", "flush", "deleted", "trace", "check", "SAVEPOINT", "row"):
        head = nodes.term("", term, ids=[f"term-{term}"])
        sentence = nodes.paragraph("", f"What a {term} is.")
        entries += nodes.definition_list_item(
            "", head, nodes.definition("", sentence, nodes.paragraph("", "More."))
        )
    glossary += entries
    document = core.publish_doctree(text)
    builder = SimpleNamespace(format="html", get_relative_uri=lambda _, to: f"../{to}.html")
    app = SimpleNamespace(builder=builder, env=SimpleNamespace(get_doctree=lambda _: glossary))
    glossary_links.link_words(app, document, name)
    return document


def links(document: Any) -> list[tuple[str, str]]:
    from tools.glossary_links import term_link

    return [(link.astext(), link["refuri"].partition("#")[2]) for link in document.findall(term_link)]


class TestLinks:
    def test_first_use_leads_to_the_entry(self) -> None:
        """The first use on a page is a link with the sentence, the next ones are not; no word changes."""
        text = "A session flushes. Sessions flush, and a session transaction begins."
        document = page(text)
        assert document.astext() == text
        assert links(document) == [
            ("session", "term-session"),
            ("flushes", "term-flush"),
            ("session transaction", "term-session transaction"),
        ]
        assert "What a flush is." in str(document)
        assert "More." not in str(document)

    @pytest.mark.parametrize(
        "text",
        [
            "A session\n=========\n\nText",
            "``session``",
            "Text\n\n    A session is quoted.",
            "`session <https://example.org>`_",
            "::\n\n    session",
            "session-like and mysession and session()",
        ],
        ids=["heading", "code", "quotation", "link", "block of code", "part of a word"],
    )
    def test_what_stays_as_it_is(self, text: str) -> None:
        """Headings, code, quotations, links and longer words are left alone."""
        assert links(page(text)) == []

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("The row is deleted.", []),
            ("Deleted: the state *deleted*.", ["deleted"]),
            ("It will leave no trace.", []),
            ("Look at the trace.", ["trace"]),
            ("We check it.", []),
            ("A ``SAVEPOINT`` is set.", ["SAVEPOINT"]),
            ("Behind a savepoint.", ["savepoint"]),
        ],
    )
    def test_words_that_are_only_english(self, text: str, expected: list[str]) -> None:
        """A word is linked where it means what the entry says."""
        assert [shown for shown, _ in links(page(text, "notebooks/02-object-states"))] == expected

    def test_lists_have_no_links(self) -> None:
        """The glossary, the claims and the API would be links all over."""
        assert links(page("A session.", "book/claims")) == []

    def test_what_is_said_of_words_is_said_of_entries(self) -> None:
        """A word that is treated otherwise has an entry, and the pages that are named are there."""
        pytest.importorskip("sphinx")
        from tools.glossary_links import WORDS as TREATED

        assert TREATED.keys() - {entry.term for entry in ENTRIES} == set()
        pages = {page for word in TREATED.values() for page in word.pages}
        files = {re.sub(r"/\d+-", "/", f"{path.parent.name}/{path.stem}") for path in ROOT.glob("*/*")}
        assert pages - files == set()
