"""The pytest plugin, in projects of its own: each test here runs another pytest in a fresh interpreter."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

HEAD = """
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from session_demo import create_engine
from session_demo.models import Author, Base, Book

@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Author(name=name, books=[Book(title=name)]) for name in ("Ann", "Ben"))
        session.commit()
        yield session
    engine.dispose()

def read_books(session):
    for author in session.scalars(select(Author).order_by(Author.id)):
        print(author.books)
"""

# Other people's plugins, which have no part in this.
SLOW_TO_LOAD = ("-p", "no:nbval", "-p", "no:hypothesispytest")

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run a test file in a project where warnings are errors and markers must be known."""
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error")

    def run_file(body: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_shop=HEAD + body)
        return pytester.runpytest_subprocess(*SLOW_TO_LOAD, *options)

    return run_file


def test_plugin_is_registered() -> None:
    """The entry point names the module; after a change of it the package is installed anew."""
    (found,) = (one for one in entry_points(group="pytest11") if one.name == "session_demo")
    assert found.value == "session_demo_pytest"


def test_recording_is_a_trace_and_is_stopped(run: Run) -> None:
    """The fixture starts a recording; after the test no session has a listener of ours."""
    result = run("""
watched = []

def test_story(session, session_trace):
    watched.append(session)
    story = session_trace(session)
    read_books(session)
    assert story.commands == ["BEGIN", "SELECT", "SELECT", "SELECT"]
    stopped = session_trace(session)
    stopped.stop()

def test_nothing_is_left():
    (session,) = watched
    left = [
        name
        for name in session.dispatch._event_names
        for listener in getattr(session.dispatch, name)
        if listener.__module__.startswith("session_demo.tracing")
    ]
    assert left == []
""")
    result.assert_outcomes(passed=2)


def test_count_that_is_right_passes(run: Run) -> None:
    """The statements of the test are within its limit."""
    result = run("""
@pytest.mark.parametrize("story", [
    pytest.param(1, marks=pytest.mark.statements(max=3)),
    pytest.param(2, marks=pytest.mark.statements(max=4)),
    pytest.param(3, marks=pytest.mark.statements(exactly=3)),
])
def test_books(session, session_trace, story):
    session_trace(session)
    read_books(session)
""")
    result.assert_outcomes(passed=3)


def test_count_that_is_wrong_fails_the_test(run: Run) -> None:
    """It is a failure of the test and not an error of its teardown; each statement has its line."""
    result = run("""
@pytest.mark.statements(max=2)
def test_at_most(session, session_trace):
    session_trace(session)
    read_books(session)

@pytest.mark.statements(exactly=4)
def test_exactly(session, session_trace):
    session_trace(session)
    read_books(session)
""")
    result.assert_outcomes(failed=2)
    for limit, expected in (("max=2", "at most 2"), ("exactly=4", "4")):
        result.stdout.fnmatch_lines(
            [
                f"@pytest.mark.statements({limit}): expected {expected} statements in all; "
                "found 3 statements in all",
                "   1  test_shop.py:*: for author in session.scalars(select(Author).order_by(Author.id)):",
                "      SELECT author.id, *",
                "   2  test_shop.py:*: print(author.books)",
                "      SELECT book.id* [[]1[]]",
                "   3  test_shop.py:*: print(author.books)",
                "      SELECT book.id* [[]2[]]",
            ],
            consecutive=True,
        )
    result.stdout.no_fnmatch_line("*session_demo_pytest.py*")
    result.stdout.no_fnmatch_line("During handling of*")


def test_recordings_are_counted_together(run: Run) -> None:
    """Two sessions share the limit; a recording that was stopped counts too, also one of a fixture."""
    result = run("""
@pytest.fixture
def story(session, session_trace):
    return session_trace(session)

@pytest.mark.statements(exactly=2)
def test_two(session, story, session_trace):
    session.scalars(select(Author)).all()
    session.commit()
    story.stop()
    with Session(session.get_bind()) as other:
        session_trace(other)
        other.scalars(select(Book)).all()

@pytest.mark.statements(max=1)
def test_two_are_too_many(session, story, session_trace):
    session.scalars(select(Author)).all()
    session.commit()
    with Session(session.get_bind()) as other:
        session_trace(other)
        other.scalars(select(Book)).all()
""")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["@pytest.mark.statements(max=1): *; found 2 statements in all"])


def test_nearest_marker_counts(run: Run) -> None:
    """A marker on a test stands above the marker of its class."""
    result = run("""
@pytest.mark.statements(max=0)
class TestShop:
    def test_of_the_class(self, session, session_trace):
        session_trace(session)

    @pytest.mark.statements(max=3)
    def test_of_its_own(self, session, session_trace):
        session_trace(session)
        read_books(session)
""")
    result.assert_outcomes(passed=2)


def test_failure_of_the_test_is_told_first(run: Run) -> None:
    """Where the body fails nothing is counted: its own failure is the news."""
    result = run("""
@pytest.mark.statements(max=0)
def test_books(session, session_trace):
    session_trace(session)
    read_books(session)
    assert "mine" == "yours"
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AssertionError: assert 'mine' == 'yours'"])
    result.stdout.no_fnmatch_line("*expected at most*")


def test_marker_without_recording(run: Run) -> None:
    """A limit that nothing can be held against is no limit that is kept."""
    result = run("""
@pytest.mark.statements(max=3)
def test_without_the_fixture(session):
    read_books(session)

@pytest.mark.statements(max=4)
def test_without_a_recording(session, session_trace):
    read_books(session)
""")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            f"Can't judge @pytest.mark.statements(max={most}): this test recorded no session. "
            "Take the fixture session_trace, and call session_trace(session)."
            for most in (3, 4)
        ]
    )


def test_marker_that_cannot_be_read(run: Run) -> None:
    """A wrong marker is an error before the test runs."""
    wrong = ["", "3", "maximum=3", "max=-1", "max='3'", "max=True", "max=3, exactly=3"]
    result = run(
        "\n".join(
            f"@pytest.mark.statements({arguments})\ndef test_{number}(session_trace): ...\n"
            for number, arguments in enumerate(wrong)
        )
    )
    result.assert_outcomes(errors=len(wrong))
    for arguments in wrong:
        result.stdout.fnmatch_lines(
            [
                f"Can't read @pytest.mark.statements({arguments}): it takes one count from 0. "
                "Write statements(max=3) or statements(exactly=3)."
            ]
        )


def test_not_a_session(run: Run) -> None:
    """What can't be recorded is told by the tracer's own error."""
    result = run("""
def test_books(session_trace):
    session_trace("session")
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NotASessionError: Can't trace a str: that needs a Session,*"])


def test_no_lazy_loads(run: Run) -> None:
    """The marker fails a test whose recordings hold a lazy load, and names relationship, line and remedy."""
    result = run("""
from sqlalchemy.orm import selectinload

@pytest.mark.no_lazy_loads
def test_lazy(session, session_trace):
    session_trace(session)
    read_books(session)

@pytest.mark.no_lazy_loads
def test_eager(session, session_trace):
    session_trace(session)
    for author in session.scalars(select(Author).options(selectinload(Author.books))):
        print(author.books)

@pytest.mark.no_lazy_loads
def test_unseen(session):
    pass

@pytest.mark.no_lazy_loads(1)
def test_unread(session_trace):
    pass
""")
    result.assert_outcomes(passed=1, failed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.no_lazy_loads: expected no lazy load; found",
            "  Author.books, 2 times, selectinload(Author.books) would load it at once",
            "    test_shop.py:*: print(author.books)",
            "Can't judge @pytest.mark.no_lazy_loads: this test recorded no session. *",
        ]
    )
    result.stdout.fnmatch_lines(["Can't read @pytest.mark.no_lazy_loads(1): it takes nothing."])


def test_marker_and_fixture_are_listed(run: Run) -> None:
    """Who asks pytest what there is finds both explained."""
    result = run("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.statements(max=None, exactly=None): how many statements *"])
    result.stdout.fnmatch_lines(["@pytest.mark.no_lazy_loads: the recordings of session_trace may hold *"])
    result = run("", "--fixtures")
    result.stdout.fnmatch_lines(["session_trace*", "*Record sessions until the test is over."])


UNUSED = """
import importlib.metadata, sys
(entry,) = (e for e in importlib.metadata.entry_points(group="pytest11") if e.name == "session_demo")
entry.load()
print(sorted({"sqlalchemy", "session_demo"} & set(sys.modules)))
"""


def test_unused_plugin_costs_no_import(python: Callable[..., str]) -> None:
    """A project that has the package installed and does not use the plugin loads no SQLAlchemy."""
    assert python(UNUSED) == "[]\n"


SHOP = """
import pytest
import sqlalchemy as sa
from session_demo import SQLAlchemy

shop = SQLAlchemy("sqlite:///shop.db")

class User(shop.Model):
    __tablename__ = "user"
    id = sa.Column(sa.Integer, primary_key=True)

@pytest.fixture(scope="session")
def db():
    shop.create_all()
    yield shop
    shop.engine.dispose()
"""


def test_database_is_as_before(run: Run) -> None:
    """With the fixture db_transaction each test finds the database as the one before it did."""
    result = run(
        SHOP
        + """
@pytest.mark.parametrize("number", [1, 2])
def test_user(db, db_transaction, number):
    assert db.s() is db_transaction.session
    assert db.s.all(User) == []
    db.s.create(User)
    db.s.commit()

def test_nothing_is_left(db):
    assert db.s.all(User) == []
    db.s.remove()
"""
    )
    result.assert_outcomes(passed=3)


def test_fixture_needs_a_database(run: Run) -> None:
    """A fixture db that gives something else is told, with the remedy."""
    result = run("""
@pytest.fixture
def db():
    return None

def test_user(db_transaction):
    pass
""")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Can't isolate this test: the fixture db gives None. Define a fixture db*"])
