"""Judge an answer that stands in a file, in a process of its own that may do whatever it likes.

The process is the leader of a session of its own, and nothing but a file is taken from it: what it prints
goes nowhere, and what it starts in its group of processes is ended with it. Its own Python is refused the
network, and it has the folder it runs in for itself. A program that means harm is not kept from it: that is
the task of a container.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RIGHT, WRONG, EMPTY, BROKEN = "right", "wrong", "empty", "broken"
MEMORY = 2 << 30
"""Bytes that one answer may have, where the system can limit that."""
FILE_SIZE = 64 << 20
"""Bytes that one file of an answer may have."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one file.

    Attributes:
        path: The file.
        outcome: ``right``, ``wrong``, ``empty`` (nothing was tried yet) or ``broken`` (there is no verdict).
        problems: What is not as the task asks, or why there is no verdict.
        advice: What fits the mistake.
    """

    path: Path
    outcome: str
    problems: tuple[str, ...] = ()
    advice: str = ""

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.outcome == RIGHT

    @property
    def told_short(self) -> str:
        """One line."""
        return " ".join((self.advice or next(iter(self.problems), "")).split())[:200]

    def told(self, path: str) -> dict[str, Any]:
        """Return what is written as JSON."""
        return {
            "file": path,
            "exercise": self.path.stem,
            "outcome": self.outcome,
            "problems": list(self.problems),
            "advice": self.advice,
        }


def mark_file(path: Path, seconds: float) -> Mark:
    """Judge the answer in a file. Nothing that is wrong with it is raised.

    Args:
        path: A program or a notebook that defines ``answer``, named after its exercise.
        seconds: How long it may take.
    """
    with tempfile.TemporaryDirectory(prefix="session-demo-mark-", ignore_cleanup_errors=True) as folder:
        result = Path(folder) / "verdict.json"
        ended = _run(path.resolve(), result, Path(folder), seconds)
        try:
            told = json.loads(result.read_text(encoding="utf-8"))
            return Mark(path, told["outcome"], tuple(map(str, told["problems"])), str(told["advice"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Mark(path, BROKEN, (ended,))


def _run(path: Path, result: Path, folder: Path, seconds: float) -> str:
    """Run the file, and say how the process ended."""
    work = folder / "work"
    work.mkdir()
    command = [sys.executable, "-m", "session_demo.exercises.judging", str(path), str(result)]
    environment = os.environ | {"TMPDIR": str(work), "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
    # Between us and the answer stands one more process: who kills his parent kills that one.
    process = subprocess.Popen(  # noqa: S603 - the program is this Python
        [sys.executable, "-c", _BETWEEN, *command],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return f"it did not end within {seconds:g} seconds"
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return (
        f"it ended without a verdict, by exit code {code}"
        if code >= 0
        else "it killed the process that runs it"
    )


_BETWEEN = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], check=False).returncode & 255)"
