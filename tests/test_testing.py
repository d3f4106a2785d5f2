"""Counts of statements are judged truthfully, and a budget stops the statement that would exceed it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, select
from sqlalchemy.event import registry
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from session_demo import Trace, testing, trace
from session_demo.errors import NotASessionError, StatementBudgetExceededError
from session_demo.models import Author, Book
from session_demo.testing import assert_statements, at_most, statement_budget
from session_demo.tracing.events import (
    DatabaseTransactionChanged,
    SourceLine,
    StatementExecuted,
)

ADDING = SourceLine("/home/ann/shop/orders.py", 12, "session.flush()")
READING = SourceLine("/home/ann/shop/orders.py", 14, "for book in author.books:")
INSERT = StatementExecuted("INSERT INTO author (name) VALUES (?)", (("Ann",),), line=ADDING)
SELECT = StatementExecuted("SELECT book.id FROM book WHERE book.author_id = ?", ((1,),), line=READING)
STORY = Trace(
    [DatabaseTransactionChanged("BEGIN"), INSERT, SELECT, SELECT, DatabaseTransactionChanged("COMMIT")]
)


def message(story: Trace, **counts: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_statements(story, **counts)
    assert type(caught.value) is AssertionError
    return str(caught.value)


@pytest.mark.parametrize(
    "counts",
    [
        {"select": 2, "insert": 1},
        {"SELECT": 2},
        {"select": 2, "update": 0},
        {"select": at_most(2)},
        {"select": at_most(7), "total": 3},
        {"total": 3},
        {"total": at_most(3)},
    ],
)
def test_right_counts_pass(counts: dict[str, Any]) -> None:
    """What is not named is not judged, and a limit allows fewer."""
    assert_statements(STORY, **counts)


def test_too_many_lists_those_statements_only() -> None:
    """The message says what was expected and found, and lists the statements that are too many."""
    assert message(STORY, select=1, insert=1) == (
        "expected 1 SELECT, 1 INSERT; found 2 SELECT, 1 INSERT\n"
        "   1  orders.py:14: for book in author.books:\n"
        "      SELECT book.id FROM book WHERE book.author_id = ?  [1]\n"
        "   2  orders.py:14: for book in author.books:\n"
        "      SELECT book.id FROM book WHERE book.author_id = ?  [1]"
    )


def test_too_few_lists_what_there_is() -> None:
    """Where a statement is missing, all others are shown: one of them may stand in its place."""
    assert message(STORY[:2], update=1) == (
        "expected 1 UPDATE; found 0 UPDATE\n"
        "   1  orders.py:12: session.flush()\n"
        "      INSERT INTO author (name) VALUES (?)  ['Ann']"
    )


def test_total_lists_all_statements() -> None:
    """A wrong total is nobody's fault alone; commands are not among the statements."""
    told = message(STORY, total=at_most(2)).splitlines()
    assert told[0] == "expected at most 2 statements in all; found 3 statements in all"
    assert [line[:4] for line in told[1::2]] == ["   1", "   2", "   3"]


def test_statement_without_line_or_parameters() -> None:
    """What is not known is not made up; a refused statement is marked as such."""
    nowhere = StatementExecuted("SELECT 2", line=SourceLine("<stdin>", 7))
    told = message(Trace([StatementExecuted("SELECT 1", failed=True), nowhere]), total=0)
    assert told.splitlines()[1:] == [
        "   1  no line of the program",
        "      SELECT 1 (refused by the database)",
        "   2  line 7",
        "      SELECT 2",
    ]


def test_long_list_is_cut() -> None:
    """The message stays readable, and says how much it leaves out."""
    told = message(Trace([SELECT] * 25), total=0).splitlines()
    assert told[-1] == "      and 5 more"
    assert len(told) == 1 + 2 * 20 + 1


@pytest.mark.parametrize("sql", ["(SELECT 1) UNION (SELECT 2)", "/* shop */ SELECT 1", "select 1"])
def test_verb_is_found_behind_brackets_and_comments(sql: str) -> None:
    """No SELECT hides behind what may stand before it."""
    assert_statements(Trace([StatementExecuted(sql)]), select=1)


def test_with_is_a_verb_of_its_own() -> None:
    """The first word decides, as in the summary of a trace."""
    story = Trace([StatementExecuted("WITH a AS (SELECT 1) SELECT * FROM a")])
    assert_statements(story, select=0, **{"with": 1})


def test_statement_without_any_word_counts_in_total_only() -> None:
    """An odd statement breaks nothing."""
    assert_statements(Trace([StatementExecuted(";")]), select=0, total=1)


@pytest.mark.parametrize(
    ("counts", "kind", "said"),
    [
        ({"selct": 1}, ValueError, "Can't count 'selct': .* Did you mean select[?]"),
        ({"vacuum": 1}, ValueError, "Can't count 'vacuum': .* Known are select, insert, .*; total"),
        ({"commit": 1}, ValueError, "Can't count 'commit': .* look at the commands of the trace"),
        ({"select": -1}, ValueError, "Can't expect select to be -1: a count"),
        ({"total": -1}, ValueError, "Can't expect total to be -1: a count"),
        ({"select": "one"}, TypeError, "Can't expect select to be a str: a count"),
        ({"select": True}, TypeError, "Can't expect select to be a bool: a count"),
        ({}, TypeError, "no count is given. Say, for example, select=1"),
    ],
)
def test_bad_counts(counts: dict[str, Any], kind: type[Exception], said: str) -> None:
    """A count that can't be meant is an error, and never a test that passes."""
    with pytest.raises(kind, match=said):
        assert_statements(STORY, **counts)


@pytest.mark.parametrize(("most", "kind"), [(-1, ValueError), (1.5, TypeError), (False, TypeError)])
def test_bad_limits(most: Any, kind: type[Exception]) -> None:
    """A limit is a whole number from 0."""
    with pytest.raises(kind, match=r"^Can't allow at most"):
        at_most(most)


@pytest.mark.parametrize("thing", [[SELECT], Session, None])
def test_not_a_trace(thing: Any) -> None:
    """Only a trace can be judged."""
    with pytest.raises(
        TypeError, match=r"Can't count the statements of .*Pass what trace\(session\) gave you"
    ):
        assert_statements(thing, select=1)


def test_a_session_is_judged(session: Session) -> None:
    """Counts of a real session; the message names the line that asked, also while the recording runs."""
    session.add(Author(name="Ann", books=[Book(title="One")]))
    session.commit()
    with trace(session) as story:
        (author,) = session.scalars(select(Author))
        _ = author.books
        assert_statements(story, select=2, total=2)
        told = message(story, select=1)
    assert "test_testing.py:" in told
    assert ": (author,) = session.scalars(select(Author))\n" in told
    assert ": _ = author.books\n" in told


# The budget


@pytest.fixture
def filled(session: Session) -> Session:
    for name in ("Ann", "Ben", "Cem"):
        session.add(Author(name=name, books=[Book(title=f"By {name}")]))
    session.commit()
    return session


def read_twice(session: Session) -> None:
    session.scalars(select(Author)).all()
    session.scalars(select(Author)).all()


def read_books(session: Session) -> None:
    for author in session.scalars(select(Author)).all():
        _ = author.books


def read_in_two_transactions(session: Session) -> None:
    session.scalars(select(Author)).all()
    session.commit()
    session.scalars(select(Author)).all()


def swallow(session: Session) -> None:
    try:
        session.scalars(select(Author))
    except AssertionError:
        session.rollback()


def insert_and_delete(session: Session) -> None:
    session.execute(sa.text("INSERT INTO author (name) VALUES (:n)"), [{"n": "Ann"}, {"n": "Ben"}])
    session.execute(sa.text("DELETE FROM author"))


def ours() -> int:
    """Count the listeners of budgets that are still in place."""
    return sum(
        listener() is not None and listener().__module__ == "session_demo.testing"
        for collections in registry._key_to_collection.copy().values()
        for collection, listener in collections.copy().items()
        if collection() is not None
    )


def test_budget_that_is_kept(filled: Session) -> None:
    """The last statement of the budget still goes through; commands cost nothing."""
    with statement_budget(filled, 2):
        (author, *_) = filled.scalars(select(Author)).all()
        _ = author.books
        filled.rollback()
    assert ours() == 0


def test_budget_refuses_before_the_database_hears(filled: Session, heard: list[str]) -> None:
    """The error is raised at the statement itself, names its line, and lists what was sent before."""
    with pytest.raises(StatementBudgetExceededError) as caught, statement_budget(filled, 2):
        read_books(filled)
    assert sum(sql.startswith("SELECT") for sql in heard) == 2
    first, *rest = str(caught.value).splitlines()
    assert first == (
        "Can't send this SELECT: the budget of 2 is spent. "
        "Load what is needed with fewer statements, or raise the budget."
    )
    assert [line for line in rest if not line.startswith("      SELECT")] == [
        "refused:",
        rest[1],
        "sent before:",
        rest[4],
        rest[6],
    ]
    assert rest[1].startswith("   1  test_testing.py:")
    assert rest[1].endswith(": _ = author.books")
    assert rest[2].endswith("[2]")
    assert rest[4].endswith(": for author in session.scalars(select(Author)).all():")
    assert rest[6].endswith(": _ = author.books")
    assert rest[-1].endswith("[1] (Explained in the book: book/testing.html)")
    assert ours() == 0


def test_budget_of_nothing(session: Session) -> None:
    """With a budget of 0 nothing may be sent, and there is nothing to list."""
    with (
        pytest.raises(StatementBudgetExceededError, match="budget of 0") as caught,
        statement_budget(session, 0),
    ):
        session.scalars(select(Author))
    assert "sent before" not in str(caught.value)


def test_session_goes_on_after_a_refused_query(filled: Session, count: Callable[[str], int]) -> None:
    """A refused SELECT costs nothing else: the transaction goes on, and can be committed."""
    filled.add(Author(name="Dot"))
    filled.flush()
    with pytest.raises(StatementBudgetExceededError), statement_budget(filled, 0):
        filled.scalars(select(Author))
    assert len(filled.scalars(select(Author)).all()) == 4
    filled.commit()
    assert count("author") == 4


def test_session_goes_on_after_a_refused_flush(session: Session, count: Callable[[str], int]) -> None:
    """A refused flush is a failed flush: after rollback() the session works again."""
    session.add_all([Author(name="Ann"), Book(title="One")])
    with pytest.raises(StatementBudgetExceededError, match="INSERT INTO"), statement_budget(session, 1):
        session.commit()
    with pytest.raises(sa.exc.PendingRollbackError):
        session.scalars(select(Author))
    session.rollback()
    assert count("author") == 0
    session.add(Author(name="Ann"))
    session.commit()
    assert count("author") == 1


@pytest.mark.parametrize("begun", [False, True])
def test_refused_statement_is_no_success_in_any_trace(filled: Session, begun: bool) -> None:
    """A recording from before the budget marks the statement as refused, one within it never hears of it."""
    if begun:
        filled.connection()
    outer, inner = trace(filled).start(), trace(filled)
    with pytest.raises(StatementBudgetExceededError), statement_budget(filled, 1), inner:
        read_twice(filled)
    assert [(one.verb, one.failed) for one in outer.stop().statements] == [
        ("SELECT", False),
        ("SELECT", True),
    ]
    assert [(one.verb, one.failed) for one in inner.statements] == [("SELECT", False)]


@pytest.mark.parametrize("begun", [False, True])
def test_budget_counts_what_a_trace_counts(filled: Session, begun: bool) -> None:
    """Transaction commands and savepoints cost nothing, whether or not a transaction was in progress."""
    if begun:
        filled.connection()
    with statement_budget(filled, 3), trace(filled) as story:
        with filled.begin_nested():
            filled.add(Author(name="Dot"))
        nested = filled.begin_nested()
        filled.scalars(select(Author)).all()
        nested.rollback()
        filled.execute(sa.text(" savepoint mine"))
        filled.commit()
        filled.scalars(select(Author)).first()
    assert {"SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "COMMIT"} <= set(story.commands)
    assert_statements(story, total=3)


def test_batch_is_one_statement(engine: Engine) -> None:
    """One statement with several sets of parameters is sent once, and shown with all of them."""
    with Session(engine) as session, pytest.raises(StatementBudgetExceededError) as caught:  # noqa: SIM117
        with statement_budget(session, 1):
            insert_and_delete(session)
    assert "2 sets: ['Ann'], ['Ben']" in str(caught.value)
    assert "this DELETE" in str(caught.value)


def test_budget_hears_one_session_only(engine: Engine, filled: Session) -> None:
    """Another session on the same engine spends nothing."""
    with statement_budget(filled, 0), Session(engine) as other:
        assert len(other.scalars(select(Author)).all()) == 3


def test_session_on_a_connection(engine: Engine) -> None:
    """A session that was given a connection is heard as well; the connection keeps no listener."""
    with engine.connect() as connection, Session(connection) as session:
        with pytest.raises(StatementBudgetExceededError), statement_budget(session, 1):
            read_twice(session)
        assert ours() == 0
        assert len(connection.execute(select(Author.id)).all()) == 0


def test_connection_of_a_later_transaction_is_heard(filled: Session) -> None:
    """The budget lasts for the block, over the end of a transaction."""
    with pytest.raises(StatementBudgetExceededError), statement_budget(filled, 1):
        read_in_two_transactions(filled)


def test_swallowed_refusal_is_raised_at_the_end(filled: Session) -> None:
    """A program that catches everything can't hide that it asked for too much."""
    with pytest.raises(StatementBudgetExceededError, match="budget of 0"), statement_budget(filled, 0):
        swallow(filled)


def test_own_error_of_the_block_passes(filled: Session) -> None:
    """An error of the program is not hidden, and the listeners come off all the same."""
    with pytest.raises(LookupError, match="mine"), statement_budget(filled, 1):
        raise LookupError("mine")
    assert ours() == 0


def test_budget_in_a_budget(filled: Session) -> None:
    """The smaller budget refuses, the larger one counts the attempt and goes on."""
    with statement_budget(filled, 2):
        with pytest.raises(StatementBudgetExceededError, match="budget of 0"), statement_budget(filled, 0):
            filled.scalars(select(Author))
        filled.scalars(select(Author))


def test_scoped_session_has_a_budget(engine: Engine) -> None:
    """A scoped session stands for its current session."""
    scoped = scoped_session(sessionmaker(engine))
    with pytest.raises(StatementBudgetExceededError), statement_budget(scoped, 0):
        scoped.scalars(select(Author))
    scoped.remove()


@pytest.mark.parametrize(
    ("most", "kind"), [(-1, ValueError), ("one", TypeError), (at_most(1), TypeError), (True, TypeError)]
)
def test_bad_budgets(session: Session, most: Any, kind: type[Exception]) -> None:
    """A budget is a whole number from 0, told before the block begins."""
    with pytest.raises(kind, match=r"^Can't set a budget of"), statement_budget(session, most):
        pytest.fail("the block must not begin")


def test_budget_of_no_session(engine: Engine) -> None:
    """Only one session can have a budget."""
    with pytest.raises(NotASessionError, match="Can't give a budget to"), statement_budget(engine, 1):  # type: ignore[arg-type]
        pytest.fail("the block must not begin")


def test_budget_listens_to_no_engine(filled: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listeners sit on the session and on its connections."""
    targets: list[object] = []
    listen = sa.event.listen

    def noted(target: object, *rest: Any, **options: Any) -> None:
        targets.append(target)
        listen(target, *rest, **options)

    monkeypatch.setattr(testing.event, "listen", noted)
    with statement_budget(filled, 1):
        filled.scalars(select(Author)).all()
    assert {type(one) for one in targets} == {Session, Connection}


@pytest.mark.parametrize("name", testing.__all__)
def test_public_name_is_documented_with_an_example(name: str) -> None:
    """Everything that is offered shows itself."""
    assert ">>> " in (getattr(testing, name).__doc__ or "")
