"""The helpers of the Session: what they return, what they send, and that nothing of the caller's is lost."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, ForeignKey, event
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from databases import DATABASES, engine_on
from session_demo import Session, trace
from session_demo.errors import MatchError, UnprotectedMatchWarning
from session_demo.uniqueness import columns_of, is_protected
from shop import Base, Maker, Note, Price, Tag, Void

HELPERS = ["first_or_create", "create_or_first"]


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on each database, with empty tables."""
    engine = engine_on(request.param, tmp_path)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def session(shop: Engine) -> Iterator[Session]:
    with Session(shop) as session:
        yield session


class Overtaken(Session):
    """A session that finds nothing at its first look; *meanwhile* is what happens after it."""

    meanwhile: Callable[[], None] | None = None
    looked = False

    def first(self, model: type, /, **attrs: object) -> object:
        if self.looked:
            return super().first(model, **attrs)
        self.looked = True
        found = super().first(model, **attrs) if self.meanwhile else None
        if self.meanwhile:
            self.meanwhile()
        return found


@pytest.fixture(params=HELPERS)
def helper(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def taken(shop: Engine) -> int:
    """The number of a tag "red" that somebody else has committed."""
    with Session(shop) as other:
        tag = other.create(Tag, name="red", code="R")
        other.commit()
        return tag.id


def stored(session: Session, column: sa.orm.InstrumentedAttribute) -> list:
    """Commit, and read a column anew."""
    session.commit()
    return sorted(session.scalars(sa.select(column)))


class TestReading:
    """all and first."""

    def test_all_returns_matching_objects_by_key(self, session: Session) -> None:
        """All objects with these attributes come as a list, in the order of the primary key."""
        session.add_all([Tag(id=n, name=str(n), colour=c) for n, c in ((3, "red"), (2, "blue"), (1, "red"))])
        assert [tag.id for tag in session.all(Tag, colour="red")] == [1, 3]
        assert [tag.id for tag in session.all(Tag)] == [1, 2, 3]
        assert session.all(Tag, colour="green") == []

    def test_first_is_the_one_with_the_smallest_key(self, session: Session) -> None:
        """Of several objects the first is always the same one."""
        session.add_all([Tag(id=n, name=str(n), colour="red") for n in (7, 5, 9)])
        assert session.first(Tag, colour="red").id == 5
        assert session.first(Tag, colour="green") is None

    def test_none_means_null(self, session: Session) -> None:
        """A None matches NULL."""
        session.add_all([Tag(name="a", code="A"), Tag(name="b")])
        assert session.first(Tag, code=None).name == "b"

    def test_related_object_may_be_matched(self, session: Session) -> None:
        """A many-to-one relationship is matched by its object, even by one that is still pending."""
        maker = Maker(name="Ann")
        session.add_all([Tag(name="a"), Tag(name="b", maker=maker)])
        assert [tag.name for tag in session.all(Tag, maker=maker)] == ["b"]

    def test_joined_eager_loads_do_no_harm(self, tmp_path: Path) -> None:
        """A model whose collection is always loaded by a JOIN has neither its rows repeated nor cut off."""

        class Base(DeclarativeBase):
            pass

        class Parent(Base):
            __tablename__ = "parent"
            id: Mapped[int] = mapped_column(primary_key=True)
            children: Mapped[list[Child]] = relationship(lazy="joined")

        class Child(Base):
            __tablename__ = "child"
            id: Mapped[int] = mapped_column(primary_key=True)
            parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"))

        Parent.__annotations__["children"] = Mapped[list[Child]]
        engine = engine_on("sqlite", tmp_path)
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add_all([Parent(children=[Child(), Child()]), Parent(children=[Child()])])
            session.commit()
            session.expunge_all()
            assert len(session.first(Parent).children) == 2
            assert [len(parent.children) for parent in session.all(Parent)] == [2, 1]
        engine.dispose()


class TestCreate:
    def test_created_object_is_persistent(self, session: Session) -> None:
        """The INSERT is sent, the object has its key, nothing is committed."""
        tag = session.create(Tag, name="red")
        assert sa.inspect(tag).persistent
        assert (tag.id, tag.colour) == (1, "blue")
        session.rollback()
        assert session.all(Tag) == []

    def test_refused_object_raises(self, session: Session, taken: int) -> None:
        """A duplicate raises the error of the database."""
        with pytest.raises(IntegrityError):
            session.create(Tag, name="red")


class TestFindingOrMaking:
    """first_or_create and create_or_first: the same promises, kept with the statements in another order."""

    def test_missing_object_is_made(self, session: Session, helper: str) -> None:
        """Where nothing matches, the object is made of the match and the defaults, and is persistent."""
        tag = getattr(session, helper)(Tag, name="red", defaults={"colour": "dark red"})
        assert sa.inspect(tag).persistent
        assert (tag.name, tag.colour) == ("red", "dark red")
        assert stored(session, Tag.colour) == ["dark red"]

    def test_existing_object_is_found(self, session: Session, helper: str, taken: int) -> None:
        """An object that is there is returned as it is; the defaults are not for it."""
        tag = getattr(session, helper)(Tag, name="red", defaults={"colour": "dark red"})
        assert (tag.id, tag.colour) == (taken, "blue")

    def test_everything_may_be_matched(self, session: Session, helper: str) -> None:
        """Without defaults all attributes are both matched and given, as in sqla_wrapper."""
        one = getattr(session, helper)(Tag, name="red", colour="dark red")
        assert getattr(session, helper)(Tag, name="red", colour="dark red") is one

    def test_pending_object_of_the_caller_is_found(self, session: Session, helper: str) -> None:
        """What the caller has added and not flushed is found."""
        session.add(mine := Tag(name="red"))
        assert getattr(session, helper)(Tag, name="red") is mine

    def test_pending_object_is_found_without_autoflush(self, session: Session, helper: str) -> None:
        """It is found where autoflush is off, too."""
        session.add_all([mine := Tag(name="red"), maker := Maker(name="Ann"), Price(tag=mine, country="de")])
        with session.no_autoflush:
            assert getattr(session, helper)(Tag, name="red") is mine
            assert getattr(session, helper)(Price, tag=mine, country="de").tag is mine
            assert getattr(session, helper)(Tag, name="new", maker=maker).maker is maker

    def test_falsy_object_is_an_object(self, session: Session, helper: str) -> None:
        """An object that is false in a condition is found like any other."""
        one = getattr(session, helper)(Void, name="a")
        session.commit()
        assert getattr(session, helper)(Void, name="a") is one
        assert session.first(Void, name="a") is one

    def test_key_in_the_identity_map(self, session: Session, helper: str, taken: int) -> None:
        """An object that the session holds already is returned without a warning of SQLAlchemy."""
        held = session.get(Tag, taken)
        assert getattr(session, helper)(Tag, id=taken) is held
        assert getattr(session, helper)(Tag, id=taken, defaults={"name": "red"}) is held

    def test_key_of_related_objects_in_the_identity_map(self, session: Session, helper: str) -> None:
        """A primary key told by related objects is known as well."""
        tag = session.create(Tag, name="red")
        price = session.create(Price, tag=tag, country="de")
        assert getattr(session, helper)(Price, tag=tag, country="de", id=price.id) is price

    def test_held_object_whose_row_is_gone(self, session: Session, shop: Engine, helper: str) -> None:
        """Where another session has deleted the row of a held object, a new one takes its place."""
        tag = session.create(Tag, name="red")
        key = tag.id
        session.commit()
        with Session(shop) as other:
            other.execute(sa.delete(Tag))
            other.commit()
        again = getattr(session, helper)(Tag, id=key, name="red")
        assert (again is tag, sa.inspect(tag).detached, again.id) == (False, True, key)
        assert stored(session, Tag.id) == [key]

    def test_deleted_object_is_made_anew(self, session: Session, helper: str) -> None:
        """What the caller has deleted, flushed or not, does not count as existing."""
        tag = session.create(Tag, name="red")
        session.delete(tag)
        again = getattr(session, helper)(Tag, name="red")
        assert again is not tag
        assert stored(session, Tag.name) == ["red"]

    def test_synonym_is_matched(self, session: Session, helper: str, taken: int) -> None:
        """A synonym matches, and counts as what it stands for: no warning is given."""
        assert getattr(session, helper)(Tag, label="red").id == taken

    def test_rollback_takes_the_new_object_along(self, session: Session, helper: str) -> None:
        """A new object belongs to the transaction: ROLLBACK removes it, on an ordinary SQLite engine too."""
        session.all(Note)
        getattr(session, helper)(Tag, name="red")
        session.rollback()
        assert session.all(Tag) == []

    def test_rollback_of_a_first_call(self, session: Session, helper: str) -> None:
        """So it is where this call is the first of the transaction."""
        getattr(session, helper)(Tag, name="red")
        session.rollback()
        assert session.all(Tag) == []

    def test_async_session(self, tmp_path: Path, helper: str) -> None:
        """An AsyncSession with sync_session_class=Session runs the helpers with run_sync."""
        pytest.importorskip("aiosqlite", reason="aiosqlite is not installed")
        from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

        async def run() -> list[str]:
            engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'async.db'}")
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            async with AsyncSession(engine, sync_session_class=Session) as session:
                await session.run_sync(lambda session: getattr(session, helper)(Tag, name="red"))
                await session.rollback()
                names = list(await session.scalars(sa.select(Tag.name)))
            await engine.dispose()
            return names

        assert asyncio.run(run()) == []


class TestConflict:
    """Another session commits the row between our look and our INSERT."""

    def session(self, shop: Engine, helper: str) -> Session:
        session = Overtaken(shop) if helper == "first_or_create" else Session(shop)
        if shop.dialect.name == "mysql":
            session.connection(execution_options={"isolation_level": "READ COMMITTED"})
        return session

    @pytest.mark.parametrize("block", ["none", "begin", "begin_nested"])
    def test_earlier_work_survives(self, shop: Engine, helper: str, taken: int, block: str) -> None:
        """What the caller has added, flushed, changed and deleted stays so, and is committed."""
        with self.session(shop, helper) as session:
            session.add_all([changed := Note(text="old"), doomed := Note(text="doomed")])
            session.commit()
            if block != "none":
                session.begin()
            nested = session.begin_nested() if block == "begin_nested" else None
            session.add(flushed := Note(text="flushed"))
            session.flush()
            changed.text = "changed"
            session.delete(doomed)
            session.add(pending := Note(text="pending"))

            tag = getattr(session, helper)(Tag, name="red", defaults={"colour": "mine"})

            assert (tag.id, tag.colour) == (taken, "blue")
            assert [note.text for note in (flushed, changed, pending)] == ["flushed", "changed", "pending"]
            assert all(sa.inspect(note).persistent for note in (flushed, changed, pending))
            assert session.in_nested_transaction() == (nested is not None)
            if nested:
                nested.commit()
            assert stored(session, Note.text) == ["changed", "flushed", "pending"]

    def test_block_that_commits_at_its_end(self, shop: Engine, helper: str, taken: int) -> None:
        """Within ``with session.begin()`` the block goes on, and commits everything at its end."""
        with self.session(shop, helper) as session:
            session.rollback()
            with session.begin():
                session.add(Note(text="before"))
                getattr(session, helper)(Tag, name="red")
                session.add(Note(text="after"))
            assert stored(session, Note.text) == ["after", "before"]

    def test_objects_of_the_caller_stay_loaded(self, shop: Engine, helper: str, taken: int) -> None:
        """What the caller has loaded is not expired."""
        with self.session(shop, helper) as session:
            session.add(note := Note(text="mine"))
            getattr(session, helper)(Tag, name="red")
            assert sa.inspect(note).dict["text"] == "mine"

    def test_refused_object_leaves_the_collections(self, shop: Engine, helper: str, taken: int) -> None:
        """The object that could not be inserted is in no collection of the caller's objects."""
        with self.session(shop, helper) as session:
            maker = session.create(Maker, name="Ann")
            assert maker.tags == []
            tag = getattr(session, helper)(Tag, name="red", defaults={"maker": maker})
            assert (tag.id, tag.maker, maker.tags) == (taken, None, [])
            assert stored(session, Maker.name) == ["Ann"]

    def test_objects_given_to_a_refused_one_are_given_back(self, shop: Engine, helper: str) -> None:
        """An object that a default would have moved to the refused one stays where it was."""
        with self.session(shop, helper) as session:
            owner = session.create(Maker, id=1, name="Ann", tags=[Tag(name="green")])
            session.expunge(other := session.create(Maker, id=2, name="Ben"))
            with pytest.raises(IntegrityError):
                getattr(session, helper)(Maker, id=other.id, name="Cem", defaults={"tags": owner.tags[:]})
            assert [tag.name for tag in owner.tags] == ["green"]
            session.commit()
            assert [tag.name for tag in session.all(Tag, maker=owner)] == ["green"]

    def test_new_parent_of_a_refused_object_is_not_inserted(
        self, shop: Engine, helper: str, taken: int
    ) -> None:
        """A new object that only the refused one referred to stays transient."""
        with self.session(shop, helper) as session:
            maker = Maker(name="Ann")
            getattr(session, helper)(Tag, name="red", defaults={"maker": maker})
            assert sa.inspect(maker).transient
            assert stored(session, Maker.name) == []

    def test_row_committed_after_the_look(self, shop: Engine, request: pytest.FixtureRequest) -> None:
        """The winner's object is returned, and no second row is made."""
        if request.node.callspec.params["shop"] == "sqlite":
            pytest.skip("While our transaction reads a file with a rollback journal, nobody can commit")

        def win() -> None:
            with Session(shop) as other:
                other.create(Tag, name="red", colour="theirs")
                other.commit()

        with self.session(shop, "first_or_create") as session:
            if shop.dialect.name == "sqlite":
                session.rollback()
            session.meanwhile = win
            assert session.first_or_create(Tag, name="red", defaults={"colour": "mine"}).colour == "theirs"
            assert stored(session, Tag.colour) == ["theirs"]


class TestErrors:
    def test_broken_row_of_the_caller_is_the_callers(self, session: Session, helper: str, taken: int) -> None:
        """A pending row that the database refuses raises, even where the wanted object exists."""
        session.add(Note(text=None))
        with pytest.raises(IntegrityError, match="note"):
            getattr(session, helper)(Tag, name="red")

    def test_other_unique_constraint(self, session: Session, helper: str, taken: int) -> None:
        """A value that is taken by another row is no existing object: the error is raised."""
        with pytest.raises(IntegrityError):
            getattr(session, helper)(Tag, name="green", defaults={"code": "R"})

    def test_contradicting_row(self, session: Session, helper: str, taken: int) -> None:
        """A row with the same unique name but another colour does not match; None is never returned."""
        with pytest.raises(IntegrityError):
            getattr(session, helper)(Tag, name="red", colour="dark red")

    def test_null_is_no_duplicate(self, session: Session, helper: str) -> None:
        """A missing value raises the error of the database."""
        with pytest.raises(IntegrityError):
            getattr(session, helper)(Void, id=1, defaults={"name": None})

    def test_check_is_no_duplicate(self, session: Session, taken: int) -> None:
        """A refused value raises, even where the wanted object exists."""
        tag = session.get(Tag, taken)
        session.create(Price, tag=tag, country="de", cents=5)
        with pytest.raises(sa.exc.DatabaseError, match="not_negative"):
            session.create_or_first(Price, tag=tag, country="de", defaults={"cents": -1})
        assert session.first(Price, tag=tag).cents == 5

    def test_missing_parent_is_no_duplicate(self, session: Session, helper: str) -> None:
        """A foreign key that leads nowhere raises."""
        if session.get_bind().dialect.name == "sqlite" and not session.scalar(sa.text("PRAGMA foreign_keys")):
            pytest.skip("An ordinary engine on SQLite enforces no foreign keys")
        with pytest.raises(IntegrityError):
            getattr(session, helper)(Price, tag_id=77, country="de")

    def test_session_goes_on_after_an_error(self, session: Session, helper: str, taken: int) -> None:
        """After a refused row the caller's earlier work is still there to be committed."""
        session.add(Note(text="mine"))
        with pytest.raises(IntegrityError):
            getattr(session, helper)(Tag, name="green", defaults={"code": "R"})
        assert stored(session, Note.text) == ["mine"]

    def test_failing_constructor(self, session: Session, helper: str) -> None:
        """A constructor that raises leaves the transaction usable."""
        session.add(Note(text="mine"))
        with pytest.raises(TypeError, match="nonsense"):
            getattr(session, helper)(Tag, name="red", defaults={"nonsense": 1})
        assert stored(session, Note.text) == ["mine"]

    def test_unknown_attribute(self, session: Session, helper: str) -> None:
        """A match that the model does not know raises SQLAlchemy's error."""
        kind = InvalidRequestError if helper == "first_or_create" else TypeError
        with pytest.raises(kind):
            getattr(session, helper)(Tag, name="red", nonsense=1)

    def test_attribute_on_both_sides(self, session: Session, helper: str) -> None:
        """A name is either matched or a default."""
        with pytest.raises(MatchError, match="Can't tell the match from the defaults: name is in both"):
            getattr(session, helper)(Tag, name="red", defaults={"name": "green"})

    def test_defaults_are_a_mapping(self, session: Session, helper: str) -> None:
        """A value where defaults are expected is refused, and not taken for a column of that name."""
        with pytest.raises(MatchError, match="Can't read the defaults: a str is no mapping"):
            getattr(session, helper)(Tag, defaults="red")


class TestWarning:
    """What no unique constraint covers is said, once for each model."""

    @pytest.fixture
    def table(self) -> Callable[..., type]:
        """Make a model whose table has these constraints and indexes, and nothing else that is unique."""

        def make(*arguments: sa.schema.SchemaItem) -> type:
            class Base(DeclarativeBase):
                pass

            class Thing(Base):
                __table__ = sa.Table(
                    "thing",
                    Base.metadata,
                    sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("a", sa.String(9)),
                    sa.Column("b", sa.String(9)),
                    *arguments,
                )

            return Thing

        return make

    def said(
        self, tmp_path: Path, model: type, helper: str = "first_or_create", **match: object
    ) -> list[str]:
        """Return the warnings of two calls."""
        engine = engine_on("sqlite", tmp_path)
        model.metadata.create_all(engine)
        with Session(engine) as session, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(session, helper)(model, **match)
            getattr(session, helper)(model, **match)
        engine.dispose()
        return [str(one.message) for one in caught if one.category is UnprotectedMatchWarning]

    def test_message(self, tmp_path: Path, table: Callable, helper: str) -> None:
        """The warning names the model, the match and the remedy, and comes once."""
        assert self.said(tmp_path, table(), helper, a="1", b="2") == [
            "Can't keep duplicates of Thing out: matched by a, b, and no unique constraint covers that, "
            "so two sessions at the same time may both insert. Give it a unique constraint on what is "
            "matched, and put values that do not identify the row into defaults."
        ]

    def test_warning_points_at_the_caller(self, tmp_path: Path, table: Callable) -> None:
        """The line of the warning is the line of the call."""
        model = table()
        engine = engine_on("sqlite", tmp_path)
        model.metadata.create_all(engine)
        with Session(engine) as session, pytest.warns(UnprotectedMatchWarning) as caught:
            session.first_or_create(model, a="1")
        engine.dispose()
        assert caught[0].filename == __file__

    @pytest.mark.parametrize(
        ("arguments", "match", "protected"),
        [
            ([], {"id": 1}, True),
            ([], {"a": "1"}, False),
            ([], {}, False),
            ([sa.UniqueConstraint("a")], {"a": "1"}, True),
            ([sa.UniqueConstraint("a")], {"a": "1", "b": "2"}, True),
            ([sa.UniqueConstraint("a")], {"a": None}, False),
            ([sa.UniqueConstraint("a", "b")], {"a": "1"}, False),
            ([sa.UniqueConstraint("a", "b")], {"a": "1", "b": "2"}, True),
            ([sa.UniqueConstraint("a", initially="DEFERRED", deferrable=True)], {"a": "1"}, False),
            ([sa.UniqueConstraint("a", initially="IMMEDIATE", deferrable=True)], {"a": "1"}, True),
            ([sa.Index("ux", "a", unique=True)], {"a": "1"}, True),
            ([sa.Index("ux", "a")], {"a": "1"}, False),
            ([sa.Index("ux", "a", unique=True, sqlite_where=sa.text("b = '2'"))], {"a": "1"}, False),
        ],
    )
    def test_what_protects(
        self, table: Callable, arguments: list, match: dict[str, object], protected: bool
    ) -> None:
        """A key protects when the match fixes all its columns, to values, at once, for every row."""
        mapper = sa.inspect(table(*arguments))
        assert is_protected(mapper, columns_of(mapper, match)) == protected

    def test_index_on_an_expression_protects(self, table: Callable) -> None:
        """Rows that are equal are equal in lower case."""
        model = table()
        sa.Index("ux", sa.func.lower(model.__table__.c.a), unique=True)
        mapper = sa.inspect(model)
        assert is_protected(mapper, columns_of(mapper, {"a": "1"}))

    def test_relationship_protects(self) -> None:
        """A many-to-one relationship fixes its foreign key; a collection fixes nothing."""
        price, maker = sa.inspect(Price), sa.inspect(Maker)
        assert is_protected(price, columns_of(price, {"tag": Tag(id=1), "country": "de"}))
        assert not is_protected(price, columns_of(price, {"tag": None, "country": "de"}))
        assert columns_of(maker, {"tags": [Tag()]}) == {}

    def test_warning_as_error_sends_nothing(self, session: Session, helper: str) -> None:
        """Where warnings are errors the call is refused each time, before anything is sent."""
        for _ in range(2):
            with trace(session) as story, pytest.raises(UnprotectedMatchWarning):
                getattr(session, helper)(Maker, name="Ann")
            assert story.statements == []


FOUND = ["SELECT"]
MADE = ["SAVEPOINT", "INSERT", "RELEASE"]
REFUSED = ["SAVEPOINT", "INSERT", "ROLLBACK TO", "SELECT"]


class TestStatements:
    """What the docstrings promise under Session effect."""

    def sent(self, engine: Engine, helper: str, *, before: bool, blind: bool = False) -> list[str]:
        """Return what one call sends to the driver, after another statement of the caller or before any."""
        sent: list[str] = []
        with (Overtaken if blind else Session)(engine) as session:
            if before:
                session.add(Note(text="mine"))
                session.flush()
            event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, *_: sent.append(sql))
            getattr(session, helper)(Tag, name="red")
        words = (
            "SELECT",
            "SAVEPOINT",
            "INSERT",
            "RELEASE",
            "ROLLBACK TO",
            "ROLLBACK",
            "BEGIN IMMEDIATE",
            "BEGIN",
        )
        return [next(word for word in words if sql.startswith(word)) for sql in sent]

    @pytest.mark.parametrize(
        ("helper", "expected"), [("first_or_create", FOUND + MADE), ("create_or_first", MADE)]
    )
    def test_missing_object(self, shop: Engine, helper: str, expected: list[str]) -> None:
        """Making an object takes what is said, and no statement more."""
        assert self.sent(shop, helper, before=True) == expected

    @pytest.mark.parametrize(
        ("helper", "expected"), [("first_or_create", FOUND), ("create_or_first", REFUSED)]
    )
    def test_existing_object(self, shop: Engine, taken: int, helper: str, expected: list[str]) -> None:
        """Finding an object takes what is said, and no statement more."""
        assert self.sent(shop, helper, before=True) == expected

    def test_overtaken(self, shop: Engine, taken: int) -> None:
        """A conflict costs a second SELECT."""
        assert self.sent(shop, "first_or_create", before=True, blind=True) == REFUSED

    @pytest.mark.parametrize(
        ("database", "helper", "expected"),
        [
            ("sqlite", "first_or_create", ["BEGIN", "SELECT", "ROLLBACK", "BEGIN IMMEDIATE", *MADE]),
            ("sqlite", "create_or_first", ["BEGIN", *MADE]),
            ("sqlite-ordinary", "first_or_create", ["SELECT", "BEGIN IMMEDIATE", *MADE]),
            ("sqlite-ordinary", "create_or_first", ["BEGIN IMMEDIATE", *MADE]),
        ],
    )
    def test_first_call_on_sqlite(
        self, tmp_path: Path, database: str, helper: str, expected: list[str]
    ) -> None:
        """A transaction that begins with the call becomes one that writes, before the SAVEPOINT."""
        engine = engine_on(database, tmp_path)
        Base.metadata.create_all(engine)
        assert self.sent(engine, helper, before=False) == expected
        engine.dispose()

    def test_reads_of_the_caller_are_not_given_up(self, tmp_path: Path) -> None:
        """A transaction in which the caller has read is not begun anew: what was read stays repeatable."""
        engine = engine_on("sqlite", tmp_path)
        Base.metadata.create_all(engine)
        sent: list[str] = []
        with Session(engine) as session:
            session.all(Note)
            event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, *_: sent.append(sql))
            session.first_or_create(Tag, name="red")
        engine.dispose()
        assert [sql.split()[0] for sql in sent] == [*FOUND, *MADE]

    @pytest.mark.parametrize("pool", [sa.pool.StaticPool, sa.pool.SingletonThreadPool])
    def test_transaction_of_a_shared_connection_is_not_given_up(self, pool: type) -> None:
        """Where sessions share a connection, one never ends the transaction that another has begun."""
        engine = sa.create_engine("sqlite://", poolclass=pool)
        Base.metadata.create_all(engine)
        with Session(engine) as other, Session(engine) as session:
            other.create(Note, text="theirs")
            session.first_or_create(Tag, name="red")
            assert len(other.all(Note)) == 1
        engine.dispose()

    def test_transaction_of_a_given_connection_is_not_given_up(self, tmp_path: Path) -> None:
        """A session on a connection never ends the transaction that is the connection's own."""
        engine = engine_on("sqlite", tmp_path)
        Base.metadata.create_all(engine)
        with engine.connect() as connection:
            connection.execute(sa.insert(Note).values(text="mine"))
            with Session(connection) as session:
                session.first_or_create(Tag, name="red")
            assert connection.scalar(sa.select(Note.text)) == "mine"
        engine.dispose()

    @pytest.mark.parametrize("helper", HELPERS)
    def test_autocommit_stays_autocommit(self, tmp_path: Path, helper: str) -> None:
        """Under AUTOCOMMIT no transaction is begun behind the caller's back, and the row stays."""
        engine = engine_on("sqlite", tmp_path, isolation_level="AUTOCOMMIT")
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            getattr(session, helper)(Tag, name="red")
        with Session(engine) as session:
            assert session.first(Tag, name="red")
        engine.dispose()


class TestPlentiful:
    """What hypothesis finds."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        steps=st.lists(
            st.tuples(
                st.sampled_from(["first_or_create", "create_or_first", "add", "change", "delete", "nested"]),
                st.sampled_from(["a", "b", "c"]),
            ),
            max_size=12,
        )
    )
    def test_any_order_of_calls(self, tmp_path_factory: pytest.TempPathFactory, steps: list) -> None:
        """Whatever was added, changed and deleted before, the database ends with what a dict would hold."""
        engine = engine_on("sqlite", tmp_path_factory.mktemp("any"))
        Base.metadata.create_all(engine)
        expected: dict[str, str] = {}
        notes = 0
        with Session(engine) as session:
            for step, name in steps:
                held = session.first(Tag, name=name)
                match step:
                    case "add":
                        session.add(Note(text=name))
                        notes += 1
                    case "change" if held:
                        held.colour = expected[name] = "changed"
                    case "delete" if held:
                        session.delete(held)
                        del expected[name]
                    case "nested":
                        with session.begin_nested():
                            session.create_or_first(Tag, name=name, defaults={"colour": step})
                        expected.setdefault(name, step)
                    case "first_or_create" | "create_or_first":
                        tag = getattr(session, step)(Tag, name=name, defaults={"colour": step})
                        assert tag.colour == expected.setdefault(name, step)
            session.commit()
            assert {tag.name: tag.colour for tag in session.all(Tag)} == expected
            assert len(session.all(Note)) == notes
        engine.dispose()
