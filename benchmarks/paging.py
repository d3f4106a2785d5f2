"""What a page costs, near and deep. Run on demand: ``python benchmarks/paging.py``; it is never a test.

All ways take turns on one database, so that a machine that grows slower is slow for all of them. What counts
are the ratios within a row and within a column.
"""

# ruff: noqa: T201 - it prints

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import sqlalchemy as sa
from flask_sqlalchemy.pagination import SelectPagination
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from session_demo.keyset import keyset_page
from session_demo.pagination import paginate

PER_PAGE = 20


class Base(DeclarativeBase):
    """The one table."""


class Entry(Base):
    """A row of about 60 bytes, with an index for the order in which it is listed."""

    __tablename__ = "paging_entry"
    __table_args__ = (sa.Index("by_day", "day", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(60))


QUERY = sa.select(Entry).order_by(Entry.day, Entry.id)
Way = Callable[[Session], list[Entry]]


def fill(engine: sa.Engine, rows: int) -> None:
    """Make the table, with several rows for each day."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for start in range(0, rows, 50_000):
            numbers = range(start, min(start + 50_000, rows))
            batch = [{"id": n + 1, "day": n * 7919 % rows // 5, "title": f"Entry {n:050}"} for n in numbers]
            connection.execute(sa.insert(Entry), batch)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE TABLE paging_entry" if is_mysql(engine) else "ANALYZE")


def is_mysql(engine: sa.Engine) -> bool:
    """Whether the database is MariaDB or MySQL."""
    return engine.dialect.name in ("mysql", "mariadb")


def numbered(session: Session, page: int, count: bool) -> list[Entry]:
    """Make a page by its number."""
    return paginate(session, QUERY, page=page, per_page=PER_PAGE, count=count).items


def by_key(session: Session, cursor: str | None) -> list[Entry]:
    """Make the page that the cursor leads to."""
    return keyset_page(session, QUERY, per_page=PER_PAGE, cursor=cursor).items


def flask_sqlalchemy(session: Session, page: int, count: bool) -> list[Entry]:
    """Make a page as ``db.paginate`` does: this is the object that it returns."""
    found = SelectPagination(
        select=QUERY, session=session, page=page, per_page=PER_PAGE, count=count, error_out=False
    )
    return list(found.items)


def ways(session: Session, rows: int) -> Iterator[tuple[str, str, Way]]:
    """Yield each way for the first, the middle and the last page: its name, the page, what to do."""
    last = rows // PER_PAGE
    for place, page in (("first", 1), ("middle", last // 2), ("last", last)):
        cursor = cursor_before(session, page)
        yield "paginate", place, partial(numbered, page=page, count=True)
        yield "paginate, count=False", place, partial(numbered, page=page, count=False)
        yield "Flask-SQLAlchemy", place, partial(flask_sqlalchemy, page=page, count=True)
        yield "Flask-SQLAlchemy, count=False", place, partial(flask_sqlalchemy, page=page, count=False)
        yield "keyset_page", place, partial(by_key, cursor=cursor)


def cursor_before(session: Session, page: int) -> str | None:
    """Return the cursor that leads to *page*, made from the row before it."""
    if page == 1:
        return None
    day, number = session.execute(
        sa.select(Entry.day, Entry.id)
        .order_by(Entry.day, Entry.id)
        .offset((page - 1) * PER_PAGE - 2)
        .limit(1)
    ).one()
    # A page of one row, the last before *page*, ends with the cursor that is wanted.
    return keyset_page(
        session, QUERY.where(sa.tuple_(Entry.day, Entry.id) > (day, number)), per_page=1
    ).next_cursor


def measure(engine: sa.Engine, rows: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of each way for each page."""
    with Session(engine) as session:
        all_ways = list(ways(session, rows))
        expected = {
            place: way(session) for name, place, way in all_ways if name == "Flask-SQLAlchemy, count=False"
        }
        for name, place, way in all_ways:
            assert way(session) == expected[place], f"{name} shows other rows on the {place} page"
    times: dict[tuple[str, str], list[float]] = {(name, place): [] for name, place, _ in all_ways}
    for turn in range(rounds):
        for name, place, way in all_ways[turn % len(all_ways) :] + all_ways[: turn % len(all_ways)]:
            with Session(engine) as session:
                session.connection()
                start = perf_counter()
                way(session)
                times[name, place].append(1000 * (perf_counter() - start))
    found: dict[str, dict[str, float]] = {}
    for (name, place), measured in times.items():
        found.setdefault(name, {})[place] = round(median(measured), 2)
    return found


def table(found: dict[str, dict[str, float]]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| ms | first page | middle | last | last / first |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, times in found.items():
        ratio = times["last"] / times["first"]
        lines.append(f"| {name} | {times['first']} | {times['middle']} | {times['last']} | {ratio:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what the command line names, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a database whose table paging_entry may be dropped; by default SQLite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="where to write the figures as well")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        engine = sa.create_engine(arguments.url or f"sqlite:///{folder}/paging.db")
        fill(engine, arguments.rows)
        found = measure(engine, arguments.rows, arguments.rounds)
        Base.metadata.drop_all(engine)
        name = engine.dialect.name if not getattr(engine.dialect, "is_mariadb", False) else "mariadb"
        engine.dispose()
    print(f"{name}, {arguments.rows:,} rows, {PER_PAGE} a page, median of {arguments.rounds}")
    print(f"Python {platform.python_version()}, SQLAlchemy {sa.__version__}\n")
    print(table(found))
    if arguments.json:
        known = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
        known[name] = found
        arguments.json.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    sys.exit(0 if found["keyset_page"]["last"] <= 2 * found["keyset_page"]["first"] else 1)


if __name__ == "__main__":
    main()
