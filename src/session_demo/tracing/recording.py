"""A trace that fills: hooks on sessions at one end, events at the other."""

from __future__ import annotations

import functools
import inspect
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from time import perf_counter_ns
from types import CodeType, FrameType, TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from sqlalchemy.orm import Session

from ..errors import TracingStateError
from . import attributes
from .connections import ConnectionNumbers
from .events import Event, EventsDropped
from .hooks import Level, SessionHooks
from .lines import caller
from .names import mentioned, variables
from .objects import ObjectRegister, object_state
from .records import Decoder, Kind, Record
from .redaction import hiding
from .traces import Trace
from .watch import ClassWatch, SessionWatch, Watch

P = ParamSpec("P")
R = TypeVar("R")


class _Kept:
    """The newest records, and how many were given up for them."""

    def __init__(self, most: int | None) -> None:
        self._records: deque[Record] = deque(maxlen=most)
        self._appended = 0
        self.lost = 0
        # Without a limit a record costs one call of C.
        self.append = self._records.append if most is None else self._count

    def _count(self, record: Record) -> None:
        self._appended += 1
        self._records.append(record)

    def __len__(self) -> int:
        return len(self._records)

    def take(self) -> list[Record]:
        """Return the records and keep them no longer."""
        taken = []
        while self._records:
            taken.append(self._records.popleft())
        if self._appended:
            self.lost += self._appended - len(taken)
            self._appended = 0
        return taken


class Recording(Trace):
    """A trace that is still being filled. :func:`trace` makes one.

    It may be read at any time; events are made of the raw records only then.

    Example:
        >>> watch = trace(session).start()
        >>> session.add(Author(name="Octavia Butler"))
        >>> watch
        <Recording: 2 events: nothing reached the database. Author A: transient -> pending.>
        >>> watch == watch.stop()
        True
    """

    def __init__(
        self,
        target: Session | type[Session],
        level: Level,
        maxlen: int | None,
        parameters: bool,
        redact: Iterable[str],
    ) -> None:
        self._records = _Kept(maxlen)
        full = level == "full"
        self._register = ObjectRegister(
            new_class=attributes.hear if full else None, forgotten=self._forgetting() if full else None
        )
        super().__init__(label_of=self._register.label_of)
        self._maxlen = maxlen
        self._level = level
        self._parameters = parameters
        self._hides = hiding(tuple(redact))
        self._connections = ConnectionNumbers()
        self._sessions: weakref.WeakKeyDictionary[Session, int] = weakref.WeakKeyDictionary()
        self._numbers = count(1)
        watch = ClassWatch if isinstance(target, type) else SessionWatch
        self._watch: Watch = watch(target, self._make_hooks)  # type: ignore[arg-type]
        self._decoder: Decoder | None = None
        self._discarded = 0
        self._began = 0
        self._running = False
        # What the program calls its objects: a name, the number of the object, the code around it.
        self._variables: dict[str, int] = {}
        self._codes: dict[CodeType, None] = {}

    def _make_hooks(self, session: Session) -> SessionHooks:
        number = self._sessions.get(session)
        if number is None:
            number = self._sessions[session] = next(self._numbers)
        return SessionHooks(
            session,
            number,
            self._records,
            self._register,
            self._connections,
            self._level,
            hides_all=not self._parameters,
        )

    def _forgetting(self) -> Callable[[int], None]:
        append = self._records.append
        return lambda number: append((int(Kind.FORGOTTEN), perf_counter_ns(), None, 1, number))

    def start(self) -> Self:
        """Begin to record, or go on after :meth:`stop`.

        Returns:
            The recording itself.

        Raises:
            TracingStateError: It runs already.

        Session effect:
            None, also when a transaction is in progress.

        Example:
            >>> watch = trace(session).start()
            >>> session.add(Author(name="Octavia Butler"))
            >>> watch.stop().states("Author A")
            ['transient', 'pending']
        """
        if self._running:
            raise TracingStateError(
                f"Can't start this recording: it is running, with {len(self)} events so far. "
                "Stop it first, or make another one with trace(session)."
            )
        self._began = self._began or perf_counter_ns()
        self._watch.start()
        self._running = True
        return self

    def stop(self) -> Trace:
        """Take all hooks off and return what was recorded.

        Returns:
            The finished trace. The recording itself keeps it too.

        Raises:
            TracingStateError: It does not run.

        Session effect:
            None.
        """
        if not self._running:
            raise TracingStateError(
                f"Can't stop this recording: it is not running, and holds {len(self)} events. "
                "Call start() first, or use it in a with statement."
            )
        self._end(sys._getframe(1))
        return self[:]

    def mark(self, name: str) -> None:
        """Put a mark into the recording, for :meth:`session_demo.Trace.between` and for readers.

        Args:
            name: What readers will see.

        Raises:
            TracingStateError: The recording does not run.

        Session effect:
            None.

        Example:
            >>> with trace(session) as story:
            ...     story.mark("the new author")
            ...     session.add(Author(name="Octavia Butler"))
            >>> print(story[0].name)
            the new author
        """
        if not self._running:
            raise TracingStateError(
                f"Can't set the mark {name!r}: this recording is not running. Start it first."
            )
        self._records.append((int(Kind.MARK), perf_counter_ns(), caller(), 1, name))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # Nothing is read here: what may go wrong in reading must not hide an error of the block.
        if self._running:
            self._end(sys._getframe(1))

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Record each call of *function*, which may be a coroutine function; all fill this recording."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*arguments: P.args, **named: P.kwargs) -> Any:
                if self._running:  # a call within a call
                    return await function(*arguments, **named)
                with self:
                    return await function(*arguments, **named)

            return cast(Callable[P, R], awaited)

        @functools.wraps(function)
        def called(*arguments: P.args, **named: P.kwargs) -> R:
            if self._running:
                return function(*arguments, **named)
            with self:
                return function(*arguments, **named)

        return called

    def _end(self, frame: FrameType) -> None:
        self._running = False
        self._watch.stop()
        self._look_around(frame)

    def _look_around(self, frame: FrameType) -> None:
        """Write down what no event told: the state each object is in, and what the program calls it."""
        if self._level == "sql":
            return
        states = []
        for number, state in self._register.living():
            session = state.session
            if session is None or session in self._sessions:  # else another session's story goes on
                states.append((number, object_state(state), state.key and state.key[1]))
        if states:
            self._records.append((int(Kind.STATES), perf_counter_ns(), None, 1, states))
        for code, name, value in variables(frame, self._register.classes):
            known = self._register.number_of(value)
            if known is not None:
                self._variables.setdefault(name, known)
                self._codes[code] = None

    def _events(self) -> Sequence[Event]:
        if self._running and len(self._records):
            self._look_around(sys._getframe(1))
        if len(self._records):
            self._decode(self._records.take())
        return self._made

    def _decode(self, waiting: list[Record]) -> None:
        if self._variables:
            codes = {id(record[2]): record[2][0] for record in waiting if record[2]}
            for name in mentioned([*self._codes, *dict.fromkeys(codes.values())]):
                if name in self._variables:
                    self._register.name(self._variables[name], name)
        if self._decoder is None:
            self._decoder = Decoder(self._register, self._began, self._hides)
        self._made.extend(self._decoder.decode(waiting))
        if self._maxlen is not None:
            self._drop_older(self._maxlen)

    def _drop_older(self, most: int) -> None:
        """Keep the newest events, and say first how many are gone."""
        told = int(bool(self._made) and isinstance(self._made[0], EventsDropped))
        extra = max(len(self._made) - told - most, 0)
        del self._made[: told + extra]
        self._discarded += extra
        if gone := self._records.lost + self._discarded:
            self._made.insert(0, EventsDropped(gone))
