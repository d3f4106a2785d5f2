"""What a type checker makes of the helpers, told by a real run of mypy."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import unavailable

try:
    import mypy  # noqa: F401 - only to see whether it is there
except ImportError:
    unavailable("mypy", "mypy is not installed: pip install -r requirements-dev.txt")

APP = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from session_demo import BaseModel, SQLAlchemy

db = SQLAlchemy("sqlite://")


class User(db.Model):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""

USE = """
import sqlalchemy as sa

from app import User, db
from session_demo import Session, SQLAlchemy


def initialise(database: SQLAlchemy) -> None:
    database.create_all()


initialise(db)
user = User(name="Ann")
reveal_type(user.name)  # str
reveal_type(user.fill(name="Ben"))  # app.User
reveal_type(db.s.first(User, name="Ann"))  # app.User | None
reveal_type(db.s.all(User))  # list[app.User]
reveal_type(db.s.create(User))  # app.User
reveal_type(db.s.first_or_create(User, name="Ann", defaults={"id": 1}))  # app.User
reveal_type(db.s.create_or_first(User, name="Ann"))  # app.User
reveal_type(db.s.paginate(User, page=2).items)  # list[app.User]
reveal_type(db.s.paginate(sa.select(User)).items)  # list[app.User]
reveal_type(db.s.get(User, 1))  # app.User | None
reveal_type(db.url)  # str
with db.Session() as session:
    reveal_type(session)  # session_demo.session.Session
    reveal_type(session.first(User))  # app.User | None
with db.test_transaction() as transaction:
    reveal_type(transaction.session)  # session_demo.session.Session
"""

WRONG = """
from app import User, db

db.s.first("User")  # arg-type
db.s.first_or_create(User, name="Ann", defaults="red")  # arg-type
user: User = db.s.first(User)  # assignment
User().nmae  # attr-defined
db.nonsense  # attr-defined
"""

PLAIN = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from session_demo import BaseModel, SQLAlchemy


class Model(BaseModel, DeclarativeBase):
    pass


class User(Model):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)


db = SQLAlchemy("sqlite://", base_model_class=Model)
reveal_type(db.s.first(User))  # plain.User | None
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typed")
    for name, code in {"app": APP, "use": USE, "wrong": WRONG, "plain": PLAIN}.items():
        (folder / f"{name}.py").write_text(code, "utf-8")
    (folder / "with.ini").write_text("[mypy]\nstrict = true\nplugins = session_demo_mypy\n", "utf-8")
    (folder / "without.ini").write_text("[mypy]\nstrict = true\n", "utf-8")
    return folder


def check(folder: Path, config: str, *files: str) -> list[tuple[str, int, str]]:
    """Run mypy, and return the file, the line and the text of all that it says."""
    command = [sys.executable, "-m", "mypy", "--config-file", config, "--no-error-summary", *files]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    lines = [line.split(":", 2) for line in run.stdout.splitlines()]
    return [(file, int(number), text.strip()) for file, number, text in lines]


def expected(code: str) -> dict[int, str]:
    """Return what the comments of *code* expect, by line."""
    lines = enumerate(code.splitlines(), 1)
    return {number: line.rpartition("  # ")[2] for number, line in lines if "  # " in line}


def test_inference(folder: Path) -> None:
    """With the plugin db.Model is a base class, and every helper tells what it returns."""
    said = check(folder, "with.ini", "app.py", "use.py")
    assert {(file, number): text for file, number, text in said} == {
        ("use.py", number): f'note: Revealed type is "{kind}"' for number, kind in expected(USE).items()
    }


def test_cache(folder: Path) -> None:
    """A second run, which reads what the first one has stored, says the same."""
    first = check(folder, "with.ini", "use.py")
    (folder / "use.py").write_text(USE + "\n", "utf-8")
    assert check(folder, "with.ini", "use.py") == first


def test_mistakes(folder: Path) -> None:
    """What is wrong is found."""
    found = {
        number: text.rpartition("[")[2].rstrip("]")
        for _, number, text in check(folder, "with.ini", "wrong.py")
    }
    assert found == expected(WRONG)


def test_without_plugin(folder: Path) -> None:
    """Without the plugin a base class of one's own does the same."""
    (said,) = check(folder, "without.ini", "plain.py")
    assert said[2] == 'note: Revealed type is "plain.User | None"'


def test_page(folder: Path) -> None:
    """What the page on testing says that mypy reveals is what it reveals."""
    page = (Path(__file__).parents[1] / "book/testing.md").read_text(encoding="utf-8")
    code = page.partition("```{code-block} python\n")[2].partition("```")[0]
    (folder / "page.py").write_text(code, "utf-8")
    kinds = list(expected(code).values())
    if sa.__version__.startswith("2.0"):
        row = [kinds.index("Any | None"), *range(len(kinds) - 3, len(kinds) - 1)]
        for place, kind in zip(row, ("str | None", "Row[tuple[int, str]]", "Any"), strict=True):
            kinds[place] = kind
    said = [text for _, _, text in check(folder, "without.ini", "page.py")]
    assert [re.sub(r"\b[a-z_.]+\.(?=[A-Z])", "", text) for text in said] == [
        f'note: Revealed type is "{kind}"' for kind in kinds
    ]
