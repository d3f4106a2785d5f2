"""What it costs to be watched. Run on demand: ``python benchmarks/tracing.py``; it is never a test.

Each run has a process of its own. The variants take turns, in rotated order, so that a machine that
grows slower is slow for all of them; what counts is the ratio to the bare run of the same round.
"""

# ruff: noqa: S603, T201 - it starts itself, and it prints

from __future__ import annotations

import argparse
import gc
import json
import logging
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from itertools import cycle, islice
from statistics import median
from time import perf_counter, process_time
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from session_demo import Recording, trace
from session_demo.models import Author, Base, Book
from session_demo.tracing.hooks import Level

VARIANTS = {
    "bare": "bare",
    "sql": "level `sql`, each session in turn",
    "session": "level `session`, each session in turn",
    "full": "level `full`, each session in turn",
    "class": "level `full`, on the `sessionmaker`",
    "over": "a recording at level `full`, over before the work begins",
    "echo": "`echo=True` into a list",
    "otel": "OpenTelemetry, SQL alone, kept in memory",
    "flask": "Flask-SQLAlchemy, recorded queries",
    "queryguard": "pytest-queryguard, `record_queries()`",
    "queryspy": "queryspy, `record()`",
    "sqltap": "sqltap",
}
PEERS = {
    "otel": "opentelemetry.instrumentation.sqlalchemy",
    "flask": "flask_sqlalchemy",
    "queryguard": "pytest_queryguard",
    "queryspy": "queryspy",
    "sqltap": "sqltap",
}
"""They are measured where they are installed: benchmarks/README.md says how."""
EVENTS = 100_000
UNMEASURED = ("class", *PEERS)
"""What they hold is not given back when our recordings are dropped."""

Watch = Callable[[Session], AbstractContextManager[object]]


def engine_with_tables(echo: bool = False) -> sa.Engine:
    """Make SQLAlchemy's own engine, not that of the book: its BEGIN would flatter the ratios."""
    engine = sa.create_engine("sqlite://", echo=echo)
    Base.metadata.create_all(engine)
    return engine


def work(engine: sa.Engine, scale: float, long_session: Watch, short_session: Watch) -> None:
    """Insert, query, update, delete, then many short transactions, then many short sessions."""
    with Session(engine) as session, long_session(session):
        in_bulk(session, scale)
        keys = session.scalars(sa.select(Author.id)).all()
        session.commit()
        for turn, key in enumerate(islice(cycle(keys), int(2_000 * scale))):
            session.get_one(Author, key).name = f"Author in turn {turn}"
            session.commit()
    for turn, key in enumerate(islice(cycle(keys), int(500 * scale))):
        with Session(engine) as session, short_session(session):
            author = session.get_one(Author, key)
            author.books.append(Book(title=f"Latest {turn}"))
            session.commit()


def in_bulk(session: Session, scale: float) -> None:
    """Insert 10,000 objects, load them, change and delete a tenth; at the end none is referred to."""
    for batch in range(20):
        for number in range(int(100 * scale)):
            books = [Book(title=f"Book {place}") for place in range(4)]
            session.add(Author(name=f"Author {batch} {number}", books=books))
        session.commit()
    query = sa.select(Author).options(selectinload(Author.books))
    for author in session.scalars(query).all()[::10]:
        author.name += ", again"
    session.commit()
    for author in session.scalars(query).all()[::10]:
        for book in author.books:
            session.delete(book)
        session.delete(author)
    session.commit()


class Kept(logging.Handler):
    """Keeps each line of a log, as a program does that wants to look at it later."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the finished line."""
        self.lines.append(record.getMessage())


@contextmanager
def processor_time(result: dict[str, float], name: str) -> Iterator[None]:
    """Write the processor time of the block into *result*."""
    gc.collect()
    began = process_time()
    yield
    result[name] = process_time() - began


def peer(variant: str, engine: sa.Engine) -> tuple[Callable[[Any], int], AbstractContextManager[object]]:
    """Let somebody else watch the engine, or ourselves all sessions.

    Returns:
        What counts the records of what the context gave, and the context.
    """
    if variant == "class":
        return lambda recording: len(recording._records), trace(Session, "full")
    if variant == "otel":
        from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        exporter, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        SQLAlchemyInstrumentor().instrument(engine=engine, tracer_provider=provider, skip_dep_check=True)
        return lambda _: len(exporter.get_finished_spans()), nullcontext()
    if variant == "flask":
        from flask import Flask
        from flask_sqlalchemy import record_queries

        record_queries._listen(engine)  # as its setting SQLALCHEMY_RECORD_QUERIES does
        return lambda context: len(context.g._sqlalchemy_queries), Flask("__main__").app_context()
    if variant == "queryguard":
        import pytest_queryguard

        return len, pytest_queryguard.record_queries()
    if variant == "queryspy":
        import queryspy

        return lambda recorder: len(recorder.orm_records), queryspy.record()
    if variant == "sqltap":
        import sqltap

        profiler = sqltap.start(engine)
        return lambda _: len(profiler.collect()), nullcontext()
    return lambda _: 0, nullcontext()


def installed(variant: str) -> bool:
    """Tell whether what a variant needs is there."""
    needed = PEERS.get(variant)
    try:
        return needed is None or find_spec(needed) is not None
    except ModuleNotFoundError:
        return False


def run(variant: str, scale: float, memory: bool) -> dict[str, float]:
    """Do the work once under one variant; with *memory* the time says nothing."""
    recordings: list[Recording] = []
    kept = Kept()
    if variant == "echo":
        logging.getLogger("sqlalchemy.engine.Engine").addHandler(kept)

    def watch(session: Session) -> Recording:
        recordings.append(trace(session, cast(Level, variant)))
        return recordings[-1]

    watches: tuple[Watch, Watch] = (nullcontext, nullcontext)
    if variant in ("sql", "session", "full"):
        watches = watch, watch
    result: dict[str, float] = {}
    work(engine_with_tables(variant == "echo"), 0.02, *watches)  # what happens only once is not measured
    recordings.clear()
    kept.lines.clear()
    engine = engine_with_tables(variant == "echo")
    if variant == "over":
        with Session(engine) as session, trace(session, "full"):
            session.add(Author(name="Nobody", books=[Book(title="None")]))
            session.flush()
    count, watched = peer(variant, engine)
    if memory:
        tracemalloc.start()
    with processor_time(result, "seconds"), watched as found:
        work(engine, scale, *watches)
        ours = sum(len(recording._records) for recording in recordings)
        result["records"] = ours + len(kept.lines) + count(found)
    if memory:
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        recordings.clear()
        kept.lines.clear()
        gc.collect()
        result["bytes"] = held - tracemalloc.get_traced_memory()[0]
    return result


def pieces() -> dict[str, float]:
    """Measure the parts that do not depend on how much work is watched."""
    result: dict[str, float] = {}
    engine = engine_with_tables()
    times = []
    for _ in range(30):
        with Session(engine) as session, processor_time(result, "start and stop"):
            for _ in range(100):
                with trace(session):
                    pass
        times.append(result["start and stop"] / 100)
    result["start and stop"] = min(times)

    tracemalloc.start()
    with Session(engine) as session:
        kept = [trace(session).start() for _ in range(100)]
        for recording in kept:
            recording.stop()
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    kept.clear()
    gc.collect()
    result["empty"] = (held - tracemalloc.get_traced_memory()[0]) / 100
    tracemalloc.stop()

    with Session(engine) as session, trace(session) as recording:
        in_bulk(session, 1)
    with processor_time(result, "read"):
        events = list(recording)
    result["read"] *= EVENTS / len(events)
    return result


def child(*arguments: str) -> dict[str, float]:
    """Measure in a fresh process, so that no variant finds what another one left."""
    command = [sys.executable, __file__, *arguments]
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return result


def compare(scale: float, rounds: int) -> None:
    """Run all variants in turn and print the table."""
    began = perf_counter()
    names = [name for name in VARIANTS if installed(name)]
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            results[name].append(child("--run", name, "--scale", str(scale)))
    print(
        f"Python {platform.python_version()}, SQLAlchemy {sa.__version__}, scale {scale:g}, {rounds} rounds, "
        f"bare {median(one['seconds'] for one in results['bare']):.2f} s of processor time\n"
    )
    print("| variant | median x | min..max | fastest x | records | bytes/record |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    fastest = {name: min(one["seconds"] for one in results[name]) for name in names}
    for name in names:
        title = VARIANTS[name]
        pairs = zip(results[name], results["bare"], strict=True)
        ratios = sorted(one["seconds"] / bare["seconds"] for one, bare in pairs)
        size = child("--run", name, "--scale", str(scale / 4), "--memory")
        each = f"{size['bytes'] / size['records']:.0f}" if size["records"] and name not in UNMEASURED else "-"
        print(
            f"| {title} | {median(ratios):.2f} | {ratios[0]:.2f}..{ratios[-1]:.2f} "
            f"| {fastest[name] / fastest['bare']:.2f} "
            f"| {results[name][0]['records']:,} | {each} |"
        )
    parts = child("--pieces")
    print("\n| part | cost |")
    print("| --- | ---: |")
    print(f"| `with trace(session): pass` | {parts['start and stop'] * 1e6:.0f} us |")
    print(f"| memory of a recording without any event | {parts['empty']:,.0f} bytes |")
    print(f"| make {EVENTS:,} events of records | {parts['read'] * 1e3:.0f} ms |")
    print(f"\nTook {perf_counter() - began:.0f} s.")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="What it costs to be watched.")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the work (default 1)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each variant (default 5)")
    parser.add_argument("--run", choices=list(VARIANTS), help=argparse.SUPPRESS)
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--pieces", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run(options.run, options.scale, options.memory)))
    elif options.pieces:
        print(json.dumps(pieces()))
    else:
        compare(options.scale, options.rounds)


if __name__ == "__main__":
    main()
