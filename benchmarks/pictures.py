"""How long each picture of a trace takes, and how large it is. Run on demand; it is never a test.

Each picture is made in a process of its own, of events that a real session wrote. The time is that of the
processor from the events to the finished text, the best of three; ``import matplotlib`` is told apart.
"""

# ruff: noqa: S603, T201 - it starts itself, and it prints

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import process_time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from session_demo import Trace, trace
from session_demo.models import Author, Base, Book
from session_demo.tracing.events import Event

SIZES = (10, 1_000, 100_000)
ROUNDS = 3

PICTURES: dict[str, Callable[[Trace], str]] = {
    "text": str,
    "HTML": lambda story: story._repr_html_(),
    "steps": lambda story: story.steps()._repr_html_(),
    "state machine": lambda story: story.state_machine()._repr_html_(),
    "lifelines": lambda story: story.lifelines()._repr_html_(),
    "swimlane": lambda story: story.swimlane()._repr_html_(),
}


def events_of(size: int) -> Sequence[Event]:
    """Watch a session at work until it has written so many events."""
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session, trace(session) as recording:
        number = 0
        while len(recording._records) < size:
            number += 1
            in_turn(session, number)
    return list(recording)[:size]


def in_turn(session: Session, number: int) -> None:
    """Do a little of everything, in four ways that take turns."""
    author = Author(name=f"Author {number}", books=[Book(title=f"Book {n}") for n in range(number % 5)])
    session.add(author)
    session.commit()
    if number % 3 == 0:
        author.name += ", again"
        session.flush()
        session.rollback()
    if number % 4 == 0:
        with session.begin_nested():
            session.add(Book(title=f"Nested {number}"))
        session.commit()
    if number % 7 == 0:
        for book in author.books:
            session.delete(book)
        session.delete(author)
        session.commit()


def measure(name: str, size: int) -> dict[str, float]:
    """Make one picture and return the seconds and the bytes."""
    events = events_of(size)
    began = process_time()
    if name in ("state machine", "lifelines", "swimlane"):
        Trace().state_machine()
    imported = process_time() - began
    times = []
    for _ in range(ROUNDS):
        began = process_time()
        picture = PICTURES[name](Trace(events))
        times.append(process_time() - began)
    return {"seconds": min(times), "bytes": len(picture.encode()), "import": imported, "events": len(events)}


def table() -> None:
    """Measure all and print it in Markdown."""
    print(f"Python {platform.python_version()}, SQLAlchemy {sa.__version__}, best of {ROUNDS}\n")
    print("| picture |" + "".join(f" {size:,} events |" for size in SIZES))
    print("| --- |" + " ---: |" * len(SIZES))
    imports = []
    for name in PICTURES:
        cells = []
        for size in SIZES:
            command = [sys.executable, __file__, "--run", name, "--size", str(size)]
            done = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            cells.append(f" {done['seconds'] * 1e3:.0f} ms, {done['bytes'] / 1e3:.0f} kB |")
            imports.append(done["import"])
        print(f"| {name} |" + "".join(cells), flush=True)
    print(f"\nThe first drawing in a process costs {max(imports) * 1e3:.0f} ms more, to import matplotlib.")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="How long each picture takes, and how large it is.")
    parser.add_argument("--run", choices=list(PICTURES), help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, default=SIZES[0], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(measure(options.run, options.size)))
    else:
        table()


if __name__ == "__main__":
    main()
