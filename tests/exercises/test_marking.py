"""Starters for a class, and marks for what comes back: right, wrong, empty, hostile."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from answers import RIGHT, WRONG

from session_demo.__main__ import main
from session_demo.exercises.catalogue import CATALOGUE
from session_demo.exercises.marking import mark_file

SECONDS = 20.0
HERE = Path(__file__).parent

HOSTILE = {
    "endless": ("def answer(session):\n    while True:\n        pass\n", "it did not end within"),
    "asleep": ("import time\ntime.sleep(1000)\n", "it did not end within"),
    "exits": ("import sys\nsys.exit(0)\n", "it cannot be run: SystemExit"),
    "exits hard": ("import os\nos._exit(0)\n", "without a verdict, by exit code 0"),
    "exits within": ("def answer(session):\n    raise SystemExit(0)\n", "the answer raised SystemExit"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)\n", "without a verdict"),
    "kills its parent": (
        "import os\nos.kill(os.getppid(), 9)\nos._exit(0)\n",
        "killed the process that runs it",
    ),
    "prints a gigabyte": (
        "def answer(session):\n    for _ in range(1000):\n        print('x' * 1_000_000)\n",
        "wanted",
    ),
    "eats memory": ("def answer(session):\n    return bytearray(1 << 33)\n", "MemoryError"),
    "fills the disk": (
        "def answer(session):\n    with open('big', 'wb') as f:\n"
        "        while True:\n            f.write(bytes(1 << 20))\n",
        "",
    ),
    "deletes its database": (
        "import os\ndef answer(session):\n    os.remove(session.get_bind().url.database)\n",
        "wanted",
    ),
    "deletes its folder": ("import shutil, os\ndef answer(session):\n    shutil.rmtree(os.getcwd())\n", ""),
    "asks the network": (
        "import socket\ndef answer(session):\n    socket.create_connection(('127.0.0.1', 9))\n",
        "PermissionError: an answer needs no network",
    ),
    "starts others": (
        "import subprocess, sys\ndef answer(session):\n"
        "    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])\n",
        "wanted",
    ),
    "is no Python": ("def answer(session:\n", "it cannot be run: SyntaxError"),
    "is no text": (b"\xff\xfe\x00", "it cannot be read: UnicodeDecodeError"),
    "defines nothing": ("x = 1\n", "it defines no function called answer"),
    "is no function": ("answer = 42\n", "wanted a function answer(session)"),
    "closes its output": ("import os\nos.close(1)\nos.close(2)\ndef answer(session):\n    print('x')\n", ""),
}


def write(folder: Path, student: str, name: str, content: str | bytes) -> Path:
    (folder / student).mkdir(parents=True, exist_ok=True)
    path = folder / student / f"{name}.py"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def borrowed(kind: str, name: str, place: int) -> str:
    """Return a program whose answer is one of those that the other tests know."""
    item = f"{kind}[{name!r}][{place}]" + ("[0]" if kind == "WRONG" else "")
    return f"import sys\nsys.path.insert(0, {str(HERE)!r})\nfrom answers import {kind}\nanswer = {item}\n"


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder of answers, and the outcome of each; all of them where SESSION_DEMO_REQUIRE names marking."""
    folder = tmp_path_factory.mktemp("answers")
    whole = "marking" in os.environ.get("SESSION_DEMO_REQUIRE", "").split(",")
    expected: dict[str, str] = {}

    def add(student: str, name: str, content: str | bytes, outcome: str) -> None:
        expected[write(folder, student, name, content).relative_to(folder).as_posix()] = outcome

    for name, exercise in list(CATALOGUE.items())[:: 1 if whole else 13]:
        add("solved", name, exercise.solution, "right")
        add("starter", name, exercise.starter, "empty")
        for place in range(len(RIGHT[name])):
            add(f"right{place}", name, borrowed("RIGHT", name, place), "right")
        for place in range(len(WRONG[name])):
            add(f"wrong{place}", name, borrowed("WRONG", name, place), "wrong")
    for how in ("is no Python", "defines nothing", "exits", "exits hard", "kills its parent"):
        add(how, "load-once", HOSTILE[how][0], "broken")
    add("exits within", "load-once", HOSTILE["exits within"][0], "wrong")
    for how in ("prints a gigabyte", "deletes its database"):  # and do nothing with the session
        add(how, "load-once", HOSTILE[how][0], "empty")
    assert len(expected) >= (200 if whole else 20)
    return folder, expected


def test_a_whole_class_is_marked(
    answers: tuple[Path, dict[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each answer gets the outcome that is due, in the table and in the JSON."""
    folder, expected = answers
    marks = tmp_path / "marks.json"
    assert main(["mark", str(folder), "--seconds", str(SECONDS * 3), "--json", str(marks)]) == 1
    told = {one["file"]: one["outcome"] for one in json.loads(marks.read_text(encoding="utf-8"))}
    assert told == expected
    table = capsys.readouterr().out.splitlines()
    assert len(table) == len(expected) + 1
    assert all(line.split("  ")[0].strip() in expected for line in table[:-1])


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_answer_gets_a_line(tmp_path: Path, how: str) -> None:
    """Whatever an answer does, it gets a clear line, and we go on."""
    content, told = HOSTILE[how]
    path = write(tmp_path, "x", "load-once", content)
    began = time.monotonic()
    mark = mark_file(path, 5 if "not end" in told else SECONDS)
    assert not mark.passed
    assert told in " ".join(mark.problems)
    assert time.monotonic() - began < SECONDS + 10


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there gets a line as well."""
    mark = mark_file(tmp_path / "load-once.py", SECONDS)
    assert (mark.outcome, mark.problems[0].split(":")[1]) == ("broken", " FileNotFoundError")


def test_what_an_answer_started_is_ended(tmp_path: Path) -> None:
    """No process of an answer outlives its mark."""
    child = f"import time; time.sleep(987); {tmp_path.name!r}"
    content = (
        "import subprocess, sys\ndef answer(session):\n"
        f"    subprocess.Popen([sys.executable, '-c', {child!r}])\n"
    )
    mark_file(write(tmp_path, "x", "load-once", content), SECONDS)
    assert tmp_path.name not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


class TestStarters:
    def test_plain_files(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Each exercise is a program with its task; run, it says that nothing was tried yet."""
        assert main(["exercises", "--to", str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"{len(CATALOGUE)} starters written to {tmp_path}.\n"
        files = sorted(tmp_path.iterdir())
        assert [file.stem for file in files] == sorted(CATALOGUE)
        for file in files:
            ast.parse(file.read_text(encoding="utf-8"))
        done = subprocess.run(
            [sys.executable, "load-once.py"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("Not yet: Load it once.\n")

    def test_files_that_are_there_are_left_alone(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The command can be repeated without harm."""
        (tmp_path / "load-once.py").write_text("mine", encoding="utf-8")
        assert main(["exercises", "--to", str(tmp_path), "--chapter", "identity-map"]) == 0
        assert "2 starters written" in (told := capsys.readouterr().out)
        assert "1 that were there left alone" in told
        assert (tmp_path / "load-once.py").read_text(encoding="utf-8") == "mine"

    def test_notebooks(self, tmp_path: Path) -> None:
        """A notebook is whole, and can be marked once it is filled in."""
        assert main(["exercises", "--to", str(tmp_path), "--only", "load-once", "--notebooks"]) == 0
        path = tmp_path / "load-once.ipynb"
        notebook: Any = nbformat.read(path, 4)
        nbformat.validate(notebook)
        assert mark_file(path, SECONDS).outcome == "empty"
        notebook.cells[2].source = CATALOGUE["load-once"].solution
        nbformat.write(notebook, path)
        assert mark_file(path, SECONDS).outcome == "right"

    def test_listing(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Without a folder the exercises are listed."""
        assert main(["exercises", "--chapter", "merge"]) == 0
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
            "carry-over",
            "leave-the-email",
            "trust-me",
        ]

    @pytest.mark.parametrize("wrong", [["--chapter", "x"], ["--only", "x"]])
    def test_unknown_name(self, wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A wrong name is an error, and nothing is written."""
        assert main(["exercises", "--to", str(tmp_path / "new"), *wrong]) == 1
        assert "Can't find" in capsys.readouterr().err
        assert not (tmp_path / "new").exists()


class TestMarkCommand:
    def test_empty_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A folder without answers says how files are named."""
        assert main(["mark", str(tmp_path)]) == 0
        assert "files are named after exercises" in capsys.readouterr().out

    def test_no_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A folder that is not there is an error."""
        assert main(["mark", str(tmp_path / "none")]) == 1
        assert "Can't open" in capsys.readouterr().err

    @pytest.mark.parametrize("seconds", ["0", "-1", "x", "1e9"])
    def test_seconds(self, tmp_path: Path, seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
        """The time limit is a number of seconds."""
        with pytest.raises(SystemExit):
            main(["mark", str(tmp_path), "--seconds", seconds])
        assert "no number of seconds" in capsys.readouterr().err


def test_cells_of_the_chapters_are_current() -> None:
    """The chapters have the exercises as the package has them."""
    from tools import exercises

    assert exercises.main(["--check"]) == 0
