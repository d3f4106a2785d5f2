"""The process in which one answer of many is judged: it is told a file, and where to write the verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .catalogue import find
from .exercise import Verdict
from .marking import BROKEN, EMPTY, FILE_SIZE, MEMORY, RIGHT, WRONG

# What an answer needs no more than a database in a file: not the network, not other processes.
_REFUSED = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")


def main() -> None:
    """Judge the file, and write the verdict."""
    file, result = map(Path, sys.argv[1:3])
    told = _judged(file)
    half = result.with_suffix(".half")
    half.write_text(json.dumps(told), encoding="utf-8")
    half.replace(result)


def _judged(file: Path) -> dict[str, Any]:
    try:
        source = source_of(file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _told(BROKEN, f"it cannot be read: {type(error).__name__}: {error}")
    _limit()
    # The name is not "__main__", so that a file that also checks itself does not do so here.
    names: dict[str, Any] = {"__name__": "answer"}
    try:
        exec(compile(source, file.name, "exec"), names)  # noqa: S102 - to run it is the purpose
    except BaseException as error:  # noqa: BLE001 - whatever the file does, there is a verdict
        return _told(BROKEN, f"it cannot be run: {type(error).__name__}: {_first_line(error)}")
    if "answer" not in names:
        return _told(BROKEN, "it defines no function called answer")
    verdict: Verdict = find(file.stem).check(names["answer"])
    outcome = RIGHT if verdict else EMPTY if verdict.idle else WRONG
    return _told(outcome, *map(str, verdict.problems), advice=verdict.advice)


def source_of(file: Path) -> str:
    """Return the program in a file: all of it, or the code cells of a notebook without those that check.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no text, or no notebook.
        KeyError, TypeError: It is JSON, and no notebook.
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".ipynb":
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return "\n\n".join(
        cell for cell in cells if ".check(" not in cell and not cell.lstrip().startswith(("%", "!"))
    )


def _told(outcome: str, *problems: str, advice: str = "") -> dict[str, Any]:
    return {"outcome": outcome, "problems": list(problems), "advice": advice}


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")


def _limit() -> None:
    """Refuse the network, and limit memory and files where the system can."""

    def refuse(event: str, _arguments: object) -> None:
        if event in _REFUSED:
            raise PermissionError("an answer needs no network")

    sys.addaudithook(refuse)
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
