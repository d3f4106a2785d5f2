"""Where things lie, and what every step of the gathering uses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIVE = ROOT / "live"
WORK = ROOT / "_build/live"
PARTS = WORK / "parts"
SITE = WORK / "site"
ASSETS = SITE / "_live"
PYODIDE = LIVE / "node_modules/pyodide"
STDLIB = "python_stdlib.zip"
PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")


class LiveError(Exception):
    """What runs the chapters in the browser could not be gathered."""


def run(what: str, command: Iterable[object], cwd: Path = ROOT) -> None:
    """Run a program.

    Raises:
        LiveError: It failed; what it said is in the message.
    """
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LiveError(f"{what} failed:\n{done.stdout}{done.stderr}")


def place(folder: Path, name: str, files: Iterable[Path]) -> Path:
    """Copy files into a folder that is named after their content: what a browser keeps is never stale.

    Args:
        folder: Where to make it.
        name: What its name begins with.
        files: What to copy.
    """
    files = list(files)
    digest = sha256()
    for file in files:
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    target = folder / "-".join(filter(None, [name, digest.hexdigest()[:12]]))
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, target / file.name)
    return target
