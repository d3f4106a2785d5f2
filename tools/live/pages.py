"""What the pages load: Pyodide, the wheels, and the page's own modules with the editor."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from .places import ASSETS, LIVE, PARTS, PYODIDE, SITE, STDLIB, place, run
from .wheels import READY, drawing, gather_wheels, write_lock

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
ASSETS_MODULE = "assets.mjs"  # where the rest lies, by names that tell the content


def gather_pages() -> dict[str, Any]:
    """Fill the site with what pages load, and return where it lies.

    Raises:
        LiveError: A program failed.
    """
    wheels = gather_wheels()
    pyodide = place(ASSETS, "pyodide", [PYODIDE / name for name in CORE])
    stdlib = place(ASSETS, "python", [READY / STDLIB])
    lock = write_lock("lock", wheels | drawing())
    first = [*pyodide.iterdir(), *stdlib.iterdir(), lock]
    first += [ASSETS / one["file_name"] for name, one in wheels.items() if name != "sqlalchemy-more"]
    where = {
        "pyodide": f"../../{pyodide.name}/",
        "stdlib": f"../../{stdlib.name}/{STDLIB}",
        "lock": f"../../{lock.name}",
        "megabytes": round(sum(map(sent, first)) / 1e6, 1),
    }
    page = make_page(where).relative_to(SITE).as_posix()
    return {"page": page, "pyodide": pyodide.name, "stdlib": f"{stdlib.name}/{STDLIB}", "wheels": wheels}


def make_page(where: dict[str, Any]) -> Path:
    """Put the page's own modules into the site: one at first, two for the first run and edit."""
    parts = PARTS / "page"
    parts.mkdir()
    told = "".join(f"export const {name} = {json.dumps(value)};\n" for name, value in where.items())
    (parts / ASSETS_MODULE).write_text(told)
    sources = [LIVE / "page" / name for name in ("main.mjs", "worker.mjs", "live.css")]
    esbuild = [LIVE / "node_modules/.bin/esbuild", *sources, f"--outdir={parts}", "--out-extension:.js=.mjs"]
    options = ["--bundle", "--splitting", f"--external:./{ASSETS_MODULE}", "--minify", "--legal-comments=eof"]
    target = ["--format=esm", "--target=es2022", "--log-level=warning"]
    run("Bundling the page", [*esbuild, *options, *target])
    return place(ASSETS / "page", "", sorted(parts.iterdir()))


def sent(file: Path) -> int:
    """Return the bytes that a host sends, which compresses what is not compressed yet."""
    content = file.read_bytes()
    return len(content) if file.suffix in {".whl", ".zip"} else len(gzip.compress(content, 6))
