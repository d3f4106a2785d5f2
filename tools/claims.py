"""Write the page that says of each claim where the book shows it: `python -m tools.claims`.

What is claimed, and what is true of it, stands in `book/claims.json`. What shows it names the claims by ids:

- a cell of a notebook in its metadata: ``{"claims": ["S1.63", "P11"]}``
- a section of a page in a comment that no reader sees: ``<!-- claims: S1.63 P11 -->``

python -m tools.claims [--check | --missing]
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from tools.notebooks import ROOT, all_notebooks, write

SOURCE = ROOT / "book/claims.json"
PAGE = ROOT / "book/claims.md"
# What the ids begin with, and what the sum of such claims is called.
KINDS = {
    "S": "claims of the older texts",
    "G": "facts about the Session of today",
    "X": "facts about PostgreSQL",
    "P": "errors and confusions",
    "D": "places where SQLAlchemy's documentation differs from its code",
}
HEADING = re.compile(r"(#{1,6}) +(.+?)\s*$")
COMMENT = re.compile(r"<!-- *claims:([^>]*)-->")
FENCE = re.compile(r"\s*(```+|~~~+|:::+)")
CODE_SPAN = re.compile(r"(`[^`]*`)")

INTRODUCTION = """\
# Every claim and its proof

This book grew out of four older texts about the session. Each of their claims was tried on SQLAlchemy 2.0 and
2.1, and so were the facts that they lack, the errors that people meet, and some sentences of SQLAlchemy's own
documentation. Here is what came of it, and the sections where you can see it happen.

The verdicts: *true*; *changed* (it goes otherwise today); *removed*; *wrong*; *imprecise*; *missing* (the
text is silent); *error* (what people meet, its cause and its cure). ⚡ marks a difference of 2.0 and 2.1.
*Not yet* in the last column: tried, and not shown in this book so far.

This page is made from what the cells and sections themselves say that they show.
"""


class ClaimsError(Exception):
    """A page shows what nobody claims."""


class Place(NamedTuple):
    """A section of the book."""

    page: Path
    title: str
    heading: str
    anchor: str

    @property
    def link(self) -> str:
        """The section as a link from the page of claims."""
        number = re.match(r"(\d+)-", self.page.name)
        name = str(int(number[1])) if number else self.title
        words = f"{name}: {self.heading}" if self.heading else name
        return f"[{words}](../{self.page.as_posix()}{f'#{self.anchor}' if self.anchor else ''})"


def groups() -> list[dict[str, Any]]:
    """Return what is claimed, in groups that have a title and rows."""
    read: list[dict[str, Any]] = json.loads(SOURCE.read_text(encoding="utf-8"))
    return read


def known() -> dict[str, dict[str, Any]]:
    """Return the rows by their ids."""
    return {row["id"]: row for group in groups() for row in group["rows"]}


def pages() -> list[Path]:
    """Return what may show something: the chapters first, for they explain most."""
    prose = sorted(path for path in (ROOT / "book").glob("*.md") if path != PAGE)
    return [*sorted(all_notebooks(), key=lambda path: path.parent.name == "book"), *prose]


def slug(heading: str) -> str:
    """Return the anchor of a heading, as Sphinx and code hosts make it."""
    words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


def html_id(heading: str) -> str:
    """Return the id that a plain heading has in the built page, as docutils makes it."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


class Outline:
    """Which section of a page one is in, while its lines are read."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.title = ""
        self.heading = ""
        self.anchor = ""
        self._seen: Counter[str] = Counter()

    @property
    def here(self) -> Place:
        """The section that was entered last."""
        return Place(self.page, self.title, self.heading, self.anchor)

    def read(self, text: str) -> Iterator[tuple[str, Place]]:
        """Read on, and yield the ids that comments name, with the section they stand in."""
        fence = ""
        for line in text.splitlines():
            if edge := FENCE.match(line):
                if not fence:
                    fence = "" if edge[1].startswith(":") else edge[1]
                elif edge[1].startswith(fence):
                    fence = ""
            elif not fence:
                if heading := HEADING.match(line):
                    self._enter(len(heading[1]), heading[2])
                for comment in COMMENT.findall(line):
                    yield from ((one, self.here) for one in re.split(r"[\s,]+", comment.strip()))

    def _enter(self, level: int, heading: str) -> None:
        anchor = slug(heading)
        if level == 1:
            self.title, self.heading, self.anchor = heading, "", ""
        else:
            again = self._seen[anchor]
            self.heading, self.anchor = heading, f"{anchor}-{again}" if again else anchor
        self._seen[anchor] += 1


def shown(path: Path) -> Iterator[tuple[str, Place]]:
    """Yield the ids that the page or notebook at *path* carries, each with its section."""
    outline = Outline(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    if path.suffix == ".md":
        yield from outline.read(path.read_text(encoding="utf-8"))
        return
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            yield from outline.read(cell.source)
        yield from ((one, outline.here) for one in cell.metadata.get("claims", []))


def places(paths: Iterable[Path]) -> dict[str, list[Place]]:
    """Return for each id the sections that carry it, in the order of the pages.

    Raises:
        ClaimsError: A page carries an id that no row has.
    """
    rows = known()
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for path in paths:
        for one, place in shown(path):
            if one not in rows:
                section = place.heading or place.title
                raise ClaimsError(f"{place.page}, {section!r}, names {one!r}: no row of {SOURCE.name} has it")
            if place not in found[one]:
                found[one].append(place)
    return found


def missing(found: dict[str, list[Place]]) -> list[str]:
    """Return the ids that nothing shows yet."""
    return [one for one in known() if not found.get(one)]


def counts(found: dict[str, list[Place]]) -> str:
    """Say in one sentence how many of each kind are shown."""
    rows = Counter(one[0] for one in known())
    placed = Counter(one[0] for one, where in found.items() if where)
    parts = [f"{placed[kind]} of {rows[kind]} {name}" for kind, name in KINDS.items()]
    return f"Shown are {', '.join(parts[:-1])}, and {parts[-1]}."


def text(found: dict[str, list[Place]]) -> str:
    """Return the whole page."""
    parts = [INTRODUCTION, counts(found)]
    for group in groups():
        rows = group["rows"]
        seen = sum(bool(found.get(row["id"])) for row in rows)
        table = ["| Claim | What is true | Shown in |", "|---|---|---|"]
        table += [_table_row(row, found.get(row["id"], [])) for row in rows]
        fold = f":::{{dropdown}} {len(rows)} claims, {seen} shown\n:class-body: claims"
        parts.append(f"## {group['title']}\n\n{fold}\n" + "\n".join(table) + "\n:::")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _table_row(row: dict[str, Any], where: list[Place]) -> str:
    anchor = row["id"].lower().replace(".", "-")
    differs = " ⚡" if row.get("differs") else ""
    claim = f"[**{row['id']}**]{{#{anchor}}} {_cell(row['claim'])}"
    verdict = f"*{row['verdict']}*{differs}{f': {today}' if (today := _cell(row.get('today', ''))) else ''}"
    return f"| {claim} | {verdict} | {', '.join(place.link for place in where) or 'not yet'} |"


def _cell(words: str) -> str:
    """Return *words* so that a table holds them and no HTML comes of them."""
    parts = [
        part if part.startswith("`") else part.replace("<", "&lt;").replace("[", r"\[")
        for part in CODE_SPAN.split(words)
    ]
    return "".join(parts).replace("|", r"\|")


def main() -> int:
    """Write the page, or say whether it is current, or what nothing shows yet."""
    parser = argparse.ArgumentParser(description="Write where the book shows each claim.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; say whether the page is current")
    mode.add_argument("--missing", action="store_true", help="list what nothing shows: id, verdict, claim")
    arguments = parser.parse_args()
    try:
        found = places(pages())
    except ClaimsError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.missing:
        rows = known()
        for one in missing(found):
            print(one, rows[one]["verdict"], rows[one]["claim"], sep="\t")
        return 0
    if arguments.check:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text(found)
        if not current:
            print(f"{PAGE.name} is not current. `make claims` writes it.", file=sys.stderr)
        return 0 if current else 1
    write(PAGE, text(found))
    print(counts(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
