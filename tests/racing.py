"""Many sessions that want the same new rows at the same moment, in threads or in processes."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import Any

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from databases import engine_on
from session_demo import Session
from shop import Note, Tag


@dataclass(frozen=True)
class Race:
    """Who runs, on what, and how often.

    Each runner of each round has a session of its own. All start together, and ask for the same tag.
    """

    helper: str
    pending: bool = True
    rounds: int = 6
    runners: int = 16
    options: dict[str, Any] = field(default_factory=dict)
    patience: int = 1
    """How often one tries, until an error of the database counts."""


def run(engine: Engine, race: Race, start: Callable[[], Any], runner: int) -> list[str]:
    """Run one runner through all rounds, and return the errors."""
    failed = []
    for number in range(race.rounds):
        start()
        for attempt in range(1, race.patience + 1):
            try:
                once(engine, race, number, runner)
            except (IntegrityError, OperationalError) as error:
                if attempt == race.patience:
                    failed.append(type(error.orig).__name__)
                else:  # all who were refused at once would be refused at once again
                    time.sleep(random.uniform(0, 0.01 * attempt))
            else:
                break
    return failed


def once(engine: Engine, race: Race, number: int, runner: int) -> None:
    """Do what a program would do: some work, the tag, and a COMMIT."""
    with Session(engine) as session, session.begin():
        if race.pending:
            session.add(Note(text=f"{number}-{runner}"))
        tag = getattr(session, race.helper)(Tag, name=str(number))
        assert tag.name == str(number)


def in_threads(engine: Engine, race: Race) -> list[str]:
    """Return the errors of all runners, one thread each."""
    barrier = Barrier(race.runners, timeout=60)
    with ThreadPoolExecutor(race.runners) as pool:
        done = [pool.submit(run, engine, race, barrier.wait, runner) for runner in range(race.runners)]
        return [error for one in done for error in one.result()]


def in_processes(database: str, folder: Path, race: Race) -> list[str]:
    """Return the errors of all runners, one process each."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        barrier = manager.Barrier(race.runners, timeout=60)
        with context.Pool(race.runners) as pool:
            tasks = [(database, folder, race, barrier, runner) for runner in range(race.runners)]
            return [error for one in pool.starmap(_in_a_process, tasks) for error in one]


def _in_a_process(database: str, folder: Path, race: Race, barrier: Any, runner: int) -> list[str]:
    engine = engine_on(database, folder, **race.options)
    try:
        return run(engine, race, barrier.wait, runner)
    finally:
        engine.dispose()


def is_server(engine: Engine) -> bool:
    return make_url(engine.url).get_backend_name() != "sqlite"
