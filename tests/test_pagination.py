"""Pages of a query: the right rows, the right count, and no more SQL than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, ForeignKey, event, func, select, union_all
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    aliased,
    contains_eager,
    joinedload,
    lazyload,
    mapped_column,
    relationship,
    scoped_session,
    selectinload,
    sessionmaker,
    subqueryload,
    with_loader_criteria,
)

from session_demo import Trace, trace
from session_demo.errors import NotPageableError
from session_demo.models import Author, Base, Book
from session_demo.pagination import paginate
from session_demo.tracing.events import StatementExecuted

AUTHORS, BOOKS_EACH = 7, 3


@pytest.fixture(params=["sqlite", "postgres"])
def library(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session on a database with seven authors of three books each."""
    engine = request.getfixturevalue("engine" if request.param == "sqlite" else request.param)
    with Session(engine) as session:
        for number in range(AUTHORS):
            books = [Book(title=f"Book {number}{letter}") for letter in "abc"[:BOOKS_EACH]]
            session.add(Author(name=f"Author {number}", books=books))
        session.commit()
        yield session


def statements(story: Trace) -> list[str]:
    return [event.sql for event in story if isinstance(event, StatementExecuted)]


def values(event: StatementExecuted) -> list[object]:
    """The parameters of a statement, whatever the style of the driver."""
    (sets,) = event.parameter_sets
    return list(sets.values() if isinstance(sets, dict) else sets)


def names(page: Any) -> list[str]:
    return [author.name[-1] for author in page]


class EagerBase(DeclarativeBase):
    """The same tables, mapped to load everything at once."""


class EagerAuthor(EagerBase):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list[EagerBook]] = relationship(lazy="joined")


class EagerBook(EagerBase):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))


BY_NAME = select(Author).order_by(Author.name)


def test_pages_of_a_select(library: Session) -> None:
    """A query for one class gives objects, page by page, and knows how many there are."""
    page = paginate(library, BY_NAME, page=2, per_page=3)
    assert (names(page), page.total, page.num_pages, page.get_range()) == (["3", "4", "5"], 7, 3, "4 - 6")
    assert page.next
    assert page.prev
    assert (names(page.next), names(page.prev)) == (["6"], ["0", "1", "2"])
    assert page.items[0] is library.scalars(BY_NAME.offset(3)).first()


def test_pages_of_a_class_are_in_the_order_of_its_key(library: Session) -> None:
    """A mapped class needs no query; its primary key gives the order."""
    page = paginate(library, Book, per_page=4)
    assert [book.title for book in page] == ["Book 0a", "Book 0b", "Book 0c", "Book 1a"]
    assert page.total == AUTHORS * BOOKS_EACH


def test_sql_is_sent_once(library: Session) -> None:
    """One count at once, one SELECT when the rows are read, and nothing when they are read again."""
    with trace(library) as story:
        page = paginate(library, BY_NAME, per_page=3)
        assert len(statements(story)) == 1
        assert names(page) == names(page) == ["0", "1", "2"]
        assert page.next
        assert names(page.next) == ["3", "4", "5"]
    assert [sql.partition(" FROM")[0][:15] for sql in statements(story)] == [
        "SELECT count(*)",
        "SELECT author.i",
        "SELECT author.i",
    ]


@pytest.mark.parametrize("load", [joinedload, selectinload, subqueryload, lazyload])
def test_count_drops_order_and_eager_loads(library: Session, load: Callable[..., Any]) -> None:
    """The count joins nothing and sorts nothing, and the rows are those of whole parents."""
    with trace(library) as story:
        page = paginate(library, BY_NAME.options(load(Author.books)), page=3, per_page=3)
    (count,) = statements(story)
    assert count.startswith("SELECT count(*)")
    assert "JOIN" not in count
    assert "ORDER BY" not in count
    assert (page.total, names(page), len(page.items[0].books)) == (7, ["6"], BOOKS_EACH)


def test_joined_eager_load_makes_no_short_page(library: Session) -> None:
    """A parent that the SQL repeats for each child is one item, and the page is full."""
    page = paginate(library, BY_NAME.options(joinedload(Author.books)), per_page=3)
    assert names(page) == ["0", "1", "2"]


def test_eager_load_of_the_mapping_is_dropped_too(library: Session) -> None:
    """``lazy="joined"`` in the mapping joins for the rows and not for the count."""
    with trace(library) as story:
        page = paginate(library, EagerAuthor, per_page=3)
        assert [len(author.books) for author in page] == [BOOKS_EACH] * 3
    assert ["JOIN" in sql for sql in statements(story)] == [False, True]


def test_join_of_the_query_stays_a_full_page(library: Session) -> None:
    """Rows the query itself repeats count as often as they come, so pages agree with the total."""
    query = BY_NAME.join(Author.books).order_by(Book.id)
    page = paginate(library, query, per_page=4)
    assert (names(page), page.total) == (["0", "0", "0", "1"], 21)
    once = paginate(library, query.order_by(None).order_by(Author.name).distinct(), per_page=4)
    assert (names(once), once.total) == (["0", "1", "2", "3"], 7)


def test_contains_eager_keeps_its_join(library: Session) -> None:
    """A join that the query makes is no eager load, even if it fills a relationship."""
    query = select(Book).join(Book.author).options(contains_eager(Book.author)).order_by(Author.name, Book.id)
    page = paginate(library, query, page=2, per_page=4)
    assert ([book.author.name for book in page if book.author], page.total) == (
        *(["Author 1", "Author 1", "Author 2", "Author 2"],),
        21,
    )


def test_several_columns_give_rows(library: Session) -> None:
    """A query for more than one thing gives all of them."""
    query = (
        select(Author.name, func.count(Book.id)).join(Author.books).group_by(Author.id).order_by(Author.id)
    )
    page = paginate(library, query, page=2, per_page=5)
    assert page.items == [("Author 5", 3), ("Author 6", 3)]
    assert page.total == 7
    two = paginate(library, select(Author, Book).join(Author.books).order_by(Book.id), per_page=1)
    assert [(author.name, book.title) for author, book in two] == [("Author 0", "Book 0a")]


def test_one_column_gives_values(library: Session) -> None:
    """A query for one column gives its values."""
    assert paginate(library, select(Author.name).order_by(Author.name), per_page=2).items == [
        "Author 0",
        "Author 1",
    ]


def test_alias_gives_objects(library: Session) -> None:
    """An alias of a class is one thing like the class itself."""
    alias = aliased(Author)
    assert names(paginate(library, select(alias).order_by(alias.id.desc()), per_page=2)) == ["6", "5"]


def test_table_and_union_can_be_paged(library: Session) -> None:
    """A query need not be for a mapped class."""
    table = Author.__table__
    assert paginate(library, select(table).order_by(table.c.id), page=4, per_page=2).items == [
        (7, "Author 6")
    ]
    both = union_all(select(Author.name), select(Book.title)).order_by("name")
    page = paginate(library, both, per_page=8)
    assert (page.items[-1], page.total) == ("Book 0a", 28)


OWN_LIMITS: list[Callable[[Any], Any]] = [lambda query: query.limit(5), lambda query: query.fetch(5)]


@pytest.mark.parametrize("own", OWN_LIMITS)
def test_own_limit_and_offset_are_kept(library: Session, own: Callable[[Any], Any]) -> None:
    """The pages lie within the LIMIT and OFFSET of the query, and so does the count."""
    if library.get_bind().dialect.name == "sqlite":
        own = OWN_LIMITS[0]  # SQLite has no FETCH
    page = paginate(library, own(BY_NAME).offset(1), per_page=2)
    found = [page, page.next, page.next.next if page.next else None]
    assert [names(one) for one in found] == [["1", "2"], ["3", "4"], ["5"]]
    assert (page.total, page.num_pages) == (5, 3)
    assert found[2] is not None
    assert found[2].next is None


def test_own_limit_without_counting(library: Session) -> None:
    """A page that is not counted ends with the LIMIT of the query too."""
    page = paginate(library, BY_NAME.limit(3), per_page=2, count=False)
    assert page.next
    assert (names(page.next), page.next.has_next) == (["2"], False)
    with trace(library) as story:
        assert paginate(library, BY_NAME.limit(3), page=7, count=False).items == []
    assert statements(story) == []


@pytest.mark.parametrize(
    "query",
    [
        BY_NAME.limit(sa.literal(3) + 1),
        BY_NAME.offset(func.length("abc")),
        BY_NAME.fetch(3, with_ties=True),
        BY_NAME.fetch(50, percent=True),
    ],
)
def test_own_limit_that_is_no_number_is_refused(library: Session, query: Any) -> None:
    """A LIMIT that only the database can work out can't be divided into pages."""
    with pytest.raises(NotPageableError, match="its own LIMIT or OFFSET is no plain number"):
        paginate(library, query)


def test_no_count_costs_one_row_more(library: Session) -> None:
    """Without counting there is one SELECT in all, for one row more than the page has."""
    with trace(library) as story:
        page = paginate(library, BY_NAME, per_page=3, count=False)
        assert (names(page), page.has_next, page.total) == (["0", "1", "2"], True, None)
    (event,) = [event for event in story if isinstance(event, StatementExecuted)]
    assert "count" not in event.sql
    assert 4 in values(event)


def test_count_locks_no_row(library: Session) -> None:
    """FOR UPDATE locks the rows that are fetched, and not all that are counted."""
    with trace(library) as story:
        page = paginate(library, BY_NAME.with_for_update(), per_page=2)
        assert names(page) == ["0", "1"]
    count, rows = statements(story)
    assert "FOR UPDATE" not in count
    assert ("FOR UPDATE" in rows) is (library.get_bind().dialect.name == "postgresql")


def test_pending_rows_are_counted(library: Session) -> None:
    """The session flushes before it counts, as before any query."""
    library.add(Author(name="Author 9"))
    assert paginate(library, BY_NAME, page="last", per_page=1).items[0].name == "Author 9"


def test_loader_criteria_hold_for_the_count(library: Session) -> None:
    """Criteria that hide rows hide them from the count as well."""
    hiding = with_loader_criteria(Author, Author.id > 2)
    page = paginate(library, BY_NAME.options(hiding), per_page=2)
    assert (names(page), page.total) == (["2", "3"], 5)


def test_criteria_of_a_listener_hold_for_the_count(library: Session) -> None:
    """A listener that adds criteria, the usual recipe for soft deletion, hides rows from the count too."""
    seen: list[object] = []

    def hide(state: ORMExecuteState) -> None:
        seen.append(state.statement)
        state.statement = state.statement.options(with_loader_criteria(Author, Author.id > 2))

    event.listen(library, "do_orm_execute", hide)
    page = paginate(library, BY_NAME, per_page=2)
    assert (names(page), page.total, len(seen)) == (["2", "3"], 5, 2)
    assert paginate(library, select(Author.name).distinct()).total == 5
    event.remove(library, "do_orm_execute", hide)


def test_engine_is_chosen_by_class(engine: Engine) -> None:
    """A session with an engine for each class asks the same one for the count."""
    with Session(binds={Base: engine}) as session:
        assert paginate(session, Author).total == 0
        assert paginate(session, select(aliased(Author))).total == 0


def test_execution_options_hold_for_the_count(engine: Engine) -> None:
    """Another schema, chosen by an option of the query, is counted too."""
    with Session(engine) as session:
        session.execute(sa.text("ATTACH ':memory:' AS archive"))
        session.execute(sa.text("CREATE TABLE archive.author (id INTEGER PRIMARY KEY, name TEXT)"))
        session.execute(sa.text("INSERT INTO archive.author VALUES (1, 'Author 8')"))
        query = BY_NAME.execution_options(schema_translate_map={None: "archive"})
        page = paginate(session, query)
        assert (names(page), page.total) == (["8"], 1)


def test_scoped_session(engine: Engine) -> None:
    """A scoped session pages as its session does."""
    scoped = scoped_session(sessionmaker(engine))
    scoped.add(Author(name="Author 0"))
    assert names(paginate(scoped, BY_NAME)) == ["0"]
    scoped.remove()


@pytest.mark.parametrize("what", [7, int, "author", sa.text("SELECT 1"), Base])
def test_what_is_no_query_is_refused(session: Session, what: Any) -> None:
    """What has no rows has no pages."""
    with pytest.raises(NotPageableError, match="it is neither a query nor a mapped class"):
        paginate(session, what)


def test_nothing_is_sent_for_the_rows_of_an_empty_result(session: Session) -> None:
    """When the count is zero there is nothing to fetch."""
    with trace(session) as story:
        page = paginate(session, BY_NAME)
        assert (page.items, page.get_range(), page.next) == ([], "0 - 0", None)
    assert len(statements(story)) == 1
