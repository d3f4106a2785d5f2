"""The page *On PostgreSQL*: its programs, run on a real server, print what the page says."""

from __future__ import annotations

import io
import os
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from databases import SERVERS, unavailable

PAGE = Path(__file__).parents[1] / "book/postgresql.md"
BLOCK = re.compile(r"```\{code-block\} (python|text)\n(.*?)```", re.DOTALL)


def test_programs_print_what_is_shown() -> None:
    """Each program prints what stands below it, and nothing where nothing does."""
    if SERVERS["postgresql"] not in os.environ:
        unavailable("postgresql", f"{SERVERS['postgresql']} is not set: no postgresql to test with")
    names: dict[str, Any] = {}
    printed, shown = [], []
    for kind, content in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "text":
            shown[-1] = content
            continue
        with redirect_stdout(io.StringIO()) as output:
            exec(compile(content, PAGE.name, "exec"), names)
        printed.append(output.getvalue())
        shown.append("")
    assert printed == shown
    assert len(printed) == 8


def test_default_driver() -> None:
    """An address without a driver means psycopg2 on 2.0 and psycopg on 2.1."""
    expected = "psycopg2" if sa.__version__.startswith("2.0") else "psycopg"
    assert sa.make_url("postgresql://localhost/shop").get_driver_name() == expected
