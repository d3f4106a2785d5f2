"""Figures in the chapters are those that a benchmark wrote down."""

import json
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]


def test_objects_beside_rows() -> None:
    """The chapter about results has the figures of benchmarks/loading.json."""
    chapter = nbformat.read(ROOT / "notebooks/05-query-results.ipynb", as_version=4)
    lines = [line for cell in chapter.cells for line in cell.source.splitlines()]
    measured = json.loads((ROOT / "benchmarks/loading.json").read_text())
    assert [line for line in lines if line.startswith("| as ")] == [
        f"| as {name} | {figures['milliseconds']:,} ms | {figures['bytes']:,} bytes |"
        for name, figures in measured.items()
    ]
