"""A trace in the Trace Event Format, which https://ui.perfetto.dev and chrome://tracing draw.

The viewers want spans of one track to nest. A database transaction begins inside a flush and ends
after it, so it cannot share a track with flushes: each session has one track for what it does, and one
for each connection it has at hand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ..events import (
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    ObjectEvent,
    ObjectForgotten,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
    StatementExecuted,
)
from ..render.wording import parts_of, values_text

PROCESS = 1
LONGEST_NAME = 80

Mark = dict[str, Any]
Track = tuple[int, int]
"""The number of a session and that of a connection; 0 for what the session itself does."""


class _Timeline:
    """One track: spans that nest, and times that never go back."""

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.marks: list[Mark] = []
        self.open: list[str] = []
        self.now = 0

    def mark(self, phase: str, name: str, at: int, **more: Any) -> None:
        # What a flush reports in the order of a set is sorted for readers, a little out of time.
        self.now = max(self.now, at)
        known = {"ph": phase, "name": name, "pid": PROCESS, "tid": self.thread, "ts": self.now / 1000}
        self.marks.append(known | more)

    def begin(self, name: str, at: int, **more: Any) -> None:
        self.open.append(name)
        self.mark("B", name, at, **more)

    def end(self, name: str, at: int) -> None:
        """End the span *name* and what is open within it; nothing where the trace began later than it."""
        if name in self.open:
            while (inner := self.open.pop()) != name:
                self.mark("E", inner, at)
            self.mark("E", name, at)


class _Drawing:
    """Puts each event where a viewer is to show it."""

    def __init__(self) -> None:
        self.tracks: dict[Track, _Timeline] = {}
        self._states: dict[str, tuple[int, ObjectState]] = {}
        self._counts: dict[int, Counter[ObjectState]] = {}

    def add(self, event: Event) -> None:
        line = self._track(event.session)
        match event:
            case SessionTransactionBegun(origin=origin):
                line.begin(_transaction(origin), event.at, cat=event.lane, args=_details(event))
            case SessionTransactionEnded(origin=origin):
                line.end(_transaction(origin), event.at)
            case FlushStarted():
                line.begin("flush", event.at, cat=event.lane, args=_details(event))
            case FlushEnded():
                line.end("flush", event.at)
            case StatementExecuted(sql=sql) | DatabaseTransactionChanged(sql=sql):
                line.begin(_short(sql), event.at, cat=event.lane, args=_details(event))
                line.end(_short(sql), event.at + (event.duration or 0))
                self._connection(event)
            case ConnectionCheckedOut() | ConnectionCheckedIn():
                self._connection(event)
            case _:
                line.mark("i", _short(_words(event)), event.at, s="t", cat=event.lane, args=_details(event))
                self._count(event, line)

    def _track(self, session: int, connection: int = 0) -> _Timeline:
        place = session, connection
        if place not in self.tracks:
            self.tracks[place] = _Timeline(len(self.tracks) + 1)
        return self.tracks[place]

    def _connection(self, event: Any) -> None:
        line = self._track(event.session, event.connection) if event.connection else None
        match event:
            case _ if line is None:  # a trace written by hand may not know the connection
                return
            case ConnectionCheckedOut():
                line.begin("checked out", event.at, cat=event.lane)
            case ConnectionCheckedIn():
                line.end("checked out", event.at)
            case DatabaseTransactionChanged(command="BEGIN"):
                line.begin("database transaction", event.at, cat=event.lane, args=_details(event))
            case DatabaseTransactionChanged(command="COMMIT" | "ROLLBACK"):
                line.end("database transaction", event.at + (event.duration or 0))
            case DatabaseTransactionChanged(command="SAVEPOINT", savepoint=name):
                line.begin(f"SAVEPOINT {name}", event.at, cat=event.lane, args=_details(event))
            case DatabaseTransactionChanged(savepoint=name) if name:
                line.end(f"SAVEPOINT {name}", event.at + (event.duration or 0))

    def _count(self, event: Event, line: _Timeline) -> None:
        """Count the objects of a session in each state, as far as the trace has told."""
        if not isinstance(event, StateChanged | ObjectForgotten):
            return
        changed = {event.session}
        if before := self._states.pop(event.label, None):
            session, state = before
            self._counts[session][state] -= 1
            changed.add(session)
        if isinstance(event, StateChanged):
            self._states[event.label] = event.session, event.target
            self._counts.setdefault(event.session, Counter())[event.target] += 1
        for session in sorted(changed & self._counts.keys()):
            counts = {str(state): self._counts[session][state] for state in ObjectState}
            line.mark("C", f"objects of session {session}", event.at, args=counts)

    def finish(self, at: int) -> None:
        """End what the trace left open, at its last moment."""
        for line in self.tracks.values():
            while line.open:
                line.end(line.open[-1], at)

    def names(self) -> Iterator[Mark]:
        """Yield what names the tracks, in the order in which they are to be shown."""
        yield _name("process_name", 0, name="SQLAlchemy sessions")
        for order, ((session, connection), line) in enumerate(sorted(self.tracks.items())):
            also = f", connection {connection}" if connection else ""
            yield _name("thread_name", line.thread, name=f"session {session}{also}")
            yield _name("thread_sort_index", line.thread, sort_index=order)


def render(events: Sequence[Event]) -> str:
    """Write *events* in the Trace Event Format.

    Args:
        events: The events, oldest first.

    Returns:
        JSON. Times are microseconds since the recording began. Hidden values stay hidden.
    """
    drawing = _Drawing()
    for event in events:
        drawing.add(event)
    drawing.finish(max((line.now for line in drawing.tracks.values()), default=0))
    marks = sorted((m for line in drawing.tracks.values() for m in line.marks), key=lambda mark: mark["ts"])
    written = ",\n".join(json.dumps(mark) for mark in (*drawing.names(), *marks))
    return f'{{"displayTimeUnit": "ns", "traceEvents": [\n{written}\n]}}\n'


def _name(kind: str, thread: int, **what: object) -> Mark:
    return {"ph": "M", "name": kind, "pid": PROCESS, "tid": thread, "ts": 0, "args": what}


def _transaction(origin: str) -> str:
    return "nested transaction" if origin == "begin_nested" else "session transaction"


def _words(event: Event) -> str:
    return "".join(part.text for part in parts_of(event))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3]}..."


def _details(event: Event) -> dict[str, object]:
    """Say what a viewer shows of a span that is clicked."""
    told: dict[str, object] = {}
    if event.line:
        told |= {"line": event.line.place, "code": event.line.text}
    if event.cause:
        told["cause"] = event.cause
    match event:
        case StatementExecuted():
            told |= {
                "sql": event.sql,
                "parameters": values_text(event.parameter_sets),
                "rows": event.row_count,
            }
            told |= {"refused": True} if event.failed else {}
        case DatabaseTransactionChanged():
            told["sql"] = event.sql
        case FlushStarted():
            told |= {"new": event.new, "dirty": event.dirty, "deleted": event.deleted}
        case SessionTransactionBegun():
            told["origin"] = event.origin
        case ObjectEvent():
            told |= {"object": event.label, "key": event.key}
    return told
