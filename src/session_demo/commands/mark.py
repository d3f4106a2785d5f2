"""`session-demo mark`: judge many answers, each in a process of its own."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..exercises.catalogue import CATALOGUE
from ..exercises.marking import Mark, mark_file

NAME = "mark"
HELP = "judge the answers in a folder, each in a process of its own"

SECONDS = 10.0


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command understands."""
    parser.add_argument(
        "folder", help="a folder with answers; folders in it, one for each student, are looked into"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=SECONDS,
        metavar="N",
        help=f"how long one answer may take ({SECONDS:g})",
    )
    parser.add_argument("--json", metavar="FILE", help="also write the marks as JSON")


def _seconds(told: str) -> float:
    try:
        seconds = float(told)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 3600:
        raise ArgumentTypeError(f"{told!r} is no number of seconds between 0 and 3600")
    return seconds


def run(arguments: Namespace) -> int:
    """Carry the command out. What an answer does never ends it.

    Returns:
        0 where all answers are right, else 1.

    Raises:
        OSError: The folder cannot be read, or the JSON not be written.
    """
    folder = Path(arguments.folder)
    files = answers_in(folder)
    with ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as workers:
        marks = list(workers.map(lambda path: mark_file(path, arguments.seconds), files))
    print("\n".join(table(folder, marks)))  # noqa: T201
    if arguments.json:
        told = [mark.told(mark.path.relative_to(folder).as_posix()) for mark in marks]
        Path(arguments.json).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return int(not all(mark.passed for mark in marks))


def answers_in(folder: Path) -> list[Path]:
    """Return the files that are named after an exercise, in the order of their paths.

    Raises:
        OSError: The folder is not there, or is none.
    """
    os.listdir(folder)  # says what is wrong with it, where something is
    names = {f"{name}{kind}" for name in CATALOGUE for kind in (".py", ".ipynb")}
    return sorted(path for path in folder.rglob("*") if path.name in names)


def table(folder: Path, marks: list[Mark]) -> list[str]:
    """Return the marks as lines, and how many there are of each kind."""
    if not marks:
        return [f"No answers in {folder}: files are named after exercises, such as load-once.py."]
    paths = [mark.path.relative_to(folder).as_posix() for mark in marks]
    width = max(map(len, paths))
    lines = [
        f"{path:<{width}}  {mark.outcome:<9}  {mark.told_short}".rstrip()
        for path, mark in zip(paths, marks, strict=True)
    ]
    counts = Counter(mark.outcome for mark in marks)
    return [*lines, ", ".join(f"{count} {outcome}" for outcome, count in counts.items())]
