"""Questions about a trace whose answers are no traces themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from .events import Event, ObjectEvent, ObjectState, StatementExecuted
from .render.difference import Difference, difference_of
from .render.layout import commands
from .render.replay import model_of
from .render.tree import Transactions, transactions_of
from .shown import Shown

E = TypeVar("E", bound=Event)


class Asked(Shown):
    """What can be asked, because it has events."""

    def of(self, kind: type[E]) -> Iterator[E]:
        """Yield the events of one class, oldest first."""
        return (event for event in self._events() if isinstance(event, kind))

    @property
    def statements(self) -> list[StatementExecuted]:
        """The statements that reached the database; transaction commands are not among them."""
        return list(self.of(StatementExecuted))

    @property
    def commands(self) -> list[str]:
        """What the database was told, in a word or two each, such as BEGIN, INSERT, COMMIT."""
        return commands(self._events())

    @property
    def labels(self) -> list[str]:
        """The labels of the objects seen, in order of first appearance."""
        return list(dict.fromkeys(event.label for event in self.of(ObjectEvent)))

    def statements_of(self, verb: str | None = None, table: str | None = None) -> list[StatementExecuted]:
        """Return the statements of one kind, about one table, or both.

        Args:
            verb: The first word, such as ``"SELECT"``, in any case; None for all.
            table: A table that they name; None for all.

        Example:
            >>> with trace(session) as story:
            ...     session.add(Book(title="Solaris", author=Author(name="Stanislaw Lem")))
            ...     session.flush()
            >>> [one.tables for one in story.statements_of("insert")], len(story.statements_of(table="book"))
            ([('author',), ('book',)], 1)
        """
        return [
            one
            for one in self.statements
            if (verb is None or one.verb == verb.upper()) and (table is None or table in one.tables)
        ]

    @property
    def by_table(self) -> dict[str, dict[str, int]]:
        """The statements that name each table, counted by kind, as in ``{"author": {"INSERT": 1}}``."""
        counts: dict[str, Counter[str]] = {}
        for one in self.statements:
            for table in one.tables:
                counts.setdefault(table, Counter())[one.verb] += 1
        return {table: dict(kinds) for table, kinds in counts.items()}

    def repeated(self) -> list[tuple[StatementExecuted, int]]:
        """Return the statements that one line sent more than once, each with how often.

        A statement that a loop sends for each object again is what is known as N+1. Its cause says which
        relationship to load together with the query, with ``selectinload()`` for example.

        Example:
            >>> session.add_all([Author(name="Ann"), Author(name="Ben")])
            >>> session.commit()
            >>> with trace(session) as story:
            ...     for author in session.scalars(sa.select(Author)):
            ...         _ = author.books
            >>> [(one.cause, count) for one, count in story.repeated()]
            [('lazy load of Author.books', 2)]
        """
        counts = Counter((one.line, one.sql, one.cause) for one in self.statements if one.cause != "flush")
        first = {(one.line, one.sql, one.cause): one for one in reversed(self.statements)}
        return [(first[key], count) for key, count in counts.items() if count > 1]

    def transactions(self) -> Transactions:
        """Return the session transactions, each with what is nested in it, as a tree that shows itself.

        Example:
            >>> with trace(session) as story:
            ...     with session.begin_nested():
            ...         session.add(Author(name="Stanislaw Lem"))
            ...     session.commit()
            >>> print(story.transactions())
            session transaction (begin), committed: BEGIN, COMMIT
              nested transaction (begin_nested), committed: SAVEPOINT, INSERT, RELEASE SAVEPOINT
        """
        return transactions_of(self._events())

    def identity_map(self, after: int | None = None, session: int = 1) -> list[str]:
        """Return the objects that the identity map held, as far as this trace knows them.

        What Python takes away because nobody refers to it any more, is heard at level *full* alone.

        Args:
            after: The number of the event after which to look, from 1; None for the end of the trace.
            session: The number of the session.

        Example:
            >>> with trace(session) as story:
            ...     lem = Author(name="Stanislaw Lem")
            ...     session.add(lem)
            ...     session.flush()
            ...     session.expunge(lem)
            >>> story.identity_map(), story.identity_map(after=8)
            ([], ['lem (id=1)'])
        """
        model = model_of(self._events())
        moment = model.size if after is None else after
        return [life.title for life in model.held_at(moment, session, ObjectState.PERSISTENT)]

    def difference(self, other: Sequence[Event]) -> Difference:
        """Compare the statements, commands and changes of state with those of another trace.

        Args:
            other: The trace to compare with, such as that of the same work written otherwise.

        Example:
            >>> with trace(session) as eager:
            ...     _ = session.scalars(sa.select(Author.name)).all()
            >>> print(eager.difference(eager[:0]).summary)
            2 only in the first, 0 only in the second, 0 in both.
        """
        return difference_of(self._events(), list(other))
