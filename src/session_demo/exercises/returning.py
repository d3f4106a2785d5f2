"""Exercises on objects that come back, and on merge."""

from __future__ import annotations

from sqlalchemy import inspect

from ..models import Author, Member
from ..tracing.events import StateChanged
from .checks import holds, is_in_state, returns, sends, stores
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library

EXERCISES = (
    Exercise(
        name="come-back",
        chapter="reattached-objects",
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
        name="copy-a-row",
        chapter="reattached-objects",
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
        name="without-asking",
        chapter="reattached-objects",
        title="Trust the key",
        task=(
            "You know that there is an author with id 1. Return a persistent object for that row, without "
            "any SQL."
        ),
        prepare=library,
        checks=(
            returns(lambda given: is_in_state(given, "persistent", Author), "a persistent Author"),
            returns(lambda given: inspect(given).identity == (1,), "the author with id 1"),
            sends(total=0),
        ),
        mistakes=(
            Mistake(
                lambda e: is_in_state(e.given, "pending"),
                "It is new to the session, and would be inserted.",
            ),
            Mistake(
                lambda e: is_in_state(e.given, "detached"),
                "It stands for the row, and is not in the session yet.",
            ),
            Mistake(
                lambda e: e.sent("SELECT"),
                "The database was asked, and all that it could say is known already.",
            ),
        ),
        hints=(
            "SQLAlchemy must believe that your object was loaded.",
            "`make_transient_to_detached` gives an object with a key the state of one that was stored.",
            "`author = Author(id=1)`, `make_transient_to_detached(author)`, `session.add(author)`.",
        ),
        solution="""\
from sqlalchemy.orm import make_transient_to_detached

from session_demo.models import Author


def answer(session):
    author = Author(id=1)
    make_transient_to_detached(author)
    session.add(author)
    return author
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
