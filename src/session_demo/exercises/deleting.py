"""Exercises on deletions."""

from __future__ import annotations

from .checks import sends, stores
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library

EXERCISES = (
    Exercise(
        name="make-an-orphan",
        chapter="deleting",
        title="Make an orphan",
        task=(
            "Remove the only loan from the list of the member with id 1, so that its row is deleted. "
            "The member stays."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT (SELECT count(*) FROM loan), (SELECT count(*) FROM member)",
                [(0, 1)],
                "the member, and no loan",
            ),
            sends(delete=1),
        ),
        mistakes=(
            Mistake(
                lambda e: e.stored("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM member)"),
                "The member is gone as well. Only the loan was to leave.",
            ),
            Mistake(
                lambda e: "NOT NULL" in str(e.error),
                "The loan lost its member, and the list of loans was never loaded, so nobody saw that it "
                "became an orphan. Take it out of the list.",
            ),
            NOT_COMMITTED,
            Mistake(
                lambda e: not e.sent("DELETE"),
                "No `DELETE` was sent: the loan is still in the list of its member.",
            ),
        ),
        hints=(
            "`Member.loans` has the cascade delete-orphan.",
            "A loan that leaves the list is an orphan.",
            "`member.loans.clear()`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Member


def answer(session):
    member = session.get(Member, 1)
    member.loans.clear()
    session.commit()
""",
    ),
    Exercise(
        name="keep-the-book",
        chapter="deleting",
        title="Keep the book",
        task="Delete the author with id 2. Her book must stay, without an author.",
        prepare=library,
        checks=(
            stores("SELECT id FROM author", [(1,)], "only the other author"),
            stores("SELECT author_id FROM book WHERE id = 3", [(None,)], "her book, without an author"),
        ),
        mistakes=(
            Mistake(
                lambda e: "FOREIGN KEY" in str(e.error),
                "The book still points to her. `session.delete()` takes that link away; a statement doesn't.",
            ),
            Mistake(
                lambda e: e.stored("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM book WHERE id = 3)"),
                "The book is gone as well.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "`Author.books` has the default cascade.",
            "By default a deleted parent lets its children go.",
            "`session.delete(session.get(Author, 2))`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    session.delete(session.get(Author, 2))
    session.commit()
""",
    ),
    Exercise(
        name="move-a-child",
        chapter="deleting",
        title="Move a child",
        task=(
            "Give the book with id 2 to the author with id 2, with one `UPDATE`, no `INSERT` and no `DELETE`."
        ),
        prepare=library,
        checks=(
            stores("SELECT author_id FROM book WHERE id = 2", [(2,)], "the book with its new author"),
            sends(update=1, insert=0, delete=0),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent("INSERT") or e.sent("DELETE"),
                "A book was made or deleted. The row that is there can change its author.",
            ),
            Mistake(
                lambda e: len(e.sent("UPDATE")) > 1,
                "Something was flushed in between: the book had no author for a moment.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "One side of the relationship is enough.",
            "Set `book.author`, or append to the list of the new author.",
            "`session.get(Book, 2).author = session.get(Author, 2)`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Author, Book


def answer(session):
    session.get(Book, 2).author = session.get(Author, 2)
    session.commit()
""",
    ),
)
