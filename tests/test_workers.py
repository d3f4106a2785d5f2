"""Forked workers: the page's program, and what becomes of a connection that two processes hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "book/workers.md"
PROGRAM = "".join(
    re.findall(r"```\{code-block\} python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")

SERVERS = {
    "SESSION_DEMO_POSTGRES_URL": "SELECT pg_backend_pid()",
    "SESSION_DEMO_MARIADB_URL": "SELECT connection_id()",
}

# Prints which connection of the server parent and child have, and whether the parent's still works.
FORKING = """
import os, sys
from session_demo import create_engine
url, query, forget = sys.argv[1:]
engine = create_engine(url)

def connection():
    with engine.connect() as it:
        return it.exec_driver_sql(query).scalar()

before = connection()
reading, writing = os.pipe()
if not os.fork():
    if forget != "nothing":
        engine.dispose(close=forget == "closing")
    os.write(writing, str(connection()).encode())
    os._exit(0)
in_child = int(os.read(reading, 100))
os.wait()
try:
    after = "the same" if connection() == before else "another"
except Exception:
    after = "broken"
print("shared" if in_child == before else "own", after)
engine.dispose()
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def url_of(server: str) -> str:
    if not (url := os.environ.get(server)):
        pytest.skip(f"{server} is not set: no server to test with")
    return url


def test_program_of_the_page() -> None:
    """The program of the page does what the page says."""
    assert run(PROGRAM) == "20 authors"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("forget", "found"),
    [("nothing", "shared the same"), ("keeping", "own the same"), ("closing", "own broken")],
)
def test_connection_after_a_fork(server: str, forget: str, found: str) -> None:
    """A child shares its parent's connection, unless it forgets it; if it closes it, it breaks it."""
    assert run(FORKING, url_of(server), SERVERS[server], forget) == found
