"""An exercise in the hands of a reader."""

from __future__ import annotations

from html import escape
from os import PathLike
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from .catalogue import CATALOGUE, find
from .evidence import Workspace
from .exercise import Exercise, Verdict
from .progress import Progress

_progress = Progress()


class Started:
    """An exercise that was started: its task, a fresh database, and what judges an answer.

    Args:
        exercise: The exercise.

    Attributes:
        exercise: The exercise.
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self._workspace: Workspace | None = None
        self._hints = 0

    def _here(self) -> Workspace:
        # Made when it is first asked for: a task that is only read needs no database.
        if self._workspace is None:
            self._workspace = Workspace(self.exercise.prepare)
        return self._workspace

    @property
    def session(self) -> Session:
        """A session on a database of its own, to try things out."""
        return self._here().session

    @property
    def engine(self) -> Engine:
        """The engine on that database."""
        return self._here().engine

    @property
    def make_session(self) -> sessionmaker[Session]:
        """Makes more sessions on it."""
        return self._here().make_session

    def check(self, answer: object = None) -> Verdict:
        """Judge an answer. Nothing that it does is raised, but for an interrupt from the keyboard.

        Args:
            answer: A function ``answer(session)``, which is run on a fresh database. None judges what was
                done with :attr:`session` until now, and goes on.

        Session effect:
            That of the answer, in a database of its own.

        Example:
            >>> from session_demo import exercises
            >>> exercise = exercises.start("load-once")
            >>> print(exercise.check(lambda session: None).headline)
            Not yet: Load it once.
        """
        tries = self._hints + 1
        if answer is None:
            here = self._here()
            verdict = self.exercise.judge(here.look(), tries)
            here.recording.start()
        else:
            verdict = self.exercise.check(answer, tries)
        if not verdict.idle:
            _progress.note(self.exercise.name, verdict.passed)
            self._hints += int(bool(verdict.hint))
        return verdict

    def hint(self) -> str:
        """Return the next hint; there are three, each more direct. A wrong answer brings the next one, too.

        Example:
            >>> from session_demo import exercises
            >>> exercises.start("load-once").hint()
            'One of the two can be answered from memory, if the object is there.'
        """
        self._hints += 1
        return self.exercise.hints[min(self._hints, len(self.exercise.hints)) - 1]

    def solution(self) -> Solution:
        """Return a solution. There may be others as good."""
        return Solution(self.exercise.solution)

    def close(self) -> None:
        """Close the session and the database that was made to try things out."""
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

    def __str__(self) -> str:
        return f"{self.exercise.title}\n{self.exercise.task}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<p><strong>{escape(self.exercise.title)}.</strong> {escape(self.exercise.task)}</p>"


class Solution(str):
    """A program that shows itself as it stands."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def start(name: str) -> Started:
    """Start an exercise.

    Args:
        name: Its name, such as ``"load-once"``; :func:`names` lists all.

    Raises:
        NoSuchExerciseError: There is none of that name.

    Session effect:
        None yet. ``.session`` has a database of its own.

    Example:
        >>> from session_demo import exercises
        >>> exercises.start("only-pending")
        Stop before the flush
        Return a new book called Fiasco that is pending. Nothing may be sent.
    """
    return Started(find(name))


def check(name: str, answer: object) -> Verdict:
    """Judge an answer to an exercise.

    Args:
        name: The name of the exercise.
        answer: A function ``answer(session)``.

    Raises:
        NoSuchExerciseError: There is none of that name. Nothing that the answer does is raised.

    Session effect:
        That of the answer, in a database of its own.

    Example:
        >>> from session_demo import exercises
        >>> def answer(session):
        ...     session.add(book := Book(title="Fiasco"))
        ...     return book
        >>> print(exercises.check("only-pending", answer))
        Right: Stop before the flush.
    """
    return start(name).check(answer)


def progress(file: str | PathLike[str] | None = None) -> Progress:
    """Return which exercises are done, and keep that in a file if one is named.

    Args:
        file: Where to keep it from now on; what the file says already is taken over. Without it nothing is
            written anywhere, and what is known ends with the program.

    Raises:
        ProgressError: The file holds something else.
        OSError: It cannot be read or written.

    Session effect:
        None.
    """
    if file is not None:
        _progress.keep(file)
    _progress.count(CATALOGUE)
    return _progress
