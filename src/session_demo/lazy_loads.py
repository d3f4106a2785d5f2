"""No lazy load: refused in a block, or found in a trace afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState

from .errors import LazyLoadError
from .tracing.causes import lazy_load_of
from .tracing.lines import caller, source_line
from .tracing.render.loops import LAZY
from .tracing.render.wording import count
from .tracing.target import session_of

if TYPE_CHECKING:
    from .tracing.events import SourceLine
    from .tracing.target import OneSession
    from .tracing.traces import Trace


@contextmanager
def no_lazy_loads(session: OneSession) -> Iterator[None]:
    """Let the block load no relationship lazily: refuse the first one before its SELECT is sent.

    A many-to-one that the identity map can answer needs no SELECT and is allowed. So are eager loads, and the
    refresh of expired values. Where the program swallows the error, it is raised again at the end of the
    block.

    Args:
        session: The session; a ``scoped_session`` stands for its current session.

    Raises:
        LazyLoadError: A relationship was about to be loaded. It names the relationship, the line, and the
            usual remedy.
        NotASessionError: *session* is something else.

    Session effect:
        None. The refused SELECT never reaches the database, and the session can be used as before.

    Example:
        >>> from session_demo.testing import no_lazy_loads
        >>> session.add(Author(name="Lem", books=[Book(title="Eden")]))
        >>> session.commit()
        >>> author = session.scalars(sa.select(Author)).one()
        >>> with expect_error(AssertionError), no_lazy_loads(session):
        ...     author.books
        LazyLoadError: Can't load Author.books here: no lazy load is allowed in this block. Load it
        together with the query, with selectinload(Author.books) for example, or before the block.
    """
    watched = session_of(session, "refuse lazy loads of")
    refusals: list[LazyLoadError] = []

    def judge(execution: ORMExecuteState) -> None:
        if execution.lazy_loaded_from:
            place = caller()
            refusals.append(_refusal(lazy_load_of(execution), source_line(place) if place else None))
            raise refusals[-1]

    event.listen(watched, "do_orm_execute", judge)
    try:
        yield
    finally:
        event.remove(watched, "do_orm_execute", judge)
    if refusals:
        raise refusals[0]


def _refusal(relationship: str, line: SourceLine | None) -> LazyLoadError:
    where = f"\n  {line.place}: {line.text}" if line else ""
    return LazyLoadError(
        f"Can't load {relationship} here: no lazy load is allowed in this block. Load it together with the "
        f"query, with selectinload({relationship}) for example, or before the block.{where}"
    )


def assert_no_lazy_loads(trace: Trace) -> None:
    """Assert that no relationship was loaded lazily in a trace.

    Args:
        trace: The trace, or a recording that still runs.

    Raises:
        AssertionError: There were lazy loads. The message names each relationship with its line, once, and
            how often it was loaded there.

    Session effect:
        None. Reading a trace never touches the session.

    Example:
        >>> from session_demo.testing import assert_no_lazy_loads
        >>> with trace(session) as story:
        ...     names = [author.name for author in session.scalars(sa.select(Author))]
        >>> assert_no_lazy_loads(story)
    """
    __tracebackhide__ = True
    found: dict[tuple[str, SourceLine | None], int] = {}
    for one in trace.statements:
        if one.cause.startswith(LAZY):
            key = one.cause.removeprefix(LAZY), one.line
            found[key] = found.get(key, 0) + 1
    if not found:
        return
    lines = ["expected no lazy load; found"]
    for (relationship, line), times in found.items():
        where = f"{line.place}: {line.text}" if line else "no line of the program"
        lines.append(
            f"  {relationship}, {count(times, 'time')}, selectinload({relationship}) would load it at once"
        )
        lines.append(f"    {where}")
    raise AssertionError("\n".join(lines))
