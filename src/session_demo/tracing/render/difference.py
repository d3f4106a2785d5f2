"""What one trace holds and another does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape

from ..events import DatabaseTransactionChanged, Event, StateChanged, StatementExecuted
from .html import STYLE
from .wording import parts_of

LINES_SHOWN = 200
"""Lines of a longer difference that are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference.

    Attributes:
        sign: ``-`` for what only the first trace has, ``+`` for what only the second has, a space for both.
        text: What happened.
    """

    sign: str
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


class Difference(Sequence[Line]):
    """The statements, transaction commands and changes of state of two traces, side by side in time.

    It is true where the two differ.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = tuple(lines)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._lines[index]

    def __len__(self) -> int:
        return len(self._lines)

    def __bool__(self) -> bool:
        return any(line.sign != " " for line in self._lines)

    @property
    def summary(self) -> str:
        """How many lines only one of the traces has."""
        counts = Counter(line.sign for line in self._lines)
        if not self:
            return "No difference."
        return f"{counts['-']} only in the first, {counts['+']} only in the second, {counts[' ']} in both."

    def __str__(self) -> str:
        shown = [str(line) for line in self._lines[:LINES_SHOWN]]
        left = len(self._lines) - len(shown)
        return "\n".join([self.summary, *shown, *[f"... {left:,} more lines ..."] * bool(left)])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        words = {"-": "first", "+": "second", " ": "both"}
        rows = "\n".join(
            f"<tr><td>{words[line.sign]}</td><td>{escape(line.sign)}</td>"
            f"<td><code>{escape(line.text)}</code></td></tr>"
            for line in self._lines[:LINES_SHOWN]
        )
        head = "".join(f'<th scope="col">{name}</th>' for name in ("in", "", "what happened"))
        return (
            f'<div class="sd-trace"><style>{STYLE}</style>\n<table><caption>{escape(self.summary)}</caption>'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
        )


def difference_of(first: Sequence[Event], second: Sequence[Event]) -> Difference:
    """Compare two sequences of events line by line.

    Args:
        first: The events of one trace.
        second: Those of the other.
    """
    before, after = list(_told(first)), list(_told(second))
    lines: list[Line] = []
    for kind, start, stop, other, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [Line(" ", text) for text in before[start:stop]]
        else:
            lines += [Line("-", text) for text in before[start:stop]]
            lines += [Line("+", text) for text in after[other:end]]
    return Difference(lines)


def _told(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        if isinstance(event, StatementExecuted | DatabaseTransactionChanged | StateChanged):
            told = (f"  {part.text}" if part.kind == "values" else part.text for part in parts_of(event))
            yield "".join(told)
