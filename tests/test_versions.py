"""What the notebooks say of the two versions of SQLAlchemy is what each of them prints."""

from pathlib import Path

import nbformat
import pytest
import sqlalchemy
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tools import claims, versions
from tools.notebooks import NotebookError, all_notebooks

PAGES = all_notebooks()
# What the chapters show came with 2.0.22, so the records are of a later one.
OLD = tuple(int(part) for part in sqlalchemy.__version__.split(".")[:3] if part.isdigit()) < (2, 0, 22)

every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


@every_page
def test_record_differs(path: Path) -> None:
    """A record shows something else than the output above it; else it says of a difference that is none."""
    recorded = [
        (versions.printed(cell), note.source) for cell, note in versions.pairs(versions.read(path)) if note
    ]
    assert [note for stored, note in recorded if note == versions.record(stored)] == []


@every_page
@pytest.mark.skipif(versions.RUNNING != versions.RECORDED, reason="nbval compares the stored outputs on 2.1")
@pytest.mark.skipif(OLD, reason="the chapters use what SQLAlchemy 2.0.22 brought")
def test_older_version_prints_what_is_recorded(path: Path) -> None:
    """On SQLAlchemy 2.0 a cell prints what its record says, or what it prints on 2.1."""
    assert versions.differences(path) == []


def test_every_difference_is_on_show() -> None:
    """What 2.0 and 2.1 do otherwise stands side by side, each program with what both print."""
    page = claims.ROOT / "book/versions.ipynb"
    differing = {one for one, row in claims.known().items() if row.get("differs")}
    assert differing
    assert differing - {one for one, _ in claims.shown(page)} == set()
    _, *programs = versions.pairs(versions.read(page))
    assert [cell.source for cell, note in programs if not note] == []


def write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def stored(source: str, text: str) -> nbformat.NotebookNode:
    return new_code_cell(source, outputs=[new_output("stream", text=text)])


def note(text: str = "") -> nbformat.NotebookNode:
    return new_markdown_cell(text, metadata={"recorded": versions.RECORDED})


class TestTool:
    def test_record_is_filled_and_then_found_true(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was recorded on a version is what --check expects on it; the stored output stays."""
        monkeypatch.setattr(versions, "RUNNING", versions.RECORDED)
        path = write(tmp_path / "one.ipynb", stored("print('here')", "there\n"), note())
        versions.fill(path)
        cell, below = next(versions.pairs(versions.read(path)))
        assert (versions.printed(cell), below and below.source) == ("there", versions.record("here"))
        assert versions.differences(path) == []

    def test_other_output_is_a_difference(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """On the older version a cell without a record is compared with what is stored."""
        monkeypatch.setattr(versions, "RUNNING", versions.RECORDED)
        path = write(tmp_path / "one.ipynb", stored("print('here')", "there\n"), stored("print(1)", "1\n"))
        assert versions.differences(path) == [versions.Difference(1, "there", "here")]

    def test_record_is_not_compared_on_the_newer_version(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On the newer version the stored output counts."""
        monkeypatch.setattr(versions, "RUNNING", versions.STORED)
        path = write(tmp_path / "one.ipynb", stored("print('here')", "here\n"), note("something else"))
        assert versions.differences(path) == []

    def test_labels_of_columns_are_no_difference(self) -> None:
        """The label that 2.0 gives to a column is left out; any other label stays."""
        sql = "SELECT author.id AS author_id, count(book.id) AS count_1 FROM author"
        assert versions.printed(stored("", sql)) == "SELECT author.id, count(book.id) AS count_1 FROM author"

    @pytest.mark.parametrize(
        "cells",
        [
            [new_markdown_cell("Text"), note()],
            [note()],
            [new_code_cell("1"), new_markdown_cell("", metadata={"recorded": "1.4"})],
        ],
        ids=["below text", "at the top", "of another version"],
    )
    def test_misplaced_record_is_refused(self, tmp_path: Path, cells: list[nbformat.NotebookNode]) -> None:
        """A record belongs right below a code cell, and is of the version that is recorded."""
        path = write(tmp_path / "one.ipynb", *cells)
        with pytest.raises(NotebookError, match="record"):
            versions.read(path)

    def test_recording_on_the_newer_version_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing is recorded by mistake."""
        monkeypatch.setattr(versions, "RUNNING", versions.STORED)
        monkeypatch.setattr("sys.argv", ["versions.py", str(write(tmp_path / "one.ipynb", note()))])
        assert versions.main() == 1
        assert "Can't record 2.0: this is 2.1" in capsys.readouterr().err
