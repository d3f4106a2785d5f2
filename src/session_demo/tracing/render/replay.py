"""Play the events of a trace again, and write down what lived and what was open."""

from __future__ import annotations

from collections.abc import Iterable

from ..events import (
    AttributesExpired,
    AttributesRefreshed,
    ConnectionCheckedIn,
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    DeletionMarked,
    Event,
    FlushEnded,
    FlushStarted,
    IdentityFound,
    ObjectEvent,
    ObjectForgotten,
    ObjectState,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StateChanged,
)
from .model import Bar, Life, Model, Span, SpanKind

_IN_SESSION = {ObjectState.PENDING, ObjectState.PERSISTENT, ObjectState.DELETED}

_Place = tuple[SpanKind, int, int]


def model_of(events: Iterable[Event]) -> Model:
    """Make the model that all pictures of *events* share.

    Args:
        events: The events, oldest first.
    """
    replay = _Replay()
    for event in events:
        replay.hear(event)
    return replay.finished()


class _Replay:
    """Hears events one by one. A span is open until its end is heard, and so is a bar."""

    def __init__(self) -> None:
        self._now = 0
        self._session = 1
        self._lives: dict[str, Life] = {}
        self._marked: dict[int, set[str]] = {}
        self._spans: dict[_Place, list[Span]] = {}
        self._open: dict[_Place, list[Span]] = {}

    def hear(self, event: Event) -> None:
        self._now += 1
        self._session = event.session
        if isinstance(event, ObjectEvent):
            self._object(event)
        else:
            self._beside_objects(event)

    def finished(self) -> Model:
        for life in self._lives.values():
            if not life.forgotten:
                life.bars[-1].last = self._now
        for stack in self._open.values():
            for span in stack:
                span.last = self._now + 1
        spans = [span for group in self._spans.values() for span in _nested(group)]
        spans.sort(key=lambda span: (span.first, -span.last, span.depth))
        return Model(self._now, tuple(self._lives.values()), tuple(spans))

    def _object(self, event: ObjectEvent) -> None:
        life = self._lives.get(event.label)
        if life is None:
            life = self._lives[event.label] = self._born(event)
        if event.key:
            life.key, life.keyed = event.key, life.keyed or self._now
        bar = life.bars[-1]
        match event:
            case StateChanged(source=source, target=target):
                bar.state = bar.state or source
                self._becomes(life, target)
            case DeletionMarked(marked=marked):
                self._becomes(life, ObjectState.PERSISTENT, bar.expired, marked)
                if marked:
                    self._marked.setdefault(event.session, set()).add(event.label)
            case AttributesExpired(attributes=()):
                self._becomes(life, bar.state, True, bar.marked)
            case AttributesRefreshed():
                self._becomes(life, bar.state or ObjectState.PERSISTENT, False, bar.marked)
            case IdentityFound():
                self._becomes(life, bar.state or ObjectState.PERSISTENT, bar.expired, bar.marked)
            case ObjectForgotten():
                life.forgotten, bar.last = self._now, self._now - 1

    def _born(self, event: ObjectEvent) -> Life:
        source = event.source if isinstance(event, StateChanged) else None
        if isinstance(event, DeletionMarked | IdentityFound):
            source = ObjectState.PERSISTENT
        # Had it come into the session within the trace, an event would have told of it.
        first = 0 if source in _IN_SESSION else self._now - 1 if source else self._now
        entity = event.entity or event.label.rpartition(" ")[0] or event.label
        return Life(
            event.label, entity, seen=self._now, bars=[Bar(source, first, self._now, session=self._session)]
        )

    def _becomes(
        self, life: Life, state: ObjectState | None, expired: bool = False, marked: bool = False
    ) -> None:
        bar = life.bars[-1]
        if (bar.state, bar.expired, bar.marked) == (state, expired, marked):
            return
        bar.last = self._now - 1
        # What is known of its beginning from this very event, or lasted no moment, is no bar of its own.
        unknown = bar.state is None and state is not None
        first = bar.first if unknown else self._now
        if unknown or bar.last < bar.first:
            life.bars.pop()
        life.bars.append(Bar(state, first, self._now, expired, marked, self._session))

    def _unmark(self, session: int) -> None:
        """Take the marks away, as each rollback does."""
        for label in sorted(self._marked.pop(session, ())):
            life = self._lives[label]
            if life.bars[-1].marked and not life.forgotten:
                self._becomes(life, life.bars[-1].state, life.bars[-1].expired)

    def _beside_objects(self, event: Event) -> None:
        session = event.session
        match event:
            case SessionTransactionBegun(origin=origin):
                self._opened(("session transaction", session, 0), origin)
            case SessionTransactionEnded(origin=origin, outcome=outcome):
                self._closed(("session transaction", session, 0), origin, outcome)
                if outcome != "committed":
                    self._unmark(session)
            case FlushStarted():
                self._opened(("flush", session, 0), "flush")
            case FlushEnded(failed=failed):
                self._closed(("flush", session, 0), "flush", "failed" if failed else "ended")
            case ConnectionCheckedOut(connection=number):
                self._opened(("connection", session, number), f"connection {number}")
            case ConnectionCheckedIn(connection=number):
                self._closed(("connection", session, number), f"connection {number}", "checked in")
            case DatabaseTransactionChanged():
                self._command(event)

    def _command(self, event: DatabaseTransactionChanged) -> None:
        place: _Place = "database transaction", event.session, event.connection
        match event.command.split()[0]:
            case "BEGIN" | "SAVEPOINT":
                self._opened(place, event.sql)
            case "RELEASE":
                self._closed(place, f"SAVEPOINT {event.savepoint}", "released")
            case "ROLLBACK" if event.command == "ROLLBACK TO SAVEPOINT":
                self._closed(place, f"SAVEPOINT {event.savepoint}", "rolled back")
            case "COMMIT":
                self._closed(place, "BEGIN", "committed")
            case "ROLLBACK":
                self._closed(place, "BEGIN", "rolled back")

    def _opened(self, place: _Place, name: str) -> None:
        span = Span(place[0], name, place[1], self._now, 0)
        self._open.setdefault(place, []).append(span)
        self._spans.setdefault(place, []).append(span)

    def _closed(self, place: _Place, name: str, outcome: str) -> None:
        """Close the innermost span of that name with all within it; it may be older than the trace."""
        stack = self._open.setdefault(place, [])
        if all(span.name != name for span in stack):
            older = Span(place[0], name, place[1], 0, 0)
            inner = name == "begin_nested" or name.startswith("SAVEPOINT")
            stack.insert(len(stack) if inner else 0, older)
            self._spans.setdefault(place, []).append(older)
        while stack:
            span = stack.pop()
            span.last, span.outcome = self._now, outcome
            if span.name == name:
                return


def _nested(spans: list[Span]) -> list[Span]:
    """Tell each span how many are around it."""
    around: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.first, -span.last)):
        while around and around[-1].last <= span.first:
            around.pop()
        span.depth = len(around)
        around.append(span)
    return spans
