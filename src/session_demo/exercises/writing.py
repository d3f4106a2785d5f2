"""Exercises on creating, updating and deleting."""

from __future__ import annotations

from ..tracing.events import DeletionMarked
from .checks import holds, sends, stores
from .evidence import Evidence
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library


def _sum_in_sql(evidence: Evidence) -> bool:
    return any("copies + " in one.sql or "copies+" in one.sql for one in evidence.sent("UPDATE"))


EXERCISES = (
    Exercise(
        name="let-the-database-add",
        chapter="create-read-update-delete",
        title="Let the database add",
        task=(
            "There is one copy more of the book with id 1. Store that so that nobody's change can be "
            "lost: the `UPDATE` itself must add."
        ),
        prepare=library,
        checks=(
            sends(update=1),
            holds(_sum_in_sql, "an `UPDATE` that adds to what the database has"),
            stores("SELECT copies FROM book WHERE id = 1", [(4,)], "four copies in the database"),
        ),
        mistakes=(
            Mistake(
                lambda e: e.sent("UPDATE") and not _sum_in_sql(e),
                "Python worked out the number and sent it. Whoever changed it meanwhile is overwritten.",
            ),
            Mistake(
                lambda e: e.sent("UPDATE") and not e.sent_commands("COMMIT"),
                "The `UPDATE` was never committed.",
            ),
        ),
        hints=(
            "An attribute can be set to something else than a number.",
            "An SQL expression such as `Book.copies + 1` is a value, too.",
            "`book.copies = Book.copies + 1`, then `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Book


def answer(session):
    book = session.get(Book, 1)
    book.copies = Book.copies + 1
    session.commit()
""",
    ),
    Exercise(
        name="family-in-one-flush",
        chapter="create-read-update-delete",
        title="A family in one flush",
        task=(
            "Store the author Italo Calvino with the books Invisible Cities and Cosmicomics, in a "
            "single flush."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT book.title FROM book JOIN author ON author.id = book.author_id "
                "WHERE author.name = 'Italo Calvino'",
                [("Invisible Cities",), ("Cosmicomics",)],
                "both books, by their author",
            ),
            holds(lambda e: len(e.trace.flushes) == 1, "a single flush"),
        ),
        mistakes=(
            Mistake(
                lambda e: len(e.trace.flushes) > 1,
                "There was more than one flush. Put the objects together first; the keys find "
                "their way by themselves.",
            ),
            Mistake(
                lambda e: e.stored("SELECT 1 FROM book WHERE author_id IS NULL"),
                "The books are there, and nobody has written them: link them to their author.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "You don't need the key of the author to give her books.",
            "`Author.books` is a list that can be given to the constructor.",
            "`session.add(Author(name=..., books=[Book(title=...), Book(title=...)]))`, then "
            "`session.commit()`.",
        ),
        solution="""\
from session_demo.models import Author, Book


def answer(session):
    books = [Book(title="Invisible Cities"), Book(title="Cosmicomics")]
    session.add(Author(name="Italo Calvino", books=books))
    session.commit()
""",
    ),
    Exercise(
        name="replace-ann",
        chapter="create-read-update-delete",
        title="Replace a row",
        task=(
            "Delete the member Ann, insert a new member who is called Ann as well, with the email "
            "new@example.org, and commit. Names are unique. Ann's loan may go with her."
        ),
        prepare=library,
        checks=(
            stores("SELECT email FROM member", [("new@example.org",)], "one member, the new one"),
            holds(
                lambda e: any("member" in one.tables for one in e.sent("DELETE")) and e.sent("INSERT"),
                "a `DELETE` and an `INSERT` of a member",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: "UNIQUE constraint failed: member.name" in str(e.error),
                "Within one flush `INSERT` goes before `DELETE`, whatever you called first: the "
                "old name was still taken.",
            ),
            Mistake(
                lambda e: e.sent("UPDATE") and any(True for _ in e.trace.of(DeletionMarked)),
                "The new member had the old key, so the session turned `DELETE` and `INSERT` into one "
                "`UPDATE`.",
            ),
            Mistake(
                lambda e: e.sent("UPDATE") and e.sent("INSERT"),
                "The old Ann is still there under another name; she was never deleted.",
            ),
            Mistake(
                lambda e: e.sent("UPDATE"),
                "That changes the row. The task is to remove it and store another one.",
            ),
            Mistake(
                lambda e: "FOREIGN KEY" in str(e.error),
                "A statement knows no cascade, and Ann's loan still refers to her. `session.delete()` "
                "takes it along.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "What is the order of statements within one flush?",
            "The `DELETE` must be sent before the new member is flushed.",
            "`session.delete(ann)`, `session.flush()`, `session.add(Member(...))`, `session.commit()`.",
        ),
        solution="""\
from session_demo.models import Member


def answer(session):
    session.delete(session.get(Member, 1))
    session.flush()
    session.add(Member(name="Ann", email="new@example.org"))
    session.commit()
""",
    ),
)
