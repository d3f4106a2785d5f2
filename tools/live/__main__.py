"""python -m tools.live: gather what is not there yet; with --tests, also what tests in that Python need."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from .lab import build_lab
from .pages import gather_pages
from .places import ASSETS, LIVE, PARTS, ROOT, SITE, WORK, LiveError, run
from .wheels import download

MANIFEST = WORK / "manifest.json"
NODE = 20  # the oldest major version that all of it runs on


def main() -> int:
    """Bring `_build/live/site` up to date, or take it away where there is no Node."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.live", description="Gather what runs the chapters."
    )
    parser.add_argument(
        "--tests", action="store_true", help="and what the package's tests need in that Python"
    )
    tests: bool = parser.parse_args().tests
    if missing := without_node():
        shutil.rmtree(WORK, ignore_errors=True)
        print(f"The chapters will not run in the browser: {missing} The book is built to be read.")
        return 0
    try:
        gather(tests)
    except LiveError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def without_node() -> str:
    """Say what of Node is missing; nothing, if it is there."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return f"Node.js {NODE} or newer, with npm, is needed and was not found."
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if int(version.lstrip("v").partition(".")[0] or 0) < NODE:
        return f"Node.js {NODE} or newer is needed, found {version}."
    return ""


def gather(tests: bool) -> None:
    """Gather what the pages load, then JupyterLite; each only if its inputs are others now.

    Args:
        tests: Whether to download what the package's own tests need there.

    Raises:
        LiveError: A program failed.
    """
    found = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    inputs = digest(ROOT / "src", LIVE, Path(__file__).parent, ROOT / "pyproject.toml")
    if found.get("inputs") != inputs:
        print("Gathering what runs the chapters in the browser ...", flush=True)
        shutil.rmtree(WORK, ignore_errors=True)
        for folder in (PARTS, ASSETS):
            folder.mkdir(parents=True)
        install_packages()
        found = {"inputs": inputs, "pages": gather_pages()}
    notebooks = digest(ROOT / "notebooks")
    if found.get("notebooks") != notebooks:
        shutil.rmtree(SITE / "lab", ignore_errors=True)
        build_lab(found["pages"])
        found["notebooks"] = notebooks
    if tests and not found.get("tests"):
        download(LIVE / "wheels-test.txt", PARTS / "wheels-test")
        found["tests"] = True
    MANIFEST.write_text(json.dumps(found))


def install_packages() -> None:
    """Install what live/package-lock.json pins, unless it is there."""
    installed = LIVE / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (LIVE / "package-lock.json").stat().st_mtime:
        run("Installing from npm", ["npm", "ci", "--silent"], cwd=LIVE)
        installed.touch()


def digest(*places: Path) -> str:
    """Return the digest of files, and of all files in folders but those that programs leave there."""
    whole = sha256()
    for file in sorted(file for place in places for file in _files(place)):
        whole.update(f"{file.relative_to(ROOT).as_posix()}\n".encode() + file.read_bytes())
    return whole.hexdigest()


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for folder, folders, names in os.walk(place):
        folders[:] = [one for one in folders if one not in {"node_modules", "__pycache__"} and one[0] != "."]
        yield from (Path(folder, name) for name in names)


if __name__ == "__main__":
    sys.exit(main())
