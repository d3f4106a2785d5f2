"""Show below a cell what it prints on SQLAlchemy 2.0, where that is not what it prints on 2.1.

The outputs stored in a notebook are those of 2.1. Where 2.0 does otherwise:

1. Write the cell as ever, so that it runs on both; what one of them refuses belongs in ``expect_error``.
2. Put a Markdown cell below it, with any text and the metadata ``{"recorded": "2.0"}``.
3. ``make records`` runs the notebooks on 2.0 and fills such cells with what the cell above prints there.
4. Say in the next cell why.

A cell without a record must print the same on both, but for the labels that 2.0 gives to columns of its own
SELECTs (``author.id AS author_id``), which are left out of records too. ``--check`` compares all cells on the
version it runs on; ``tests/test_versions.py`` does so on 2.0 and refuses a record of what is no difference.

python -m tools.versions [--check] [NOTEBOOK ...]
"""

import argparse
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import nbformat
import sqlalchemy
from nbformat import NotebookNode

from tools.notebooks import NotebookError, all_notebooks, execute, normal_form, write

RUNNING = ".".join(sqlalchemy.__version__.split(".")[:2])
STORED = "2.1"
RECORDED = "2.0"
COLUMN_LABEL = re.compile(r"\b(\w+)\.(\w+) AS \1_\2\b")


class Difference(NamedTuple):
    """What a cell prints here, and what the notebook says that it prints."""

    cell: int
    said: str
    printed: str


def printed(cell: NotebookNode) -> str:
    """Return all that a code cell shows, as plain text without the labels that only 2.0 gives to columns."""
    streams = groupby(cell.outputs, key=lambda output: output.get("name"))
    shown = (
        "".join(map(_text, outputs)) if name else "\n\n".join(map(_text, outputs))
        for name, outputs in streams
    )
    return COLUMN_LABEL.sub(r"\1.\2", "\n\n".join(text.strip("\n") for text in shown if text))


def _text(output: NotebookNode) -> str:
    return str(output.get("text") or output.get("data", {}).get("text/plain", ""))


def record(text: str) -> str:
    """Return the source of the Markdown cell that shows *text* as printed on the older version."""
    return f"On SQLAlchemy {RECORDED} the cell above prints:\n\n```text\n{text}\n```"


def pairs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode | None]]:
    """Yield each code cell with the record below it, or None."""
    for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        if cell.cell_type == "code":
            yield cell, after if after and is_record(after) else None


def is_record(cell: NotebookNode) -> bool:
    """Whether a cell is the record of another version."""
    return "recorded" in cell.metadata


def read(path: Path) -> NotebookNode:
    """Read the notebook at *path*.

    Raises:
        NotebookError: A record stands below no code cell, or is of a version that nobody records.
    """
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    for before, cell in zip([None, *notebook.cells], notebook.cells, strict=False):
        if is_record(cell) and (not before or before.cell_type != "code"):
            raise NotebookError(f"{path.name}: a record must stand right below the code cell it belongs to")
        if cell.metadata.get("recorded", RECORDED) != RECORDED:
            raise NotebookError(f"{path.name}: only {RECORDED} is recorded, not {cell.metadata['recorded']}")
    return notebook


def differences(path: Path) -> list[Difference]:
    """Run the notebook at *path*, and return where it prints what it does not say for this version."""
    found = []
    for number, ((said, note), (cell, _)) in enumerate(
        zip(pairs(read(path)), pairs(execute(path)), strict=True), start=1
    ):
        here = printed(cell)
        if note and RUNNING == RECORDED:
            same, text = note.source == record(here), note.source
        else:
            same, text = printed(said) == here, printed(said)
        if not same:
            found.append(Difference(number, text, here))
    return found


def fill(path: Path) -> None:
    """Fill the records of the notebook at *path* with what its cells print on this version."""
    notebook = read(path)
    for (_, note), (cell, _) in zip(pairs(notebook), pairs(execute(path)), strict=True):
        if note:
            note.source = record(printed(cell))
    write(path, normal_form(notebook))


def has_records(path: Path) -> bool:
    """Whether anything in the notebook at *path* differs between the versions."""
    return any(note for _, note in pairs(read(path)))


def check(paths: list[Path]) -> int:
    """Print every difference between what is said and what is printed, and return the exit status."""
    status = 0
    for path in paths:
        for number, said, here in differences(path):
            status = 1
            print(f"{path.name}, code cell {number}, on {RUNNING} prints:\n{here}\nand not:\n{said}\n")
    return status


def main() -> int:
    """Record what the named notebooks print on the older version, or compare."""
    parser = argparse.ArgumentParser(description="Record what cells print on the older SQLAlchemy.")
    parser.add_argument(
        "--check", action="store_true", help="compare, on the version that runs; write nothing"
    )
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK")
    arguments = parser.parse_args()
    paths = arguments.notebooks or all_notebooks()
    try:
        if arguments.check:
            return check(paths)
        if RUNNING != RECORDED:
            raise NotebookError(
                f"Can't record {RECORDED}: this is {RUNNING}. `make records` takes the right one"
            )
        for path in filter(has_records, paths):
            print(f"Recording {path.name} ...", flush=True)
            fill(path)
    except NotebookError as error:
        print(f"{error}. The file is as it was.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
