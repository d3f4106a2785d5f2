"""Each event goes back to a line of the program."""

from __future__ import annotations

import inspect
import linecache
import sys
from pathlib import Path
from types import FunctionType

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from session_demo import Trace, trace
from session_demo.models import Author, Book
from session_demo.tracing import hooks
from session_demo.tracing.events import SourceLine, StateChanged, StatementExecuted
from session_demo.tracing.lines import Place, caller, source_line
from session_demo.tracing.render.layout import lay_out


def lines(story: Trace) -> list[str]:
    """The lines of a trace, each named once where it begins."""
    return [row.line.text for row in lay_out(story).rows if row.line]


def helper(session: Session) -> None:
    session.flush()


def test_caller_is_the_line_of_the_program() -> None:
    """The innermost place outside the libraries is the one that asked."""
    place = caller()
    assert place is not None
    assert place == (sys._getframe().f_code, sys._getframe().f_lineno - 2, "caller")
    assert source_line(place) == SourceLine(__file__, place[1], "place = caller()")


def test_every_event_names_the_line_that_asked(session: Session) -> None:
    """Adding, reading, flushing, committing and closing each stand under their own line."""
    author = Author(name="Ann")
    with trace(session) as story:
        session.add(author)
        session.commit()
        _ = author.name
        session.close()
    assert lines(story) == ["session.add(author)", "session.commit()", "_ = author.name", "session.close()"]
    assert all(event.line for event in story)
    (select_,) = [statement for statement in story.statements if statement.verb == "SELECT"]
    assert select_.line is not None
    assert select_.line.text == "_ = author.name"


def test_line_inside_a_function_is_the_innermost(session: Session) -> None:
    """What a helper of the program asks is shown under the helper's line."""
    session.add(Author(name="Ann"))
    with trace(session) as story:
        helper(session)
    assert lines(story) == ["session.flush()"]


@pytest.mark.parametrize("kind", ["session", "maker"])
def test_end_of_a_with_block_is_the_line_of_the_with(engine: Engine, kind: str) -> None:
    """COMMIT belongs to the line that promised it, whoever wrote the context manager."""
    maker = sessionmaker(engine)
    session = maker()
    if kind == "session":
        with trace(session) as story, session.begin():
            session.add(Author(name="Ann"))
        expected = "with trace(session) as story, session.begin():"
    else:
        with maker.begin() as session:
            story = trace(session).start()
            session.add(Author(name="Ann"))
        story.stop()
        expected = "with maker.begin() as session:"
    session.close()
    (insert,) = story.statements
    assert insert.line is not None
    assert insert.line.text == expected


def test_scoped_session_is_not_the_one_who_asked(engine: Engine) -> None:
    """A proxy of SQLAlchemy's is passed over."""
    scoped = scoped_session(sessionmaker(engine))
    with trace(scoped) as story:
        scoped.scalars(select(Author)).all()
    assert lines(story) == ["scoped.scalars(select(Author)).all()"]
    scoped.remove()


def test_code_without_a_source_has_a_number(session: Session) -> None:
    """A line whose text cannot be had is still told from others."""
    with trace(session) as story:
        exec(compile("\nsession.add(author)", "<made up>", "exec"), {"session": session, "author": Author()})
    change = next(story.of(StateChanged))
    assert change.line == SourceLine("<made up>", 2, "")


def test_program_without_python_frames_has_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody but libraries is on the stack there is no line."""
    from session_demo.tracing import lines as module

    stack = [frame.frame.f_globals.get("__name__") for frame in inspect.stack(0)]
    monkeypatch.setattr(module, "_library_modules", dict.fromkeys(stack, True))
    assert caller() is None


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (SourceLine("/home/ann/shop/orders.py", 12), "orders.py:12"),
        (SourceLine("<stdin>", 1), "line 1"),
        (SourceLine("<doctest README[0]>", 2), "line 2"),
        (SourceLine("/tmp/ipykernel_4711/123.py", 3), "line 3"),
    ],
)
def test_place_names_files_but_not_cells(line: SourceLine, place: str) -> None:
    """The file of a notebook cell or a doctest is made up, and another one each time."""
    assert line.place == place


def test_line_does_not_make_events_different() -> None:
    """Two events that differ in their line and time only are equal."""
    one = StatementExecuted("SELECT 1", at=1, line=SourceLine("orders.py", 1))
    assert one == StatementExecuted("SELECT 1", at=2, line=SourceLine("shop.py", 9))


def test_reading_a_trace_reads_the_file_once(session: Session, tmp_path: Path) -> None:
    """The text of a line comes from the line cache, as in a traceback."""
    file = tmp_path / "orders.py"
    file.write_text("def order(session, thing):\n    session.add(thing)\n", "utf-8")
    namespace: dict[str, object] = {}
    exec(compile(file.read_text("utf-8"), str(file), "exec"), namespace)
    with trace(session) as story:
        namespace["order"](session, Author(name="Ann"))  # type: ignore[operator]
    assert lines(story) == ["session.add(thing)"]
    assert str(file) in linecache.cache


def nested_use(session: Session) -> None:
    """Uses the session from within a listener, so that two layers of SQLAlchemy lie between two of ours."""

    def before_flush(session: Session, *_: object) -> None:
        if not any(isinstance(one, Book) for one in session.new):
            session.add(Book(title="From a listener"))
            session.execute(text("SELECT 1"))

    def loaded(session: Session, _: object) -> None:
        session.connection().execute(text("SELECT 2"))

    event.listen(session, "before_flush", before_flush)
    event.listen(session, "loaded_as_persistent", loaded)


def test_remembered_place_is_that_of_a_plain_walk(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each record of a varied program, a walk that remembers nothing finds the same line."""
    pairs: list[tuple[Place | None, Place]] = []

    def both() -> Place | None:
        frame, called = sys._getframe(1), ""
        while frame.f_globals["__name__"].partition(".")[0] in ("sqlalchemy", "session_demo", "contextlib"):
            frame, called = frame.f_back, frame.f_code.co_name
        pairs.append((caller(), (frame.f_code, frame.f_lineno, called)))
        return pairs[-1][0]

    # This test stands between the hook and the caller, so it must pass for a library here.
    monkeypatch.setattr(
        hooks,
        "caller",
        FunctionType(both.__code__, {**globals(), "__name__": "sqlalchemy"}, closure=both.__closure__),
    )
    for nested in (False, True):
        if nested:
            nested_use(session)
        with trace(session):
            for name in ("Ann", "Ben"):
                session.add(Author(name=f"{name} {nested}", books=[Book(title="One"), Book(title="Two")]))
                helper(session)
            with session.begin_nested():
                [session.add(Author(name=f"{letter} {nested}")) for letter in "xyz"]
            session.commit()
            exec(
                "for author in session.scalars(select(Author)): author.books",
                {**globals(), "session": session},
            )
            any(author.name == "nobody" for author in session.scalars(select(Author)))
            session.delete(session.scalars(select(Author)).first())
            session.rollback()
            session.close()
    assert len(pairs) > 100
    assert len({place for place, _ in pairs}) > 10
    assert [found for found, _ in pairs] == [plain for _, plain in pairs]
