"""Lines of the program that ask the database again and again, and what is usually done instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..events import DatabaseTransactionChanged, Event, SourceLine, StatementExecuted

LAZY = "lazy load of "
"""What the cause of a lazy load begins with."""

MANY = 3
"""So many statements that one line sends for the same reason are called a loop."""

ONE_BY_ONE = {
    "refresh of expired ": "{} expired objects are refreshed one by one{}; one query for them refreshes all.",
    "load of more columns of ": (
        "More columns of {} objects are loaded one by one{}; "
        "where they are deferred, undefer() loads them with the query."
    ),
}
"""What causes begin with that end with the name of an object, and what is said of many of them."""


def loops_of(events: Sequence[Event]) -> Iterator[str]:
    """Say in a sentence each what a line sent many times: lazy loads, refreshes, columns, queries.

    Args:
        events: The events, oldest first.
    """
    statements = [event for event in events if isinstance(event, StatementExecuted)]
    yield from _lazy_loads(statements)
    yield from _one_by_one(events)
    yield from _queries(statements)


def _lazy_loads(statements: Sequence[StatementExecuted]) -> Iterator[str]:
    lazy = Counter(
        (one.cause.removeprefix(LAZY), one.line) for one in statements if one.cause.startswith(LAZY)
    )
    for (relationship, line), times in lazy.items():
        if times >= MANY:
            yield (
                f"N+1: {relationship} is loaded {times:,} times{_by(line)}; "
                f"selectinload({relationship}) would load all at once."
            )


def _one_by_one(events: Sequence[Event]) -> Iterator[str]:
    # What a commit or a rollback in the loop expires again, no query before the loop can refresh. So only
    # different objects of one transaction count.
    objects: dict[tuple[str, SourceLine | None], set[str]] = {}
    most: Counter[tuple[str, SourceLine | None]] = Counter()
    for event in events:
        if isinstance(event, StatementExecuted):
            for kind in ONE_BY_ONE:
                if event.cause.startswith(kind):
                    known = objects.setdefault((kind, event.line), set())
                    known.add(event.cause)
                    most[kind, event.line] = max(most[kind, event.line], len(known))
        elif isinstance(event, DatabaseTransactionChanged) and event.command in ("COMMIT", "ROLLBACK"):
            objects.clear()
    for (kind, line), number in most.items():
        if number >= MANY:
            yield ONE_BY_ONE[kind].format(f"{number:,}", _by(line))


def _queries(statements: Sequence[StatementExecuted]) -> Iterator[str]:
    queries: dict[tuple[str, SourceLine], list[StatementExecuted]] = {}
    for one in statements:
        if one.line and one.verb == "SELECT" and not one.cause:
            queries.setdefault((one.sql, one.line), []).append(one)
    for (_, line), sent in queries.items():
        if len(sent) >= MANY:
            values = len({repr(one.parameter_sets) for one in sent})
            if values >= MANY:
                times = f"{len(sent):,} times{_by(line)}, with {values:,} different values"
                yield f"The same SELECT is sent {times}: would one query do?"


def _by(line: SourceLine | None) -> str:
    return f" by {line.place}" if line else ""
