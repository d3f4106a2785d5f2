"""IPython and Jupyter: `%load_ext session_demo`, `%%trace session` over a cell, a line below known errors."""

from __future__ import annotations

import ast
import shlex
from argparse import ArgumentParser
from contextlib import AbstractContextManager, suppress
from types import CodeType
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakKeyDictionary

from .explaining import explain
from .tracing import trace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

MAGIC = "trace"
SWITCH = "explain_errors"
AFTER_A_CELL = "post_run_cell"


def load(shell: InteractiveShell) -> None:
    """Make the magics known to *shell*, and have it name the page of errors that the book explains."""

    def cell_magic(line: str, cell: str) -> None:
        """Record what a session does in this cell, and show it after the cell's output.

        %%trace SESSION [--level sql|session|full] [--as NAME]

        SESSION is an expression: a session, a sessionmaker, a Session class. With --as, the variable
        NAME holds the trace afterwards. A cell with "await" at its top can't be traced so; use
        "with trace(session)" in it.
        """
        __tracebackhide__ = "__ipython_bottom__"  # an error shows the frames of the cell, and no others
        _run(shell, line, cell)

    register: Any = shell.register_magic_function  # its types are those of a method
    register(cell_magic, "cell", MAGIC)
    guide = _guides.setdefault(shell, _Guide())
    register(guide.switch, "line", SWITCH)
    shell.events.register(AFTER_A_CELL, guide.after_a_cell)


def unload(shell: InteractiveShell) -> None:
    """Take all that was loaded away again."""
    shell.magics_manager.magics["cell"].pop(MAGIC, None)
    if guide := _guides.pop(shell, None):
        shell.magics_manager.magics["line"].pop(SWITCH, None)
        shell.events.unregister(AFTER_A_CELL, guide.after_a_cell)


class _Guide:
    """Prints below a traceback where the book explains the error."""

    def __init__(self) -> None:
        self._on = True

    def switch(self, line: str) -> None:
        """Say below the traceback of a known error where the book explains it, or don't.

        %explain_errors on | off
        """
        from IPython.core.error import UsageError

        if line.strip() not in ("on", "off"):
            raise UsageError("It is written %explain_errors on, or %explain_errors off")
        self._on = line.strip() == "on"

    def after_a_cell(self, result: ExecutionResult) -> None:
        error = result.error_in_exec
        # An error whose text can't be read was shown without it, and IPython would print a second traceback.
        with suppress(Exception):
            if self._on and isinstance(error, BaseException) and (told := explain(error)):
                print(f"Explained in the book: {told.page}")  # noqa: T201 - it belongs to the traceback


_guides: WeakKeyDictionary[InteractiveShell, _Guide] = WeakKeyDictionary()


class _Parser(ArgumentParser):
    """Reads the line of a magic; what it does not understand is IPython's own kind of error."""

    def error(self, message: str) -> NoReturn:
        from IPython.core.error import UsageError

        usage = "%%trace SESSION [--level sql|session|full] [--as NAME]"
        raise UsageError(f"Can't read this %%trace: {message}. It is written {usage}")


def _arguments(line: str) -> Any:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("session", nargs="+")
    parser.add_argument("--level", choices=("sql", "session", "full"), default="session")
    parser.add_argument("--as", dest="name")
    try:
        words = shlex.split(line, posix=False)  # quotes belong to the expression
    except ValueError as error:
        parser.error(str(error))
    told = parser.parse_args(words)
    if told.name is not None and not told.name.isidentifier():
        parser.error(f"{told.name!r} is no name of a variable")
    return told


def _run(shell: InteractiveShell, line: str, cell: str) -> None:
    from IPython.display import display

    __tracebackhide__ = "__ipython_bottom__"
    told = _arguments(line)
    recording = trace(shell.ev(" ".join(told.session)), told.level)
    codes = _compiled(shell, cell)
    recording.start()
    try:
        _execute(shell, codes)
    finally:
        story = recording.stop()
        if told.name:
            shell.user_ns[told.name] = story
        display(story)


def _compiled(shell: InteractiveShell, cell: str) -> list[CodeType]:
    """Compile the cell as IPython does; where it ends with an expression, that is shown."""
    # The line of the magic stays in, empty, so that lines have the numbers they have in the cell.
    source = shell.transform_cell("\n" + cell)
    source = source if source.startswith("\n") else "\n" + source
    if shell.should_run_async(source, transformed_cell=source):
        _Parser().error('the cell has "await" at its top; use "with trace(session)" in it')
    name = shell.compile.cache(source, shell.execution_count, raw_code=source)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
    shown: list[ast.stmt] = []
    quiet = shell.displayhook.semicolon_at_end_of_expression(source)
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not quiet:
        shown = [tree.body.pop()]
    compiler: Any = shell.compile
    codes = [compiler(ast.Module(tree.body, []), name, "exec")] if tree.body else []
    return codes + [compiler(ast.Interactive([one]), name, "single") for one in shown]


def _execute(shell: InteractiveShell, codes: list[CodeType]) -> None:
    __tracebackhide__ = "__ipython_bottom__"
    traps: AbstractContextManager[Any] = shell.builtin_trap
    with traps:
        for code in codes:
            exec(code, shell.user_global_ns, shell.user_ns)  # noqa: S102 - to run a cell is the purpose
