"""The notebooks are whole, in normal form, and shaped as chapters; nbval compares their outputs."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
PAGES = notebooks.all_notebooks()
CHAPTERS = [path for path in PAGES if path.parent.name == "notebooks"]
HEAD = ["What you will do", "What you will learn", "What you need", "Time"]
TAIL = ["What you now know", "Test yourself", "Exercises", "Further reading", "Next"]
PASSING = {
    "memory address": r"0x[0-9a-fA-F]{6,}",
    "temporary path": rf"{re.escape(tempfile.gettempdir())}/|/tmp/|/var/folders/",
    "address of one SQLAlchemy version": r"sqlalche\.me/e/\d",
    "traceback": r"Traceback \(most recent call last\)",
    "failed magic": r"UsageError",
}

every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [
        cell | {"source": "".join(cell["source"])} for cell in notebook["cells"] if cell["cell_type"] == kind
    ]


def prose(path: Path) -> str:
    return "\n\n".join(cell["source"] for cell in cells(path, "markdown"))


def test_contents_list_every_chapter() -> None:
    """A chapter is in the table of contents, and nothing else is."""
    listed = re.findall(r"file: *(notebooks/\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert sorted(listed) == [f"notebooks/{path.stem}" for path in CHAPTERS]


@every_chapter
def test_file_name(path: Path) -> None:
    """A chapter is named by its number and its terms, with hyphens."""
    assert re.fullmatch(r"\d\d(-[a-z]+)+\.ipynb", path.name)


@every_page
def test_normal_form(path: Path) -> None:
    """What is stored is what `make notebooks` writes: ids, counts, kernel, layout."""
    assert notebooks.is_normal(path)


@every_page
def test_every_code_cell_was_run_in_order(path: Path) -> None:
    """A cell without a count would never be compared."""
    counts = [cell["execution_count"] for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))


@every_page
def test_kernel_is_the_plain_one(path: Path) -> None:
    """No trace of the author's own kernel or Python version."""
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"] == notebooks.METADATA


@every_page
def test_no_cell_hides_its_value(path: Path) -> None:
    """A trailing semicolon hides a value in one place and not in another."""
    assert [cell["source"] for cell in cells(path, "code") if cell["source"].endswith(";")] == []


@every_page
def test_outputs_hold_nothing_that_passes(path: Path) -> None:
    """A stored output is the same tomorrow, on another machine, under another SQLAlchemy."""
    outputs = [output for cell in cells(path, "code") for output in cell["outputs"]]
    stored = json.dumps(outputs)
    assert [name for name, pattern in PASSING.items() if re.search(pattern, stored)] == []
    assert [output for output in outputs if output.get("name") == "stderr"] == []


@every_page
def test_plain_markdown(path: Path) -> None:
    """A notebook reads well everywhere: no directive, no role."""
    assert re.findall(r"^(?:```|:::)\{.*|\{[\w:-]+\}`.*?`", prose(path), re.MULTILINE) == []


@every_page
def test_links_lead_to_files(path: Path) -> None:
    """A link to another page names a file that is there."""
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", prose(path))
    assert [target for target in targets if not (path.parent / target).is_file()] == []


@every_chapter
def test_head(path: Path) -> None:
    """A chapter begins with its title and says what it is about, what it needs, how long it takes."""
    text = prose(path)
    assert re.match(r"# \S", text)
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    before_first_section = text.partition("\n## ")[0]
    assert [label for label in HEAD if not re.search(rf"\*\*{label}:?\*\*", before_first_section)] == []


@every_chapter
def test_tail(path: Path) -> None:
    """A chapter ends with what is known now, exercises, where to read more, and the next page."""
    sections = re.findall(r"^## (.+?)\s*$", prose(path), re.MULTILINE)
    assert sections[-len(TAIL) :] == TAIL


@every_chapter
def test_first_cell_makes_the_database(path: Path) -> None:
    """A chapter runs alone."""
    assert "create_engine(" in cells(path, "code")[0]["source"]


def write_notebook(path: Path, *sources: str, tags: tuple[str, ...] = ()) -> Path:
    code = [new_code_cell(source, metadata={"tags": list(tags)} if tags else {}) for source in sources]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Try"), *code]), path)
    return path


def run_tool(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["notebooks.py", *map(str, arguments)])
    return notebooks.main()


class TestTool:
    def test_two_runs_give_the_same_bytes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ids, counts and outputs depend on the sources alone."""
        path = write_notebook(tmp_path / "one.ipynb", "print(1)\nprint(2)", "1 + 1", "", "1 + 1")
        other = write_notebook(tmp_path / "other.ipynb", "print(1)\nprint(2)", "1 + 1", "1 + 1")
        assert run_tool(monkeypatch, path, other) == 0
        first = path.read_bytes()
        assert other.read_bytes() == first
        assert run_tool(monkeypatch, path) == 0
        assert path.read_bytes() == first
        assert run_tool(monkeypatch, "--check", path) == 0

    def test_ids_of_an_editor_are_replaced(self, tmp_path: Path) -> None:
        """Equal cells get different ids, and the same ones each time."""
        path = write_notebook(tmp_path / "one.ipynb", "1", "1")
        before = nbformat.read(path, as_version=4)
        after = json.loads(notebooks.normal_form(before))
        ids = [cell["id"] for cell in after["cells"]]
        assert len(set(ids)) == 3
        assert not set(ids) & {cell.id for cell in before.cells}

    def test_what_a_cell_says_of_itself_is_kept(self, tmp_path: Path) -> None:
        """Claims, tags and records stay, in order; what an editor adds goes."""
        path = write_notebook(tmp_path / "one.ipynb", "1")
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[0].metadata = {"recorded": "2.0", "slideshow": {"slide_type": "skip"}}
        notebook.cells[1].metadata = {"claims": ["S2.1", "G1.2"], "tags": ["b", "a"], "collapsed": True}
        metadata = [cell["metadata"] for cell in json.loads(notebooks.normal_form(notebook))["cells"]]
        assert metadata == [{"recorded": "2.0"}, {"claims": ["G1.2", "S2.1"], "tags": ["a", "b"]}]

    def test_check_names_what_is_not_normal(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """--check writes nothing."""
        path = write_notebook(tmp_path / "one.ipynb", "1")
        before = path.read_bytes()
        assert run_tool(monkeypatch, "--check", path) == 1
        assert str(path) in capsys.readouterr().err
        assert path.read_bytes() == before

    def test_run_writes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """--run only finds out whether the cells run."""
        path = write_notebook(tmp_path / "one.ipynb", "1")
        before = path.read_bytes()
        assert run_tool(monkeypatch, "--run", path) == 0
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        ("source", "tags", "said"),
        [
            ("1 / 0", (), "one.ipynb, code cell 2: ZeroDivisionError: division by zero"),
            ("import warnings; warnings.warn('Careful!')", (), "one.ipynb, code cell 2 writes to stderr: "),
            (
                "1",
                ("raises-exception",),
                "one.ipynb, code cell 2 is tagged raises-exception, but raises nothing",
            ),
            ("import os; os._exit(1)", (), "one.ipynb: Kernel died"),
        ],
        ids=["error", "warning", "no error", "dead kernel"],
    )
    def test_surprise_is_refused(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        source: str,
        tags: tuple[str, ...],
        said: str,
    ) -> None:
        """A cell that does not end as it should stops the run, is named, and leaves the file as it was."""
        path = tmp_path / "one.ipynb"
        good, bad = new_code_cell("1"), new_code_cell(source, metadata={"tags": list(tags)})
        nbformat.write(new_notebook(cells=[good, bad, new_code_cell("2")]), path)
        before = path.read_bytes()
        assert run_tool(monkeypatch, path) == 1
        assert capsys.readouterr().err.startswith(said)
        assert path.read_bytes() == before

    def test_expected_error_is_kept_without_its_traceback(self, tmp_path: Path) -> None:
        """A cell tagged raises-exception stores the type and the message of its error."""
        path = write_notebook(tmp_path / "one.ipynb", "1 / 0", tags=("raises-exception",))
        normal = json.loads(notebooks.normal_form(notebooks.execute(path)))
        (error,) = normal["cells"][1]["outputs"]
        assert error["traceback"] == ["ZeroDivisionError: division by zero"]
