"""Pages by key: every row once, in order, in both directions, whatever the order and the database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, ForeignKey, func, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    joinedload,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)

from session_demo import create_engine, trace
from session_demo.cursors import Cursor, write
from session_demo.errors import CursorError, NotPageableError, PageError
from session_demo.keyset import KeysetPage, keyset_page
from session_demo.ordering import fingerprint, terms_of
from session_demo.tracing.events import StatementExecuted

Order = Callable[[Any], list[Any]]


class Base(DeclarativeBase):
    """Tables that no other test uses."""


class Shelf(Base):
    __tablename__ = "keyset_shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    volumes: Mapped[list[Volume]] = relationship(back_populates="shelf", order_by="Volume.id")


class Volume(Base):
    """Few different values in many columns, so that there are ties and NULLs everywhere."""

    __tablename__ = "keyset_volume"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(20))
    year: Mapped[int | None]
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 2))
    bought: Mapped[datetime]
    lent: Mapped[bool]
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("keyset_shelf.id"))
    shelf: Mapped[Shelf | None] = relationship(back_populates="volumes")


VOLUMES = 23


def volumes() -> list[Volume]:
    shelves = [Shelf(name="upper"), Shelf(name="lower"), Shelf(name="empty")]
    return [
        Volume(
            title=f"title {number % 4}",
            year=None if number % 3 == 0 else 1970 + number % 5,
            price=None if number % 5 == 0 else Decimal(number % 7) / 4,
            bought=datetime(2026, 1, 1) + timedelta(hours=number % 6),
            lent=number % 2 == 0,
            shelf=None if number % 4 == 0 else shelves[number % 2],
        )
        for number in range(VOLUMES)
    ] + shelves[2:]  # type: ignore[operator, no-any-return]


def server(name: str) -> str:
    url = os.environ.get(name)
    if not url:
        pytest.skip(f"{name} is not set: no server to test with")
    return url


@pytest.fixture(scope="module", params=["sqlite", "SESSION_DEMO_POSTGRES_URL", "SESSION_DEMO_MARIADB_URL"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with volumes on shelves, which no test changes for good."""
    sqlite = f"sqlite:///{tmp_path_factory.mktemp('keyset') / 'library.db'}"
    engine = create_engine(sqlite if request.param == "sqlite" else server(request.param))
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(volumes())
        session.commit()
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def session(library: Engine) -> Iterator[Session]:
    with Session(library) as session:
        yield session


def forwards(session: Session, query: Any, **options: Any) -> list[KeysetPage[Any]]:
    """All pages from the first on."""
    pages = [keyset_page(session, query, **options)]
    while cursor := pages[-1].next_cursor:
        pages.append(keyset_page(session, query, cursor=cursor, **options))
    return pages


def backwards(session: Session, query: Any, last: KeysetPage[Any], **options: Any) -> list[KeysetPage[Any]]:
    """All pages before *last*, the first one first."""
    pages = [last]
    while cursor := pages[0].prev_cursor:
        pages.insert(0, keyset_page(session, query, cursor=cursor, **options))
    return pages[:-1]


def rows(pages: list[KeysetPage[Any]]) -> list[Any]:
    return [row for page in pages for row in page]


ORDERS: dict[str, Order] = {
    "nothing": lambda _: [],
    "key": lambda v: [v.id],
    "key down": lambda v: [v.id.desc()],
    "ties": lambda v: [v.title],
    "ties down": lambda v: [v.title.desc()],
    "two": lambda v: [v.title, v.id],
    "mixed": lambda v: [v.title, v.id.desc()],
    "mixed the other way": lambda v: [v.title.desc(), v.bought, v.id.desc()],
    "nulls": lambda v: [v.year],
    "nulls down": lambda v: [v.year.desc()],
    "two with nulls, mixed": lambda v: [v.year.desc(), v.price, v.title.desc()],
    "decimal": lambda v: [v.price.desc(), v.id],
    "time": lambda v: [v.bought.desc(), v.title],
    "boolean": lambda v: [v.lent.desc(), v.year],
    "expression": lambda v: [func.coalesce(v.year, 1972), func.length(v.title) + v.id % 3],
    "label": lambda v: [(v.year + 1).label("next_year").desc(), v.id],
}
PLACED: dict[str, Order] = {
    "nulls first": lambda v: [v.year.nulls_first()],
    "nulls last": lambda v: [v.year.nulls_last(), v.price.desc().nulls_first()],
    "nulls last, down": lambda v: [v.year.desc().nulls_last(), v.id.desc()],
    "nulls first, down": lambda v: [v.price.desc().nulls_first(), v.year.nulls_last()],
}


@pytest.mark.parametrize("per_page", [1, 4, 7, 23, 50])
@pytest.mark.parametrize("name", [*ORDERS, *PLACED])
def test_every_row_comes_once_in_both_directions(session: Session, name: str, per_page: int) -> None:
    """Forwards and backwards the pages hold every row once, in the order of the query."""
    order = (ORDERS | PLACED)[name](Volume)
    query = select(Volume).order_by(*order)
    if name in PLACED and session.get_bind().dialect.name == "mysql":
        with pytest.raises(sa.exc.ProgrammingError, match="NULLS"):  # MariaDB has no such words
            keyset_page(session, query)
        return
    # What the page adds: the primary key, in the direction of the last column.
    down = "DESC" in str(query).rpartition("ORDER BY")[2].rpartition(",")[2]
    expected = list(session.scalars(query.order_by(Volume.id.desc() if down else Volume.id)))
    pages = forwards(session, query, per_page=per_page)
    assert rows(pages) == expected
    assert len(expected) == VOLUMES
    assert [page.has_prev for page in pages] == [False] + [True] * (len(pages) - 1)
    assert rows([*backwards(session, query, pages[-1], per_page=per_page), pages[-1]]) == expected


TERMS = [Volume.title, Volume.year, Volume.price, Volume.bought, Volume.lent, Volume.id]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    order=st.lists(
        st.tuples(st.sampled_from(TERMS), st.booleans()), max_size=4, unique_by=lambda t: str(t[0])
    ),
    per_page=st.integers(1, 9),
)
def test_any_order(session: Session, order: list[tuple[Any, bool]], per_page: int) -> None:
    """Any columns in any directions give every row once, and the way back is the way there."""
    query = select(Volume).order_by(*(column.desc() if down else column for column, down in order))
    pages = forwards(session, query, per_page=per_page)
    assert sorted(volume.id for volume in rows(pages)) == list(range(1, VOLUMES + 1))
    assert rows(backwards(session, query, pages[-1], per_page=per_page)) == rows(pages[:-1])
    session.expunge_all()


def test_page_is_stable_when_rows_come_and_go(session: Session) -> None:
    """Rows that are inserted or deleted before the cursor neither repeat nor hide a row after it."""
    query = select(Volume).order_by(Volume.title, Volume.id)
    first = keyset_page(session, query, per_page=5)
    expected = [volume.id for volume in keyset_page(session, query, per_page=5, cursor=first.next_cursor)]
    session.add_all(Volume(title="a title", bought=datetime(2026, 1, 1), lent=False) for _ in range(3))
    session.delete(first.items[0])
    session.delete(first.items[-1])  # the very row that the cursor was made from
    second = keyset_page(session, query, per_page=5, cursor=first.next_cursor)
    assert [volume.id for volume in second] == expected
    session.rollback()


def test_one_select_for_a_page(session: Session) -> None:
    """A page costs one SELECT, and nothing is counted."""
    with trace(session) as story:
        first = keyset_page(session, Volume, per_page=3)
        _ = keyset_page(session, Volume, per_page=3, cursor=first.next_cursor)
    sent = [event.sql for event in story if isinstance(event, StatementExecuted)]
    assert len(sent) == 2
    assert not any("count(" in sql for sql in sent)


def test_empty_table(session: Session) -> None:
    """A query without rows is one empty page."""
    page = keyset_page(session, select(Volume).where(Volume.id < 0))
    assert (page.items, page.has_next, page.has_prev) == ([], False, False)


def test_page_whose_rows_are_gone(session: Session) -> None:
    """When all rows after a cursor are gone the page is empty and leads nowhere."""
    page = keyset_page(session, Volume, per_page=20)
    session.execute(sa.delete(Volume).where(Volume.id > 20))
    assert keyset_page(session, Volume, cursor=page.next_cursor) == KeysetPage([], None, None)
    session.rollback()


def test_columns_and_pairs(session: Session) -> None:
    """A query for one column gives values, one for more gives rows with their names."""
    by_title = select(Volume.title).order_by(Volume.title, Volume.id)
    assert set(rows(forwards(session, by_title, per_page=4))) == {f"title {n}" for n in range(4)}
    pairs = select(Volume, Shelf.name).join(Volume.shelf).order_by(Shelf.name, Volume.id)
    found = rows(forwards(session, pairs, per_page=4))
    assert found == session.execute(pairs).all()
    assert found[0].name == "lower"


def test_two_classes_are_ordered_by_both_keys(session: Session) -> None:
    """A query for pairs of objects gives every pair, though one of the two repeats."""
    pairs = select(Shelf, Volume).join(Shelf.volumes).order_by(Shelf.name)
    assert len(set(rows(forwards(session, pairs, per_page=3)))) == 17


def test_outer_join_makes_columns_nullable(session: Session) -> None:
    """A column that can't be NULL in its table can in an outer join, and its rows are not lost."""
    query = select(Volume).outerjoin(Volume.shelf).order_by(Shelf.name.desc(), Volume.id)
    found = rows(forwards(session, query, per_page=2))
    assert found == list(session.scalars(query))
    assert len(found) == VOLUMES


def test_alias_and_joined_load(session: Session) -> None:
    """Aliases are ordered by their own key, and eager loads make no short page."""
    alias = aliased(Shelf)
    query = select(alias).options(joinedload(alias.volumes)).order_by(alias.name)
    pages = forwards(session, query, per_page=2)
    assert [[shelf.name for shelf in page] for page in pages] == [["empty", "lower"], ["upper"]]


def test_union_in_a_subquery(session: Session) -> None:
    """What can't be paged by key itself can be selected from."""
    names = sa.union(select(Shelf.name.label("name")), select(Volume.title.label("name"))).subquery()
    query = select(names.c.name).order_by(names.c.name)
    assert rows(forwards(session, query, per_page=3)) == list(session.scalars(query))
    counted = select(Volume.title, func.count().label("count")).group_by(Volume.title).subquery()
    ranking = select(counted).order_by(counted.c.count.desc(), counted.c.title)
    assert rows(forwards(session, ranking, per_page=3)) == session.execute(ranking).all()


@pytest.mark.parametrize(
    ("query", "state"),
    [
        (select(Volume).limit(3), "it has a LIMIT or OFFSET of its own"),
        (select(Volume).offset(3), "it has a LIMIT or OFFSET of its own"),
        (select(Volume.title).group_by(Volume.title).order_by(Volume.title), "it has a GROUP BY"),
        (sa.union(select(Volume.id), select(Shelf.id)), "it is a union"),
        (select(Volume.title), "it has no ORDER BY"),
        (select(Volume).order_by("title"), "it is text"),
        (select(Volume).order_by(sa.text("title")), "it is text"),
        ("volumes", "it is neither a query nor a mapped class"),
    ],
)
def test_query_without_an_order_is_refused(session: Session, query: Any, state: str) -> None:
    """What has no order to page by is refused, with the state and the remedy."""
    with pytest.raises(NotPageableError, match=state):
        keyset_page(session, query)


def test_cursor_of_another_order_is_refused(session: Session) -> None:
    """A cursor of the same columns in another order leads nowhere."""
    cursor = keyset_page(session, select(Volume).order_by(Volume.title), per_page=2).next_cursor
    for other in (Volume.title.desc(), Volume.title.label("title").desc(), Volume.year):
        with pytest.raises(CursorError, match="it belongs to another order"):
            keyset_page(session, select(Volume).order_by(other), cursor=cursor)


@pytest.mark.parametrize("values", [[], ["x"], [None], [True], [1, 2], [7.5], [Decimal(7)]])
def test_unsigned_cursor_is_checked_against_the_columns(session: Session, values: list[Any]) -> None:
    """A made-up cursor whose values no row can have is refused before the database sees it."""
    order = fingerprint(terms_of(select(Volume).order_by(Volume.id), session.get_bind().dialect.name))
    with pytest.raises(CursorError, match="its values are not of these columns"):
        keyset_page(session, Volume, cursor=write(Cursor(order, False, values)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(title=st.text(), year=st.none() | st.integers(), key=st.integers())
def test_any_value_of_the_right_type_is_safe(
    session: Session, title: str, year: int | None, key: int
) -> None:
    """Values from a stranger give a page or a CursorError, and never an error of the driver."""
    query = select(Volume).order_by(Volume.title, Volume.year, Volume.id)
    order = fingerprint(terms_of(query, session.get_bind().dialect.name))
    try:
        page = keyset_page(session, query, cursor=write(Cursor(order, False, [title, year, key])))
    except CursorError:
        return
    assert len(page.items) <= VOLUMES


def test_signed_cursor(session: Session) -> None:
    """With a secret only cursors that were signed with it are followed."""
    signed = keyset_page(session, Volume, per_page=2, secret="s3cret")
    bare = keyset_page(session, Volume, per_page=2)
    following = keyset_page(session, Volume, per_page=2, secret="s3cret", cursor=signed.next_cursor)
    assert [volume.id for volume in following] == [3, 4]
    with pytest.raises(CursorError, match="it is damaged"):
        keyset_page(session, Volume, secret="s3cret", cursor=bare.next_cursor)


def test_sizes(session: Session) -> None:
    """A page has 20 rows unless the caller says more, and never more than the bound."""
    assert len(keyset_page(session, Volume).items) == 20
    assert len(keyset_page(session, Volume, per_page=5000, max_per_page=6, cursor="").items) == 6
    with pytest.raises(PageError, match="Can't use 0 as per_page"):
        keyset_page(session, Volume, per_page=0)


def test_scoped_session(library: Engine) -> None:
    """A scoped session pages as its session does."""
    scoped = scoped_session(sessionmaker(library))
    assert len(keyset_page(scoped, Volume, per_page=2).items) == 2
    scoped.remove()
