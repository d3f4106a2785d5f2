"""The wheels that the browser's Python gets, with bytecode in them, and the lock files that name them."""

from __future__ import annotations

import json
import shutil
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .places import ASSETS, LIVE, PARTS, PIP, PYODIDE, ROOT, STDLIB, place, run

READY = PARTS / "ready"
# Packages that come from elsewhere, and only for a cell that imports them; no wheel of theirs is on PyPI.
ELSEWHERE = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
DRAWING = "matplotlib"
# Half of SQLAlchemy is for databases that can't be reached from a browser; it comes when it is asked for.
MORE = (
    *(f"sqlalchemy/dialects/{name}/" for name in ("mssql", "mysql", "oracle", "postgresql")),
    "sqlalchemy/testing/",
)
# What a first cell uses, so that its bytecode is there.
START = """
import asyncio, cells, pretty, session_demo, session_demo.models, sqlalchemy.orm
from sqlalchemy.orm import Session
engine = session_demo.create_engine(session_demo.temporary_sqlite_url())
session_demo.models.Base.metadata.create_all(engine)
runner = cells.Cells(len, pretty.pretty, dict(session_demo=session_demo, session=Session(engine)))
code = '''
from sqlalchemy import inspect, select
with session_demo.trace(session) as story:
    session.add(session_demo.models.Author(name="Ann"))
    session.commit()
story
'''
try:
    runner.run(code, 1).send(None)
except StopIteration as ended:
    assert ended.value
else:
    raise AssertionError("the cell did not end")
"""


def gather_wheels() -> dict[str, Any]:
    """Download and build the wheels of the pages; return what a lock file says of them.

    Raises:
        LiveError: A program failed.
    """
    for pins in ("wheels", "wheels-lab"):
        download(LIVE / f"{pins}.txt", PARTS / pins)
    run("Building the package", [*PIP, "wheel", "--no-deps", "-w", PARTS / "wheels", ROOT])
    precompile()
    return place_wheels(sorted(READY.glob("*.whl")))


def download(pins: Path, folder: Path) -> None:
    """Download pure wheels for the browser's Python, each with the hash that is pinned."""
    python = ".".join(_upstream_lock()["info"]["python"].split(".")[:2])
    pure = ["--only-binary=:all:", "--platform", "any", "--implementation", "py", "--abi", "none"]
    command = [*PIP, "download", "--no-deps", "--require-hashes", *pure, "--python-version", python]
    run("Downloading wheels", [*command, "-r", pins, "-d", folder])


def precompile() -> None:
    """Write the archives of the pages, with bytecode, to the folder of what is ready."""
    READY.mkdir()
    shutil.copy2(PYODIDE / STDLIB, PARTS)
    _pack_cells()
    archives = [{"source": STDLIB, "target": f"ready/{STDLIB}", "left_out": []}]
    for wheel in sorted((PARTS / "wheels").glob("*.whl")):
        apart = MORE if wheel.name.startswith("sqlalchemy-") else ()
        target = f"ready/{wheel.name}"
        archives.append({"source": f"wheels/{wheel.name}", "target": target, "left_out": list(apart)})
        if apart:
            _take_apart(wheel, apart)
    (PARTS / "plan.json").write_text(json.dumps({"start": START, "archives": archives}))
    run("Compiling for the browser", ["node", LIVE / "precompile.mjs", PARTS])


def _pack_cells() -> None:
    """Pack what runs cells, with the one file of IPython that writes values as Jupyter does."""
    (ipython,) = (PARTS / "wheels-lab").glob("ipython-*.whl")
    with ZipFile(ipython) as whole:
        pretty = whole.read("IPython/lib/pretty.py")
        version = ipython.name.split("-")[1]
        licence = whole.read(next(name for name in whole.namelist() if name.endswith("/LICENSE")))
    files = {
        "cells.py": (LIVE / "cells.py").read_bytes(),
        "pretty.py": f"# From IPython {version}, unchanged but for this line.\n".encode() + pretty,
    }
    files["live_cells-0.dist-info/LICENSE"] = licence
    _write_wheel(PARTS / "wheels", "live_cells", "0", files)


def _take_apart(wheel: Path, apart: tuple[str, ...]) -> None:
    name, version = wheel.name.split("-")[:2]
    with ZipFile(wheel) as whole:
        files = {one: whole.read(one) for one in whole.namelist() if one.startswith(apart)}
    _write_wheel(READY, f"{name}_more", version, files)


def _write_wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> None:
    about = f"{name}-{version}.dist-info"
    files |= {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": b"",
    }
    with ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w", ZIP_DEFLATED) as wheel:
        for file, content in sorted(files.items()):
            # Without a time, so that the same files make the same wheel.
            wheel.writestr(ZipInfo(file), content, ZIP_DEFLATED)


def place_wheels(wheels: list[Path]) -> dict[str, Any]:
    """Copy wheels into the site; return what a lock file says of them."""
    packages: dict[str, Any] = {}
    for wheel in wheels:
        folder = place(ASSETS / "wheels", "", [wheel])
        packages |= _lock_entry(wheel, f"wheels/{folder.name}/{wheel.name}")
    return packages


def _upstream_lock() -> dict[str, Any]:
    lock: dict[str, Any] = json.loads((PYODIDE / "pyodide-lock.json").read_text())
    return lock


def write_lock(name: str, packages: dict[str, Any]) -> Path:
    """Write the lock file of some packages, named after its content."""
    # Nothing is asked for that has no place here: greenlet, say, of which there is no pure wheel.
    packages = {
        own: entry | {"depends": [one for one in entry["depends"] if one in packages]}
        for own, entry in packages.items()
    }
    told = json.dumps({"info": _upstream_lock()["info"], "packages": packages}, sort_keys=True)
    file = ASSETS / f"{name}-{sha256(told.encode()).hexdigest()[:12]}.json"
    file.write_text(told)
    return file


def _lock_entry(wheel: Path, address: str) -> dict[str, Any]:
    """Return what a lock file says of a wheel. Whether what it needs is there, is asked in the end."""
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        about = message_from_bytes(archive.read(next(n for n in names if n.endswith(".dist-info/METADATA"))))
    tops = {name.split("/")[0].partition(".")[0] for name in names if ".dist-info/" not in name}
    needs = map(Requirement, about.get_all("Requires-Dist") or ())
    name = canonicalize_name(about["Name"])
    return {
        name: {
            "name": name,
            "version": about["Version"],
            "file_name": address,
            "install_dir": "site",
            "sha256": sha256(wheel.read_bytes()).hexdigest(),
            "package_type": "package",
            "imports": [] if name == "sqlalchemy-more" else sorted(tops),
            "depends": sorted({canonicalize_name(one.name) for one in needs if _is_needed(one)}),
            "unvendored_tests": False,
        }
    }


def _is_needed(requirement: Requirement) -> bool:
    in_the_browser = {"sys_platform": "emscripten", "platform_system": "Emscripten", "extra": ""}
    marker = requirement.marker
    return marker is None or marker.evaluate(in_the_browser | {"python_version": "3.14"})


def drawing() -> dict[str, Any]:
    """Return the entries of matplotlib and of all that it needs, at their address, with their hashes."""
    version = json.loads((PYODIDE / "package.json").read_text())["version"]
    upstream, found, wanted = _upstream_lock()["packages"], {}, [DRAWING]
    while wanted:
        name = wanted.pop()
        if name not in found:
            entry = dict(upstream[name])
            entry["file_name"] = ELSEWHERE.format(version=version) + entry["file_name"]
            found[name] = entry
            wanted += entry["depends"]
    return found
