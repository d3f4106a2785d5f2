"""Every claim has its row, and the page of claims says of each where the book shows it."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tools import claims

PAGES = claims.pages()
HEADINGS = re.compile(r"^#{2,6} +(.+?)\s*$", re.MULTILINE)
VERDICTS = {"true", "changed", "removed", "wrong", "imprecise", "missing", "error"}
MADE = re.compile(r"(?:[SG]\d\.|[PXD])\d+")


def headings(page: Path) -> list[str]:
    """Return the headings of a page by a way of its own: all of its text, without blocks of code."""
    if page.suffix == ".ipynb":
        cells = nbformat.read(page, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = page.read_text(encoding="utf-8")
    return HEADINGS.findall(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(page: Path) -> set[str]:
    """Return what leads to the headings of a page; the second of two equal ones is numbered."""
    found: list[str] = []
    for heading in headings(page):
        anchor = re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower()))
        again = found.count(anchor)
        found += [anchor, f"{anchor}-{again}"] if again else [anchor]
    return set(found)


class TestRows:
    def test_every_row_is_there_once(self) -> None:
        """The older texts make 238 claims; 158 facts, 7 of PostgreSQL, 47 errors, 22 errata joined them."""
        ids = [row["id"] for group in claims.groups() for row in group["rows"]]
        assert len(set(ids)) == len(ids)
        assert {kind: sum(one[0] == kind for one in ids) for kind in claims.KINDS} == {
            **{"S": 238, "G": 158, "X": 7, "P": 47, "D": 22}
        }
        assert [one for one in ids if not MADE.fullmatch(one)] == []

    def test_every_row_says_what_it_must(self) -> None:
        """A row has a claim and one of the verdicts; what is not simply true says what is."""
        for row in claims.known().values():
            assert set(row) <= {"id", "claim", "verdict", "today", "differs"}
            assert row["claim"]
            assert row["verdict"] in VERDICTS
            assert row.get("today") or row["verdict"] in ("true", "error")
            assert row["claim"].count("`") % 2 == row.get("today", "").count("`") % 2 == 0


class TestPage:
    def test_page_is_current(self) -> None:
        """The page says what the cells and sections say; `make claims` writes it."""
        assert claims.PAGE.read_text(encoding="utf-8") == claims.text(claims.places(PAGES))

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
    def test_every_id_is_known(self, page: Path) -> None:
        """What carries a claim carries one that there is."""
        assert {one for one, _ in claims.shown(page)} - set(claims.known()) == set()

    def test_links_lead_to_sections(self) -> None:
        """Each link names a page that is there, and a heading that this page has."""
        links = re.findall(r"\]\(\.\./([^)#]+)(?:#([^)]+))?\)", claims.PAGE.read_text(encoding="utf-8"))
        assert links
        lost = [
            (page, anchor)
            for page, anchor in sorted(set(links))
            if not (claims.ROOT / page).is_file() or (anchor and anchor not in anchors(claims.ROOT / page))
        ]
        assert lost == []

    def test_page_is_in_the_contents(self) -> None:
        """The page is part of the book."""
        assert "file: book/claims\n" in (claims.ROOT / "_toc.yml").read_text(encoding="utf-8")


class TestTool:
    def test_page_is_read_by_sections(self, tmp_path: Path) -> None:
        """A comment belongs to the heading above it; one within code is code."""
        page = tmp_path / "page.md"
        page.write_text(
            "# Title\n<!-- claims: S0.1 -->\n## Use `it`, now\n\n<!-- claims: P3, S1.2 -->\n"
            "```python\n## no heading\n# <!-- claims: P4 -->\n```\n<!-- claims: P5 -->\n"
            "## Use it, now\n<!-- claims: P6 -->\n"
        )
        assert [(one, place.heading, place.anchor) for one, place in claims.shown(page)] == [
            ("S0.1", "", ""),
            ("P3", "Use `it`, now", "use-it-now"),
            ("S1.2", "Use `it`, now", "use-it-now"),
            ("P5", "Use `it`, now", "use-it-now"),
            ("P6", "Use it, now", "use-it-now-1"),
        ]

    def test_notebook_is_read_by_cells(self, tmp_path: Path) -> None:
        """A cell carries its claims itself, and belongs to the heading above it."""
        path = tmp_path / "12-more.ipynb"
        code, again = (new_code_cell("1", metadata={"claims": ["G1.2"]}) for _ in range(2))
        prose = new_markdown_cell("Text\n\n## Two\n\nText", metadata={"claims": ["P1"]})
        nbformat.write(new_notebook(cells=[new_markdown_cell("# T\n## One"), code, prose, again]), path)
        shown = list(claims.shown(path))
        assert [(one, place.heading) for one, place in shown] == [
            ("G1.2", "One"),
            ("P1", "Two"),
            ("G1.2", "Two"),
        ]
        assert shown[0][1].link.startswith("[12: One](")

    def test_unknown_id_is_refused(self, tmp_path: Path) -> None:
        """Where nobody claims it, the page and its section are named."""
        page = tmp_path / "page.md"
        page.write_text("# Title\n## Here\n<!-- claims: S9.9 -->\n")
        with pytest.raises(
            claims.ClaimsError, match=r"page\.md, 'Here', names 'S9\.9': no row of claims\.json"
        ):
            claims.places([page])

    def test_missing_is_what_has_no_place(self, tmp_path: Path) -> None:
        """Each row is either shown or missing."""
        page = tmp_path / "page.md"
        page.write_text("# Title\n<!-- claims: S0.1 -->\n")
        assert claims.missing(claims.places([page])) == [one for one in claims.known() if one != "S0.1"]
        assert claims.counts(claims.places([page])).startswith("Shown are 1 of 238 claims")

    def test_check_says_what_to_do(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """--check writes nothing; without it the page is written."""
        page = tmp_path / "claims.md"
        monkeypatch.setattr(claims, "PAGE", page)
        monkeypatch.setattr(claims, "pages", lambda: [])
        monkeypatch.setattr("sys.argv", ["claims.py", "--check"])
        assert claims.main() == 1
        assert not page.exists()
        assert "`make claims` writes it" in capsys.readouterr().err

        monkeypatch.setattr("sys.argv", ["claims.py"])
        assert claims.main() == 0
        monkeypatch.setattr("sys.argv", ["claims.py", "--check"])
        assert claims.main() == 0

    def test_nothing_in_a_row_becomes_markup(self) -> None:
        """What a table or HTML would take for its own is escaped, but for code, where only the bar is."""
        row = {"id": "P1", "claim": "a <User> `<b|c>` [x]", "verdict": "error"}
        page = claims.text({})
        assert "<User>" not in page.replace("`", "")
        assert claims._table_row(row, []) == (
            r"| [**P1**]{#p1} a &lt;User> `<b\|c>` \[x] | *error* | not yet |"
        )
