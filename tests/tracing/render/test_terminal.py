"""What a terminal can show, on real pseudo-terminals."""

from __future__ import annotations

import io
import os
import pty
import struct
from collections.abc import Iterator
from fcntl import ioctl
from termios import TIOCSWINSZ
from typing import TextIO

import pytest

from session_demo import Trace
from session_demo.tracing.events import MarkSet, ObjectState, StateChanged, StatementExecuted
from session_demo.tracing.render.terminal import has_colour, width_of

STORY = Trace([StateChanged("ann", None, ObjectState.PERSISTENT), StatementExecuted("SELECT " + "a, " * 60)])


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal of 50 columns, to write to, and the end where what was written comes out."""
    other, own = pty.openpty()
    ioctl(own, TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    with os.fdopen(own, "w", encoding="utf-8") as stream:
        yield stream, other
    os.close(other)


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, (False, True)),
        ({"NO_COLOR": "1"}, (False, False)),
        ({"NO_COLOR": ""}, (False, True)),
        ({"FORCE_COLOR": "1"}, (True, True)),
        ({"FORCE_COLOR": ""}, (False, True)),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, (False, False)),
        ({"TERM": "dumb"}, (False, False)),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, (True, True)),
    ],
)
def test_environment_decides_on_colour(
    terminal: tuple[TextIO, int],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    coloured: tuple[bool, bool],
) -> None:
    """NO_COLOR goes before FORCE_COLOR, that before TERM=dumb; empty counts as unset."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (has_colour(io.StringIO()), has_colour(terminal[0])) == coloured


def test_width_is_that_of_the_terminal(terminal: tuple[TextIO, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal says how wide it is, COLUMNS knows better, and a file has no width."""
    assert (width_of(terminal[0]), width_of(io.StringIO())) == (50, None)
    monkeypatch.setenv("COLUMNS", "70")
    assert (width_of(terminal[0]), width_of(io.StringIO())) == (70, None)
    monkeypatch.setenv("COLUMNS", "wide")
    assert width_of(terminal[0]) == 50


def test_show_fits_the_terminal(terminal: tuple[TextIO, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal a trace has colours and keeps within its columns."""
    stream, other = terminal
    STORY.show(stream)
    stream.flush()
    assert b"\x1b[38;5;" in os.read(other, 10_000)
    monkeypatch.setenv("NO_COLOR", "1")
    STORY.show(stream)
    stream.flush()
    shown = os.read(other, 10_000).decode()
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 50


def test_show_in_a_file_is_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no terminal gets what print() gives; sys.stdout is meant unless another file is named."""
    out = io.StringIO()
    STORY.show(out)
    STORY.show()
    assert out.getvalue() == capsys.readouterr().out == f"{STORY}\n"


def test_show_spells_what_the_file_cannot_encode() -> None:
    """A letter that the encoding lacks is written as an escape, and nothing fails."""
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii", write_through=True) as stream:
        Trace([MarkSet("Łódź")]).show(stream)
        assert b"\\u0141\\xf3d\\u017a" in raw.getvalue()


def test_closed_stream_is_no_terminal() -> None:
    """A stream that is closed or missing has neither width nor colour."""
    stream = io.StringIO()
    stream.close()
    assert (width_of(stream), has_colour(stream)) == (None, False)
