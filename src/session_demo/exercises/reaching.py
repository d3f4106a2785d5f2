"""Exercises on cascades."""

from __future__ import annotations

from typing import Any

from ..tracing import state_of
from ..tracing.events import StateChanged
from .checks import holds, returns, sends, stores
from .evidence import Evidence
from .exercise import NOT_COMMITTED, Exercise, Mistake
from .rows import library


def _came(evidence: Evidence) -> list[StateChanged]:
    return [one for one in evidence.trace.of(StateChanged) if one.transition == "transient_to_pending"]


def _came_alone(evidence: Evidence) -> int:
    return sum(not str(one.cause or "").startswith("cascade") for one in _came(evidence))


def _states(author: Any) -> list[str]:
    """The states of an author and of its books, as far as they are loaded, without SQL."""
    return [str(state_of(one)) for one in [author, *author.__dict__.get("books", ())]]


EXERCISES = (
    Exercise(
        name="one-for-three",
        chapter="cascades",
        title="Add one for three",
        task=(
            "Store a new author called Italo Calvino with two new books, Marcovaldo and Palomar. Only one of "
            "the three may come into the session by itself; the cascade must bring the others."
        ),
        prepare=library,
        checks=(
            stores(
                "SELECT title, name FROM book JOIN author ON author.id = author_id WHERE author.id > 2",
                [("Marcovaldo", "Italo Calvino"), ("Palomar", "Italo Calvino")],
                "the author with both books",
            ),
            holds(
                lambda e: (_came_alone(e), len(_came(e))) == (1, 3),
                "one new object that came by itself, and two that came by cascade",
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: e.stored("SELECT 1 FROM book WHERE id > 3 AND author_id IS NULL"),
                "A book was stored without its author. Where does the cascade go along?",
            ),
            Mistake(
                lambda e: _came_alone(e) > 1,
                "More than one came by itself: they were added before they belonged together.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "What belongs together when it is added comes together.",
            "Give the author his books first, then add him.",
            '`Author(name="Italo Calvino", books=[...])`, `session.add(author)`, `session.commit()`.',
        ),
        solution="""\
from session_demo.models import Author, Book


def answer(session):
    books = [Book(title="Marcovaldo"), Book(title="Palomar")]
    session.add(Author(name="Italo Calvino", books=books))
    session.commit()
""",
    ),
    Exercise(
        name="by-number",
        chapter="cascades",
        title="Say it by number",
        task=("Store a new book called Fiasco by the author with id 1, without any `SELECT`."),
        prepare=library,
        checks=(
            stores(
                "SELECT title, author_id FROM book WHERE id > 3",
                [("Fiasco", 1)],
                "the book with its author",
            ),
            sends(select=0, insert=1),
        ),
        mistakes=(
            Mistake(
                lambda e: e.stored("SELECT 1 FROM book WHERE id > 3 AND author_id IS NULL"),
                "The book was stored without an author.",
            ),
            Mistake(
                lambda e: e.sent("SELECT"),
                "The author was read, and all that was needed of him is a number that you know.",
            ),
            Mistake(
                lambda e: type(e.error).__name__ == "IntegrityError",
                "A second author with that key was to be inserted. No author object is needed.",
            ),
            NOT_COMMITTED,
        ),
        hints=(
            "The row of a book holds no author, only a number.",
            "`author_id` is an attribute like any other.",
            '`session.add(Book(title="Fiasco", author_id=1))`, `session.commit()`.',
        ),
        solution="""\
from session_demo.models import Book


def answer(session):
    session.add(Book(title="Fiasco", author_id=1))
    session.commit()
""",
    ),
    Exercise(
        name="leave-together",
        chapter="cascades",
        title="Leave together",
        task=(
            "Load the authors with id 1 and 2 and the books of both. Take author 1 out of the session "
            "together with his books; author 2 and her book stay in it. Return the two authors as a pair."
        ),
        prepare=library,
        checks=(
            returns(
                lambda given: _states(given[0]) == ["detached"] * 3, "author 1 with two books, all detached"
            ),
            returns(
                lambda given: _states(given[1]) == ["persistent"] * 2, "author 2 with a book, both persistent"
            ),
        ),
        mistakes=(
            Mistake(
                lambda e: _states(e.given[0]) == ["detached", "persistent", "persistent"],
                "He left alone: the default cascade doesn't pass on `expunge()`.",
            ),
            Mistake(
                lambda e: _states(e.given[1])[0] == "detached",
                "She has left as well. `expunge_all()` and `close()` empty the whole session.",
            ),
            Mistake(
                lambda e: _states(e.given[0]) == ["detached"],
                "His books are not loaded, or were forgotten again before he left.",
            ),
        ),
        hints=(
            "`Author.books` has the default cascade.",
            "What isn't passed on you can call yourself, on each of them.",
            "`for one in [lem, *lem.books]: session.expunge(one)`.",
        ),
        solution="""\
from session_demo.models import Author


def answer(session):
    lem, ursula = session.get(Author, 1), session.get(Author, 2)
    len(ursula.books)
    for one in [lem, *lem.books]:
        session.expunge(one)
    return lem, ursula
""",
    ),
)
