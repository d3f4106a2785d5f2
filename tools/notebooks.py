"""Execute the chapters and write them in one normal form, the same bytes each time.

python tools/notebooks.py [--check | --run] [NOTEBOOK ...]
"""

import argparse
import os
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What a cell may say about itself: "claims" is read by tools/claims.py, "recorded" by tools/versions.py,
# "exercise" by tools/exercises.py.
LISTS = ("claims", "tags")
TEXTS = ("recorded", "exercise")
EXPECTED_ERROR = "raises-exception"
CELL_TIMEOUT_SECONDS = 60


class NotebookError(Exception):
    """A notebook does not run as a chapter must."""


def all_notebooks() -> list[Path]:
    """Return the chapters, and the pages of the book that run code."""
    return sorted(path for folder in ("notebooks", "book") for path in (ROOT / folder).glob("*.ipynb"))


def execute(path: Path) -> NotebookNode:
    """Return the notebook at *path*, executed in a fresh kernel in its own folder.

    Raises:
        NotebookError: A cell failed, did not fail as its tag says, or wrote to stderr.
    """
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    for _, cell in _code_cells(notebook):
        cell.outputs = []
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT_SECONDS,
        record_timing=False,
        # It warns that a kernel talks to this machine alone without encryption.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    # A reader's own IPython settings must not show in the outputs.
    with TemporaryDirectory() as settings:
        try:
            client.execute(env=os.environ | {"IPYTHONDIR": settings})
        except CellExecutionError as error:
            number = max(number for number, cell in _code_cells(notebook) if cell.outputs)
            raise NotebookError(f"{path.name}, code cell {number}: {error.ename}: {error.evalue}") from error
        except (CellTimeoutError, DeadKernelError) as error:
            raise NotebookError(f"{path.name}: {error}") from error
    _refuse_surprises(path, notebook)
    return notebook


def normal_form(notebook: NotebookNode) -> str:
    """Return the text of *notebook* without what depends on an editor, a machine or a moment."""
    cells = []
    seen: Counter[str] = Counter()
    count = 0
    for original in notebook.cells:
        cell = original.copy()
        cell.source = cell.source.rstrip()
        if not cell.source:
            continue
        digest = sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] += 1
        cell.id = f"{digest}-{seen[digest]}"
        cell.metadata = {key: sorted(cell.metadata[key]) for key in LISTS if cell.metadata.get(key)} | {
            key: cell.metadata[key] for key in TEXTS if cell.metadata.get(key)
        }
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _normal_outputs(cell.outputs, count)
        cells.append(cell)
    normal = NotebookNode(cells=cells, metadata=METADATA, nbformat=4, nbformat_minor=5)
    return f"{nbformat.writes(normal)}\n"


def is_normal(path: Path) -> bool:
    """Whether the file at *path* is in normal form already."""
    return normal_form(nbformat.read(path, as_version=4)) == path.read_text(encoding="utf-8")


def write(path: Path, text: str) -> None:
    """Replace *path* by *text* in one step, so that an interruption leaves the old file."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)


def _code_cells(notebook: NotebookNode) -> list[tuple[int, NotebookNode]]:
    """Return the code cells that count, numbered as Jupyter numbers them."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    return list(enumerate(cells, start=1))


def _refuse_surprises(path: Path, notebook: NotebookNode) -> None:
    for number, cell in _code_cells(notebook):
        failed = False
        for output in cell.outputs:
            failed = failed or output.output_type == "error"
            if output.output_type == "stream" and output.name == "stderr":
                first_line = output.text.strip().partition("\n")[0]
                raise NotebookError(f"{path.name}, code cell {number} writes to stderr: {first_line}")
        if EXPECTED_ERROR in cell.metadata.get("tags", []) and not failed:
            raise NotebookError(
                f"{path.name}, code cell {number} is tagged {EXPECTED_ERROR}, but raises nothing"
            )


def _normal_outputs(originals: list[NotebookNode], count: int) -> list[NotebookNode]:
    outputs: list[NotebookNode] = []
    for original in originals:
        output = original.copy()
        if output.output_type == "stream" and outputs and output.name == outputs[-1].get("name"):
            outputs[-1].text += output.text
            continue
        if output.output_type == "execute_result":
            output.execution_count = count
        if output.output_type == "error":
            # The traceback names files of this machine, and SQLAlchemy's breaks the book's lexer.
            output.traceback = [f"{output.ename}: {output.evalue}"]
        outputs.append(output)
    return outputs


def main() -> int:
    """Do what the command line says to the notebooks it names, by default to all."""
    parser = argparse.ArgumentParser(description="Execute the chapters and write them in one normal form.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="execute nothing; say which are not normal")
    mode.add_argument("--run", action="store_true", help="execute; write nothing")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK")
    arguments = parser.parse_args()
    paths = arguments.notebooks or all_notebooks()
    if arguments.check:
        not_normal = [path for path in paths if not is_normal(path)]
        for path in not_normal:
            print(f"{path} is not in normal form. `make notebooks` writes it so.", file=sys.stderr)
        return 1 if not_normal else 0
    try:
        for path in paths:
            print(f"Running {path.name} ...", flush=True)
            notebook = execute(path)
            if not arguments.run:
                write(path, normal_form(notebook))
    except NotebookError as error:
        print(f"{error}. The file is as it was.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
