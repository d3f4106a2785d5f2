"""Every exercise: as shipped, solved, solved otherwise, done wrong, left empty, blown up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from answers import EXPLODING, RIGHT, WRONG, kept

from session_demo import exercises
from session_demo.errors import NoSuchExerciseError, ProgressError
from session_demo.exercises.catalogue import CATALOGUE
from session_demo.exercises.exercise import Exercise, Verdict
from session_demo.models import Author
from session_demo.selftest import chapters

every_exercise = pytest.mark.parametrize("exercise", CATALOGUE.values(), ids=list(CATALOGUE))


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Forget the progress, and close what answers left open."""
    from session_demo.exercises import started

    started._progress.standings.clear()
    yield
    for one in kept:
        scoped = isinstance(one, sa.orm.scoped_session)
        for open_one in list(one.registry.registry.values()) if scoped else [one]:
            # Its engine is disposed of: a connection that went back to the pool would never be closed.
            open_one.invalidate() if isinstance(open_one, sa.orm.Session) else open_one.close()
    kept.clear()


def program(source: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(source, "answer.py", "exec"), names)
    return names["answer"]


def mistakes() -> list[Any]:
    return [
        pytest.param(CATALOGUE[name], answer, advice, id=f"{name}-{number}")
        for name, answers in WRONG.items()
        for number, (answer, advice) in enumerate(answers, 1)
    ]


@every_exercise
def test_as_shipped_it_is_not_done(exercise: Exercise) -> None:
    """The starter says "not yet", with the task, and no hint is spent."""
    verdict = exercise.check(program(exercise.starter))
    assert (verdict.passed, verdict.idle) == (False, True)
    assert str(verdict) == f"Not yet: {exercise.title}.\n{exercise.task}"


@every_exercise
def test_solution_is_right(exercise: Exercise) -> None:
    """The solution passes."""
    verdict = exercise.check(program(exercise.solution))
    assert verdict, str(verdict)
    assert str(verdict) == f"Right: {exercise.title}."


@pytest.mark.parametrize("name", CATALOGUE)
def test_another_way_is_right(name: str) -> None:
    """At least one more way passes."""
    for answer in RIGHT[name]:
        verdict = CATALOGUE[name].check(answer)
        assert verdict, str(verdict)


@pytest.mark.parametrize(("exercise", "answer", "advice"), mistakes())
def test_mistake_gets_advice_that_fits(exercise: Exercise, answer: Any, advice: str) -> None:
    """A mistake is rejected, with advice for that very mistake and with what the session did."""
    verdict = exercise.check(answer)
    assert not verdict
    assert advice in verdict.advice
    assert "What the session did:" in str(verdict)
    assert verdict.problems


@every_exercise
def test_two_mistakes_are_known(exercise: Exercise) -> None:
    """Each exercise knows at least two wrong answers, and advice for each of them."""
    assert len({advice for _, advice in WRONG[exercise.name]}) >= 2
    assert all(advice for _, advice in WRONG[exercise.name])


@every_exercise
def test_exploding_answer_is_survived(exercise: Exercise) -> None:
    """An answer that fails at once is not right, and its error is told."""
    verdict = exercise.check(EXPLODING["raises"])
    assert not verdict
    assert "the answer raised ZeroDivisionError: division by zero" in str(verdict)


@pytest.mark.parametrize("exercise", [CATALOGUE["titles-by-author"], CATALOGUE["leave-no-connection"]])
@pytest.mark.parametrize("how", EXPLODING)
def test_broken_answer_is_survived(exercise: Exercise, how: str) -> None:
    """Whatever an answer does, the verdict is no, and it can be shown."""
    verdict = exercise.check(EXPLODING[how])
    assert not verdict
    assert verdict.headline.endswith(f"{exercise.title}.")
    assert str(verdict)
    assert verdict._repr_html_()


def test_need_of_threads_is_told() -> None:
    """Where a solution starts a thread, the exercise says that it takes threads, and nowhere else."""
    threaded = [one.name for one in CATALOGUE.values() if "Thread(" in one.solution]
    assert threaded
    assert [one.name for one in CATALOGUE.values() if one.needs == "threads"] == threaded


def test_every_chapter_has_three() -> None:
    """Each chapter has three exercises; names are unique, and there are three hints that differ."""
    counts = Counter(one.chapter for one in CATALOGUE.values())
    assert counts == dict.fromkeys(chapters(), 3)
    assert all(len(set(one.hints)) == 3 for one in CATALOGUE.values())
    assert exercises.names() == list(CATALOGUE)


class TestVerdict:
    def test_error_names_the_line(self) -> None:
        """What the answer raised is told with its line."""

        def answer(session: Any) -> None:
            session.add(Author(name="Stanislaw Lem"))
            session.commit()

        verdict = exercises.check("commit-last", answer)
        assert "the answer raised IntegrityError" in verdict.problems[0].text
        assert verdict.problems[0].text.endswith("session.commit())")

    def test_offending_line(self) -> None:
        """A statement too many is told with the line that sent it."""
        (answer, _), *_rest = WRONG["load-once"]
        problem = exercises.check("load-once", answer).problems[0]
        assert str(problem).startswith("wanted 1 SELECT, found 2 (answers.py:")

    def test_hints_grow_more_direct(self) -> None:
        """Each try brings the next hint; the last one stays."""
        exercise = exercises.start("load-once")
        wrong = WRONG["load-once"][0][0]
        hints = exercise.exercise.hints
        assert exercise.check(program(exercise.exercise.solution)).hint == ""
        assert [exercise.check(wrong).hint, exercise.hint(), exercise.check(wrong).hint] == [*hints]
        assert [exercise.hint(), exercise.check(wrong).hint] == [hints[2], hints[2]]

    def test_slip_of_the_pen_costs_no_hint(self) -> None:
        """A name that is misspelt is told, and nothing else."""

        def answer(session: Any) -> None:
            session.get(Author, 1)
            retrun  # type: ignore[name-defined]  # noqa: B018, F821

        exercise = exercises.start("load-once")
        verdict = exercise.check(answer)
        assert "NameError: name 'retrun' is not defined" in str(verdict)
        assert (verdict.hint, exercise.hint()) == ("", exercise.exercise.hints[0])

    def test_what_was_returned_is_told(self) -> None:
        """Plain values are told as they are, objects by class and state."""
        told = exercises.check("old-and-new", lambda session: ("a", session.get(Author, 1))).problems
        assert any("it returned ('a', an Author that is persistent)" in one.text for one in told)

    def test_work_elsewhere(self) -> None:
        """Where only other sessions worked, the verdict says that they are not shown."""
        from sqlalchemy.orm import Session

        def answer(session: Any) -> object:
            with Session(session.get_bind()) as own:
                return own.get(Author, 1)

        assert "work in other sessions is not shown here" in str(exercises.check("ready-to-travel", answer))

    def test_html_is_escaped(self) -> None:
        """What an answer raises is text, not markup."""

        def answer(session: Any) -> None:
            session.add(Author(name="x"))
            raise ValueError("<script>")

        html = exercises.check("load-once", answer)._repr_html_()
        assert "<script>" not in html

    def test_right_answer_may_raise_at_last(self) -> None:
        """An answer that did all and then raises is right, but leaving the program is not."""
        assert isinstance(exercises.check("commit-last", lambda session: exit()), Verdict)


class TestStarted:
    def test_session_to_try_things_out(self) -> None:
        """What is done with the session itself can be judged, again and again."""
        exercise = exercises.start("only-pending")
        assert not exercise.check()
        exercise.session.add(Author(name="x"))
        assert not exercise.check()
        exercise.close()

    def test_work_with_the_session_counts(self) -> None:
        """A task that is solved on the session is solved."""
        exercise = exercises.start("commit-last")
        exercise.session.add(Author(name="Italo Calvino"))
        exercise.session.commit()
        assert exercise.check()
        exercise.close()

    def test_each_check_has_a_fresh_database(self) -> None:
        """A right answer is right a second time."""
        exercise = exercises.start("commit-last")
        answer = program(exercise.exercise.solution)
        assert exercise.check(answer)
        assert exercise.check(answer)

    def test_solution_shows_itself(self) -> None:
        """The solution is shown as a program."""
        assert repr(exercises.start("load-once").solution()).startswith("from sqlalchemy import select\n")

    @pytest.mark.parametrize(("name", "told"), [("load-onc", "Did you mean 'load-once'?"), (7, "names()")])
    def test_unknown_name(self, name: Any, told: str) -> None:
        """A wrong name gets the nearest right one."""
        with pytest.raises(NoSuchExerciseError, match="Can't find an exercise") as caught:
            exercises.start(name)
        assert told in str(caught.value)


class TestProgress:
    def test_tries_are_counted(self) -> None:
        """What was tried and what is done can be seen; looking at the task is no try."""
        exercise = exercises.start("load-once")
        exercise.check(lambda session: None)
        exercise.check(WRONG["load-once"][0][0])
        assert str(exercises.progress()).splitlines()[0] == f"0 of {len(CATALOGUE)} exercises done."
        exercise.check(program(exercise.exercise.solution))
        told = str(exercises.progress())
        assert told.startswith(f"1 of {len(CATALOGUE)} exercises done.\n")
        assert "load-once                    done, 2 tries\n" in told
        assert "<table>" in exercises.progress()._repr_html_()

    def test_file_is_kept_and_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Progress goes to the file that is named, and comes back from it."""
        from session_demo.exercises import started
        from session_demo.exercises.progress import Progress

        monkeypatch.setattr(started, "_progress", Progress())
        file = tmp_path / "progress.json"
        exercises.progress(file)
        exercises.check("load-once", program(CATALOGUE["load-once"].solution))
        assert [one.name for one in tmp_path.iterdir()] == ["progress.json"]
        monkeypatch.setattr(started, "_progress", Progress())
        assert exercises.progress(file).of("load-once").passed
        assert exercises.progress().summary == f"1 of {len(CATALOGUE)} exercises done."

    @pytest.mark.parametrize("held", ["", "[]", '{"format": "another"}', "not json", '{"format": 3, "x": 1}'])
    def test_another_file_is_left_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str
    ) -> None:
        """A file that holds something else is refused and not touched."""
        from session_demo.exercises import started
        from session_demo.exercises.progress import Progress

        monkeypatch.setattr(started, "_progress", Progress())
        file = tmp_path / "notes.txt"
        file.write_text(held, encoding="utf-8")
        with pytest.raises(ProgressError, match="it holds something else"):
            exercises.progress(file)
        assert file.read_text(encoding="utf-8") == held

    def test_nothing_is_written_unasked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a file nothing is written anywhere."""
        monkeypatch.chdir(tmp_path)
        exercises.check("load-once", program(CATALOGUE["load-once"].solution))
        assert list(tmp_path.iterdir()) == []
