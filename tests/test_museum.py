"""Museum, errata and the page of the versions have their entries, run, and each keeps its address."""

import re
from pathlib import Path

import nbformat
import pytest
from tools import claims

WINGS = [claims.ROOT / f"book/{name}.ipynb" for name in ("museum", "museum-sentences")]
ERRATA = claims.ROOT / "book/errata.ipynb"
VERSIONS = claims.ROOT / "book/versions.ipynb"
PAGES = [*WINGS, ERRATA, VERSIONS]
PAST = {"changed", "removed", "wrong"}
# Other pages, and answers elsewhere, link to these. A heading may be added, but none may go.
ADDRESSES = (Path(__file__).parent / "addresses.txt").read_text(encoding="utf-8").split()


def entries(path: Path) -> dict[str, list[str]]:
    """Return the code cells of each entry, by its address."""
    found: dict[str, list[str]] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            if found:
                found[list(found)[-1]].append(cell.source)
            continue
        for heading in re.findall(r"^### (.+?)\s*$", cell.source, re.MULTILINE):
            found[f"book/{path.stem}.html#{claims.html_id(heading)}"] = []
    return found


def test_every_past_claim_is_on_show() -> None:
    """What the older texts say and is changed, removed or wrong is in the museum."""
    shown = claims.places(WINGS)
    past = [one for one, row in claims.known().items() if one[0] == "S" and row["verdict"] in PAST]
    assert past
    assert [one for one in past if one not in shown] == []


def test_every_erratum_is_on_show() -> None:
    """Each place where the documentation differs from the code is among the errata, which count them."""
    errata = [one for one in claims.known() if one[0] == "D"]
    assert f"In {len(errata)} places " in nbformat.read(ERRATA, as_version=4).cells[0].source
    assert sorted(one for one in claims.places([ERRATA]) if one[0] == "D") == sorted(errata)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_entry_is_run(path: Path) -> None:
    """An entry shows what Python does, but for the one with the links."""
    assert [address for address, code in entries(path).items() if not code] in (
        [],
        [f"book/{path.stem}.html#links"],
    )


def test_addresses_stay() -> None:
    """An entry that once was there can still be linked to."""
    there = [address for path in PAGES for address in entries(path)]
    assert len(set(there)) == len(there)
    assert ADDRESSES
    assert set(ADDRESSES) - set(there) == set()
