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
    shown = {
        cells[1].replace("`", "").strip(): [cell.strip() for cell in cells[2:5]]
        for cells in (line.split("|") for line in page.splitlines() if "\N{RIGHTWARDS ARROW}" in line)
        if len(cells) == 6
    }
    assert shown == {
        way: [
            f"{measured[name][way]['first']:g} \N{RIGHTWARDS ARROW} {measured[name][way]['last']:g}"
            for name in ("sqlite", "postgresql", "mariadb")
        ]
        for way in measured["sqlite"]
    }
    ratios = [
        figures["last"] / figures["first"]
        for name in measured
        for way, figures in measured[name].items()
        if "count=False" in way
    ]
    assert 79 < min(ratios) < 81
    assert 600 < max(ratios) < 610
