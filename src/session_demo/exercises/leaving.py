"""Exercises on detached objects and merge."""

from __future__ import annotations

from ..models import Author, Member
from ..tracing.events import StateChanged
from .checks import has_loaded, holds, is_in_state, returns, sends, stores
from .evidence import Evidence
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library


def _selects(evidence: Evidence) -> int:
    return sum(sql.startswith("SELECT") for sql in evidence.heard)


EXERCISES = (
    Exercise(
        name="come-back",
        chapter="detached-objects",
        title="Change it outside",
        task=(
            "Take the author with id 1 out of the session, rename it to S. Lem while it is detached, "
            "bring the same object back, and store the change."
        ),
        prepare=library,
        checks=(
            stores("SELECT name FROM author WHERE id = 1", [("S. Lem",)], "the new name stored"),
            holds(
                lambda e: "detached_to_persistent" in [one.transition for one in e.trace.of(StateChanged)],
                "an author that was detached and came back",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.stored("SELECT 1 FROM author WHERE name = 'S. Lem'"),
                "The name is stored, but not by the way that was asked for: your object was never "
                "detached, or a copy came back in its place, as `merge()` makes one.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "Out, change, in.",
            "`expunge` takes it out, `add` brings it in.",
            '`session.expunge(lem)`, `lem.name = "S. Lem"`, `session.add(lem)`, `session.commit()`.',
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    lem = session.get(Author, 1)
    session.expunge(lem)
    lem.name = "S. Lem"
    session.add(lem)
    session.commit()
""",
    ),
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
        name="copy-a-row",
        chapter="detached-objects",
        title="Copy a row",
        task=(
            "Store a second book like the one with id 3: same title, same author. One `INSERT`, no `UPDATE`."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT title, author_id FROM book WHERE id > 2",
                [("The Dispossessed", 2), ("The Dispossessed", 2)],
                "two such books",
            ),
            sends(insert=1, update=0),
        ),
        mistakes=(
            Mistake(
                lambda e: e.stored("SELECT 1 FROM book WHERE id > 3 AND author_id IS NULL"),
                "The copy has lost its author.",
            ),
            Mistake(
                lambda e: not e.sent("INSERT"),
                "Nothing was inserted. `copy.copy` makes two objects with one state, and "
                "SQLAlchemy sees nothing new.",
            ),
        ),
        hints=(
            "A new object with the old values, or the old object made new.",
            "`make_transient` makes SQLAlchemy forget that an object was ever stored; its key must go, too.",
            "`make_transient(book)`, `book.id = None`, `session.add(book)`, `session.commit()`.",
        ),
        solution="""\
from sqlalchemy.orm import make_transient

from session_demo.models import Book


def answer(session):
    book = session.get(Book, 3)
    make_transient(book)
    book.id = None
    session.add(book)
    session.commit()
""",
    ),
    Exercise(
        name="carry-over",
        chapter="merge",
        title="Carry a change over",
        task=(
            'Make an `Author(id=1, name="S. Lem")` of your own, and bring its values into the session, so '
            "that the change is stored. One `SELECT`, one `UPDATE`, no `INSERT`."
        ),
        prepare=library,
        checks=(
            stores("SELECT name FROM author WHERE id = 1", [("S. Lem",)], "the new name stored"),
            sends(select=1, update=1, insert=0),
        ),
        mistakes=(
            Mistake(
                lambda e: type(e.error).__name__ == "IntegrityError",
                "A new object that is added means `INSERT`, whatever its key. Its values are to "
                "go into the row that is there.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "Your object stays outside; its values go in.",
            "That is what `merge` is for.",
            '`session.merge(Author(id=1, name="S. Lem"))`, `session.commit()`.',
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    session.merge(Author(id=1, name="S. Lem"))
    session.commit()
""",
    ),
    Exercise(
        name="leave-the-email",
        chapter="merge",
        title="Leave the email alone",
        task=(
            "A form sends the id 1 and the name Anna, and a blank for the email, which means: no "
            "change. Store that with `merge()`."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT name, email FROM member",
                [("Anna", "ann@example.org")],
                "the new name and the old email",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.stored("SELECT 1 FROM member WHERE email IS NULL"),
                "`None` is a value, and was merged like any other. What was never set is left alone.",
            ),
            Mistake(
                lambda e: e.stored("SELECT 1 FROM member WHERE email = ''"),
                "The blank was stored. What was never set is left alone.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "Merge copies what the given object *has*.",
            "Don't give it an email at all.",
            '`session.merge(Member(id=1, name="Anna"))`, `session.commit()`.',
        ),
        solution="""\
from session_demo.models import Member


def answer(session):
    session.merge(Member(id=1, name="Anna"))
    session.commit()
""",
    ),
    Exercise(
        name="trust-me",
        chapter="merge",
        title="Come in without SQL",
        task=(
            "Load the member with id 1, close the session, and bring Ann back into it without a "
            "further `SELECT`. Return what is in the session then."
        ),
        prepare=library,
        checks=(
            sends(select=1),
            returns(lambda given: is_in_state(given, "persistent", Member), "a persistent Member"),
            holds(lambda e: e.in_use == 0, "no connection in use"),
        ),
        mistakes=(
            Mistake(
                lambda e: len(e.sent("SELECT")) > 1,
                "`merge()` looks for the row, unless you tell it that the object can be trusted.",
            ),
            Mistake(lambda e: is_in_state(e.given, "detached"), "That one is still outside."),
        ),
        hints=(
            "You know that the object is right.",
            "`merge` has an option for that; and `add` asks nobody.",
            "`return session.merge(ann, load=False)`.",
        ),
        solution="""\
from session_demo.models import Member


def answer(session):
    ann = session.get(Member, 1)
    session.close()
    return session.merge(ann, load=False)
""",
    ),
)
