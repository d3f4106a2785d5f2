"""Write the exercises of the package into the chapters: a task, a cell that runs as it is, a folded solution.

The cells stand in the section *Exercises* of each chapter, and name their exercise in their metadata. They
are written anew each time; what else stands in the section is left alone.

python -m tools.exercises [--check]
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from session_demo.exercises import Exercise, names
from session_demo.exercises.catalogue import find
from tools.notebooks import ROOT

HEADING = re.compile(r"^## Exercises$", re.MULTILINE)
INTRODUCTION = (
    "Fill in the function and run the cell. What counts is what the session *does*: any way that does what "
    "is asked is right. `exercise.hint()` helps; [Exercises](../book/exercises.md) has more about them."
)


def chapters() -> list[Path]:
    """Return the notebooks of the chapters that have exercises."""
    return [path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if names(path.stem[3:])]


def cells_of(exercise: Exercise, first: bool) -> list[NotebookNode]:
    """Return the task, the cell to fill in, and the solution; the first cell brings the import."""
    about = {"exercise": exercise.name}
    runs = {"tags": [f"needs-{exercise.needs}"]} if exercise.needs else {}
    importing = "from session_demo import exercises\n\n" if first else ""
    starter = exercise.starter.strip()
    code = (
        f'{importing}exercise = exercises.start("{exercise.name}")\n\n\n{starter}\n\n\nexercise.check(answer)'
    )
    program = f"```python\n{exercise.solution.strip()}\n```"
    solution = f"<details>\n<summary>A solution</summary>\n\n{program}\n\n</details>"
    return [
        new_markdown_cell(f"### {exercise.title}\n\n{exercise.task}", metadata=about),
        new_code_cell(code, metadata=about | runs),
        new_markdown_cell(solution, metadata=about),
    ]


def with_exercises(notebook: NotebookNode, chapter: str) -> NotebookNode:
    """Return a copy of *notebook* with the exercises of its chapter as they are now.

    Raises:
        LookupError: The notebook has no section for them.
    """
    kept = [cell for cell in notebook.cells if "exercise" not in cell.metadata]
    place = next((n for n, cell in enumerate(kept) if HEADING.search(cell.source)), None)
    if place is None or kept[place].cell_type != "markdown":
        raise LookupError(f"{chapter} has no section called Exercises.")
    told = [find(name) for name in names(chapter)]
    # A page in the browser runs only those that need nothing; its first one must not lack the import.
    first = {told[0].name, *[one.name for one in told if not one.needs][:1]}
    cells = [cell for one in told for cell in cells_of(one, one.name in first)]
    changed = NotebookNode(notebook)
    changed.cells = [*kept[:place], *_around(kept[place], cells), *kept[place + 1 :]]
    return changed


def _around(section: NotebookNode, cells: list[NotebookNode]) -> list[NotebookNode]:
    """Put the exercises below their heading, and what stood there by hand below them."""
    before, rest = (part.strip() for part in HEADING.split(section.source, maxsplit=1))
    heading = new_markdown_cell(f"## Exercises\n\n{INTRODUCTION}")
    by_hand = rest.removeprefix(INTRODUCTION).strip()
    if by_hand and not by_hand.startswith("### More to try"):
        by_hand = f"### More to try\n\n{by_hand}"
    return [
        *[new_markdown_cell(before, metadata=section.metadata)] * bool(before),
        heading,
        *cells,
        *[new_markdown_cell(by_hand)] * bool(by_hand),
    ]


def _written(notebook: NotebookNode) -> list[tuple[str, str, list[str]]]:
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def main(arguments: list[str] | None = None) -> int:
    """Write the exercises, or say which chapters have old ones."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; say which are not current")
    check = parser.parse_args(arguments).check
    old = []
    for path in chapters():
        notebook = nbformat.read(path, 4)
        changed = with_exercises(notebook, path.stem[3:])
        if _written(changed) != _written(notebook):
            old.append(path)
            if not check:
                nbformat.write(changed, path)
    for path in old:
        print(f"{path.name}: {'its exercises are not current' if check else 'written'}")
    if old:
        print(
            "Next: make notebooks." if not check else "Next: python -m tools.exercises, then make notebooks."
        )
    return int(check and bool(old))


if __name__ == "__main__":
    sys.exit(main())
