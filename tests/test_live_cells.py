"""What runs the cells of a page: here under CPython, in tests/browser in the browser's own Python."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from IPython.lib.pretty import pretty
from live.cells import AT_MOST, Cells

from session_demo import exercises


class Page:
    """Keeps what cells send, as a page does."""

    def __init__(self, progress: Path | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.cells = Cells(lambda told: self.sent.append(json.loads(told)), pretty, {}, progress)

    def run(self, source: str, number: int = 1) -> list[dict[str, Any]]:
        """Run a cell; return what it sent."""
        self.sent = []
        self.passed = asyncio.run(self.cells.run(source, number))
        return self.sent

    def plain(self, source: str) -> str | None:
        """Return the text of the one value that a cell shows."""
        sent = self.run(source)
        assert self.passed, sent
        return sent[0]["data"]["text/plain"] if sent else None

    def error(self, source: str) -> str:
        """Return the text of the error that a cell ends with."""
        sent = self.run(source)
        assert not self.passed
        assert sent[-1]["kind"] == "error"
        return sent[-1]["text"]


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1 + 1", "2"),
        ("x = 1", None),
        ("None", None),
        ("1;", None),
        ("# nothing", None),
        ("", None),
        ("for i in range(3): i", None),
        ("{'b': 1, 'a': {3, 1, 2}}", "{'b': 1, 'a': {1, 2, 3}}"),
        ("import fractions\nfractions.Fraction", "fractions.Fraction"),
        ("'ä'", "'ä'"),
        ("import asyncio\nawait asyncio.sleep(0, 'waited')", "'waited'"),
    ],
)
def test_last_value_is_shown_as_jupyter_shows_it(page: Page, source: str, shown: str | None) -> None:
    """Values are written by IPython's own printer; what is no value, or muted, is not shown."""
    assert page.plain(source) == shown


def test_html_is_sent_beside_the_text(page: Page) -> None:
    """An object that shows itself in HTML or SVG does so; a class of such objects does not."""
    page.run("class Bold:\n    def _repr_html_(self): return '<b>!</b>'\n    def __repr__(self): return '!'")
    assert page.run("Bold()") == [{"kind": "display", "data": {"text/plain": "!", "text/html": "<b>!</b>"}}]
    assert "text/html" not in page.run("Bold")[0]["data"]
    assert page.run("display(1, 2)")[1]["data"] == {"text/plain": "2"}


def test_cells_share_their_variables(page: Page) -> None:
    """What a cell defines, the next one has; results are kept as in Jupyter."""
    page.run("x = 2")
    page.run("x * 3")
    assert page.plain("x + _") == "8"
    assert page.plain("Out[2], __") == "(6, 6)"


def test_context_variables_outlive_a_cell(page: Page) -> None:
    """What one cell sets in a context variable the next ones read, waiting or not."""
    page.run(
        "from contextvars import ContextVar\nimport asyncio\nuser = ContextVar('user')\nuser.set('ann');"
    )
    assert page.plain("user.get()") == "'ann'"
    page.run("user.set('ben')\nawait asyncio.sleep(0)")
    assert page.plain("user.get()") == "'ben'"


def test_streams_come_in_order_with_values(page: Page) -> None:
    """What was printed before a value comes before it; both streams are told apart."""
    sent = page.run("import sys\nprint('one')\ndisplay(2)\nprint('three', file=sys.stderr)")
    assert [(one["kind"], one.get("name")) for one in sent] == [
        ("stream", "stdout"),
        ("display", None),
        ("stream", "stderr"),
    ]
    assert sent[0]["text"] == "one\n"


def test_many_lines_are_few_messages(page: Page) -> None:
    """20,000 printed lines all arrive, and don't make 20,000 messages."""
    sent = page.run("for i in range(20_000): print(i)")
    assert "".join(one["text"] for one in sent) == "".join(f"{i}\n" for i in range(20_000))
    assert len(sent) < 100


def test_endless_output_is_cut(page: Page) -> None:
    """More than a page can hold is cut off, and says so; the next cell prints again."""
    sent = page.run(f"for i in range(50): print('x' * {AT_MOST // 10})")
    text = "".join(one["text"] for one in sent)
    assert text.endswith("\n... cut off here: a cell shows 1,000,000 characters.\n")
    assert len(text) < AT_MOST + 100
    assert page.run("print('on')")[0]["text"] == "on\n"


def test_error_shows_the_readers_lines_alone(page: Page) -> None:
    """Of a traceback stay the lines that were written in cells, each with the number of its cell."""
    page.run("def half(x):\n    return x / 0", number=3)
    text = page.error("import json\n\nhalf(1)")
    assert [line.strip() for line in text.splitlines() if line.strip(" ^~")] == [
        "Traceback (most recent call last):",
        "Cell 1, line 3",
        "half(1)",
        "Cell 3, line 2, in half",
        "return x / 0",
        "ZeroDivisionError: division by zero",
    ]
    inside = page.error("json.loads('{')")
    assert "decoder.py" not in inside
    assert inside.splitlines()[1:3] == ["  Cell 1, line 1", "    json.loads('{')"]


def test_cause_that_lies_in_a_library_is_left_out(page: Page) -> None:
    """The driver's error behind SQLAlchemy's is not told twice; the reader's own causes are."""
    page.run("import sqlalchemy as sa\nengine = sa.create_engine('sqlite://')")
    text = page.error("with engine.connect() as connection:\n    connection.execute(sa.text('SELECT nix'))")
    assert text.count("Traceback") == 1
    page.run("engine.dispose()")
    own = page.error("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError from error")
    assert own.count("Traceback") == 2


def test_error_that_the_clinic_knows_names_its_page(page: Page) -> None:
    """Below the error stands where it is explained."""
    page.run("from sqlalchemy.orm import Session\nfrom session_demo.models import Author")
    text = page.error("Session().refresh(Author())")
    assert text.splitlines()[-1].startswith("The error clinic explains it: book/errors")


@pytest.mark.parametrize("source", ["for x in", "x = (", "  x", "return 1"])
def test_syntax_error_points_at_its_line(page: Page, source: str) -> None:
    """Code that is none is an error like others."""
    text = page.error(source)
    assert "Cell 1, line 1" in text
    assert "Error" in text.splitlines()[-1]


def test_statements_before_an_error_have_run(page: Page) -> None:
    """What stands above the line that fails has happened."""
    sent = page.run("print('before')\n1 / 0\nprint('after')")
    assert [one["kind"] for one in sent] == ["stream", "error"]
    assert sent[0]["text"] == "before\n"


@pytest.mark.parametrize(
    "source", ["import sys\nsys.exit(3)", "raise KeyboardInterrupt", "def f(): f()\nf()"]
)
def test_nothing_that_a_cell_raises_ends_python(page: Page, source: str) -> None:
    """Exits and interrupts are shown, and the next cell runs."""
    page.error(source)
    assert page.plain("1") == "1"


def test_magic_is_refused_in_a_sentence(page: Page) -> None:
    """IPython's own language needs IPython, and the error says where that is."""
    assert "open this chapter as a notebook" in page.error("%timeit 1")


def test_figures_are_shown_and_closed(page: Page) -> None:
    """What matplotlib has drawn comes after the cell, as a picture that has a name."""
    plt.switch_backend("agg")
    sent = page.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert sent[0]["data"]["text/html"].startswith('<img alt="Figure 1" src="data:image/svg+xml;base64,')
    assert plt.get_fignums() == []


def test_progress_is_told_once_exercises_are_used(tmp_path: Path) -> None:
    """The page gets what it is to remember, and what it remembered is there after a new start."""
    page = Page(tmp_path / "progress.json")
    page.run(
        "from session_demo import exercises\nexercises.start('load-once').check(lambda session: session.get)"
    )
    stored = page.cells.progress()
    assert json.loads(stored)["exercises"]["load-once"]["tries"] >= 1
    exercises.progress().standings.clear()
    page = Page(tmp_path / "progress.json")
    page.run("from session_demo import exercises")
    assert page.cells.progress() == stored
    exercises.progress()._file = None
    exercises.progress().standings.clear()


def test_progress_is_empty_before_anything_was_tried(tmp_path: Path) -> None:
    """Nothing tried, nothing to remember."""
    page = Page()
    page.run("1")
    assert page.cells.progress() == ""


def test_versions_are_told(page: Page) -> None:
    """The page says what runs in it."""
    assert page.cells.versions().startswith("Python 3.")
    assert "SQLAlchemy 2." in page.cells.versions()


def test_streams_are_given_back(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    """After a cell the program's own streams are where they were, also after an error."""
    page.run("1 / 0")
    print("here")  # noqa: T201 - where it arrives is what is tested
    assert capsys.readouterr().out == "here\n"
