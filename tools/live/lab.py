"""JupyterLite: the chapters as notebooks, on the Python and the wheels of the pages."""

from __future__ import annotations

import json
import shutil
import sysconfig
from typing import Any

from .places import LIVE, PARTS, ROOT, SITE, run
from .wheels import place_wheels, write_lock

LAB = ROOT / ".venv-lab"
EXTENSION = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
# What the kernel asks for by itself, in the order in which it does, and what every chapter imports.
PACKAGES = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "session-demo")


def build_lab(pages: dict[str, Any]) -> None:
    """Build JupyterLite with the chapters in it.

    Args:
        pages: What :func:`~tools.live.pages.gather_pages` returned.

    Raises:
        LiveError: A program failed.
    """
    install_lab()
    own = ("ipykernel-", "piplite-", "pyodide_kernel-")
    kernel = [wheel for wheel in (LAB / EXTENSION).glob("*.whl") if wheel.name.startswith(own)]
    more = place_wheels([*(PARTS / "wheels-lab").glob("*.whl"), *kernel])
    lock = write_lock("lock-lab", pages["wheels"] | more)
    settings = json.loads((LIVE / "jupyter-lite.json").read_text())
    # Counted from the folder of the application, and not from that of its settings.
    settings["jupyter-config-data"]["litePluginSettings"][KERNEL] |= {
        "pyodideUrl": f"./../_live/{pages['pyodide']}/pyodide.mjs",
        "loadPyodideOptions": {
            "lockFileURL": f"./../_live/{lock.name}",
            "stdLibURL": f"./../_live/{pages['stdlib']}",
            "packages": PACKAGES,
        },
    }
    folder = PARTS / "lab"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "jupyter-lite.json").write_text(json.dumps(settings))
    command = [LAB / "bin/jupyter-lite", "build", "--lite-dir", folder, "--output-dir", SITE / "lab"]
    chapters = ["--contents", ROOT / "notebooks", "--apps", "notebooks"]
    smaller = ["--no-sourcemaps", "--no-unused-shared-packages"]
    run("Building JupyterLite", [*command, *chapters, *smaller], cwd=folder)


def install_lab() -> None:
    """Install JupyterLite by itself: its extensions must not show in the JupyterLab of the book."""
    pins, done = LIVE / "lab.txt", LAB / ".pins"
    if not done.exists() or done.read_text() != pins.read_text():
        run("Installing JupyterLite", ["sh", ROOT / "tools/environment.sh", LAB, pins])
        (library,) = LAB.glob("lib/python*/site-packages")
        # The server's part, which reads the notebooks, is among the packages that the book has.
        (library / "book.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
        done.write_text(pins.read_text())
