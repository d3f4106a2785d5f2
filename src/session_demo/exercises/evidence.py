"""What an answer did: recorded while it ran, and read from the database through another connection."""

from __future__ import annotations

import linecache
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from ..engine import create_engine, temporary_sqlite_url
from ..errors import TracingStateError
from ..models import Base
from ..tracing import Recording, Trace, trace
from ..tracing.events import StatementExecuted

Row = tuple[Any, ...]
Answer = Callable[[Session], object]

_LIBRARIES = ("sqlalchemy", "session_demo", "contextlib")


class Workspace:
    """A fresh library database with rows in it, a session, and a recording of all its sessions.

    Args:
        prepare: Puts the rows in. What it does is not recorded.

    Attributes:
        engine: The engine on the database.
        make_session: Makes more sessions; they are recorded too.
        session: A session of that kind.
        recording: What the sessions do from now on.
    """

    def __init__(self, prepare: Callable[[Session], object]) -> None:
        url = temporary_sqlite_url()
        self.engine = create_engine(url, connect_args={"timeout": 1})
        Base.metadata.create_all(self.engine)
        with Session(self.engine) as session, session.begin():
            prepare(session)
        # Sessions that an answer makes by itself are not recorded; what they send is heard here.
        self._heard: list[str] = []
        sa.event.listen(self.engine, "before_cursor_execute", self._hear)
        self.make_session = sessionmaker(self.engine)
        self.recording: Recording = trace(self.make_session, "full").start()
        self.session: Session = self.make_session()
        # A session of a watched class is met when it first begins. That must not be within the answer:
        # in session.delete(session.get(...)) the method is looked up before.
        self.session.begin()
        self.session.rollback()
        self._before = len(self.recording)
        self._file = self.engine.url.database or ""

    def _hear(self, _c: object, _cursor: object, sql: str, *_rest: object) -> None:
        self._heard.append(sql)

    def stored(self, query: str) -> list[Row]:
        """Return what a new connection of its own reads: what is committed, and nothing else.

        Raises:
            sqlite3.Error: The file is gone, damaged or locked.
        """
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=1)) as connection:
            return connection.execute(query).fetchall()

    def run(self, answer: Answer) -> Evidence:
        """Let *answer* work with the session, whatever it does.

        Only an interrupt from the keyboard gets through.
        """
        given, error = None, None
        try:
            given = answer(self.session)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:  # noqa: BLE001 - also SystemExit: it is the reader's code
            error = raised
        return self.look(given, error)

    def look(self, given: object = None, error: BaseException | None = None) -> Evidence:
        """Return what has happened until now."""
        self.recording.stop()
        in_use = getattr(self.engine.pool, "checkedout", int)()
        trace, heard = Trace(self.recording[self._before :]), tuple(self._heard)
        return Evidence(trace, given, error, self.stored, in_use, heard)

    def close(self) -> None:
        """Close what can be closed. Nothing that goes wrong here is of interest."""
        with suppress(TracingStateError):  # look() may have stopped it
            self.recording.stop()
        with suppress(Exception):  # an answer may have left it in any state
            self.session.close()
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an answer when it is over.

    Attributes:
        trace: What its sessions did.
        given: What it returned.
        error: What it raised.
        stored: Reads the database through another connection.
        in_use: How many connections were still in use.
        heard: The SQL that all sessions on its database sent, also those that are not recorded.
    """

    trace: Trace = field(default_factory=Trace)
    given: Any = None
    error: BaseException | None = None
    stored: Callable[[str], list[Row]] = lambda _: []
    in_use: int = 0
    heard: tuple[str, ...] = ()

    def sent(self, *verbs: str) -> list[StatementExecuted]:
        """Return the statements that begin with one of these words; without words, all."""
        return [one for one in self.trace.statements if not verbs or one.verb in verbs]

    def sent_commands(self, command: str) -> int:
        """Count how often the database was told BEGIN, COMMIT, SAVEPOINT and the like."""
        return self.trace.commands.count(command)

    @property
    def is_empty(self) -> bool:
        """Whether the answer did nothing at all."""
        return not len(self.trace) and self.given is None and self.error is None

    @property
    def line_of_error(self) -> str:
        """The innermost line of the answer that raised, as ``line 3: session.commit()``."""
        place, line = self.error.__traceback__ if self.error else None, ""
        while place is not None:
            module = str(place.tb_frame.f_globals.get("__name__")).partition(".")[0]
            if module not in _LIBRARIES:
                text = linecache.getline(place.tb_frame.f_code.co_filename, place.tb_lineno).strip()
                line = f"line {place.tb_lineno}" + (f": {text}" if text else "")
            place = place.tb_next
        return line
