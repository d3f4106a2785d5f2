"""Exercises on the five object states."""

from __future__ import annotations

from ..models import Author, Book
from .checks import has_loaded, is_in_state, returns, sends, stores
from .exercise import Exercise, Mistake
from .rows import library

EXERCISES = (
    Exercise(
        name="read-it-outside",
        chapter="object-states",
        title="Read it outside",
        task="Return the author with id 1, detached, with a name that can still be read.",
        prepare=library,
        checks=(
            returns(lambda given: is_in_state(given, "detached", Author), "a detached Author"),
            returns(lambda given: has_loaded(given, "name"), "an author whose name is loaded"),
        ),
        mistakes=(
            Mistake(
                lambda e: is_in_state(e.given, "detached") and not has_loaded(e.given, "name"),
                "It is detached, and its name was expired before it left: by a commit, or by `expire()`.",
            ),
            Mistake(
                lambda e: is_in_state(e.given, "persistent"),
                "It is still in the session. What takes one object out, or all of them?",
            ),
            Mistake(
                lambda e: is_in_state(e.given, "transient"),
                "A new object is transient. This one is to be loaded first.",
            ),
        ),
        hints=(
            "Load it, then let it go.",
            "`expunge` takes out one object, `close` all.",
            "`author = session.get(Author, 1)`, `session.expunge(author)`, `return author`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    author = session.get(Author, 1)
    session.expunge(author)
    return author
""",
    ),
    Exercise(
        name="only-pending",
        chapter="object-states",
        title="Stop before the flush",
        task="Return a new book called Fiasco that is pending. Nothing may be sent.",
        prepare=library,
        checks=(
            returns(lambda given: is_in_state(given, "pending", Book), "a pending Book"),
            returns(lambda given: given.title == "Fiasco", "a book called Fiasco"),
            sends(total=0),
        ),
        mistakes=(
            Mistake(
                lambda e: is_in_state(e.given, "transient"),
                "The session doesn't know it yet: it is transient.",
            ),
            Mistake(
                lambda e: e.sent("INSERT"),
                "It was flushed, and is persistent. Pending is what comes before that.",
            ),
        ),
        hints=(
            "Pending: the session knows it, the database doesn't.",
            "One call makes a transient object pending.",
            "`session.add(book)` and `return book`.",
        ),
        solution="""\
from session_demo.models import Book


def answer(session):
    book = Book(title="Fiasco")
    session.add(book)
    return book
""",
    ),
    Exercise(
        name="delete-and-regret",
        chapter="object-states",
        title="Delete, and regret it",
        task=(
            "Send the `DELETE` of the book with id 2. Then make the same object persistent again, "
            "without an `INSERT`, and return it."
        ),
        prepare=library,
        checks=(
            sends(delete=1, insert=0),
            returns(lambda given: is_in_state(given, "persistent", Book), "a persistent Book"),
            stores("SELECT title FROM book WHERE id = 2", [("Eden",)], "the book still there"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent("INSERT"),
                "That is another row. The one that was deleted comes back when the deletion is undone.",
            ),
            Mistake(
                lambda e: not e.sent("DELETE"),
                "`delete()` only marks the object. What sends the `DELETE`?",
            ),
            Mistake(
                lambda e: "has been deleted" in str(e.error),
                "A deleted object can't be added. Its transaction can be undone.",
            ),
        ),
        hints=(
            "Deleted is a state within a transaction.",
            "Flush to send it; undo the transaction to get it back.",
            "`session.delete(book)`, `session.flush()`, `session.rollback()`.",
        ),
        solution="""\
from session_demo.models import Book


def answer(session):
    book = session.get(Book, 2)
    session.delete(book)
    session.flush()
    session.rollback()
    return book
""",
    ),
)
