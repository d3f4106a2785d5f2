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


def blocks(text: str) -> tuple[list[str], list[str]]:
    """Return the programs of a text, and what is shown below each of them."""
    programs: list[str] = []
    shown: list[str] = []
    for kind, content in BLOCK.findall(text):
        if kind == "text":
            shown[-1] = content
        else:
            programs.append(content)
            shown.append("")
    return programs, shown


def run(programs: list[str]) -> list[str]:
    """Execute programs one after the other, and return what each prints."""
    names: dict[str, Any] = {}
    printed = []
    for program in programs:
        with redirect_stdout(io.StringIO()) as output:
            exec(compile(program, PAGE.name, "exec"), names)
        printed.append(output.getvalue())
    return printed


def parts() -> tuple[str, str, str]:
    """Return the page in three: for any server, for one that prepares transactions, cleaning up."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("## Two-phase commit")
    section, _, cleaning = rest.partition("## Clean up")
    return before, section, cleaning


def test_programs_print_what_is_shown() -> None:
    """Each program prints what stands below it, and nothing where nothing does."""
    if SERVERS["postgresql"] not in os.environ:
        unavailable("postgresql", f"{SERVERS['postgresql']} is not set: no postgresql to test with")
    before, _, cleaning = parts()
    programs, shown = blocks(before + cleaning)
    assert run(programs) == shown
    assert len(programs) == 8


def test_two_phase_commit() -> None:
    """So do those that need a server which prepares transactions."""
    url = os.environ.get(SERVERS["postgresql"])
    if not url:
        unavailable("postgresql", f"{SERVERS['postgresql']} is not set: no postgresql to test with")
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        allowed = connection.scalar(sa.text("SHOW max_prepared_transactions"))
    if allowed == "0":
        unavailable("postgresql", "max_prepared_transactions is 0: this server prepares no transactions")
    before, section, cleaning = parts()
    (setup, *_rest), _ = blocks(before)
    programs, shown = blocks(section + cleaning)
    assert run([setup, *programs]) == ["", *shown]
    assert len(programs) == 3


def test_default_driver() -> None:
    """An address without a driver means psycopg2 on 2.0 and psycopg on 2.1."""
    expected = "psycopg2" if sa.__version__.startswith("2.0") else "psycopg"
    assert sa.make_url("postgresql://localhost/shop").get_driver_name() == expected
