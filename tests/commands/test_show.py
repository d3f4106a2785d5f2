"""The command line, run as a program of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from session_demo import Trace
from session_demo.__main__ import main
from session_demo.tracing.events import ObjectState, StateChanged, StatementExecuted

STORY = Trace(
    [StateChanged("Łódź", None, ObjectState.PERSISTENT), StatementExecuted("SELECT " + "a_column, " * 12)]
)


@pytest.fixture
def saved(tmp_path: Path) -> str:
    STORY.save(tmp_path / "story.json")
    return str(tmp_path / "story.json")


def session_demo(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "session_demo", *arguments],
        capture_output=True,
        encoding="utf-8",
        input=given,
        env=kept | {"PYTHONIOENCODING": "utf-8"} | environment,
        check=False,
    )


def test_show_prints_the_trace(saved: str) -> None:
    """Without options the text of the trace is printed, and the exit code is 0."""
    done = session_demo("show", saved)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{STORY}\n", "")


def test_dash_is_standard_input() -> None:
    """A trace can be piped in."""
    assert session_demo("show", "-", given=STORY.to_json()).stdout == f"{STORY}\n"


def test_width_wraps(saved: str) -> None:
    """--width keeps the lines within so many columns."""
    lines = session_demo("show", saved, "--width", "60").stdout.splitlines()
    assert 40 < max(map(len, lines)) <= 60
    assert len(lines) > len(str(STORY).splitlines())


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_is_as_asked(
    saved: str, arguments: list[str], environment: dict[str, str], coloured: bool
) -> None:
    """--color goes before the environment; what is asked for nowhere is written only to a terminal."""
    assert ("\033[" in session_demo("show", saved, *arguments, **environment).stdout) == coloured


@pytest.mark.parametrize(("form", "expected"), [("html", STORY.to_html()), ("perfetto", STORY.to_perfetto())])
def test_output_goes_into_a_file(saved: str, tmp_path: Path, form: str, expected: str) -> None:
    """--format and --output write what the methods of a trace return."""
    path = tmp_path / "out"
    done = session_demo("show", saved, "--format", form, "--output", str(path))
    assert (done.returncode, done.stdout, path.read_text(encoding="utf-8")) == (0, "", expected)
    assert session_demo("show", saved, "--format", form).stdout == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "session-demo: Can't open {}: No such file or directory.\n"),
        (b"\xff", "session-demo: Can't read {}: byte 0 is no UTF-8."),
        (b"{}", "session-demo: Can't read {}: it is JSON without"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    """An error is one line on standard error with exit code 1, and an output file stays as it was."""
    path, kept = tmp_path / "story.json", tmp_path / "kept"
    kept.write_text("mine")
    if content is not None:
        path.write_bytes(content)
    done = session_demo("show", str(path), "--output", str(kept))
    assert (done.returncode, done.stdout, kept.read_text()) == (1, "", "mine")
    assert done.stderr.startswith(said.format(path))
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["shw"], ["show"], ["show", "-", "--width", "7"]])
def test_arguments_that_are_not_understood(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage ends with exit code 2 and says how it is used."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: session-demo" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes on Windows")
def test_reader_that_has_enough_ends_it_quietly(tmp_path: Path) -> None:
    """A broken pipe is no traceback; the exit code is that of a program that the pipe ended."""
    path = tmp_path / "long.json"
    Trace([StatementExecuted("SELECT 1")] * 5000).save(path)
    show = [sys.executable, "-W", "error", "-m", "session_demo", "show", str(path), "--format", "perfetto"]
    with subprocess.Popen(show, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_console_script_is_the_same_program(saved: str) -> None:
    """The installed script does what the module does."""
    script = Path(sys.executable).with_name("session-demo")
    if not script.exists():
        pytest.skip("the package was installed before it had a script: install it again")
    done = subprocess.run(
        [script, "show", saved, "--format", "perfetto"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(STORY.to_perfetto())
