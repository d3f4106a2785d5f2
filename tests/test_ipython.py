"""The cell magic, in a real IPython shell and in a real notebook."""

from __future__ import annotations

import atexit
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout

import nbformat
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from nbclient import NotebookClient

from session_demo import Trace
from session_demo.tracing.events import StatementExecuted

SETUP = """\
from sqlalchemy.orm import Session
from session_demo import create_engine
from session_demo.models import Author, Base
engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
session = Session(engine)
"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    shell.history_manager.enabled = False
    run(shell, SETUP)
    shell.run_line_magic("load_ext", "session_demo")
    yield shell
    run(shell, "session.close(); engine.dispose()")
    atexit.unregister(shell.atexit_operations)
    shell.history_manager.end_session()
    shell.history_manager.db.close()
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> tuple[ExecutionResult, str]:
    """Run a cell and return its result with all it printed."""
    with redirect_stdout(io.StringIO()) as out:
        result = shell.run_cell(cell, store_history=True)
    return result, out.getvalue()


def test_trace_follows_the_output(shell: InteractiveShell) -> None:
    """What the cell prints and its last value come first, then the trace, with the cell's own lines."""
    result, out = run(
        shell, "%%trace session\nann = Author(name='ann')\nsession.add(ann)\nprint('added')\nlen(session.new)"
    )
    result.raise_error()
    assert out.splitlines()[0] == "added"
    assert next(line for line in out.splitlines()[1:] if line).endswith("1")
    assert "line 3: session.add(ann)" in out
    assert "object    ann transient -> pending" in out
    assert shell.user_ns["ann"] in shell.user_ns["session"].new


def test_as_keeps_the_trace(shell: InteractiveShell) -> None:
    """--as names the variable that holds the trace, --level says what is recorded."""
    run(shell, "%%trace session --level sql --as story\nsession.add(Author(name='ann'))\nsession.flush();")
    story = shell.user_ns["story"]
    assert type(story) is Trace
    assert story.commands == ["BEGIN", "INSERT"]
    assert {type(event).__name__ for event in story} == {"StatementExecuted", "DatabaseTransactionChanged"}


def test_error_of_the_cell_is_that_of_the_cell(shell: InteractiveShell) -> None:
    """A cell that raises shows its trace, and then the error as without the magic: its own frames only."""
    result, out = run(shell, "%%trace session --as story\nsession.add(Author(name='ann'))\n1 / 0\n")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert out.index("transient -> pending") < out.index("ZeroDivisionError")
    assert "----> 3 1 / 0" in out
    assert "ipython.py" not in out
    assert shell.user_ns["story"].states("Author A") == ["transient", "pending"]
    assert not shell.user_ns["session"].dispatch.transient_to_pending


def test_syntax_error_records_nothing(shell: InteractiveShell) -> None:
    """A cell that is no Python fails as ever, and nothing was started."""
    result, out = run(shell, "%%trace session\nsession.add(\n")
    assert isinstance(result.error_in_exec or result.error_before_exec, SyntaxError)
    assert "event" not in out


def test_session_is_any_expression(shell: InteractiveShell) -> None:
    """What is traced is looked up as Python, spaces and quotes included."""
    run(shell, "%%trace [session][0] if 'a b' else None --as story\nsession.add(Author(name='ann'))")
    assert len(shell.user_ns["story"]) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "the following arguments are required: session"),
        ("session --level all", "invalid choice: 'all'"),
        ("session --as 1", "'1' is no name of a variable"),
        ("session 'open", "No closing quotation"),
    ],
)
def test_line_that_is_not_understood(shell: InteractiveShell, line: str, said: str) -> None:
    """A wrong line is a usage error that says what is wrong and how it is written."""
    with pytest.raises(UsageError, match=said) as refused:
        shell.run_cell_magic("trace", line, "1")
    assert "%%trace SESSION" in str(refused.value)


def test_await_is_refused_with_a_remedy(shell: InteractiveShell) -> None:
    """A magic cannot wait, so a cell that would is refused before it runs."""
    with pytest.raises(UsageError, match='use "with trace'):
        shell.run_cell_magic("trace", "session", "import asyncio\nawait asyncio.sleep(0)")


def test_magics_work_within(shell: InteractiveShell) -> None:
    """A traced cell may hold magics of its own; a semicolon keeps its last value quiet."""
    _, out = run(shell, "%%trace session\nwhere = %pwd\n7;")
    assert shell.user_ns["where"]
    assert "7" not in out


def test_unload_takes_the_magic_away(shell: InteractiveShell) -> None:
    """After %unload_ext the magic is unknown."""
    shell.run_line_magic("unload_ext", "session_demo")
    assert shell.find_cell_magic("trace") is None


def test_notebook_shows_the_trace() -> None:
    """In a notebook the trace is a table, with the text beside it, and a failing cell stops the run."""
    cells = [
        SETUP,
        "%load_ext session_demo",
        "%%trace session --as story\nann = Author(name='ann')\nsession.add(ann)\nsession.commit()",
        "print(story.to_json())",
        "%%trace session\nann.name\n1 / 0",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=120).execute()
    shown = notebook.cells[2].outputs[0]["data"]
    assert '<div class="sd-trace">' in shown["text/html"]
    assert "line 4: session.commit()" in shown["text/plain"]
    assert "ann (id=1) pending -> persistent" in shown["text/plain"]
    story = Trace.from_json(notebook.cells[3].outputs[0]["text"])
    assert [one.sql for one in story.of(StatementExecuted)] == ["INSERT INTO author (name) VALUES (?)"]
    table, error = notebook.cells[4].outputs
    assert "SELECT" in table["data"]["text/plain"]
    assert (error["output_type"], error["ename"]) == ("error", "ZeroDivisionError")


BEGIN_TWICE = "session.connection()\nsession.begin()"
EXPLAINED = "Explained in the book: book/errors-transactions.html#"


def test_known_error_names_its_page(shell: InteractiveShell) -> None:
    """Below the traceback of an error that the book explains, one line says where."""
    _, out = run(shell, BEGIN_TWICE)
    *traceback, line = out.rstrip().splitlines()
    assert line.startswith(EXPLAINED)
    shell.run_line_magic("unload_ext", "session_demo")
    _, without = run(shell, BEGIN_TWICE)
    assert re.sub(r"In\[\d+\]|Cell", "", "\n".join(traceback)) == re.sub(
        r"In\[\d+\]|Cell", "", without.rstrip()
    ).replace("In[3]", "In[2]")


def test_foreign_error_gets_no_line(shell: InteractiveShell) -> None:
    """An error that the book does not know, or whose text can't be read, is shown as ever."""
    unreadable = "class Odd(Exception):\n    def __str__(self):\n        1 / 0\nraise Odd()"
    for cell in ("1 / 0", "1 +", unreadable, "7"):
        _, out = run(shell, cell)
        assert "Explained" not in out
        assert "after_a_cell" not in out


def test_line_can_be_switched_off(shell: InteractiveShell) -> None:
    """%explain_errors off silences it, on brings it back, anything else is a usage error."""
    shell.run_line_magic("explain_errors", "off")
    assert EXPLAINED not in run(shell, BEGIN_TWICE)[1]
    shell.run_line_magic("explain_errors", "on")
    assert EXPLAINED in run(shell, BEGIN_TWICE)[1]
    with pytest.raises(UsageError, match="%explain_errors on"):
        shell.run_line_magic("explain_errors", "maybe")
