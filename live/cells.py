"""Run the cells of a page one after another, in one namespace, and send what they put out.

What a notebook shows after a cell, the page shows too: the last expression as Jupyter shows it, streams,
pictures, errors. This runs in the browser's Python; its tests run it in any.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import json
import linecache
import re
import sys
import time
import traceback
from base64 import b64encode
from collections.abc import Callable
from contextvars import copy_context
from io import StringIO, TextIOBase
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn

Send = Callable[[str], object]
"""Takes an output as JSON, in the form of `Output` in messages.d.ts."""

Pretty = Callable[..., str]
"""IPython's `pretty`, which decides how a value is written."""

AT_MOST = 1_000_000  # characters of a stream that one cell may put out
SOON = 0.1  # seconds after which waiting text is sent
PLACE = re.compile(r'^  File "<cell (\d+), run \d+>", line (\d+)', re.MULTILINE)
MEDIA = {"_repr_html_": "text/html", "_repr_svg_": "image/svg+xml"}


class Stream(TextIOBase):
    """Standard output or error of a cell. Sends in lumps: one message for each `print` would be slow."""

    def __init__(self, name: Literal["stdout", "stderr"], send: Send) -> None:
        self.name = name
        self._send = send
        self.begin()

    def begin(self) -> None:
        """Count anew, for another cell."""
        self._waiting: list[str] = []
        self._sent_at = time.monotonic()
        self._left = AT_MOST

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Take text, and send what has waited for long enough."""
        if self._left > 0:
            self._waiting.append(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                self._waiting.append(f"\n... cut off here: a cell shows {AT_MOST:,} characters.\n")
        if time.monotonic() - self._sent_at > SOON:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what waits."""
        if self._waiting:
            told = {"kind": "stream", "name": self.name, "text": "".join(self._waiting)}
            self._waiting = []
            self._send(json.dumps(told))
        self._sent_at = time.monotonic()


class Cells:
    """Cells that share a namespace.

    Args:
        send: Takes each output.
        pretty: Writes values as Jupyter does.
        namespace: Where the cells' variables live.
        progress: The file that keeps which exercises are done.
    """

    def __init__(
        self, send: Send, pretty: Pretty, namespace: dict[str, Any], progress: Path | None = None
    ) -> None:
        self.namespace = namespace
        self._send = send
        self._pretty = pretty
        self._progress = progress
        self._keeping = False
        self._streams = Stream("stdout", send), Stream("stderr", send)
        # Jupyter keeps each result, and so keeps mapped objects alive.
        self._results: dict[int, Any] = {}
        self._context = copy_context()
        self._count = 0
        namespace |= {"display": self.display, "Out": self._results}

    async def run(self, source: str, number: int) -> bool:
        """Run the cell that the page calls *number*; return whether it ended without an error."""
        self._count += 1
        name = f"<cell {number}, run {self._count}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        streams = sys.stdout, sys.stderr
        for stream in self._streams:
            stream.begin()
        sys.stdout, sys.stderr = self._streams
        try:
            await self._execute(source, name)
            self._draw()
        except BaseException as error:  # noqa: BLE001 - whatever the reader's code raises is shown to the reader
            self._flush()
            self._tell(error)
            return False
        finally:
            self._flush()
            sys.stdout, sys.stderr = streams
        return True

    async def _execute(self, source: str, name: str) -> None:
        if source.lstrip().startswith(("%", "!")):
            raise SyntaxError("Lines with % or ! are IPython's: open this chapter as a notebook to use them.")
        statements = ast.parse(source, name).body
        # One by one, as Jupyter has it: the code of a statement mentions no names of others.
        for statement in statements:
            if statement is statements[-1] and isinstance(statement, ast.Expr) and not _is_muted(source):
                self._keep(await self._evaluate(ast.Expression(statement.value), name, "eval"))
            else:
                await self._evaluate(ast.Module([statement], []), name, "exec")

    async def _evaluate(self, tree: ast.Module | ast.Expression, name: str, mode: str) -> Any:
        code = compile(tree, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        # One context for all cells: what one sets in a context variable, the next ones read.
        value = self._context.run(eval, code, self.namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            value = await asyncio.create_task(value, context=self._context)
        return value

    def _keep(self, value: Any) -> None:
        if value is None:
            return
        self.display(value)
        names = self.namespace
        names["___"], names["__"], names["_"] = names.get("__"), names.get("_"), value
        self._results[self._count] = value

    def display(self, *values: object) -> None:
        """Show values as the last value of a cell is shown."""
        self._flush()
        for value in values:
            self._send(json.dumps({"kind": "display", "data": self._media(value)}))

    def _media(self, value: object) -> dict[str, str]:
        plain = self._pretty(value, verbose=False, max_width=79, newline="\n", max_seq_length=1000)
        data = {"text/plain": plain}
        for method, medium in MEDIA.items():
            if not isinstance(value, type) and (shown := getattr(value, method, None)):
                content = shown()
                if content is not None:
                    data[medium] = content
        return data

    def _draw(self) -> None:
        """Show matplotlib's open figures, as a notebook does."""
        plots = sys.modules.get("matplotlib.pyplot")
        for number in plots.get_fignums() if plots else ():
            figure = plots.figure(number)  # type: ignore[union-attr]
            picture = StringIO()
            figure.savefig(picture, format="svg", bbox_inches="tight")
            address = b64encode(picture.getvalue().encode()).decode()
            image = f'<img alt="Figure {number}" src="data:image/svg+xml;base64,{address}">'
            self._send(json.dumps({"kind": "display", "data": {"text/html": image}}))
            plots.close(figure)  # type: ignore[union-attr]

    def _tell(self, error: BaseException) -> None:
        text = "".join(traceback.format_exception(_cut(error)))
        text = PLACE.sub(r"  Cell \1, line \2", text).replace(", in <module>", "")
        explain = getattr(sys.modules.get("session_demo"), "explain", None)
        if explain and isinstance(error, Exception) and (known := explain(error)):
            text += f"\nThe error clinic explains it: {known.page}\n"
        self._send(json.dumps({"kind": "error", "text": text}))

    def _flush(self) -> None:
        for stream in self._streams:
            stream.flush()

    def progress(self) -> str:
        """Return what is to be remembered of exercises, or the empty string where none was tried."""
        if self._progress is None:
            return ""
        if not self._keeping and (exercises := sys.modules.get("session_demo.exercises")):
            exercises.progress().keep(self._progress)
            self._keeping = True
        return self._progress.read_text(encoding="utf-8") if self._progress.exists() else ""

    @staticmethod
    def versions() -> str:
        """Tell what runs."""
        import sqlite3

        import sqlalchemy

        python = ".".join(map(str, sys.version_info[:3]))
        told = f"Python {python}, SQLAlchemy {sqlalchemy.__version__}, SQLite {sqlite3.sqlite_version}"
        return f"{told}, in this browser."


def _is_muted(source: str) -> bool:
    return source.rstrip().endswith(";")


def _cut(error: BaseException) -> BaseException:
    """Keep of a traceback what the reader wrote, and of the chain of errors what the reader can see."""
    error.__traceback__ = _readers(error.__traceback__)
    for cause in (error.__cause__, error.__context__):
        if cause is not None and _readers(cause.__traceback__) is None:
            error.__cause__ = error.__context__ = None
    return error


def _readers(place: TracebackType | None) -> TracebackType | None:
    """Return the places of a traceback that lie in cells."""
    places = []
    while place is not None:
        if place.tb_frame.f_code.co_filename.startswith("<cell "):
            places.append(place)
        place = place.tb_next
    kept = None
    for place in reversed(places):
        kept = TracebackType(kept, place.tb_frame, place.tb_lasti, place.tb_lineno)
    return kept


def _cannot_ask(prompt: object = "") -> NoReturn:
    raise RuntimeError("input() can't ask in this page: write the value into the cell instead.")


def start(send: Send, progress: str) -> Cells:
    """Return the cells of a page in the browser, where `pretty` is a file beside this one."""
    from pretty import pretty  # type: ignore[import-not-found]

    import session_demo  # noqa: F401 - every page needs it; what is loaded now needn't be loaded at the first cell

    builtins.input = _cannot_ask
    return Cells(send, pretty, sys.modules["__main__"].__dict__, Path(progress))
