"""The transactions of a trace as a tree: what was done in each, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from ..events import (
    DatabaseTransactionChanged,
    Event,
    SessionTransactionBegun,
    SessionTransactionEnded,
    StatementExecuted,
)
from .html import STYLE

TREE_STYLE = """
.sd-tree ul{list-style:none;margin:0;padding-left:1.2em;border-left:2px solid rgba(128,128,128,.45)}
.sd-tree>ul{padding-left:0;border:0}
.sd-tree li{margin:.15em 0;padding:0}
""".strip()


WHOLE = {"BEGIN", "COMMIT", "ROLLBACK", "PREPARE", "COMMIT PREPARED", "ROLLBACK PREPARED"}
"""Commands that are about the whole database transaction."""

BEFORE = "begun before"
"""The origin of a transaction whose begin is not in the trace."""


@dataclass(slots=True)
class Transaction:
    """A session transaction, or one that is nested in it.

    Attributes:
        origin: How it began: ``autobegin``, ``begin`` or ``begin_nested``.
        session: The number of the session.
        outcome: ``committed``, ``rolled back`` or ``closed``; ``open`` if the trace does not tell its end.
        commands: What the database was told in it, and not in what is nested in it.
        inner: The transactions that are nested in it.
    """

    origin: str
    session: int = 1
    outcome: str = "open"
    commands: list[str] = field(default_factory=list)
    inner: list[Transaction] = field(default_factory=list)

    def __str__(self) -> str:
        kind = "nested transaction" if self.origin == "begin_nested" else "session transaction"
        counts = Counter(self.commands)
        sent = ", ".join(f"{n} {word}" if n > 1 else word for word, n in counts.items())
        return f"{kind} ({self.origin}), {self.outcome}: {sent or 'nothing sent'}"


class Transactions(Sequence[Transaction]):
    """The session transactions of a trace, each with what is nested in it. Shows itself as a tree."""

    def __init__(self, roots: Sequence[Transaction]) -> None:
        self._roots = tuple(roots)
        self._several = len({root.session for root in self._roots}) > 1

    def __getitem__(self, index: Any) -> Any:
        return self._roots[index]

    def __len__(self) -> int:
        return len(self._roots)

    def __str__(self) -> str:
        return "\n".join(self._lines(self._roots, 0)) or "No transaction."

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        inside = self._list(self._roots) if self._roots else "<p>No transaction.</p>"
        return f'<div class="sd-trace sd-tree"><style>{STYLE}\n{TREE_STYLE}</style>{inside}</div>'

    def _told(self, one: Transaction) -> str:
        return f"session {one.session}: {one}" if self._several and one in self._roots else str(one)

    def _lines(self, transactions: Sequence[Transaction], depth: int) -> Iterator[str]:
        for one in transactions:
            yield "  " * depth + self._told(one)
            yield from self._lines(one.inner, depth + 1)

    def _list(self, transactions: Sequence[Transaction]) -> str:
        items = "\n".join(
            f"<li>{escape(self._told(one))}{self._list(one.inner) if one.inner else ''}</li>"
            for one in transactions
        )
        return f"<ul>{items}</ul>"


def transactions_of(events: Sequence[Event]) -> Transactions:
    """Put the transactions of *events* into each other.

    Args:
        events: The events, oldest first. What began before them is shown as if it began with them.
    """
    roots: list[Transaction] = []
    stacks: dict[int, list[Transaction]] = {}
    for event in events:
        stack = stacks.setdefault(event.session, [])
        match event:
            case SessionTransactionBegun(origin=origin):
                _open(roots, stack, Transaction(origin, event.session))
            case SessionTransactionEnded(origin=origin, outcome=outcome):
                _close(roots, stack, Transaction(origin, event.session), outcome)
            case StatementExecuted(verb=command) | DatabaseTransactionChanged(command=command):
                _at_work(roots, stack, event.session, command).commands.append(command)
    return Transactions(roots)


def _open(roots: list[Transaction], stack: list[Transaction], begun: Transaction) -> None:
    (stack[-1].inner if stack else roots).append(begun)
    stack.append(begun)


def _close(roots: list[Transaction], stack: list[Transaction], ended: Transaction, outcome: str) -> None:
    """End the innermost transaction that began so, with all that is nested in it."""
    origins = {ended.origin} if ended.origin == "begin_nested" else {ended.origin, BEFORE}
    if all(one.origin not in origins for one in stack):
        _open(roots, stack, ended)
    while stack:
        one = stack.pop()
        one.outcome = outcome
        if one.origin in origins:
            return


def _at_work(roots: list[Transaction], stack: list[Transaction], session: int, command: str) -> Transaction:
    if not stack:
        _open(roots, stack, Transaction(BEFORE, session))
    # A database transaction is the outermost one's, though it begins with the first SQL of any.
    return stack[0 if command in WHOLE else -1]
