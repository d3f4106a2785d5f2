"""The page *The helpers* names every helper, and for each difference a test that exists."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from session_demo import BaseModel, Session, SQLAlchemy
from session_demo.pagination import Paginator

ROOT = Path(__file__).parents[1]
CELLS = json.loads((ROOT / "book/helpers.ipynb").read_text(encoding="utf-8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS)
NAMED = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", TEXT)))
ROWS = "\n".join(line for line in TEXT.splitlines() if line.startswith("| `"))


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_page_names_tests() -> None:
    """There are differences, and they have tests."""
    assert len(NAMED) > 20


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_named_test_exists(file: str, test: str) -> None:
    """A test that the page names is there to be read and run."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_helper_is_named() -> None:
    """No public name of the session, the facade, the model and the page is missing from the tables."""
    options = set(inspect.signature(SQLAlchemy).parameters) | set(inspect.signature(Paginator).parameters)
    names = public(Session) | public(SQLAlchemy) | public(BaseModel) | public(Paginator) | options
    assert {name for name in names - {"query"} if not re.search(rf"\b{name}\b", ROWS)} == set()
