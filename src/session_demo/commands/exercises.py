"""`session-demo exercises`: write starters, one file for each exercise."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..errors import NoSuchExerciseError
from ..exercises import Exercise
from ..exercises.catalogue import CATALOGUE, find

NAME = "exercises"
HELP = "write starters of the exercises into a folder, or list them"

PROGRAM = '''\
"""{title}

{task}

Fill in the function, then run this file: python {name}.py
"""

from session_demo import exercises


{starter}


if __name__ == "__main__":
    print(exercises.check("{name}", answer))
'''


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command understands."""
    parser.add_argument("--to", metavar="DIR", help="the folder; without it the exercises are listed")
    parser.add_argument("--chapter", help="only those of one chapter, such as identity-map")
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="one exercise; may be repeated"
    )
    parser.add_argument("--notebooks", action="store_true", help="notebooks instead of plain files")


def run(arguments: Namespace) -> int:
    """Carry the command out. A file that is there already is left alone.

    Raises:
        NoSuchExerciseError: There is no such exercise, or no such chapter.
        OSError: The folder cannot be made or written to.
    """
    chosen = _chosen(arguments)
    if arguments.to is None:
        print("\n".join(f"{one.name:<28} {one.chapter:<28} {one.title}" for one in chosen))  # noqa: T201
        return 0
    folder = Path(arguments.to)
    folder.mkdir(parents=True, exist_ok=True)
    written = [one for one in chosen if _write(one, folder, arguments.notebooks)]
    kept = len(chosen) - len(written)
    told = f"{len(written)} starters written to {folder}" + (
        f", {kept} that were there left alone" if kept else ""
    )
    print(f"{told}.")  # noqa: T201
    return 0


def _chosen(arguments: Namespace) -> list[Exercise]:
    if arguments.only:
        return [find(name) for name in arguments.only]
    chosen = [one for one in CATALOGUE.values() if arguments.chapter in (None, one.chapter)]
    if not chosen:
        chapters = ", ".join(dict.fromkeys(one.chapter for one in CATALOGUE.values()))
        raise NoSuchExerciseError(
            f"Can't find exercises of the chapter {arguments.chapter!r}. There are some for {chapters}."
        )
    return chosen


def _write(exercise: Exercise, folder: Path, notebook: bool) -> bool:
    path = folder / f"{exercise.name}{'.ipynb' if notebook else '.py'}"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(notebook_of(exercise) if notebook else program_of(exercise))
    except FileExistsError:
        return False
    return True


def program_of(exercise: Exercise) -> str:
    """Return the starter as a plain file."""
    return PROGRAM.format(
        title=exercise.title, task=exercise.task, name=exercise.name, starter=exercise.starter.strip()
    )


def notebook_of(exercise: Exercise) -> str:
    """Return the starter as a notebook."""
    start = f'from session_demo import exercises\n\nexercise = exercises.start("{exercise.name}")'
    cells = [
        _cell("markdown", f"# {exercise.title}\n\n{exercise.task}"),
        _cell("code", start),
        _cell("code", exercise.starter.strip()),
        _cell("code", "exercise.check(answer)"),
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(document, indent=1) + "\n"


def _cell(kind: str, source: str) -> dict[str, object]:
    own: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True), **own}
