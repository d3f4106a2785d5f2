"""What a session really does on a real database is told event by event."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from session_demo import Trace, create_engine, trace
from session_demo.errors import NotASessionError, TracingStateError
from session_demo.models import Author, Base, Book, Loan, Member
from session_demo.tracing.events import (
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    FlushEnded,
    FlushStarted,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.records import TRANSITIONS

BEGUN = SessionTransactionBegun("autobegin")
BEGUN_BY_NESTED = SessionTransactionBegun("begin")  # what begin_nested() does first on an idle session
NESTED = SessionTransactionBegun("begin_nested")
OUT, IN = ConnectionCheckedOut(1), ConnectionCheckedIn(1)
BEGIN, COMMIT, ROLLBACK = map(DatabaseTransactionChanged, ("BEGIN", "COMMIT", "ROLLBACK"))
SAVEPOINT, RELEASE, ROLLBACK_TO = (
    DatabaseTransactionChanged(command, "sa_savepoint_1")
    for command in ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
)


def ended(outcome: str, origin: str = "autobegin") -> SessionTransactionEnded:
    return SessionTransactionEnded(origin, outcome)


def moved(label: str, transition: str, key: str = "") -> StateChanged:
    return StateChanged(label, *TRANSITIONS[transition], key=key)


def insert(name: str, **more: bool) -> StatementExecuted:
    return StatementExecuted("INSERT INTO author (name) VALUES (?)", ((name,),), **more)


def flushed(label: str, name: str, key: str, *first: object) -> list[object]:
    return [
        FlushStarted(1, 0, 0),
        *first,
        insert(name),
        moved(label, "pending_to_persistent", key),
        FlushEnded(),
    ]


ADDED = [BEGUN, moved("Author A", "transient_to_pending")]
FIRST_FLUSH = [*ADDED, *flushed("Author A", "Ann", "id=1", OUT, BEGIN)]


def test_commit(session: Session) -> None:
    """A commit flushes, sends COMMIT, gives the connection back and ends the session transaction."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        session.commit()
    assert list(story) == [*FIRST_FLUSH, COMMIT, IN, ended("committed")]


def test_rollback(session: Session) -> None:
    """A rollback sends ROLLBACK and makes what was inserted transient again."""
    with trace(session) as story:
        session.add(author := Author(name="Ann"))
        session.flush()
        session.rollback()
    undone = [ROLLBACK, moved("Author A", "persistent_to_transient"), IN, ended("rolled back")]
    assert list(story) == [*FIRST_FLUSH, *undone]
    assert sa.inspect(author).transient


def test_close_without_commit(session: Session) -> None:
    """Closing detaches the objects, and the database rolls back what nobody committed."""
    with trace(session) as story:
        session.add(author := Author(name="Ann"))
        session.flush()
        session.close()
    closed = [moved("Author A", "persistent_to_detached", "id=1"), ROLLBACK, IN, ended("closed")]
    assert list(story) == [*FIRST_FLUSH, *closed]
    assert sa.inspect(author).detached


def test_transaction_without_sql_never_reaches_the_database(session: Session) -> None:
    """A session transaction that executed nothing has no BEGIN and no connection."""
    with trace(session) as story:
        session.begin()
        session.commit()
    assert list(story) == [SessionTransactionBegun("begin"), ended("committed", "begin")]


def test_savepoint_commit(session: Session) -> None:
    """A nested transaction sends SAVEPOINT before its first SQL and RELEASE at its end."""
    with trace(session) as story:
        with session.begin_nested():
            session.add(Author(name="Ann"))
        session.commit()
    assert list(story) == [
        BEGUN_BY_NESTED,
        NESTED,
        moved("Author A", "transient_to_pending"),
        *flushed("Author A", "Ann", "id=1", OUT, BEGIN, SAVEPOINT),
        RELEASE,
        ended("committed", "begin_nested"),
        COMMIT,
        IN,
        ended("committed", "begin"),
    ]


def test_savepoint_rollback(session: Session) -> None:
    """Rolling back to a savepoint undoes what came after it and leaves the rest persistent."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        nested = session.begin_nested()
        session.add(ben := Author(name="Ben"))
        session.flush()
        nested.rollback()
        session.commit()
    assert list(story) == [
        *FIRST_FLUSH,
        NESTED,
        moved("Author B", "transient_to_pending"),
        *flushed("Author B", "Ben", "id=2", SAVEPOINT),
        ROLLBACK_TO,
        moved("Author B", "persistent_to_transient"),
        ended("rolled back", "begin_nested"),
        COMMIT,
        IN,
        ended("committed"),
    ]
    assert sa.inspect(ben).transient


def test_nested_savepoints(session: Session) -> None:
    """Savepoints within savepoints end from the inside out."""
    with trace(session) as story:
        with session.begin_nested():
            session.execute(sa.text("SELECT 1"))
            inner = session.begin_nested()
            session.execute(sa.text("SELECT 2"))
            inner.rollback()
        session.rollback()
    told = [event.sql for event in story if isinstance(event, DatabaseTransactionChanged | StatementExecuted)]
    assert told == [
        "BEGIN",
        "SAVEPOINT sa_savepoint_1",
        "SELECT 1",
        "SAVEPOINT sa_savepoint_2",
        "SELECT 2",
        "ROLLBACK TO SAVEPOINT sa_savepoint_2",
        "RELEASE SAVEPOINT sa_savepoint_1",
        "ROLLBACK",
    ]
    assert [(one.origin, one.outcome) for one in story.of(SessionTransactionEnded)] == [
        ("begin_nested", "rolled back"),
        ("begin_nested", "committed"),
        ("begin", "rolled back"),
    ]


def test_failed_flush(session: Session, count: Callable[[str], int]) -> None:
    """A flush the database refuses rolls back at once; the connection goes with the program's rollback."""
    session.add(Author(name="Ann"))
    session.commit()
    with trace(session) as story:
        session.add(Author(name="Ann"))
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()
    assert list(story) == [
        *ADDED,
        FlushStarted(1, 0, 0),
        OUT,
        BEGIN,
        insert("Ann", failed=True),
        ROLLBACK,
        moved("Author A", "pending_to_transient"),
        FlushEnded(failed=True),
        IN,
        ended("rolled back"),
    ]
    assert count("author") == 1


def test_failed_flush_in_a_savepoint(session: Session) -> None:
    """A flush that fails in a nested transaction costs the nested transaction only."""
    session.add(Author(name="Ann"))
    session.commit()
    with trace(session) as story:
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.add(Author(name="Ann"))
        session.commit()
    assert list(story) == [
        BEGUN_BY_NESTED,
        NESTED,
        moved("Author A", "transient_to_pending"),
        FlushStarted(1, 0, 0),
        OUT,
        BEGIN,
        SAVEPOINT,
        insert("Ann", failed=True),
        ROLLBACK_TO,
        moved("Author A", "pending_to_transient"),
        FlushEnded(failed=True),
        ended("rolled back", "begin_nested"),
        COMMIT,
        IN,
        ended("committed", "begin"),
    ]


def test_flush_that_finds_nothing_to_do_is_no_flush(session: Session) -> None:
    """Where a listener takes the work away no flush is told, nor when rows are inserted in bulk later."""
    author = Author(name="Ann")
    event.listen(session, "before_flush", lambda session, *_: session.expunge_all(), once=True)
    with trace(session) as story:
        session.add(author)
        session.flush()
        session.bulk_insert_mappings(Author, [{"name": "Ben"}])
        session.rollback()
    assert list(story) == [
        *ADDED,
        moved("Author A", "pending_to_transient"),
        OUT,
        BEGIN,
        insert("Ben"),
        ROLLBACK,
        IN,
        ended("rolled back"),
    ]


def test_error_of_a_before_flush_listener_leaves_no_open_flush(session: Session) -> None:
    """A flush that a listener forbids never began."""

    def forbid(*_: object) -> None:
        raise ValueError("not today")

    event.listen(session, "before_flush", forbid)
    with trace(session) as story, pytest.raises(ValueError, match="not today"):  # noqa: PT012
        session.add(Author(name="Ann"))
        session.flush()
    assert list(story) == ADDED
    session.rollback()


def _add(session: Session) -> Author:
    session.add(author := Author(name="Ann"))
    return author


def _stored(session: Session) -> Author:
    author = _add(session)
    session.commit()
    return author


def _deleted(session: Session) -> Author:
    author = _stored(session)
    session.delete(author)
    session.flush()
    return author


def pending_to_transient(session: Session) -> None:
    session.expunge(_add(session))


def pending_to_persistent(session: Session) -> None:
    _add(session)
    session.flush()


def persistent_to_transient(session: Session) -> None:
    author = _add(session)
    session.flush()
    session.rollback()
    assert sa.inspect(author).transient


def loaded_as_persistent(session: Session) -> None:
    _stored(session)
    session.expunge_all()
    session.scalars(sa.select(Author)).all()


def deleted_to_persistent(session: Session) -> None:
    author = _deleted(session)
    session.rollback()
    assert sa.inspect(author).persistent


def deleted_to_detached(session: Session) -> None:
    author = _deleted(session)
    session.commit()
    assert sa.inspect(author).detached


def persistent_to_detached(session: Session) -> None:
    session.expunge(_stored(session))


def detached_to_persistent(session: Session) -> None:
    author = _stored(session)
    session.close()
    session.add(author)


WAYS: dict[str, Callable[[Session], object]] = {
    "transient_to_pending": _add,
    "persistent_to_deleted": _deleted,
    **{
        way.__name__: way
        for way in (
            pending_to_transient,
            pending_to_persistent,
            persistent_to_transient,
            loaded_as_persistent,
            deleted_to_persistent,
            deleted_to_detached,
            persistent_to_detached,
            detached_to_persistent,
        )
    },
}


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_transition_is_recorded(session: Session, transition: str) -> None:
    """Each of the ten transitions is told when and as often as SQLAlchemy's own event fires."""
    fired: list[str] = []
    for name in TRANSITIONS:
        event.listen(session, name, lambda *_, name=name: fired.append(name))
    with trace(session) as story:
        WAYS[transition](session)
    told = [one.transition for one in story.of(StateChanged)]
    assert told == fired
    assert told[-1] == transition


def test_loaded_object_is_named_and_keyed(session: Session) -> None:
    """An object that comes from a row starts persistent, with its key."""
    _stored(session)
    session.expunge_all()
    with trace(session) as story:
        author = session.get(Author, 1)
    assert list(story.of(StateChanged)) == [
        StateChanged("Author A", None, ObjectState.PERSISTENT, key="id=1")
    ]
    assert story.states(author) == ["persistent"]


def test_executemany_shows_every_row(session: Session) -> None:
    """Three rows with keys of their own are one statement with three sets of values."""
    with trace(session) as story:
        session.add_all([Author(id=number, name=name) for number, name in enumerate("abc", 1)])
        session.flush()
    sql = "INSERT INTO author (id, name) VALUES (?, ?)"
    assert story.statements == [StatementExecuted(sql, ((1, "a"), (2, "b"), (3, "c")))]


def test_rows_with_keys_of_the_database_show_their_own_values(session: Session) -> None:
    """However SQLAlchemy groups the rows, each is told once, with the values the driver received."""
    with trace(session) as story:
        session.add_all([Member(name=name) for name in ("Ann", "Ben", "Cy")])
        session.flush()
    assert [set(one.parameter_sets) for one in story.statements] == [
        {("Ann", None)},
        {("Ben", None)},
        {("Cy", None)},
    ]


def test_text_is_told(session: Session) -> None:
    """SQL written by hand is told with the values of its parameters."""
    with trace(session) as story:
        session.execute(sa.text("SELECT  :a\n + 1"), {"a": 7})
    assert list(story) == [BEGUN, OUT, BEGIN, StatementExecuted("SELECT ? + 1", ((7,),))]


def test_statement_that_fails_is_told(session: Session) -> None:
    """A statement the database does not understand is told as refused, the next one is not."""
    with trace(session) as story:
        with pytest.raises(sa.exc.OperationalError):
            session.execute(sa.text("SELECT nothing"))
        session.execute(sa.text("SELECT 1"))
    assert story.statements == [
        StatementExecuted("SELECT nothing", failed=True),
        StatementExecuted("SELECT 1"),
    ]


def test_row_count_is_told_where_the_driver_knows_it(session: Session) -> None:
    """UPDATE and DELETE say how many rows they touched, SELECT does not."""
    session.add_all([Author(name="Ann"), Author(name="Ben")])
    session.flush()
    with trace(session) as story:
        session.execute(sa.text("UPDATE author SET name = name || '!'"))
        session.execute(sa.text("SELECT 1"))
        session.execute(sa.text("DELETE FROM author WHERE id = 7"))
    assert [one.row_count for one in story.statements] == [2, None, 0]


def test_trace_joins_a_transaction_in_progress(session: Session, heard: list[str]) -> None:
    """A trace that starts late opens nothing, hears the rest, and sees the connection go back."""
    session.add(Author(name="Ann"))
    session.flush()
    heard.clear()
    with trace(session) as story:
        assert heard == []
        session.add(Author(name="Ben"))
        session.commit()
    assert list(story) == [
        moved("Author A", "transient_to_pending"),
        *flushed("Author A", "Ben", "id=2"),
        COMMIT,
        IN,
        ended("committed"),
    ]


def test_trace_joins_a_savepoint_in_progress(session: Session) -> None:
    """A trace that starts within a nested transaction hears its end."""
    nested = session.begin_nested()
    session.execute(sa.text("SELECT 1"))
    with trace(session) as story:
        nested.commit()
        session.commit()
    outer = [COMMIT, IN, ended("committed", "begin")]
    assert list(story) == [RELEASE, ended("committed", "begin_nested"), *outer]


def test_trace_joins_a_failed_transaction(session: Session) -> None:
    """A trace that starts after a failed flush hears the program's rollback."""
    session.add_all([Author(id=1, name="Ann"), Author(id=2, name="Ann")])
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    with trace(session) as story:
        session.rollback()
    assert list(story) == [IN, ended("closed")]


def test_object_that_is_collected_tells_no_more(session: Session) -> None:
    """An object nobody refers to after the flush is gone, and a rollback has nothing to report of it."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        session.flush()
        session.rollback()
    assert list(story) == [*FIRST_FLUSH, ROLLBACK, IN, ended("rolled back")]


def test_two_sessions_of_one_engine_are_not_mixed(engine: Engine) -> None:
    """Each trace hears its own session, though they take turns on one pool."""
    with Session(engine) as one, Session(engine) as other, trace(one) as first, trace(other) as second:
        one.scalars(sa.select(Author)).all()
        other.execute(sa.text("SELECT 1"))
        one.rollback()
        other.add(Author(name="Ben"))
        other.commit()
    assert first.commands == ["BEGIN", "SELECT", "ROLLBACK"]
    assert second.commands == ["BEGIN", "SELECT", "INSERT", "COMMIT"]
    assert (first.labels, second.labels) == ([], ["Author A"])


def test_two_sessions_on_one_shared_connection_are_not_mixed() -> None:
    """In memory, where sessions share one database connection, each trace still hears its own session."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as one, Session(engine) as other, trace(one) as first, trace(other) as second:
        one.execute(sa.text("SELECT 1"))
        one.commit()
        other.execute(sa.text("SELECT 2"))
        other.commit()
    assert [one.sql for one in first.statements + second.statements] == ["SELECT 1", "SELECT 2"]
    engine.dispose()


def test_connections_are_numbered(engine: Engine) -> None:
    """A connection that comes back from the pool has its number back, a new one gets a new number."""
    with Session(engine) as session, trace(session) as story:
        for _ in range(2):
            session.execute(sa.text("SELECT 1"))
            session.commit()
        engine.dispose()
        session.execute(sa.text("SELECT 1"))
    assert [one.connection for one in story.of(ConnectionCheckedOut)] == [1, 1, 2]


def test_connections_without_a_pool_are_numbered_one_by_one(engine: Engine) -> None:
    """Where each connection is closed after use no two have one number."""
    unpooled = create_engine(engine.url, poolclass=sa.NullPool)
    with Session(unpooled) as session, trace(session) as story:
        for _ in range(5):
            session.execute(sa.text("SELECT 1"))
            session.commit()
    assert [one.connection for one in story.of(ConnectionCheckedOut)] == [1, 2, 3, 4, 5]


def test_scoped_session_stands_for_its_session(engine: Engine) -> None:
    """A trace of a scoped session is one of its current session."""
    scoped = scoped_session(sessionmaker(engine))
    with trace(scoped) as story:
        scoped.add(Author(name="Ann"))
        scoped.commit()
    assert list(story) == [*FIRST_FLUSH, COMMIT, IN, ended("committed")]
    scoped.remove()


def author_by(mode: str, nested: bool, engine: Engine) -> Trace:
    """Add an author and roll back, in a session on a connection that has begun already."""
    with engine.connect() as connection:
        connection.begin()
        if nested:
            connection.begin_nested()
        with Session(connection, join_transaction_mode=mode) as session, trace(session) as story:
            session.add(Author(name="Ann"))
            session.flush()
            session.rollback()
    return story


@pytest.mark.parametrize(
    ("mode", "nested", "commands"),
    [
        ("conditional_savepoint", False, ["INSERT", "ROLLBACK"]),
        ("conditional_savepoint", True, ["SAVEPOINT", "INSERT", "ROLLBACK TO SAVEPOINT"]),
        ("rollback_only", False, ["INSERT", "ROLLBACK"]),
        ("control_fully", False, ["INSERT", "ROLLBACK"]),
        ("create_savepoint", False, ["SAVEPOINT", "INSERT", "ROLLBACK TO SAVEPOINT"]),
    ],
)
def test_session_on_a_connection_joins_its_transaction(
    engine: Engine, mode: str, nested: bool, commands: list[str]
) -> None:
    """A session that was given a connection takes none from the pool, and joins as its mode says."""
    story = author_by(mode, nested, engine)
    assert story.commands == commands
    assert list(story.of(ConnectionCheckedOut)) + list(story.of(ConnectionCheckedIn)) == []


@pytest.mark.parametrize(
    "options", [lambda bind: {"bind": bind}, lambda bind: {"binds": {Author: bind}}], ids=["bind", "binds"]
)
def test_session_on_a_connection_that_has_not_begun(engine: Engine, options: Callable) -> None:
    """A session that was given an idle connection begins, and tells BEGIN once."""
    with engine.connect() as connection, Session(**options(connection)) as session, trace(session) as story:
        session.add(Author(name="Ann"))
        session.commit()
    told = [*ADDED, *flushed("Author A", "Ann", "id=1", BEGIN), COMMIT, ended("committed")]
    assert list(story) == told


def test_begin_is_told_on_an_engine_of_sqlalchemys_own(engine: Engine) -> None:
    """On an engine that sends no BEGIN of its own SQLAlchemy's event tells it."""
    plain = sa.create_engine(engine.url)
    with plain.connect() as connection, Session(connection) as session, trace(session) as story:
        session.execute(sa.text("SELECT 1"))
    assert story.commands == ["BEGIN", "SELECT"]
    plain.dispose()


def test_delete_of_an_expired_parent_shows_what_it_loads(session: Session) -> None:
    """Deleting a member first reads the member and its loans: the trace shows who asked."""
    session.add(Member(name="Ann", loans=[Loan(book=Book(title="Kindred"))]))
    session.commit()
    member = session.scalars(sa.select(Member)).one()
    session.commit()
    with trace(session) as story:
        session.delete(member)
        session.commit()
    assert story.commands[:1] + story.commands[-3:] == ["BEGIN", "DELETE", "DELETE", "COMMIT"]
    assert set(story.commands[1:-3]) == {"SELECT"}
    assert story.states("Member A") == ["persistent", "deleted", "detached"]


def test_start_and_stop(session: Session) -> None:
    """What happens between stop and start is not told; the recording goes on where it was."""
    watch = trace(session).start()
    session.add(Author(name="Ann"))
    finished = watch.stop()
    session.add(Author(name="Ben"))
    watch.start()
    session.add(Author(name="Cy"))
    assert (finished.labels, watch.stop().labels, finished.labels) == (
        ["Author A"],
        ["Author A", "Author B"],
        ["Author A"],
    )


def test_outcome_heard_before_a_stop_is_not_told_after_a_start(session: Session) -> None:
    """A recording that pauses does not take an old ending for a new one."""
    session.add_all([Author(id=1, name="Ann"), Author(id=2, name="Ann")])
    watch = trace(session).start()
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    watch.stop()
    session.rollback()
    watch.start()
    session.begin()
    session.close()
    assert watch.stop()[-1] == ended("closed", "begin")


def test_start_returns_the_recording(session: Session) -> None:
    """Starting gives the recording back, stopping a finished trace of the same events."""
    watch = trace(session)
    started, stopped = watch.start(), watch.stop()
    assert started is watch
    assert (type(stopped), stopped == watch) == (Trace, True)


def test_starting_twice_is_an_error(session: Session) -> None:
    """A recording that runs cannot be started, and goes on."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        with pytest.raises(TracingStateError) as caught:
            story.start()
        session.flush()
    assert str(caught.value) == (
        "Can't start this recording: it is running, with 2 events so far. "
        "Stop it first, or make another one with trace(session). "
        "(Explained in the book: book/reading-a-trace.html)"
    )
    assert list(story) == FIRST_FLUSH


def test_stopping_twice_is_an_error(session: Session) -> None:
    """A recording that does not run cannot be stopped."""
    watch = trace(session)
    with pytest.raises(TracingStateError) as caught:
        watch.stop()
    assert str(caught.value) == (
        "Can't stop this recording: it is not running, and holds 0 events. "
        "Call start() first, or use it in a with statement. "
        "(Explained in the book: book/reading-a-trace.html)"
    )


def test_stopping_inside_the_block_is_allowed(session: Session) -> None:
    """A with statement does not stop what was stopped already."""
    with trace(session) as story:
        session.add(Author(name="Ann"))
        story.stop()
        session.flush()
    assert list(story) == ADDED


def test_recording_may_be_read_while_it_runs(session: Session) -> None:
    """Reading in between changes nothing of what is told in the end."""
    with trace(session) as read, trace(session) as unread:
        for name in ("Ann", "Ben"):
            session.add(Author(name=name))
            assert str(read)
            session.flush()
            assert str(read)
        session.rollback()
    assert read == unread


def test_labels_do_not_depend_on_the_first_question(session: Session) -> None:
    """Asking for the second object first does not make it the first."""
    with trace(session) as story:
        authors = [Author(name="Ann"), Author(name="Ben")]
        session.add_all(authors)
        session.flush()
        story.states(authors[1])
    keys = {one.label: one.key for one in story.of(StateChanged)}
    assert keys == {"Author A": "id=1", "Author B": "id=2"}


@pytest.mark.parametrize("overlap", [True, False])
def test_two_traces_of_one_session_are_equal(session: Session, overlap: bool) -> None:
    """Traces of one session that run at one time tell the same, however they are nested."""
    first, second = trace(session).start(), trace(session).start()
    session.add_all([Author(name=name) for name in "abc"])
    session.flush()
    session.rollback()
    inner, outer = (first, second) if overlap else (second, first)
    assert inner.stop() == outer.stop()
    assert len(first) > 10


def test_error_in_the_block_passes_unchanged(session: Session) -> None:
    """An exception leaves the with statement as it came, and what was recorded stays."""
    problem = ValueError("a problem of the program")
    with pytest.raises(ValueError, match="program") as caught, trace(session) as story:  # noqa: PT012
        session.add(Author(name="Ann"))
        raise problem
    assert caught.value is problem
    assert list(story) == ADDED


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda engine: engine, "an Engine"),
        (lambda _: Author, "the class Author"),
        (lambda _: None, "a NoneType"),
        (lambda _: "session", "a str"),
        (lambda _: 7, "an int"),
    ],
    ids=["engine", "mapped class", "None", "string", "int"],
)
def test_other_things_are_refused(engine: Engine, make: Callable, told: str) -> None:
    """What is no session cannot be traced, and the error says what to pass instead."""
    with pytest.raises(NotASessionError) as caught:
        trace(make(engine))
    assert str(caught.value) == (
        f"Can't trace {told}: that needs a Session, a sessionmaker or a Session class. "
        "Pass the session itself, or what makes your sessions. "
        "(Explained in the book: book/reading-a-trace.html)"
    )


def test_trace_on_postgresql(postgres: Engine) -> None:
    """The same program tells the same story on PostgreSQL."""
    with Session(postgres) as session, trace(session) as story:
        with session.begin_nested():
            session.add_all([Author(name="Ann"), Author(name="Ben")])
        session.commit()
        session.add(again := Author(name="Ann"))
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()
    assert [event.command for event in story.of(DatabaseTransactionChanged)] == [
        *("BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "COMMIT"),
        *("BEGIN", "ROLLBACK"),
    ]
    assert story.states("Author A") == ["transient", "pending", "persistent"]
    assert story.states(again) == ["transient", "pending", "transient"]


def test_batch_on_postgresql_shows_what_the_driver_received(postgres: Engine) -> None:
    """Rows sent in one statement are one set of named values."""
    with Session(postgres) as session, trace(session) as story:
        session.add_all([Author(name="x"), Author(name="y")])
        session.flush()
        session.rollback()
    sets = [one.parameter_sets for one in story.statements]
    assert [sorted(values.values()) for (values,) in sets] == [["x", "y"]]
