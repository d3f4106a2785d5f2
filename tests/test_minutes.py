"""The minutes at the head of a chapter are what the chapter takes."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tools import minutes

LONGEST = 40


@pytest.mark.parametrize("path", minutes.chapters(), ids=lambda path: path.stem)
def test_stated_minutes_are_honest(path: Path) -> None:
    """What is stated is what is counted, more or less, and nobody has to sit longer than forty minutes."""
    notebook = nbformat.read(path, as_version=4)
    assert abs(minutes.stated(notebook) - minutes.counted(notebook)) <= 8
    assert minutes.stated(notebook) <= LONGEST


def test_what_is_counted() -> None:
    """Words, predictions, lines of code and of output count; exercises and hidden code don't."""
    output = new_output("stream", text="one\n\ntwo\n")
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"**Predict.** {'word ' * 399}"),
            new_code_cell("first\n\nsecond", outputs=[output]),
            new_code_cell("self_test()", metadata={"tags": ["remove-input"]}),
            new_markdown_cell("word " * 1000, metadata={"exercise": "some"}),
        ]
    )
    assert minutes.counted(notebook) == pytest.approx(2 + (20 + 2 * 5 + 2 * 3 + 150) / 60)


def test_no_minutes_stated() -> None:
    """A chapter that says nothing is an error."""
    with pytest.raises(ValueError, match="Time"):
        minutes.stated(new_notebook(cells=[new_markdown_cell("# A chapter")]))
