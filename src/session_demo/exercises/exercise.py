"""An exercise, and the verdict on an answer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from sqlalchemy.orm import Session

from ..tracing import Trace
from ..tracing.render import html, text
from .checks import Check, Problem, kind_of
from .evidence import Answer, Evidence, Workspace

ELSEWHERE = "The session that was given did nothing; work in other sessions is not shown here."

STARTER = "def answer(session):\n    ...\n"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that is often made, and advice that fits it.

    Attributes:
        when: Whether an answer made it.
        advice: What to tell who made it.
    """

    when: Callable[[Evidence], object]
    advice: str

    def made(self, evidence: Evidence) -> bool:
        """Whether it was made; what the question raises counts as no."""
        try:
            return bool(self.when(evidence))
        except Exception:  # noqa: BLE001 - evidence of a broken answer may be anything
            return False


NOT_COMMITTED = Mistake(
    lambda e: e.sent("INSERT", "UPDATE", "DELETE") and not e.sent_commands("COMMIT"), "Nothing was committed."
)


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task whose answer is judged by what it does.

    Attributes:
        name: Its name, unique in the book.
        chapter: The name of its chapter's file, without the number.
        title: What it is called.
        task: What the answer must do, with code between backticks.
        prepare: Puts rows into the fresh database.
        checks: What is asked of an answer, in the order in which it is said.
        hints: Three, each more direct.
        solution: A right answer, as a program that defines ``answer(session)``.
        mistakes: Advice for common mistakes; the first that was made is told.
        starter: What a reader begins with.
        needs: What it takes that Python in a browser hasn't got, such as ``threads``; empty where it needs
            nothing of that kind.
    """

    name: str
    chapter: str
    title: str
    task: str
    prepare: Callable[[Session], object]
    checks: tuple[Check, ...]
    hints: tuple[str, str, str]
    solution: str
    mistakes: tuple[Mistake, ...] = ()
    starter: str = STARTER
    needs: str = ""

    def judge(self, evidence: Evidence, tries: int = 1) -> Verdict:
        """Say whether what happened is what the task asks.

        Args:
            evidence: What happened.
            tries: Which hint is due, from 1. Where the answer only has a slip of the pen, none is given.
        """
        problems = [problem for check in self.checks if (problem := check(evidence))]
        if evidence.error is not None and (problems or not isinstance(evidence.error, Exception)):
            problems = [_raised(evidence), *problems[:1]]  # the rest follows from the error
        if not problems:
            return Verdict(self, True, trace=evidence.trace)
        advice = next((mistake.advice for mistake in self.mistakes if mistake.made(evidence)), "")
        slip = isinstance(evidence.error, NameError | TypeError)
        hint = "" if slip and not advice else self.hints[min(tries, len(self.hints)) - 1]
        return Verdict(self, False, tuple(problems), advice, hint, evidence.trace, evidence.is_empty)

    def check(self, answer: object, tries: int = 1) -> Verdict:
        """Run an answer on a fresh database, and judge it. Nothing that it does is raised.

        Args:
            answer: A function of one session.
            tries: As for :meth:`judge`.
        """
        if not callable(answer):
            problem = Problem(f"wanted a function answer(session), found {kind_of(answer)}")
            return Verdict(self, False, (problem,), hint=self.hints[0])
        function: Answer = answer
        workspace = Workspace(self.prepare)
        try:
            return self.judge(workspace.run(function), tries)
        finally:
            workspace.close()


def _raised(evidence: Evidence) -> Problem:
    error, where = evidence.error, evidence.line_of_error
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - it is an error of the reader's own
        lines = []
    said = f": {lines[0]}" if lines else ""
    return Problem(f"the answer raised {type(error).__name__}{said}" + (f" ({where})" if where else ""))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of an answer. It is true where the answer is right.

    Attributes:
        exercise: The exercise.
        passed: Whether the answer is right.
        problems: What is not as the task asks.
        advice: What fits the mistake that was made; empty where none is known.
        hint: A hint; empty where none is needed.
        trace: What the session did.
        idle: Whether nothing has been tried yet.
    """

    exercise: Exercise
    passed: bool
    problems: tuple[Problem, ...] = ()
    advice: str = ""
    hint: str = ""
    trace: Trace = field(default_factory=Trace)
    idle: bool = False

    def __bool__(self) -> bool:
        return self.passed

    @property
    def headline(self) -> str:
        """One line."""
        if self.passed:
            return f"Right: {self.exercise.title}."
        return f"{'Not yet' if self.idle else 'Not right'}: {self.exercise.title}."

    def lines(self) -> list[str]:
        """Return what is said before the trace."""
        told = [self.headline]
        if not self.passed:
            told += [f"- {problem}" for problem in self.problems]
            told += [f"Advice: {self.advice}"] * bool(self.advice)
            told += [f"Hint: {self.hint}"] * bool(self.hint)
        return told

    def __str__(self) -> str:
        if self.idle:
            return f"{self.headline}\n{self.exercise.task}"
        shown = [] if self.passed else ["What the session did:", self._told()]
        return "\n".join([*self.lines(), *shown])

    def _told(self) -> str:
        return text.render(self.trace) if len(self.trace) else ELSEWHERE

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        if self.idle:
            return f'<div class="sd-verdict"><p><strong>{escape(self.headline)}</strong></p></div>'
        first, *rest = self.lines()
        told = "".join(f"<p>{escape(line.removeprefix('- '))}</p>" for line in rest)
        shown = html.render(self.trace) if len(self.trace) else f"<p>{ELSEWHERE}</p>"
        shown = "" if self.passed else shown
        return f'<div class="sd-verdict"><p><strong>{escape(first)}</strong></p>{told}{shown}</div>'
