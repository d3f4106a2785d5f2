"""What becomes of a race for one new row. Run on demand: ``python benchmarks/races.py``; it is never a test.

Sixteen threads ask for the same new row at the same moment, each with a session that holds other work
already. Then they commit. Counted is how many ended in an error, and how many ended well and still lost
the other work.
"""

# ruff: noqa: T201 - it prints

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from session_demo import Session, create_engine

RUNNERS = 16


class Base(DeclarativeBase):
    """The two tables."""


class Tag(Base):
    """What all want."""

    __tablename__ = "races_tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50), unique=True)


class Note(Base):
    """What each has done before."""

    __tablename__ = "races_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(50))


def look_then_insert(session: Session, name: str) -> Tag:
    """What one writes first."""
    return session.first(Tag, name=name) or session.create(Tag, name=name)


def roll_back_on_conflict(session: Session, name: str) -> Tag | None:
    """As sqla_wrapper and many programs do: the transaction is rolled back, with all that was in it."""
    try:
        return session.create(Tag, name=name)
    except sa.exc.IntegrityError:
        session.rollback()
        return session.first(Tag, name=name)


Way = Callable[[Session, str], Tag | None]
WAYS: dict[str, Way] = {
    "look, then insert": look_then_insert,
    "insert, roll back on a conflict": roll_back_on_conflict,
    "first_or_create": lambda session, name: session.first_or_create(Tag, name=name),
    "create_or_first": lambda session, name: session.create_or_first(Tag, name=name),
}


def once(engine: sa.Engine, way: Way, barrier: Barrier, number: int, runner: int) -> str | None:
    """Take part in one race; return the note that should be there afterwards, or None after an error."""
    text = f"{number}-{runner}"
    barrier.wait()
    try:
        with Session(engine) as session:
            session.add(Note(text=text))
            tag = way(session, str(number))
            session.commit()
            return text if tag is not None else None
    except SQLAlchemyError:
        return None


def race(engine: sa.Engine, way: Way, rounds: int) -> dict[str, int]:
    """Run all rounds on empty tables, and count how they ended."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    barrier = Barrier(RUNNERS, timeout=120)
    with ThreadPoolExecutor(RUNNERS) as pool:

        def run(runner: int) -> list[str | None]:
            return [once(engine, way, barrier, number, runner) for number in range(rounds)]

        promised = [text for texts in pool.map(run, range(RUNNERS)) for text in texts]
    with Session(engine) as session:
        kept = set(session.scalars(sa.select(Note.text)))
    Base.metadata.drop_all(engine)
    ended = Counter("error" if text is None else "well" if text in kept else "lost" for text in promised)
    return {name: ended[name] for name in ("well", "lost", "error")}


def main() -> None:
    """Print a table in Markdown, and write the figures where they are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--url", action="append", default=[], help="another database; may be repeated")
    parser.add_argument("--json", type=Path, help="write the figures into this file")
    arguments = parser.parse_args()
    figures: dict[str, dict[str, dict[str, int]]] = {}
    with TemporaryDirectory() as folder:
        urls = [f"sqlite:///{folder}/races.db", *arguments.url]
        for url in urls:
            isolation = {} if url.startswith("sqlite") else {"isolation_level": "READ COMMITTED"}
            engine = create_engine(url, pool_size=RUNNERS, **isolation)
            name = "mariadb" if engine.dialect.name == "mysql" else engine.dialect.name
            run = partial(race, engine, rounds=arguments.rounds)
            figures[name] = {title: run(way) for title, way in WAYS.items()}
            engine.dispose()
    print(f"{RUNNERS} threads, {arguments.rounds} rounds, {RUNNERS * arguments.rounds} calls each.\n")
    print("| database | way | well | lost other work | error |\n| --- | --- | ---: | ---: | ---: |")
    for database, ways in figures.items():
        for title, ended in ways.items():
            print(f"| {database} | {title} | {ended['well']} | {ended['lost']} | {ended['error']} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
