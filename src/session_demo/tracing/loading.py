"""Traces that were saved, read back."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path

from ..errors import TraceFormatError
from .export import json
from .traces import Trace


def load_trace(path: str | PathLike[str]) -> Trace:
    """Read a trace that :meth:`session_demo.Trace.save` wrote.

    Args:
        path: The file.

    Returns:
        A trace that equals the one that was saved. It finds objects by their labels only.

    Raises:
        OSError: There is no such file, or it cannot be opened.
        TraceFormatError: The file holds something else.

    Session effect:
        None: no session is needed.

    Example:
        >>> import tempfile, pathlib
        >>> with trace(session) as story:
        ...     session.add(Author(name="Ursula K. Le Guin"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     story.save(pathlib.Path(folder, "story.json"))
        ...     load_trace(pathlib.Path(folder, "story.json")) == story[:]
        True
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TraceFormatError(
            f"Can't read {fspath(path)}: byte {error.start} is no UTF-8. Was it written by save()?"
        ) from error
    return Trace(json.read(text, fspath(path)))
