"""The package's own tests in the Python and with the wheels that the pages load, under Node."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element, parse

import pytest
from limits import LACKS, ROOT, is_expected
from test_site import unavailable

pytestmark = pytest.mark.browser

GATHERED = ROOT / "_build/live"
# There are more; with far fewer, something has been skipped that used to run.
PASSED = 3000


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Counter[tuple[str, str]]:
    """How often each outcome came, with its reason or the name of the test."""
    if not shutil.which("node"):
        unavailable("Node.js is not found")
    manifest = GATHERED / "manifest.json"
    if not manifest.exists() or not json.loads(manifest.read_text()).get("tests"):
        unavailable("What the tests need there is not gathered: python -m tools.live --tests")
    # Below the project, which is all that Python there sees of the disk.
    report = GATHERED / "tests.xml"
    report.unlink(missing_ok=True)
    command = [
        "node",
        ROOT / "live/run_tests.mjs",
        "-q",
        "--tb=short",
        f"--junitxml={report}",
        "src",
        "tests",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200)
    assert report.exists(), (done.stdout + done.stderr)[-2000:]
    return read(report)


def read(report: Path) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for case in parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        found.update((one.tag, reason(one) if one.tag == "skipped" else name) for one in case)
        if not len(case):
            found["passed", ""] += 1
    return found


def reason(skipped: Element) -> str:
    told = skipped.get("message", "")
    if told == "collection skipped":
        # Of a whole file the report has the file, the line and the reason, as Python writes them.
        told = ast.literal_eval(skipped.text or "")[2].removeprefix("Skipped: ")
    return told


def test_nothing_fails_in_the_browsers_python(outcomes: Counter[tuple[str, str]]) -> None:
    """What needs no thread, process, server or extra passes there as it does here."""
    assert [name for (outcome, name) in outcomes if outcome in {"failure", "error"}] == []
    assert outcomes["passed", ""] > PASSED


def test_nothing_is_skipped_without_a_known_reason(outcomes: Counter[tuple[str, str]]) -> None:
    """A skip has a reason that is listed, and what Python is said to lack there, it lacks."""
    reasons = {reason for (outcome, reason) in outcomes if outcome == "skipped"}
    assert {reason for reason in reasons if not is_expected(reason)} == set()
    assert set(LACKS) - reasons == set()
