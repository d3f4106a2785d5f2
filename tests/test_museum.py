"""The museum has a case for each form and sentence that is past, and each case has an address that stays."""

import re
from pathlib import Path

import nbformat
import pytest
from tools import claims

WINGS = [claims.ROOT / f"book/{name}.ipynb" for name in ("museum", "museum-sentences")]
PAST = {"changed", "removed", "wrong"}
# Other pages, and answers elsewhere, link to these. A heading may be added, but none may go.
ADDRESSES = (Path(__file__).parent / "museum-addresses.txt").read_text(encoding="utf-8").split()


def cases(path: Path) -> dict[str, list[str]]:
    """Return the code cells of each case, by its address."""
    found: dict[str, list[str]] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            if found:
                found[list(found)[-1]].append(cell.source)
            continue
        for heading in re.findall(r"^### (.+?)\s*$", cell.source, re.MULTILINE):
            found[claims.slug(heading)] = []
    return found


def test_every_past_claim_is_on_show() -> None:
    """What the older texts say and is changed, removed or wrong is in the museum."""
    shown = claims.places(WINGS)
    past = [one for one, row in claims.known().items() if one[0] == "S" and row["verdict"] in PAST]
    assert past
    assert [one for one in past if one not in shown] == []


@pytest.mark.parametrize("path", WINGS, ids=lambda path: path.stem)
def test_every_case_is_run(path: Path) -> None:
    """A case shows what Python does, but for the one with the links."""
    assert [address for address, code in cases(path).items() if not code] in ([], ["links"])


def test_addresses_stay() -> None:
    """A case that once was there can still be linked to."""
    there = [address for path in WINGS for address in cases(path)]
    assert len(set(there)) == len(there)
    assert ADDRESSES
    assert set(ADDRESSES) - set(there) == set()
