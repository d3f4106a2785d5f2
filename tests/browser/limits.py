"""What the browser's Python hasn't got, as a plugin of pytest: what needs it is skipped and says so."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Packages that are not gathered for it: most have compiled parts, or need a package that has.
PACKAGES = "asgiref|flask|flask_sqlalchemy|greenlet|matplotlib|nbformat|pydantic|uvicorn"
# By what Python says where it lacks something.
LACKS = {
    "no threads": r"RuntimeError: can't start new thread",
    "no processes": r"emscripten does not support processes|No module named '_multiprocessing'",
    "no terminal": r"OSError: out of pty devices",
    "no waiting for a coroutine": r"RuntimeError: WebAssembly stack switching not supported",
    "a package is missing": rf"ModuleNotFoundError: No module named '({PACKAGES})'",
}
# What fails there in other words.
LEFT_OUT = {
    "tests/browser": "Chromium is a process",
    "tests/test_tools.py": "the server of the book and the programs that make runs are threads and processes",
    "tests/test_wsgi.py": "its streams are closed in other threads, and what stays open disturbs others",
}
# With what reasons tests skip themselves.
SKIPPED = (
    r"(matplotlib|psycopg|pymysql|aiosqlite|mypy|Sphinx) is not installed\b",
    r"could not import '(sphinx|docutils\.core)'",
    r"SESSION_DEMO_(POSTGRES|MARIADB)_URL is not set",
    r"sqlite:// is another, empty database in each thread",
    r"While our transaction reads a file with a rollback journal, nobody can commit",
    r"An ordinary engine on SQLite enforces no foreign keys",
    # Wheels are unpacked there, and nothing writes scripts.
    r"the package was installed before it had a script",
)


def is_expected(reason: str) -> bool:
    """Whether a test may be skipped there for this reason."""
    return reason in LACKS or any(re.match(expected, reason) for expected in SKIPPED)


def pytest_configure(config: pytest.Config) -> None:
    # What could not be waited for is found by the garbage collector, during any test.
    config.addinivalue_line("filterwarnings", "ignore:coroutine .* was never awaited:RuntimeWarning")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.relative_to(ROOT).as_posix() in LEFT_OUT else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return skipped_for_a_lack((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return skipped_for_a_lack((yield))


def skipped_for_a_lack(report: Any) -> Any:
    if report.failed:
        for reason, said in LACKS.items():
            if re.search(said, report.longreprtext):
                report.outcome = "skipped"
                report.longrepr = (report.nodeid, 0, f"Skipped: {reason}")
                break
    return report
