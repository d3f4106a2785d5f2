"""A trace as JSON that can be read back: ``trace.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from ...errors import TraceFormatError
from .. import events
from ..events import Event, ObjectState, Parameters, SourceLine
from .values import decode, encode

FORMAT = "session-demo trace"
VERSION = 1
"""Goes up when a program that reads the version before would misread or refuse a file."""

SCHEMA = Path(__file__).with_name("trace.schema.json")

Lines = dict[SourceLine, int]


def write(story: Sequence[Event]) -> str:
    """Write the events of *story* as JSON in ASCII, one event on each line of the text.

    Fields that have their default value are left out. Lines of the program are written once, and
    events refer to them by their place in the list, from 0.
    """
    lines: Lines = {}
    told = ",\n".join([json.dumps(_event(event, lines)) for event in story])
    program = ",\n".join(json.dumps([line.file, line.number, line.text]) for line in lines)
    return (
        f'{{"format": {json.dumps(FORMAT)}, "version": {VERSION},\n'
        f'"lines": [\n{program}\n],\n"events": [\n{told}\n]}}\n'
    )


def _event(event: Event, lines: Lines) -> dict[str, Any]:
    kind = type(event).__name__
    written: dict[str, Any] = {"event": kind}
    for name, default in _defaults(kind):
        value = getattr(event, name)
        if default is MISSING or value != default:
            written[name] = _plain(name, value, lines)
    return written


def _plain(name: str, value: Any, lines: Lines) -> Any:
    if name == "line":
        return lines.setdefault(value, len(lines))
    if name == "parameter_sets":
        return [_set(one) for one in value]
    return value  # a tuple of names becomes a list, an object state the word it is


def _set(parameters: Parameters) -> Any:
    if isinstance(parameters, Mapping):
        return {name: encode(value) for name, value in parameters.items()}
    return [encode(value) for value in parameters]


def read(text: str, source: str = "the trace") -> list[Event]:
    """Return the events of a text that :func:`write` wrote.

    Args:
        text: The JSON.
        source: What it is called in an error.

    Raises:
        TraceFormatError: It is something else. Nothing is half read.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(source, f"it is no JSON, {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _broken(source, f'it is JSON without "format": "{FORMAT}"')
    version = document.get("version")
    if version != VERSION:
        raise TraceFormatError(
            f"Can't read {source}: it has version {version!r} of the format, and this session_demo "
            f"reads version {VERSION}. Install the version of session_demo that wrote it."
        )
    try:
        return list(_events(document))
    except ValueError as error:
        raise _broken(source, str(error)) from error


def _broken(source: str, found: str) -> TraceFormatError:
    return TraceFormatError(f"Can't read {source}: {found}. Was it written by to_json() or save()?")


def _events(document: Mapping[str, Any]) -> Iterator[Event]:
    for name in ("lines", "events"):
        if not isinstance(document.get(name), list):
            raise ValueError(f"it has no list of {name}")
    lines = [_line(number, one) for number, one in enumerate(document["lines"])]
    for number, one in enumerate(document["events"], 1):
        try:
            yield _made(one, lines)
        except ValueError as error:
            raise ValueError(f"event {number} cannot be understood: {error}") from error


def _line(number: int, written: Any) -> SourceLine:
    match written:
        case [str(file), int(place), str(text)]:
            return SourceLine(file, place, text)
    raise ValueError(f"line {number} is no [file, number, text] but {written!r}")


def _made(written: Any, lines: Sequence[SourceLine]) -> Event:
    if not isinstance(written, dict):
        raise ValueError(f"{written!r} is no object")
    given = dict(written)
    name = given.pop("event", None)
    if not isinstance(name, str) or name not in kinds():
        raise ValueError(f"no class of events is called {name!r}")
    readers = _readers(name)
    if unknown := sorted(given.keys() - readers.keys()):
        raise ValueError(f"{name} has no field {unknown[0]!r}")
    required = {field for field, default in _defaults(name) if default is MISSING}
    if missing := sorted(required - given.keys()):
        raise ValueError(f"{name} needs the field {missing[0]!r}")
    made = {field: _field(field, readers[field], value, lines) for field, value in given.items()}
    return kinds()[name](**made)


def _field(name: str, reader: Callable[[Any], Any], value: Any, lines: Sequence[SourceLine]) -> Any:
    if name == "line":
        if type(value) is not int or not 0 <= value < len(lines):
            raise ValueError(f"'line' is {value!r}, and the file has {len(lines)} lines")
        return lines[value]
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name!r} can't be {value!r}: {error}") from error


@cache
def kinds() -> dict[str, type[Event]]:
    """Return the classes of events that a trace may hold, by their names."""
    classes = [one for one in vars(events).values() if isinstance(one, type) and issubclass(one, Event)]
    parents = {parent for one in classes for parent in one.__mro__[1:]}
    return {one.__name__: one for one in classes if one not in parents}


@cache
def _defaults(kind: str) -> list[tuple[str, object]]:
    return [(one.name, one.default) for one in fields(kinds()[kind])]


@cache
def _readers(kind: str) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(kinds()[kind])
    return {one.name: READERS[hints[one.name]] for one in fields(kinds()[kind])}


def _exactly(*types: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) not in types:  # a bool is no int here
            raise ValueError(f"it must be {' or '.join(one.__name__ for one in types)}")
        return value

    return read


def _names(value: Any) -> tuple[str, ...]:
    return tuple(map(_exactly(str), _exactly(list)(value)))


def _parameter_sets(value: Any) -> tuple[Parameters, ...]:
    return tuple(map(_parameters, _exactly(list)(value)))


def _parameters(value: Any) -> Parameters:
    if isinstance(_exactly(list, dict)(value), dict):
        return {name: decode(one) for name, one in value.items()}
    return tuple(map(decode, value))


READERS: dict[Any, Callable[[Any], Any]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    int | None: _exactly(int, type(None)),
    ObjectState: ObjectState,
    ObjectState | None: lambda value: None if value is None else ObjectState(value),
    tuple[str, ...]: _names,
    tuple[Parameters, ...]: _parameter_sets,
    SourceLine | None: lambda value: value,
}
"""How a field is read, by the type it is declared with."""
