"""Exercises on objects outside of their session."""

from __future__ import annotations

import pickle
from typing import Any

from ..models import Author, Book
from .checks import has_loaded, holds, is_in_state, returns
from .evidence import Evidence
from .exercise import Exercise, Mistake
from .rows import library


def _selects(evidence: Evidence) -> int:
    return sum(sql.startswith("SELECT") for sql in evidence.heard)


def _unpickled(given: bytes) -> Any:
    """What would arrive. It comes from an answer, which has run in this process already."""
    return pickle.loads(given)  # noqa: S301


EXERCISES = (
    Exercise(
        name="ready-to-travel",
        chapter="detached-objects",
        title="Ready to travel",
        task=(
            "Return the author with id 1, detached, with name and books readable. Send at most two `SELECT`s."
        ),
        prepare=library,
        checks=(
            returns(lambda given: is_in_state(given, "detached", Author), "a detached Author"),
            returns(
                lambda given: has_loaded(given, "name", "books"), "an author whose name and books are loaded"
            ),
            returns(
                lambda given: given.__dict__["id"] == 1 and len(given.__dict__["books"]) == 2,
                "the author with id 1, with two books",
            ),
            holds(lambda e: 0 < _selects(e) <= 2, "one or two `SELECT`s"),
        ),
        mistakes=(
            Mistake(
                lambda e: (
                    is_in_state(e.given, "detached")
                    and not has_loaded(e.given, "books")
                    and any("book" in one.tables for one in e.sent("SELECT"))
                ),
                "The books were loaded, and a commit or a rollback threw them away. Let go without it.",
            ),
            Mistake(
                lambda e: isinstance(e.given, dict | list | tuple),
                "Plain values are a good cure. Here the object itself is asked for.",
            ),
            Mistake(
                lambda e: not _selects(e),
                "This author was never loaded from the database.",
            ),
            Mistake(
                lambda e: is_in_state(e.given, "detached") and not has_loaded(e.given, "books"),
                "The books were never loaded, and out there nobody can load them.",
            ),
            Mistake(lambda e: is_in_state(e.given, "persistent"), "It is still in the session."),
        ),
        hints=(
            "Load all that will be read, then let go.",
            "Read the list while there is a session, or ask for it with the query.",
            "`session.get(Author, 1, options=[selectinload(Author.books)])`, then `session.close()`.",
        ),
        solution="""\
from sqlalchemy.orm import selectinload

from session_demo.models import Author


def answer(session):
    author = session.get(Author, 1, options=[selectinload(Author.books)])
    session.close()
    return author
""",
    ),
    Exercise(
        name="plain-values",
        chapter="detached-objects",
        title="Hand out plain values",
        task=(
            "Return a dictionary with the name of the author with id 1 and the titles of his books, under "
            '`"name"` and `"titles"`. No object of the session may get out, and no connection may be in use.'
        ),
        prepare=library,
        checks=(
            returns(
                lambda given: (
                    (given["name"], sorted(given["titles"])) == ("Stanislaw Lem", ["Eden", "Solaris"])
                ),
                "his name, and the titles of both books",
            ),
            holds(lambda e: e.in_use == 0, "no connection in use"),
        ),
        mistakes=(
            Mistake(
                lambda e: isinstance(e.given, Author),
                "That is the object itself. Read what the caller needs, and return that.",
            ),
            Mistake(
                lambda e: any(isinstance(one, Book) for one in e.given["titles"]),
                "The list holds books. The caller asked for their titles.",
            ),
            Mistake(
                lambda e: e.in_use,
                "The values are out, and the session still holds its connection.",
            ),
        ),
        hints=(
            "Read everything while there is a session.",
            "A list of `book.title`, then let go.",
            "Make the dictionary, `session.close()`, return it.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    author = session.get(Author, 1)
    titles = [book.title for book in author.books]
    values = {"name": author.name, "titles": titles}
    session.close()
    return values
""",
    ),
    Exercise(
        name="as-bytes",
        chapter="detached-objects",
        title="Send it as bytes",
        task=(
            "Pickle the author with id 1 and return the bytes. Another process will unpickle them and read "
            "his name and his books, without a database."
        ),
        prepare=library,
        checks=(
            returns(lambda given: is_in_state(_unpickled(given), "detached", Author), "a pickled Author"),
            returns(
                lambda given: has_loaded(_unpickled(given), "name", "books"),
                "an author who arrives with name and books",
            ),
            returns(
                lambda given: sorted(book.title for book in _unpickled(given).books) == ["Eden", "Solaris"],
                "an author who arrives with both titles",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: isinstance(e.given, Author),
                "That is the object. `pickle.dumps` makes bytes of it.",
            ),
            Mistake(
                lambda e: is_in_state(_unpickled(e.given), "transient"),
                "What arrives was never stored: it has no identity key. Load the one that is there.",
            ),
            Mistake(
                lambda e: not has_loaded(_unpickled(e.given), "name"),
                "The values were expired before he was pickled, so he arrives empty.",
            ),
            Mistake(
                lambda e: not has_loaded(_unpickled(e.given), "books"),
                "His books were not loaded, and a pickle takes along only what is loaded.",
            ),
        ),
        hints=(
            "A pickle takes along what is loaded.",
            "Load the books, too, and pickle then.",
            "`pickle.dumps(session.get(Author, 1, options=[selectinload(Author.books)]))`.",
        ),
        solution="""\
import pickle

from sqlalchemy.orm import selectinload

from session_demo.models import Author


def answer(session):
    author = session.get(Author, 1, options=[selectinload(Author.books)])
    return pickle.dumps(author)
""",
    ),
)
