"""Say how long a chapter takes: `python -m tools.minutes`.

Nobody reads all chapters with a clock, so the minutes are counted: prose at 200 words a minute, five seconds
for a line of code, three for a line of output, twenty to predict, and half a minute for each question of the
self-test. The exercises are not in it; they take as long as they take.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.notebooks import ROOT

WORDS_A_MINUTE = 200
SECONDS_A_LINE_OF_CODE = 5
SECONDS_A_LINE_OF_OUTPUT = 3
SECONDS_TO_PREDICT = 20
SECONDS_FOR_THE_SELF_TEST = 5 * 30
STATED = re.compile(r"\*\*Time:\*\* (\d+) minutes")


def chapters() -> list[Path]:
    """Return the chapters, in their order."""
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def counted(notebook: NotebookNode) -> float:
    """Return the minutes that *notebook* takes, without its exercises."""
    cells = [cell for cell in notebook.cells if "exercise" not in cell.metadata]
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    code = [
        cell
        for cell in cells
        if cell.cell_type == "code" and "remove-input" not in cell.metadata.get("tags", [])
    ]
    seconds = SECONDS_FOR_THE_SELF_TEST + SECONDS_TO_PREDICT * prose.count("**Predict")
    seconds += SECONDS_A_LINE_OF_CODE * sum(_lines(cell.source) for cell in code)
    seconds += SECONDS_A_LINE_OF_OUTPUT * sum(
        _lines(_text(output)) for cell in code for output in cell.outputs
    )
    return len(prose.split()) / WORDS_A_MINUTE + seconds / 60


def stated(notebook: NotebookNode) -> int:
    """Return the minutes that the head of *notebook* states.

    Raises:
        ValueError: It states none.
    """
    found = STATED.search(notebook.cells[0].source)
    if not found:
        raise ValueError("the first cell has no **Time:** NUMBER minutes")
    return int(found[1])


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def _text(output: NotebookNode) -> str:
    return str(output.get("text") or output.get("data", {}).get("text/plain", ""))


def main() -> int:
    """Print what each chapter states, and what is counted."""
    for path in chapters():
        notebook = nbformat.read(path, as_version=4)
        print(f"{path.stem:32} states {stated(notebook)}, counted {counted(notebook):.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
