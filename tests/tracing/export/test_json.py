"""Stored traces: what is written is read back, and what is broken is refused whole."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from tools import trace_schema

from session_demo import Trace, load_trace, trace
from session_demo.errors import TraceFormatError
from session_demo.models import Author
from session_demo.tracing.events import (
    Event,
    FlushEnded,
    MarkSet,
    ObjectState,
    Parameters,
    SourceLine,
    StatementExecuted,
)
from session_demo.tracing.export.json import SCHEMA, kinds, read, write
from session_demo.tracing.export.values import Described
from session_demo.tracing.redaction import HIDDEN

NEVER_NAN = st.floats(allow_nan=False)
SCALARS = (
    st.none() | st.booleans() | st.integers() | NEVER_NAN | st.text() | st.binary() | st.just(HIDDEN)
) | st.one_of(
    st.decimals(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.none() | st.just(UTC)),
    st.timedeltas(),
    st.uuids(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=5,
)
SETS = st.lists(VALUES, max_size=3).map(tuple) | st.dictionaries(st.text(), VALUES, max_size=3)
LINES = st.builds(SourceLine, st.text(), st.integers(), st.text())
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(),
    bool: st.booleans(),
    int | None: st.none() | st.integers(),
    ObjectState: st.sampled_from(ObjectState),
    ObjectState | None: st.none() | st.sampled_from(ObjectState),
    tuple[str, ...]: st.lists(st.text(), max_size=3).map(tuple),
    tuple[Parameters, ...]: st.lists(SETS, max_size=3).map(tuple),
    SourceLine | None: st.none() | LINES,
}


def one_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(kind)
    known = {one.name: BY_TYPE[hints[one.name]] for one in fields(kind)}
    if "sql" in known:  # white space is folded when a statement is recorded
        known["sql"] = st.text().map(lambda sql: " ".join(sql.split()))
    return st.builds(kind, **known)


STORIES = st.lists(st.one_of(*map(one_of, kinds().values())), max_size=6)


def everything(event: Event) -> list[object]:
    return [type(event), *(getattr(event, one.name) for one in fields(event))]


@given(STORIES)
def test_any_story_is_read_as_it_was_written(story: list[Event]) -> None:
    """Every field of every event comes back, also those that do not count for equality."""
    assert list(map(everything, read(write(story)))) == list(map(everything, story))


@given(STORIES)
def test_any_story_is_what_the_schema_says(story: list[Event]) -> None:
    """The shipped schema describes each file that can be written."""
    jsonschema.validate(json.loads(write(story)), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_schema_is_that_of_the_classes() -> None:
    """The shipped schema is what tools/trace_schema.py writes, and is itself a valid schema."""
    assert SCHEMA.read_text(encoding="utf-8") == trace_schema.text(), "run: python tools/trace_schema.py"
    jsonschema.Draft202012Validator.check_schema(trace_schema.schema())


@pytest.mark.parametrize("kind", kinds().values())
def test_schema_refuses_an_event_that_lacks_a_field(kind: type[Event]) -> None:
    """A field without a default is required in the file."""
    needed = [one.name for one in fields(kind) if one.default is MISSING]
    document = {
        "format": "session-demo trace",
        "version": 1,
        "lines": [],
        "events": [{"event": kind.__name__}],
    }
    valid = jsonschema.Draft202012Validator(trace_schema.schema()).is_valid(document)
    assert valid == (not needed)


PLAIN = [
    *(None, True, 7, 0.5, "ann", b"\x00\xff", Decimal("1.50"), UUID(int=7)),
    *(
        date(2026, 2, 3),
        time(4, 5),
        datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
        timedelta(days=-1, microseconds=1),
    ),
    *(float("inf"), [1, [b"x"]], ("a", {"b": Decimal(2)})),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_value_comes_back_with_its_type(value: object) -> None:
    """What a driver usually receives is equal, and of the same type, after reading."""
    (event,) = read(write([StatementExecuted("SELECT ?", ((value,),))]))
    assert isinstance(event, StatementExecuted)
    assert repr(event.parameter_sets) == repr(((value,),))


def test_any_other_value_comes_back_as_its_repr() -> None:
    """A value that is not plain is described by its class and its repr, and stays so when written again."""
    first = write([StatementExecuted("SELECT ?", ((SimpleNamespace(a=1),),))])
    (event,) = read(first)
    assert event == StatementExecuted("SELECT ?", ((Described("types.SimpleNamespace", "namespace(a=1)"),),))
    assert write([event]) == first


def test_hidden_value_stays_hidden() -> None:
    """A hidden value is not in the file, and is hidden again after reading."""
    story = [StatementExecuted("INSERT", ({"name": "ann", "password": HIDDEN},))]
    (event,) = read(write(story))
    assert repr(event) == repr(story[0])
    assert '"password": {"type": "hidden", "value": null}' in write(story)


def test_recording_is_saved_and_loaded(session: Session, tmp_path: Path) -> None:
    """A file holds all of a real recording: events, times, lines, causes."""
    with trace(session) as story:
        session.add(Author(name="Ursula K. Le Guin"))
        session.commit()
    story.save(tmp_path / "story.json")
    found = load_trace(tmp_path / "story.json")
    assert list(map(everything, found)) == list(map(everything, story))
    assert (str(found), found.states("Author A")) == (str(story), ["transient", "pending", "persistent"])


def test_line_is_written_once() -> None:
    """Events of one line of the program share one entry, and one event is one line of the file."""
    line = SourceLine("orders.py", 3, "session.commit()")
    assert write([replace(FlushEnded(), line=line), replace(FlushEnded(True), line=line, at=5)]) == (
        '{"format": "session-demo trace", "version": 1,\n'
        '"lines": [\n["orders.py", 3, "session.commit()"]\n],\n'
        '"events": [\n'
        '{"event": "FlushEnded", "line": 0},\n'
        '{"event": "FlushEnded", "at": 5, "line": 0, "failed": true}\n'
        "]}\n"
    )


def document(**changes: object) -> str:
    whole = {"format": "session-demo trace", "version": 1, "lines": [], "events": []}
    return json.dumps(whole | changes)


BROKEN = {
    "it is no JSON, Expecting value: line 1 column 1 (char 0)": "",
    "it is no JSON, Unterminated string": document()[:12],
    'it is JSON without "format": "session-demo trace"': "[]",
    "it has no list of events": document(events=None),
    "it has no list of lines": document(lines={}),
    "line 0 is no [file, number, text] but [1]": document(lines=[[1]]),
    "event 1 cannot be understood: 7 is no object": document(events=[7]),
    "no class of events is called 'Event'": document(events=[{"event": "Event"}]),
    "no class of events is called None": document(events=[{}]),
    "event 2 cannot be understood: MarkSet needs the field 'name'": document(
        events=[{"event": "FlushEnded"}, {"event": "MarkSet"}]
    ),
    "FlushEnded has no field 'colour'": document(events=[{"event": "FlushEnded", "colour": 1}]),
    "'failed' can't be 1: it must be bool": document(events=[{"event": "FlushEnded", "failed": 1}]),
    "'at' can't be True: it must be int": document(events=[{"event": "FlushEnded", "at": True}]),
    "'line' is 0, and the file has 0 lines": document(events=[{"event": "FlushEnded", "line": 0}]),
    "'target' can't be 'gone'": document(
        events=[{"event": "StateChanged", "label": "A", "source": None, "target": "gone"}]
    ),
    "no value is written as {'type': 'Fraction', 'value': '1/2'}": document(
        events=[
            {
                "event": "StatementExecuted",
                "sql": "",
                "parameter_sets": [[{"type": "Fraction", "value": "1/2"}]],
            }
        ]
    ),
    "'soon' is no datetime": document(
        events=[
            {
                "event": "StatementExecuted",
                "sql": "",
                "parameter_sets": [[{"type": "datetime", "value": "soon"}]],
            }
        ]
    ),
}


@pytest.mark.parametrize("found", BROKEN)
def test_broken_text_is_refused(found: str) -> None:
    """An error says where the text is broken and how, in one line."""
    with pytest.raises(TraceFormatError) as refused:
        Trace.from_json(BROKEN[found])
    message = str(refused.value)
    assert message.startswith("Can't read the trace: ")
    assert found in message
    assert "\n" not in message


def test_other_version_is_refused() -> None:
    """A file of a version that is not known names both versions and the remedy."""
    with pytest.raises(TraceFormatError, match=r"has version 2 .* reads version 1\. Install"):
        Trace.from_json(document(version=2))


def test_error_names_the_file(tmp_path: Path) -> None:
    """A file that is no trace is named, be it text or not."""
    path = tmp_path / "photo.json"
    path.write_bytes(b"\xff\xd8")
    with pytest.raises(TraceFormatError, match=r"photo\.json: byte 0 is no UTF-8"):
        load_trace(path)
    path.write_text("{}")
    with pytest.raises(TraceFormatError, match=r"photo\.json: it is JSON without"):
        load_trace(path)


def test_missing_file_is_the_error_of_python(tmp_path: Path) -> None:
    """What the file system says is passed on unchanged."""
    with pytest.raises(FileNotFoundError):
        load_trace(tmp_path / "none.json")


def test_mark_with_any_name_is_text() -> None:
    """Letters of all alphabets, quotes and line breaks survive, and the file is ASCII."""
    story: list[Event] = [MarkSet('"ä"\n\ud800')]
    assert read(write(story)) == story
    assert write(story).isascii()
