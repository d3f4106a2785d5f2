"""Questions about a trace, answered on traces written by hand, and on one of a real session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from session_demo import Trace, trace
from session_demo.models import Author, Book
from session_demo.tracing.events import (
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render.difference import LINES_SHOWN, difference_of
from session_demo.tracing.sql import tables_of

AUTHOR = StatementExecuted("SELECT author.id FROM author")
BOOK = StatementExecuted("SELECT book.id FROM book JOIN author ON author.id = book.author_id")
INSERT = StatementExecuted("INSERT INTO book (title) VALUES (?)", (("Eden",),))
BEGIN, COMMIT = DatabaseTransactionChanged("BEGIN"), DatabaseTransactionChanged("COMMIT")


def begun(origin: str, session: int = 1) -> Event:
    return SessionTransactionBegun(origin, session=session)


def ended(origin: str, outcome: str, session: int = 1) -> Event:
    return SessionTransactionEnded(origin, outcome, session=session)


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", ()),
        ("SELECT a.x FROM author AS a, book b WHERE a.id = b.author_id", ("author", "book")),
        ("SELECT count(*) FROM (SELECT book.id FROM book) AS anon_1", ("book",)),
        ('SELECT "user".id FROM "user" LEFT OUTER JOIN main.address ON 1', ("user", "main.address")),
        ("SELECT x FROM a CROSS JOIN b INNER JOIN c USING (id)", ("a", "b", "c")),
        ("INSERT INTO book (title) VALUES (' FROM elsewhere ')", ("book",)),
        ("INSERT INTO book DEFAULT VALUES", ("book",)),
        ("UPDATE book SET title=? WHERE book.id = ?", ("book",)),
        ("DELETE FROM loan WHERE loan.id IN (SELECT id FROM old)", ("loan", "old")),
        ("WITH recent AS (SELECT id FROM loan) SELECT id FROM recent", ("loan",)),
        ("SELECT id FROM author UNION SELECT id FROM author ORDER BY id", ("author",)),
        ("SELECT pg_catalog.version()", ()),
        ("select id from book limit 1", ("book",)),
        ("", ()),
    ],
)
def test_tables_of_a_statement(sql: str, tables: tuple[str, ...]) -> None:
    """A statement tells the tables that it names, once each, without the names it gives itself."""
    assert tables_of(sql) == tables
    assert StatementExecuted(sql).tables == tables


@given(st.text(alphabet="SELECT FROM JOIN,()'\"`[]ab.", max_size=60))
def test_any_text_has_tables_or_none(sql: str) -> None:
    """No text is an error."""
    assert isinstance(tables_of(sql), tuple)


def test_statements_by_kind_and_table() -> None:
    """Statements can be asked for by their first word, by a table, by both, and counted."""
    story = Trace([BEGIN, AUTHOR, BOOK, INSERT, COMMIT])
    assert story.statements_of("select") == [AUTHOR, BOOK]
    assert story.statements_of(table="book") == [BOOK, INSERT]
    assert story.statements_of("INSERT", "book") == [INSERT]
    assert story.statements_of(table="loan") == []
    assert story.by_table == {"author": {"SELECT": 2}, "book": {"SELECT": 1, "INSERT": 1}}


def test_flushes() -> None:
    """Each flush is a trace from its begin to its end; one that never ended goes to the end."""
    first = [FlushStarted(1, 0, 0), INSERT, FlushEnded()]
    second = [FlushStarted(1, 0, 0), INSERT]
    story = Trace([BEGIN, *first, AUTHOR, *second])
    assert [list(flush) for flush in story.flushes] == [first, second]


def test_events_of_a_line() -> None:
    """A line is told by its number, or by a part of its text."""
    at_three = StatementExecuted("SELECT 3", line=SourceLine("x.py", 3, "session.commit()"))
    at_four = StatementExecuted("SELECT 4", line=SourceLine("x.py", 4, "session.scalars(query)"))
    story = Trace([at_three, at_four, BEGIN])
    assert [one.sql for one in story.of_line(3).statements] == ["SELECT 3"]
    assert [one.sql for one in story.of_line("scalars").statements] == ["SELECT 4"]
    assert len(story.of_line(5)) == 0


class TestTransactions:
    def test_nested(self) -> None:
        """What is sent in a nested transaction is its own, but for the BEGIN, which is the whole's."""
        story = Trace(
            [
                begun("autobegin"),
                begun("begin_nested"),
                BEGIN,
                DatabaseTransactionChanged("SAVEPOINT", "sa_1"),
                INSERT,
                DatabaseTransactionChanged("ROLLBACK TO SAVEPOINT", "sa_1"),
                ended("begin_nested", "rolled back"),
                AUTHOR,
                COMMIT,
                ended("autobegin", "committed"),
            ]
        )
        assert str(story.transactions()) == (
            "session transaction (autobegin), committed: BEGIN, SELECT, COMMIT\n"
            "  nested transaction (begin_nested), rolled back: SAVEPOINT, INSERT, ROLLBACK TO SAVEPOINT"
        )
        (root,) = story.transactions()
        assert (root.outcome, root.inner[0].outcome) == ("committed", "rolled back")

    def test_end_without_a_begin(self) -> None:
        """What began before the trace is shown all the same."""
        story = Trace([AUTHOR, COMMIT, ended("autobegin", "committed"), begun("autobegin")])
        assert str(story.transactions()).splitlines() == [
            "session transaction (begun before), committed: SELECT, COMMIT",
            "session transaction (autobegin), open: nothing sent",
        ]

    def test_outer_end_ends_what_is_nested(self) -> None:
        """A commit of the outermost transaction ends all that is nested in it."""
        story = Trace([begun("begin"), begun("begin_nested"), ended("begin", "committed")])
        (root,) = story.transactions()
        assert [root.outcome, root.inner[0].outcome] == ["committed", "committed"]

    def test_sessions_are_told_apart(self) -> None:
        """With several sessions each root says whose it is."""
        story = Trace([begun("autobegin", 1), begun("autobegin", 2), ended("autobegin", "closed", 1)])
        assert str(story.transactions()).splitlines() == [
            "session 1: session transaction (autobegin), closed: nothing sent",
            "session 2: session transaction (autobegin), open: nothing sent",
        ]

    def test_html(self) -> None:
        """In a notebook the tree is a list in a list."""
        html = Trace([begun("begin"), begun("begin_nested")]).transactions()._repr_html_()
        assert html.count("<ul>") == html.count("</ul>") == 2
        assert "No transaction." in Trace().transactions()._repr_html_()
        assert str(Trace().transactions()) == "No transaction."

    def test_real_session(self, session: Session) -> None:
        """The tree of a real session is what its calls say."""
        with trace(session) as story:
            with session.begin_nested():
                session.add(Author(name="Stanislaw Lem"))
            session.rollback()
        assert [(one.outcome, [inner.outcome for inner in one.inner]) for one in story.transactions()] == [
            ("rolled back", ["committed"])
        ]


def test_identity_map_at_an_event(session: Session) -> None:
    """After each event the trace knows what the identity map held."""
    with trace(session) as story:
        lem = Author(name="Stanislaw Lem")
        session.add(lem)
        session.flush()
        held = len(story)
        session.expunge(lem)
    assert story.identity_map(after=2) == []
    assert story.identity_map(after=held) == ["Author A (id=1)"]
    assert story.identity_map() == []


class TestDifference:
    def test_equal_traces(self) -> None:
        """Two traces of the same work do not differ."""
        story = Trace([BEGIN, AUTHOR, COMMIT])
        difference = story.difference(story)
        assert not difference
        assert (difference.summary, len(difference)) == ("No difference.", 3)

    def test_lines(self) -> None:
        """What only one has is marked; what both have stands between."""
        moved = StateChanged("Author A", ObjectState.PENDING, ObjectState.PERSISTENT)
        difference = Trace([BEGIN, AUTHOR, COMMIT]).difference(Trace([BEGIN, INSERT, moved, COMMIT]))
        assert str(difference).splitlines() == [
            "1 only in the first, 2 only in the second, 2 in both.",
            "  BEGIN",
            "- SELECT author.id FROM author",
            "+ INSERT INTO book (title) VALUES (?)  ['Eden']",
            "+ Author A pending -> persistent",
            "  COMMIT",
        ]
        assert difference
        assert [line.sign for line in difference] == [" ", "-", "+", "+", " "]

    def test_html_is_escaped(self) -> None:
        """Markup in values is shown as text."""
        evil = StatementExecuted("SELECT ?", (("<script>",),))
        html = difference_of([evil], [])._repr_html_()
        assert "<script>" not in html
        assert "&lt;script&gt;" in html

    def test_long_difference_is_cut(self) -> None:
        """What is not shown is stated."""
        many = [StatementExecuted(f"SELECT {number}") for number in range(LINES_SHOWN + 7)]
        assert str(difference_of(many, [])).endswith("... 7 more lines ...")

    def test_eager_and_lazy(self, session: Session, engine: Engine) -> None:
        """The difference of two ways to load tells the statements that one saves."""
        from sqlalchemy.orm import selectinload

        session.add_all(Author(name=name, books=[Book(title=name)]) for name in ("Lem", "Calvino", "Borges"))
        session.commit()

        def names(*options: object) -> Trace:
            with Session(engine) as other, trace(other) as story:
                for author in other.scalars(select(Author).options(*options)):  # type: ignore[arg-type]
                    assert len(author.books) == 1
            return story

        lazy, eager = names(), names(selectinload(Author.books))
        assert lazy.difference(eager)
        assert len(lazy.statements_of("SELECT", "book")) == 3
        assert len(eager.statements_of("SELECT", "book")) == 1
