"""How a recording is told what to keep, and how it is used besides a with statement."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, make_transient, mapped_column

from session_demo import Trace, create_engine, state_of, trace
from session_demo.errors import TracingStateError
from session_demo.models import Author, Book, Loan, Member
from session_demo.tracing.events import (
    AttributeChanged,
    AttributesExpired,
    AttributesRefreshed,
    DeletionMarked,
    EventsDropped,
    FlushSkipped,
    FlushStarted,
    IdentityFound,
    MarkSet,
    ObjectForgotten,
    StateChanged,
    StatementExecuted,
)


@pytest.fixture
def ann(session: Session) -> Author:
    author = Author(name="Ann", books=[Book(title="One")])
    session.add(author)
    session.commit()
    return author


def test_level_sql_hears_the_database_only(session: Session) -> None:
    """At level sql the trace holds statements and transaction commands, with their lines and durations."""
    with trace(session, "sql") as story:
        session.add(Author(name="Ann"))
        session.commit()
    assert [type(one).__name__ for one in story] == [
        "DatabaseTransactionChanged",
        "StatementExecuted",
        "DatabaseTransactionChanged",
    ]
    (statement,) = story.statements
    assert statement.line is not None
    assert statement.line.text == "session.commit()"
    assert statement.duration is not None
    assert statement.duration > 0


def test_level_full_hears_attributes(session: Session, ann: Author) -> None:
    """At level full the trace tells what was set, appended, removed, expired and refreshed."""
    book = ann.books[0]
    with trace(session, "full") as story:
        ann.name = "Anna"
        ann.books.remove(book)
        ann.books.append(book)
        session.expire(ann, ["name"])
        _ = ann.name
    assert list(story.of(AttributeChanged)) == [
        AttributeChanged("Author A", "name", "set", "'Anna'", "'Ann'", key="id=1"),
        AttributeChanged("Book A", "author", "set", "None", "Author A", key="id=1"),
        AttributeChanged("Author A", "books", "remove", "Book A", key="id=1"),
        AttributeChanged("Book A", "author", "set", "Author A", "None", key="id=1"),
        AttributeChanged("Author A", "books", "append", "Book A", key="id=1"),
    ]
    assert [one.cause for one in story.of(AttributeChanged)] == [
        "",
        "backref of Author.books",
        "",
        "backref of Author.books",
        "",
    ]
    assert list(story.of(AttributesExpired)) == [AttributesExpired("Author A", ("name",), key="id=1")]
    assert list(story.of(AttributesRefreshed)) == [AttributesRefreshed("Author A", ("name",), key="id=1")]


@pytest.mark.parametrize("synchronize", ["auto", "evaluate", "fetch"])
def test_update_of_many_rows_refreshes(session: Session, ann: Author, synchronize: str) -> None:
    """An UPDATE that the session repeats in memory writes values anew; it expires none."""
    name = ann.name
    query = sa.update(Author).values(name=name + "!").execution_options(synchronize_session=synchronize)
    with trace(session, "full") as story:
        session.execute(query)
    assert sa.inspect(ann).dict["name"] == name + "!"
    assert list(story.of(AttributesExpired)) == []
    assert list(story.of(AttributesRefreshed)) == [AttributesRefreshed("Author A", ("name",), key="id=1")]


def test_level_full_hears_what_is_forgotten(session: Session) -> None:
    """An object that nobody refers to any more is told as forgotten, under its own session."""
    with trace(session, "full") as story:
        session.add(Author(name="Ann"))
        session.commit()
        gc.collect()
    assert list(story.of(ObjectForgotten)) == [ObjectForgotten("Author A")]


def test_attributes_of_other_sessions_are_not_heard(engine: Engine, session: Session, ann: Author) -> None:
    """The hooks on a class sleep for the objects of sessions that nobody records."""
    with Session(engine) as other, trace(session, "full") as story:
        other.get_one(Author, 1).name = "Anna"
        ann.name = "Anne"
    assert [one.value for one in story.of(AttributeChanged)] == ["'Anne'"]
    ann.name = "after"
    assert len(list(story.of(AttributeChanged))) == 1


@pytest.mark.parametrize(
    ("value", "expired", "refreshed"),
    [(sa.literal(3), [], [("copies",)]), (sa.func.abs(3), [("copies",)], [])],
    ids=["computed in Python", "computed by the database only"],
)
@pytest.mark.parametrize("synchronize", ["auto", "evaluate", "fetch"])
def test_level_full_tells_what_an_update_of_many_rows_does(
    session: Session, ann: Author, synchronize: str, value: Any, expired: Any, refreshed: Any
) -> None:
    """A set-based UPDATE writes new values into loaded objects, or expires just what it can't compute."""
    book = ann.books[0]
    assert book.copies == 1
    statement = sa.update(Book).values(copies=value)
    with trace(session, "full") as story:
        session.execute(statement, execution_options={"synchronize_session": synchronize})
    assert [one.attributes for one in story.of(AttributesExpired)] == expired
    assert [one.attributes for one in story.of(AttributesRefreshed)] == refreshed
    assert ("copies" in book.__dict__) is bool(refreshed)


def test_an_update_of_many_rows_refreshes_nothing_that_is_not_loaded(session: Session, ann: Author) -> None:
    """What is expired stays so while a set-based UPDATE changes the row, and the trace says nothing else."""
    session.expire(ann)
    with trace(session, "full") as story:
        session.execute(sa.update(Author).values(name="Anna"))
    assert (list(story.of(AttributesExpired)), list(story.of(AttributesRefreshed))) == ([], [])
    assert "name" not in ann.__dict__


@pytest.mark.parametrize("level", ["sql", "session", "full"])
def test_causes_of_statements(session: Session, ann: Author, level: Any) -> None:
    """A statement that SQLAlchemy thought of says why it was sent, at every level."""
    session.close()
    with trace(session, level) as story:
        author = session.scalars(select(Author)).one()
        _ = author.books
        session.expire(author)
        _ = author.name
        session.refresh(author)
    label = {"sql": "Author A"}.get(level, "Author A")
    assert [one.cause for one in story.statements] == [
        "",
        "lazy load of Author.books",
        f"refresh of expired {label}",
        f"refresh() of {label}",
    ]


def test_causes_of_flushes(session: Session) -> None:
    """A flush says who asked for it."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        session.flush()
        session.add(Author(name="Ben"))
        session.scalars(select(Author)).all()
        session.add(Author(name="Cid"))
        nested = session.begin_nested()
        session.add(Author(name="Dan"))
        nested.commit()
        session.add(Author(name="Eve"))
        session.commit()
    causes = [one.cause for one in story.of(FlushStarted)]
    assert causes == ["", "autoflush by scalars()", "begin_nested()", "commit()", "commit()"]


def test_cascades_are_named(session: Session, ann: Author) -> None:
    """An object that comes with another one says so; one that was named itself does not."""
    with trace(session) as story:
        session.add(Author(name="Ben", books=[Book(title="Two")]))
        ann.books.append(Book(title="Three"))
        session.add_all([Author(name="Cid"), Author(name="Dan")])
    arrived = [(one.label, one.cause) for one in story.of(StateChanged) if one.target == "pending"]
    assert arrived == [
        ("Author A", ""),
        ("Book A", "cascade from Author A"),
        ("Book C", "cascade from Author B.books"),
        ("Author C", ""),
        ("Author D", ""),
    ]


def test_identity_map_answers_without_sql(session: Session, ann: Author) -> None:
    """What the identity map serves is told, for get() and for a many-to-one; a refresh is told as SQL."""
    book = ann.books[0]
    session.expire(book, ["author"])
    with trace(session) as story:
        session.get(Author, 1)
        _ = book.author
        session.expire(ann)
        session.get(Author, 1)
    found = [(one.label, one.key, one.cause) for one in story.of(IdentityFound)]
    assert found == [("Author A", "id=1", "get()"), ("Author A", "id=1", "many-to-one of Book A")]
    assert len(story.statements) == 1


def test_marks_of_delete_are_told(session: Session) -> None:
    """delete() marks the object and what its cascade reaches; add() and a rollback take marks away."""
    member = Member(name="Mia", loans=[Loan(book=Book(title="One"))])
    session.add(member)
    session.commit()
    with trace(session) as story:
        session.delete(member)
        session.add(member)
        session.delete(member)
        session.rollback()
    told = [(one.label, one.marked, one.cause) for one in story.of(DeletionMarked)]
    assert told == [
        ("Member A", True, ""),
        ("Loan A", True, "cascade from Member A"),
        ("Member A", False, ""),
        ("Member A", True, ""),
        ("Loan A", False, "rollback"),
        ("Member A", False, "rollback"),
    ]
    assert state_of(member) == "persistent"


def test_mark_is_told_where_the_cascade_flushes(session: Session) -> None:
    """To look for what a cascade brings may flush earlier marks away; the new ones are told all the same."""
    members = [Member(name=name) for name in ("Mia", "Max")]
    session.add_all(members)
    session.commit()
    with trace(session) as story:
        session.delete(members[0])
        session.delete(members[1])
    assert [one.label for one in story.of(DeletionMarked)] == ["Member A", "Member B"]
    assert len(story.flushes) == 1


@pytest.mark.skipif(not hasattr(Session, "delete_all"), reason="SQLAlchemy 2.0 has no delete_all()")
def test_marks_of_delete_all_are_told(session: Session) -> None:
    """delete_all() marks each object, and each cascade is told with its head."""
    members = [Member(name=name, loans=[Loan(book=Book(title=name))]) for name in ("Mia", "Max")]
    session.add_all(members)
    session.commit()
    with trace(session) as story:
        session.delete_all(members)
    assert [(one.label, one.cause) for one in story.of(DeletionMarked)] == [
        ("Member A", ""),
        ("Loan A", "cascade from Member A"),
        ("Member B", ""),
        ("Loan B", "cascade from Member B"),
    ]


def test_flush_with_nothing_to_do(session: Session) -> None:
    """Only the program's own flush() is told when there is nothing to do."""
    with trace(session) as story:
        session.flush()
        session.scalars(select(Author)).all()
        session.commit()
    assert list(story.of(FlushSkipped)) == [FlushSkipped()]


def test_warnings_point_to_the_program(session: Session, ann: Author) -> None:
    """A warning of SQLAlchemy names the same line of the program as without a recording."""
    places = []
    for watched in (False, True):
        watch = trace(session).start() if watched else None
        session.delete(ann.books[0])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with session.no_autoflush:
                session.execute(sa.delete(Book), execution_options={"synchronize_session": False})
            session.flush()
        session.rollback()
        places += [(one.filename, one.lineno) for one in caught]
        if watch:
            watch.stop()
    assert len(places) == 2
    assert places[0] == places[1]
    assert places[0][0] == __file__


def test_silent_change_is_found_at_the_end(session: Session, ann: Author) -> None:
    """The last state a trace shows is the one the object is in."""
    with trace(session) as story:
        session.expunge(ann)
        make_transient(ann)
    assert story.states(ann) == ["persistent", "detached", "transient"]
    assert story[-1] == StateChanged(
        "Author A",
        story[-1].source,
        story[-1].target,
        silent=True,  # type: ignore[attr-defined]
    )


def test_object_of_another_session_is_not_judged(engine: Engine, session: Session, ann: Author) -> None:
    """An object that went on to another session ended here as detached."""
    with Session(engine) as other, trace(session) as story:
        session.expunge(ann)
        other.add(ann)
    assert story.states(ann) == ["persistent", "detached"]


class Base(DeclarativeBase):
    pass


class Login(Base):
    __tablename__ = "login"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    password_hash: Mapped[str]


@pytest.fixture
def logins() -> Any:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def log_in(session: Session) -> None:
    first, second, third, fourth = SECRETS  # a line of the program is shown as it stands
    session.add_all([Login(name="ann", password_hash=first), Login(name="ben", password_hash=second)])
    session.flush()
    session.execute(sa.update(Login).where(Login.password_hash == first).values(password_hash=third))
    login = session.scalars(select(Login).where(Login.name == "ann")).one()
    login.password_hash = fourth
    session.flush()


SECRETS = ("a1b2", "c3d4", "e5f6", "g7h8")


def test_secrets_are_hidden(logins: Session) -> None:
    """Values of columns with telling names are shown in no picture; others are."""
    with trace(logins, "full") as story:
        log_in(logins)
    for picture in (str(story), story._repr_html_(), story.to_json()):
        assert [secret for secret in SECRETS if secret in picture] == []
        assert "***" in picture
        assert "ann" in picture


def test_all_values_may_be_hidden(logins: Session) -> None:
    """With parameters=False no value is kept at all."""
    with trace(logins, "full", parameters=False) as story:
        log_in(logins)
    shown = str(story)
    assert [word for word in (*SECRETS, "'ann'", "'ben'") if word in shown] == []
    logins.rollback()
    assert {one.parameter_sets for one in story.statements} == {((),)}


def test_hide_parameters_of_the_engine_is_honoured() -> None:
    """Where the engine was told to hide parameters, the trace has none."""
    engine = create_engine("sqlite://", hide_parameters=True)
    Base.metadata.create_all(engine)
    with Session(engine) as session, trace(session) as story:
        log_in(session)
    engine.dispose()
    assert {one.parameter_sets for one in story.statements} == {((),)}


def test_redact_names_what_is_hidden(logins: Session) -> None:
    """The program may say which names are sensitive."""
    with trace(logins, redact=["name"]) as story:
        logins.execute(select(Login).where(Login.name == "ann"))
    assert repr(story.statements[0].parameter_sets) == "((***,),)"


def test_maxlen_keeps_the_newest(session: Session) -> None:
    """A bounded recording keeps the newest events, says how many are gone, and stays bounded when read."""
    with trace(session, maxlen=5) as story:
        for number in range(10):
            session.execute(sa.text(f"SELECT {number}"))
            assert len(story) <= 6
    assert [one.sql for one in story.of(StatementExecuted)] == [f"SELECT {n}" for n in range(5, 10)]
    assert story.dropped == 8  # three of the beginning, five statements
    assert (len(story), story[0]) == (6, EventsDropped(8))


def test_every_medium_says_what_was_dropped(session: Session) -> None:
    """Text, HTML, steps, pictures and files begin with how many older events are not there."""
    with trace(session, maxlen=2) as story:
        for number in range(4):
            session.execute(sa.text(f"SELECT {number}"))
    assert story.summary.startswith("5 older events dropped. 2 events: 2 SELECT.")
    assert "1  program   5 older events dropped: maxlen was reached" in str(story)
    pages = [story._repr_html_(), story.to_html(), story.steps()._repr_html_(), str(story.steps())]
    assert ["5 older events dropped" in page for page in pages] == [True] * 4
    assert Trace.from_json(story.to_json())[0] == EventsDropped(5)
    assert [one.dropped for one in (story, story[:], Trace.from_json(story.to_json()), story[1:])] == [
        5,
        5,
        5,
        0,
    ]
    pictures = [story.lifelines(), story.swimlane(), story.state_machine()]
    assert ["5 older events dropped" in picture.alt for picture in pictures] == [True] * 3


@pytest.mark.parametrize(("options", "told"), [({"maxlen": 0}, "maxlen"), ({"level": "all"}, "level")])
def test_wrong_options_are_refused(session: Session, options: Any, told: str) -> None:
    """An option that means nothing is refused with what would."""
    with pytest.raises(ValueError, match=told):
        trace(session, **options)


def test_recording_as_a_decorator(session: Session) -> None:
    """Each call of the function fills the recording, a call within a call too."""
    story = trace(session)

    @story
    def count(down: int) -> int:
        session.execute(sa.text(f"SELECT {down}"))
        return down and count(down - 1)

    session.execute(sa.text("SELECT 7"))
    assert count(1) == 0
    session.execute(sa.text("SELECT 8"))
    assert count(0) == 0
    assert [one.sql for one in story.statements] == ["SELECT 1", "SELECT 0", "SELECT 0"]


def test_recording_as_a_decorator_of_a_coroutine(session: Session) -> None:
    """A coroutine function is recorded while it runs, not while it is made."""
    story = trace(session)

    @story
    async def work() -> str:
        session.execute(sa.text("SELECT 1"))
        return "done"

    assert asyncio.run(work()) == "done"
    assert story.commands == ["BEGIN", "SELECT"]


def test_marks_divide_a_trace(session: Session) -> None:
    """A mark stands where the program set it, and a recording that does not run takes none."""
    with trace(session) as story:
        session.execute(sa.text("SELECT 1"))
        story.mark("second")
        session.execute(sa.text("SELECT 2"))
        story.mark("end")
        session.execute(sa.text("SELECT 3"))
    assert [one.name for one in story.of(MarkSet)] == ["second", "end"]
    assert [one.sql for one in story.between("second", "end").statements] == ["SELECT 2"]
    with pytest.raises(LookupError, match=r"'third'.*'second', 'end'"):
        story.between("third")
    with pytest.raises(TracingStateError, match="'late'"):
        story.mark("late")


def test_names_of_variables(session: Session, tmp_path: Any) -> None:
    """Variables of a module name its objects; loop variables, private ones and those of functions do not."""
    code = """
ann, _ben = Author(name="Ann"), Author(name="Ben")
session.add_all([ann, _ben])
for each in [Author(name="Cid")]:
    session.add(each)
def work():
    local = Author(name="Dan")
    session.add(local)
work()
story.stop()
"""
    story = trace(session).start()
    exec(compile(code, "cell", "exec"), {"session": session, "Author": Author, "story": story})
    assert story.labels == ["ann", "Author A", "Author B", "Author C"]


def test_two_sessions_on_one_connection(engine: Engine) -> None:
    """A statement goes to the session that asked for it, though both use the same connection."""
    with engine.connect() as connection:
        mode = {"join_transaction_mode": "create_savepoint"}
        first, second = Session(connection, **mode), Session(connection, **mode)
        with first, second, trace(first) as one, trace(second) as two:
            first.add(Author(name="Ann"))
            first.flush()
            second.execute(sa.text("SELECT 2"))
            first.execute(sa.text("SELECT 1"))
            second.add(Author(name="Ben"))
            second.commit()
            first.rollback()
    told = [[x.sql.partition(" ")[0] + x.sql[-1] for x in story.statements] for story in (one, two)]
    assert told == [["INSERT)", "SELECT1"], ["SELECT2", "INSERT)"]]
