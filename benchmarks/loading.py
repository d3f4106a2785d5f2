"""What an object costs beside a row. Run on demand: ``python benchmarks/loading.py``; it is never a test.

The same columns of the same rows, once as objects and once as rows, in turns. Time is that of the processor;
memory is what the finished list holds, counted in a run of its own.
"""

# ruff: noqa: T201 - it prints

from __future__ import annotations

import argparse
import gc
import json
import platform
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from session_demo import create_engine
from session_demo.models import Base, Book

Way = Callable[[Session], Sequence[Any]]


def objects(session: Session) -> Sequence[Any]:
    """Load the books as objects."""
    return session.scalars(sa.select(Book)).all()


def rows(session: Session) -> Sequence[Any]:
    """Load the same columns as rows."""
    return session.execute(sa.select(Book.id, Book.title, Book.copies, Book.author_id)).all()


WAYS: dict[str, Way] = {"objects": objects, "rows": rows}


def fill(engine: sa.Engine, number: int) -> None:
    """Make the library, with *number* books."""
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.execute(sa.insert(Book), [{"title": f"Volume {volume:07}"} for volume in range(number)])


def seconds(engine: sa.Engine, way: Way) -> float:
    """Return the processor time that *way* takes in a new session."""
    with Session(engine) as session:
        session.connection()
        gc.collect()
        start = process_time()
        found = way(session)
        spent = process_time() - start
        del found
    return spent


def size(engine: sa.Engine, way: Way) -> float:
    """Return the bytes that *way* holds for each row."""
    with Session(engine) as session:
        session.connection()
        gc.collect()
        tracemalloc.start()
        found = way(session)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return held / len(found)


def measure(engine: sa.Engine, rounds: int) -> dict[str, dict[str, float]]:
    """Return for each way the median of its seconds, and its bytes for each row."""
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for turn in range(rounds + 1):
        for name, way in WAYS.items():
            spent = seconds(engine, way)
            if turn:  # the first turn compiles the statements
                times[name].append(spent)
    return {
        name: {"milliseconds": round(1000 * median(times[name])), "bytes": round(size(engine, way))}
        for name, way in WAYS.items()
    }


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="where to write the figures as well")
    arguments = parser.parse_args()
    engine = create_engine("sqlite://")
    fill(engine, arguments.books)
    found = measure(engine, arguments.rounds)
    engine.dispose()
    print(f"SQLite in memory, {arguments.books:,} books, median of {arguments.rounds}")
    print(f"Python {platform.python_version()}, SQLAlchemy {sa.__version__}\n")
    print("| | processor time | bytes a row |\n| --- | ---: | ---: |")
    for name, figures in found.items():
        print(f"| {name} | {figures['milliseconds']:,.0f} ms | {figures['bytes']:,.0f} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
