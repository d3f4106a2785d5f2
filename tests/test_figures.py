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


def test_pages() -> None:
    """The page about pages has the figures of benchmarks/paging.json, first and last."""
    page = (ROOT / "book/pages.md").read_text(encoding="utf-8")
    measured = json.loads((ROOT / "benchmarks/paging.json").read_text())
    rows = [
        [cell.strip(" *") for cell in line.split("|")[1:4]]
        for line in page.replace("`", "").splitlines()
        if line.startswith("| ") and line.count("|") == 4
    ]
    expected = [["", "first page", "last page"]]
    for name, title in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL"), ("mariadb", "MariaDB")):
        expected += [[title, "", ""]]
        expected += [
            [way, f"{figures['first']:g}", f"{figures['last']:g}"]
            for way, figures in sorted(measured[name].items())
        ]
    assert sorted(rows) == sorted(expected)
    ratios = [
        figures["last"] / figures["first"]
        for name in measured
        for way, figures in measured[name].items()
        if "count=False" in way
    ]
    assert 79 < min(ratios) < 81
    assert 600 < max(ratios) < 610
