"""The floors of the house, as a test: who imports whom is read from the source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import session_demo

SRC = Path(session_demo.__file__).parent

HELPERS: list[set[str]] = [
    {"errors", "wsgi"},
    {"base_model", "engine", "expected", "picture", "uniqueness"},
    {"architecture", "cursors", "explaining", "flask", "models", "ordering", "page_numbers"},
    {"paginator"},
    {"pagination"},
    {"keyset", "session"},
    {"scoped"},
    {"isolation"},
    {"database"},
]
TRACING: list[set[str]] = [
    {"words", "sql", "listening", "names", "redaction", "shadows", "export"},
    {"attributes", "events", "target"},
    {"lines", "objects", "render", "render.terminal", "export.page", "export.values"}
    | {f"render.{part}" for part in ("wording", "folds", "loops", "model")},
    {"causes"} | {f"render.{part}" for part in ("layout", "replay", "chart", "slots")},
    {"records", "export.json", "export.perfetto"}
    | {f"render.{one}" for one in ("html", "lifelines", "moments", "state_machine", "swimlane", "text")},
    {"object_hooks", "held", "render.steps", "render.tree", "render.difference"},
    {"connections", "shown"},
    {"asked"},
    {"hooks", "traces"},
    {"watch", "loading"},
    {"recording", "snapshot"},
    {"recorder"},
]
TEACHING: list[set[str]] = [set(), {"selftest.questions"}, {"selftest.showing"}, {"selftest"}]
CHAPTERS = {f"exercises.{one}" for one in ("session", "object_states", "identity_map", "writing", "flushing")}
CHAPTERS |= {
    f"exercises.{one}"
    for one in ("deleting", "ending", "leaving", "querying", "reaching", "requests", "returning", "scoping")
}
TOP: list[set[str]] = [
    {"commands"},
    {"tracing"},
    {"lazy_loads", "exercises.evidence", "exercises.progress"},
    {"exercises.checks"},
    {"exercises.exercise", "exercises.rows"},
    CHAPTERS,
    {"exercises.catalogue", "exercises.marking"},
    {"exercises.started", "exercises.judging"},
    {"exercises"},
    {"commands.show", "commands.exercises", "commands.mark", "ipython", "testing"},
    {"", "__main__"},
]
FLOOR = (
    {name: number for number, names in enumerate(HELPERS) for name in names}
    | {f"tracing.{name}": number for number, names in enumerate(TRACING) for name in names}
    | {name: number for number, names in enumerate(TEACHING) for name in names}
    | {name: number for number, names in enumerate(TOP, len(TRACING)) for name in names}
)

DRAWING = {"picture", "architecture"}
DRAWING |= {f"tracing.render.{medium}" for medium in ("chart", "lifelines", "state_machine", "swimlane")}
FOREIGN: dict[str, set[str]] = {
    "matplotlib": DRAWING,
    "numpy": set(),
    "IPython": {"", "ipython"},
    "flask": {"flask"},
    "werkzeug": {"flask"},
    "itsdangerous": {"cursors"},
    "pytest": set(),
    "sqlalchemy": {
        *("engine", "flask", "keyset", "models", "ordering", "pagination", "testing", "lazy_loads"),
        *(
            f"exercises.{name}"
            for name in ("evidence", "checks", "exercise", "rows", "started", "returning", "scoping")
        ),
        *("base_model", "uniqueness", "session", "scoped", "isolation", "database"),
        *(
            f"tracing.{name}"
            for name in ("objects", "target", "held", "snapshot", "recording", "watch", "hooks")
        ),
        *(f"tracing.{name}" for name in ("object_hooks", "connections", "causes", "shadows", "attributes")),
        "tracing.listening",
    },
}
LAZY = {"matplotlib", "numpy", "IPython", "flask", "werkzeug", "itsdangerous"}

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc", "tools"}


def module_name(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in sorted(SRC.rglob("*.py"))}


class Import(NamedTuple):
    """What is imported, whether it is ours, and whether it is imported when the module is."""

    name: str
    ours: bool
    at_once: bool


def imports(name: str) -> Iterator[Import]:
    """Yield every import of the module *name*; those of the package by names relative to it."""
    path = MODULES[name]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = path.relative_to(SRC).parts[:-1]
    later = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _for_types_only(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        at_once = node not in later
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, alias.name.split(".")[0] == "session_demo", at_once)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield Import(node.module or "", (node.module or "").split(".")[0] == "session_demo", at_once)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            target = ".".join((*base, *([node.module] if node.module else [])))
            for alias in node.names:
                child = f"{target}.{alias.name}".lstrip(".")
                yield Import(child if child in MODULES else target, True, at_once)


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def test_every_module_has_a_floor() -> None:
    """A new module is given a floor here, and a floor names no module that is gone."""
    assert set(MODULES) == set(FLOOR)


@pytest.mark.parametrize("name", MODULES)
def test_module_imports_only_lower_floors(name: str) -> None:
    """No module imports from its own floor or from above."""
    wrong = [one.name for one in imports(name) if one.ours and FLOOR[one.name] >= FLOOR[name]]
    assert wrong == []


@pytest.mark.parametrize("name", MODULES)
def test_foreign_packages_stay_where_they_belong(name: str) -> None:
    """Each foreign package is imported by the modules that are named for it, and by no others."""
    tops = {one.name.split(".")[0] for one in imports(name) if not one.ours}
    assert {top for top in tops & set(FOREIGN) if name not in FOREIGN[top]} == set()


@pytest.mark.parametrize("name", MODULES)
def test_optional_packages_are_imported_when_they_are_needed(name: str) -> None:
    """What draws or serves is imported within functions, or by the module that is named for it."""
    early = {one.name.split(".")[0] for one in imports(name) if one.at_once and not one.ours}
    assert early & LAZY == (set() if name != "flask" else {"flask", "werkzeug"})


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("tracing")])
def test_tracing_knows_no_model(name: str) -> None:
    """The tracer works with any mapped class, so it imports neither the library nor its engine."""
    assert {one.name for one in imports(name) if one.ours} & {"models", "engine"} == set()


def test_nothing_imports_an_integration() -> None:
    """A module for another package is a file that no other module imports."""
    assert [name for name in MODULES for one in imports(name) if one.ours and one.name == "flask"] == []


def test_import_is_light(python: Callable[..., str]) -> None:
    """In a fresh interpreter the package loads nothing that draws, serves, or shows notebooks."""
    heavy = {"matplotlib", "flask", "IPython", "numpy", "itsdangerous", "werkzeug"}
    assert python(f"import session_demo, sys; print(sorted({heavy!r} & set(sys.modules)))") == "[]\n"


def test_import_hooks_nothing(python: Callable[..., str]) -> None:
    """Importing the package registers no listener."""
    code = (
        "import sqlalchemy.orm\n"
        "from sqlalchemy.event import registry\n"
        "before = set(registry._key_to_collection)\n"
        "import session_demo\n"
        "print([name for _, name, _ in set(registry._key_to_collection) - before])"
    )
    assert python(code) == "[]\n"


@pytest.mark.parametrize("name", MODULES)
def test_module_is_short(name: str) -> None:
    """A module has fewer than 300 lines."""
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) < 300


@pytest.mark.parametrize("name", MODULES)
def test_module_has_a_telling_name(name: str) -> None:
    """No module is a drawer for odds and ends."""
    assert set(name.split(".")) & VAGUE == set()


@pytest.mark.parametrize("name", session_demo.__all__)
def test_public_name_is_documented_with_an_example(name: str) -> None:
    """Everything that is exported says what it is and shows it."""
    documentation = inspect.getdoc(getattr(session_demo, name)) or ""
    assert ">>> " in documentation


@pytest.mark.parametrize("name", [name for name in MODULES if name])
def test_module_says_what_it_is_for(name: str) -> None:
    """Each module starts with a sentence."""
    assert (
        (ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8"))) or "").rstrip().endswith(".")
    )
