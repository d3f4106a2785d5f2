"""Turn the modules that every page needs into bytecode, inside the very Python that the browser runs.

In the browser, compiling SQLAlchemy and what it imports takes longer than running it. Bytecode without
docstrings is about as large as the source, and needs no compiling.
"""

import ast
import importlib.util
import json
import sys
from importlib import _bootstrap_external
from pathlib import Path
from types import ModuleType
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# Not empty: SQLAlchemy asserts that some of its functions have a docstring.
LEFT_OUT = "Left out here, so that the page starts sooner."
# An archive is named after its content, so the same content must give the same bytes.
BEGIN_OF_TIME = (1980, 1, 1, 0, 0, 0)


def imported_by(statements: str, archives: list[Path]) -> set[str]:
    """Run *statements* with the archives on the path; return which of their files that imported."""
    sys.path[:0] = map(str, archives)
    exec(statements, {"__name__": "__main__"})  # noqa: S102 - the statements are the project's own
    return {name for module in list(sys.modules.values()) for name in _entries(module)}


def _entries(module: ModuleType) -> list[str]:
    file = getattr(module, "__file__", None) or ""
    for kind in (".whl/", ".zip/"):
        if kind in file:
            return [file.partition(kind)[2]]
    return []


def precompile(archive: Path, target: Path, chosen: set[str], left_out: tuple[str, ...] = ()) -> None:
    """Copy an archive; the *chosen* modules become bytecode, and folders that are *left_out* stay away."""
    with ZipFile(archive) as old, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as new:
        for name in sorted(old.namelist()):
            if name.endswith("/") or name.startswith(left_out):
                continue
            content = old.read(name)
            if name in chosen and name.endswith(".py"):
                name, content = f"{name}c", bytecode(content, name)
            entry = ZipInfo(name, BEGIN_OF_TIME)
            entry.compress_type = ZIP_DEFLATED
            new.writestr(entry, content)


def bytecode(source: bytes, name: str) -> bytes:
    """Compile a module to what a `.pyc` file holds. Assertions stay: the library means them."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            node.body[0].value.value = LEFT_OUT  # type: ignore[attr-defined]
    code = compile(tree, name, "exec", dont_inherit=True)
    to_pyc = _bootstrap_external._code_to_hash_pyc  # type: ignore[attr-defined]
    return bytes(to_pyc(code, importlib.util.source_hash(source), False))


def main(plan_file: str) -> None:
    """Do what a plan says: `start`, statements, and `archives`, with `source`, `target` and `left_out`."""
    plan = json.loads(Path(plan_file).read_text())
    folder = Path(plan_file).parent
    archives = [folder / one["source"] for one in plan["archives"]]
    chosen = imported_by(plan["start"], archives)
    for archive, one in zip(archives, plan["archives"], strict=True):
        precompile(archive, folder / one["target"], chosen, tuple(one["left_out"]))
