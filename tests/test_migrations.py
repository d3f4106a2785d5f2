"""Alembic, used as the page says, finds the models of a facade."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

PAGE = (Path(__file__).parents[1] / "book/migrations.md").read_text(encoding="utf-8")
SHOP, SET_URL, SET_METADATA = re.findall(
    r"```\{code-block\} python\n:caption: \S+\n(.*?)```", PAGE, re.DOTALL
)
COLUMN = "    email = sa.Column(sa.String(100))\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a model, and a folder that ``alembic init`` has made, with two lines changed."""
    (tmp_path / "shop.py").write_text(SHOP, "utf-8")
    alembic(tmp_path, "init", "migrations")
    env = tmp_path / "migrations/env.py"
    text = env.read_text("utf-8")
    for place, with_ours in {
        "config = context.config\n": f"config = context.config\n{SET_URL}",
        "target_metadata = None\n": SET_METADATA,
    }.items():
        assert place in text
        text = text.replace(place, with_ours)
    env.write_text(text, "utf-8")
    return tmp_path


def alembic(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "alembic", *arguments]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)}
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def columns(folder: Path) -> list[str]:
    engine = sa.create_engine(f"sqlite:///{folder / 'shop.db'}")
    try:
        found = sa.inspect(engine)
        return [one["name"] for one in found.get_columns("user")] if found.has_table("user") else []
    finally:
        engine.dispose()


def test_revisions_follow_the_models(project: Path) -> None:
    """A revision is made from the models, applied, followed by another, and taken back."""
    alembic(project, "revision", "--autogenerate", "-m", "users")
    alembic(project, "upgrade", "head")
    assert columns(project) == ["id"]

    (project / "shop.py").write_text(SHOP + COLUMN, "utf-8")
    alembic(project, "revision", "--autogenerate", "-m", "email")
    alembic(project, "upgrade", "head")
    assert columns(project) == ["id", "email"]
    alembic(project, "check")

    alembic(project, "downgrade", "-1")
    assert columns(project) == ["id"]
    alembic(project, "downgrade", "base")
    assert columns(project) == []
