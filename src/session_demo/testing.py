"""Traces in the tests of a program: how many statements a session may send."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from .errors import StatementBudgetExceededError, described
from .lazy_loads import assert_no_lazy_loads, no_lazy_loads
from .tracing.events import DatabaseTransactionChanged, StatementExecuted
from .tracing.lines import caller, source_line
from .tracing.records import told
from .tracing.render.wording import values_text
from .tracing.target import acquired_connections, session_of
from .tracing.traces import Trace

if TYPE_CHECKING:
    from .tracing.target import OneSession

__all__ = ["assert_no_lazy_loads", "assert_statements", "at_most", "no_lazy_loads", "statement_budget"]

VERBS = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "REPLACE", "VALUES"),
    *("CREATE", "ALTER", "DROP", "TRUNCATE", "PRAGMA", "EXPLAIN", "CALL", "SET"),
)
"""The first words of statements that can be counted by name; ``total`` counts all others too."""

STATEMENTS_SHOWN = 20
"""Statements that a message lists before it only counts them."""

# A comment or a bracket may stand before the verb.
_VERB = re.compile(r"(?:\s|\(|/\*.*?\*/)*(\w*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AtMost:
    """A count that may be smaller; :func:`at_most` makes one."""

    most: int

    def __str__(self) -> str:
        return f"at most {self.most}"


def at_most(most: int) -> AtMost:
    """Allow any number of statements from none to *most*, for :func:`assert_statements`.

    Args:
        most: The greatest count that is right.

    Raises:
        TypeError: *most* is not a whole number.
        ValueError: *most* is negative.

    Example:
        >>> from session_demo.testing import at_most
        >>> print(at_most(3))
        at most 3
    """
    return AtMost(_whole(most, "allow at most"))


def assert_statements(trace: Trace, *, total: int | AtMost | None = None, **by_verb: int | AtMost) -> None:
    """Assert how many statements of a trace went to the database.

    A statement counts under its first word, so a query that begins with ``WITH`` is no ``select``. One that
    the database refused counts as well; one that was sent with many sets of parameters counts once.
    ``BEGIN``, ``COMMIT`` and savepoints are commands and never count.

    Args:
        trace: The trace, or a recording that still runs.
        total: How many statements there are in all; judged only when it is given.
        by_verb: How many statements begin with a word, such as ``select=1``; other words are not judged.
            A plain number is exact; ``at_most(3)`` allows fewer.

    Raises:
        AssertionError: A count is another one. The message lists the statements with their lines.
        TypeError: *trace* is not a trace, a count is not a whole number, or there is nothing to judge.
        ValueError: A word begins no statement, or a count is negative.

    Session effect:
        None. Reading a trace never touches the session.

    Example:
        >>> from session_demo.testing import assert_statements, at_most
        >>> with trace(session) as story:
        ...     session.add(Author(name="Ursula K. Le Guin"))
        ...     session.commit()
        >>> assert_statements(story, insert=1, select=0)
        >>> assert_statements(story, total=at_most(2))
    """
    __tracebackhide__ = True
    if not isinstance(trace, Trace):
        raise TypeError(
            f"Can't count the statements of {described(trace)}: that needs a trace. "
            "Pass what trace(session) gave you."
        )
    limits = {_known(verb): _limit(count, verb) for verb, count in by_verb.items()}
    if total is not None:
        limits["statements in all"] = _limit(total, "total")
    if not limits:
        raise TypeError(
            "Can't judge the statements of a trace: no count is given. Say, for example, select=1 or total=3."
        )
    statements = trace.statements
    found = {name: [one for one in statements if name not in VERBS or _verb(one) == name] for name in limits}
    wrong = {name for name, limit in limits.items() if not _within(len(found[name]), limit)}
    if wrong:
        few = any(len(found[name]) < _most(limits[name]) for name in wrong)
        listed = [one for one in statements if few or any(one in found[name] for name in wrong)]
        expected = ", ".join(f"{limit} {name}" for name, limit in limits.items())
        counted = ", ".join(f"{len(found[name])} {name}" for name in limits)
        raise AssertionError("\n".join([f"expected {expected}; found {counted}", *_listing(listed)]))


@contextmanager
def statement_budget(session: OneSession, most: int) -> Iterator[None]:
    """Let the block send *most* statements to the database, and refuse the next one before it is sent.

    What counts is what :func:`assert_statements` counts. Only this session is heard. Where the program
    swallows the error, it is raised again at the end of the block.

    Args:
        session: The session; a ``scoped_session`` stands for its current session.
        most: How many statements are allowed.

    Raises:
        StatementBudgetExceededError: One statement too many was about to be sent. It is raised at that
            statement, and names its line and all statements before it.
        NotASessionError: *session* is something else.
        TypeError: *most* is not a whole number.
        ValueError: *most* is negative.

    Session effect:
        None while the budget lasts. The refused statement never reaches the database. When a flush wanted to
        send it, the flush fails, and the session waits for ``rollback()`` as after any failed flush. A
        recording that was started before the budget marks the statement as refused; one that was started
        within the block does not hear of it.

    Example:
        >>> from session_demo.testing import statement_budget
        >>> session.add(Author(name="Ursula K. Le Guin"))
        >>> with statement_budget(session, 1):
        ...     session.commit()
    """
    budget = _Budget(session_of(session, "give a budget to"), _whole(most, "set a budget of"))
    budget.attach()
    try:
        yield
    finally:
        budget.detach()
    if budget.refusal:
        raise budget.refusal


class _Budget:
    """The listeners of one budget on one session."""

    def __init__(self, session: Session, most: int) -> None:
        self._session = session
        self._most = most
        self._sent: list[StatementExecuted] = []
        self._heard: weakref.WeakSet[Connection] = weakref.WeakSet()
        self.refusal: StatementBudgetExceededError | None = None

    def attach(self) -> None:
        event.listen(self._session, "after_begin", self._acquired)
        for connection in acquired_connections(self._session):
            self._listen(connection)

    def detach(self) -> None:
        event.remove(self._session, "after_begin", self._acquired)
        for connection in list(self._heard):
            event.remove(connection, "before_cursor_execute", self._judge)

    def _acquired(self, _session: Session, _transaction: object, connection: Connection) -> None:
        self._listen(connection)

    def _listen(self, connection: Connection) -> None:
        if connection not in self._heard:
            self._heard.add(connection)
            event.listen(connection, "before_cursor_execute", self._judge)

    def _judge(
        self, _c: object, _cursor: object, sql: str, values: Any, _context: object, many: bool
    ) -> None:
        event = told(sql, values, many)
        if isinstance(event, DatabaseTransactionChanged):
            return
        place = caller()
        statement = replace(event, line=source_line(place) if place else None)
        if len(self._sent) < self._most:
            self._sent.append(statement)
            return
        before = ["sent before:", *_listing(self._sent)] if self._sent else []
        problem = (
            f"Can't send this {_verb(statement)}: the budget of {self._most} is spent. "
            "Load what is needed with fewer statements, or raise the budget."
        )
        self.refusal = StatementBudgetExceededError(
            "\n".join([problem, "refused:", *_listing([statement]), *before])
        )
        raise self.refusal


def _verb(statement: StatementExecuted) -> str:
    match = _VERB.match(statement.sql)
    return match[1].upper() if match else ""


def _listing(statements: Sequence[StatementExecuted]) -> Iterator[str]:
    for number, one in enumerate(statements[:STATEMENTS_SHOWN], 1):
        known = (one.line.place, one.line.text) if one.line else ("no line of the program",)
        where = ": ".join(filter(None, known))
        refused = " (refused by the database)" if one.failed else ""
        yield f"{number:>4}  {where}"
        yield f"      {one.sql}  {values_text(one.parameter_sets)}".rstrip() + refused
    if len(statements) > STATEMENTS_SHOWN:
        yield f"      and {len(statements) - STATEMENTS_SHOWN:,} more"


def _known(word: str) -> str:
    if word.upper() in VERBS:
        return word.upper()
    if word.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")):
        remedy = "It is a command and not a statement: look at the commands of the trace."
    elif close := get_close_matches(word.lower(), [verb.lower() for verb in VERBS], 1):
        remedy = f"Did you mean {close[0]}?"
    else:
        remedy = f"Known are {', '.join(verb.lower() for verb in VERBS)}; total counts all statements."
    raise ValueError(f"Can't count {word!r}: no statement is counted under this word. {remedy}")


def _limit(count: int | AtMost, name: str) -> int | AtMost:
    return count if isinstance(count, AtMost) else _whole(count, f"expect {name} to be")


def _whole(count: int, purpose: str) -> int:
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(
            f"Can't {purpose} {described(count)}: a count of statements is a whole number from 0."
        )
    if count < 0:
        raise ValueError(f"Can't {purpose} {count}: a count of statements is a whole number from 0.")
    return count


def _most(limit: int | AtMost) -> int:
    return limit.most if isinstance(limit, AtMost) else limit


def _within(count: int, limit: int | AtMost) -> bool:
    return count <= limit.most if isinstance(limit, AtMost) else count == limit
