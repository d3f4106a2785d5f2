"""Write the JSON Schema of stored traces from the classes of events: `python tools/trace_schema.py`."""

from __future__ import annotations

import inspect
import json
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from session_demo.tracing.events import Event, ObjectState, Parameters, SourceLine
from session_demo.tracing.export.json import FORMAT, SCHEMA, VERSION, kinds
from session_demo.tracing.export.values import TAGS

STATES = [str(state) for state in ObjectState]

TYPES: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    int | None: {"type": ["integer", "null"]},
    ObjectState: {"enum": STATES},
    ObjectState | None: {"enum": [None, *STATES]},
    tuple[str, ...]: {"type": "array", "items": {"type": "string"}},
    tuple[Parameters, ...]: {"type": "array", "items": {"$ref": "#/$defs/parameters"}},
    SourceLine | None: {"type": "integer", "minimum": 0, "description": "A place in lines, from 0."},
}

LINE = {
    "description": "The file, the number of the line in it, from 1, and its text.",
    "type": "array",
    "prefixItems": [{"type": "string"}, {"type": "integer"}, {"type": "string"}],
    "items": False,
    "minItems": 3,
}
VALUE = {
    "description": "A parameter value; an object tags what JSON cannot hold with its type.",
    "anyOf": [
        {"type": ["null", "boolean", "number", "string"]},
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
        {
            "type": "object",
            "properties": {"type": {"enum": list(TAGS)}, "value": True},
            "required": ["type", "value"],
            "additionalProperties": False,
        },
    ],
}
PARAMETERS = {
    "description": "What the driver received: by position, or by name.",
    "anyOf": [
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
    ],
}


def schema() -> dict[str, Any]:
    """Return the schema of the version that this package writes."""
    events = {name: _event(kind) for name, kind in kinds().items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A trace of a SQLAlchemy session",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
            "events": {"type": "array", "items": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in events]}},
        },
        "required": ["format", "version", "lines", "events"],
        "$defs": {"line": LINE, "value": VALUE, "parameters": PARAMETERS, **events},
    }


def _event(kind: type[Event]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    known = {
        one.name: TYPES[hints[one.name]]
        | ({} if one.default in (MISSING, None) else {"default": one.default})
        for one in fields(kind)
    }
    required = [one.name for one in fields(kind) if one.default is MISSING]
    return {
        "description": (inspect.getdoc(kind) or "").partition("\n")[0],
        "type": "object",
        "properties": {"event": {"const": kind.__name__}, **known},
        "required": ["event", *required],
        "additionalProperties": False,
    }


def text() -> str:
    """Return what the file holds."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(text(), encoding="utf-8")
    print(f"Written: {SCHEMA.name}, version {VERSION}")
