"""A snapshot tells what a session holds and touches nothing."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session, sessionmaker

from session_demo import ObjectState, Snapshot, snapshot, state_of
from session_demo.errors import NotASessionError, NotMappedError
from session_demo.models import Author, Book, Member


def transient(_session: Session) -> Author:
    return Author(name="Ann")


def pending(session: Session) -> Author:
    session.add(author := Author(name="Ann"))
    return author


def persistent(session: Session) -> Author:
    author = pending(session)
    session.commit()
    return author


def deleted(session: Session) -> Author:
    author = persistent(session)
    session.delete(author)
    session.flush()
    return author


def detached(session: Session) -> Author:
    author = persistent(session)
    session.close()
    return author


STATES = {
    ObjectState.TRANSIENT: transient,
    ObjectState.PENDING: pending,
    ObjectState.PERSISTENT: persistent,
    ObjectState.DELETED: deleted,
    ObjectState.DETACHED: detached,
}


@pytest.mark.parametrize("state", ObjectState)
def test_state_of_tells_each_state(session: Session, heard: list[str], state: ObjectState) -> None:
    """The state is the one SQLAlchemy tells, and asking sends nothing."""
    author = STATES[state](session)
    heard.clear()
    assert (state_of(author), heard) == (state, [])


def test_state_of_leaves_an_expired_object_expired(session: Session) -> None:
    """Asking for the state loads nothing."""
    author = persistent(session)
    state_of(author)
    assert sa.inspect(author).expired_attributes == {"id", "name", "books"}


@pytest.mark.parametrize(
    ("thing", "named"),
    [(Author, "the class Author"), (None, "a NoneType"), ("Ann", "a str"), (object(), "an object")],
)
def test_state_of_refuses_what_is_not_mapped(thing: object, named: str) -> None:
    """Something without a mapper has no object state, and the error says what to pass."""
    with pytest.raises(NotMappedError) as caught:
        state_of(thing)
    assert str(caught.value) == (
        f"Can't tell the object state of {named}: it is not an instance of a mapped class. "
        "Pass an object such as Author(name='...'). "
        "(Explained in the book: notebooks/02-object-states.html)"
    )


NOTHING = Snapshot((), (), (), (), "none", 0)


def test_new_session_holds_nothing(session: Session) -> None:
    """A session that did nothing has no object, no transaction and no connection."""
    assert snapshot(session) == NOTHING


def test_snapshot_tells_everything_it_holds(session: Session) -> None:
    """Pending, persistent, changed and marked objects, the transaction and the connection are told."""
    authors = [Author(name=name) for name in "abcdefghijk"]
    session.add_all([*authors, Book(title="Kindred")])
    session.commit()
    loaded = session.scalars(sa.select(Author).order_by(Author.id)).all()
    book = session.scalars(sa.select(Book)).one()
    session.expire(loaded[0])
    loaded[1].name = "changed"
    loaded[10].name = "changed too"
    book.title, book.copies = "Changed", 2
    session.delete(loaded[3])
    session.add_all([Member(name="Ann"), Book(title="Dawn")])
    keys = ("1, expired", *range(2, 12))
    assert replace(snapshot(session), objects=()) == Snapshot(
        new=("Member (1st new)", "Book (2nd new)"),
        identity_map=(*(f"Author (id={key})" for key in keys), "Book (id=1)"),
        dirty=("Author (id=2): name", "Author (id=11): name", "Book (id=1): copies, title"),
        deleted=("Author (id=4)",),
        transaction="begun",
        connections=1,
    )


def test_snapshot_names_pending_objects_by_their_place(session: Session) -> None:
    """A pending object has no key; its place in the queue tells it."""
    session.add_all([Author(name=str(number)) for number in range(23)])
    places = [name.split("(")[1].split()[0] for name in snapshot(session).new]
    assert [places[number - 1] for number in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "13th",
        "21st",
        "22nd",
        "23rd",
    ]


def test_transaction_is_told_as_it_is(session: Session) -> None:
    """The transaction is none, begun, nested so many times, or failed."""
    told = [snapshot(session).transaction]
    session.begin()
    told.append(snapshot(session).transaction)
    session.begin_nested()
    session.begin_nested()
    told.append(snapshot(session).transaction)
    session.add_all([Author(name="Ann"), Author(name="Ann")])
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    told.append(snapshot(session).transaction)
    session.rollback()
    told.append(snapshot(session).transaction)
    assert told == ["none", "begun", "begun, 2 nested", "failed, waits for rollback()", "none"]


def test_snapshot_touches_nothing(session: Session, heard: list[str]) -> None:
    """Looking sends nothing, flushes nothing, begins nothing and loads nothing."""
    author = persistent(session)
    heard.clear()
    snapshot(session)
    assert (heard, session.in_transaction(), sa.inspect(author).expired) == ([], False, True)
    session.add(Author(name="Ben"))
    snapshot(session)
    assert (heard, len(session.new)) == ([], 1)


def test_snapshot_keeps_no_object_alive(session: Session) -> None:
    """A snapshot holds names only."""
    author = persistent(session)
    seen, alive = snapshot(session), weakref.ref(author)
    del author
    gc.collect()
    assert (alive(), seen.identity_map) == (None, ("Author (id=1, expired)",))


def test_scoped_session_stands_for_its_session(engine: Engine) -> None:
    """A snapshot of a scoped session is one of its current session."""
    scoped = scoped_session(sessionmaker(engine))
    scoped.add(Author(name="Ann"))
    assert snapshot(scoped) == snapshot(scoped()) != NOTHING
    scoped.remove()


def test_other_things_are_refused(engine: Engine) -> None:
    """Only a session can be looked into."""
    with pytest.raises(
        NotASessionError, match=r"^Can't take a snapshot of an Engine: that needs one Session"
    ):
        snapshot(engine)


def test_snapshot_shows_itself_as_text(session: Session) -> None:
    """Printed, a snapshot has a line for each fact."""
    session.add(Author(name="Ann"))
    assert str(snapshot(session)).splitlines() == [
        "new           Author (1st new)",
        "identity map  -",
        "dirty         -",
        "deleted       -",
        "transaction   begun",
        "connections   0",
    ]


def test_snapshot_escapes_what_it_shows_in_html() -> None:
    """A key that looks like HTML stays text."""
    shown = Snapshot((), ("Author (name='<script>')",), (), (), "none", 0)._repr_html_()
    assert "<script" not in shown
    assert (
        '<tr><th scope="row">identity map</th><td>Author (name=&#x27;&lt;script&gt;&#x27;)</td></tr>' in shown
    )


class TestObjects:
    """Each object with its state and its values, in the manner of a debugger."""

    def test_short_view(self, session: Session) -> None:
        """One line for each object says its state, and whether it is modified, expired or marked."""
        assert snapshot(session).short == "No object."
        kept = [persistent(session) for _ in range(1)]
        session.add_all([lem := Author(name="Lem"), eden := Book(title="Eden")])
        session.flush()
        lem.name = "S. Lem"
        session.delete(eden)
        session.add(Member(name="Ben"))
        assert snapshot(session).short.splitlines() == [
            "Author (id=1) persistent, expired",
            "Author (id=2) persistent, modified",
            "Book (id=1) persistent, marked to be deleted",
            "Member (1st new) pending",
        ]
        assert len(kept) == 1

    def test_long_view(self, session: Session) -> None:
        """Below it each attribute has its value, what it was, and its links by key."""
        lem = Author(name="Lem", books=[Book(title="Eden")])
        session.add(lem)
        session.flush()
        lem.name = "S. Lem"
        lem.books.append(Book(title="Solaris"))
        text = snapshot(session).long
        assert "  name: 'S. Lem' was 'Lem'\n" in text
        assert "  books: [Book (id=1), Book (new)] was [Book (id=1)]\n" in text
        assert "  author: Author (id=1)\n" in text
        assert "  loans: not loaded" in text

    def test_expired_values(self, session: Session, heard: list[str]) -> None:
        """An expired value is told as such and not loaded."""
        author = persistent(session)
        heard.clear()
        assert "  name: expired\n" in snapshot(session).long
        assert (heard, author in session) == ([], True)

    def test_values_of_the_programs_own_types(self, engine: Engine) -> None:
        """No ``repr`` of the program is called, and sensitive values are hidden."""

        class Unspeakable:
            def __repr__(self) -> str:
                raise AssertionError

        class Own(DeclarativeBase):
            pass

        class Login(Own):
            __tablename__ = "login"
            id: Mapped[int] = mapped_column(primary_key=True)
            password: Mapped[str]
            settings: Mapped[str] = mapped_column(sa.PickleType)

        with Session(engine) as session:
            session.add(login := Login(password="sesame", settings=Unspeakable()))
            login.password = "another"
            assert snapshot(session).long.splitlines()[1:] == [
                "  id: not set",
                "  password: ***",
                "  settings: a Unspeakable",
            ]

    def test_old_value_that_was_never_loaded(self, session: Session) -> None:
        """A value that was set without loading the old one was something that nobody knows."""
        author = persistent(session)
        author.name = "new"
        assert "  name: 'new' was unknown\n" in snapshot(session).long

    def test_difference(self, session: Session) -> None:
        """Who came, who left, and whose values changed, line by line."""
        lem, eden = Author(name="Lem"), Book(title="Eden")
        session.add_all([lem, eden])
        session.commit()
        assert (lem.name, eden.title) == ("Lem", "Eden")
        before = snapshot(session)
        lem.name = "S. Lem"
        session.expunge(eden)
        session.add(Member(name="Ben"))
        assert before.difference(snapshot(session)).splitlines() == [
            "- Book (id=1) persistent",
            "+ Member (1st new) pending",
            "~ Author (id=1) persistent -> persistent, modified",
            "    name: 'S. Lem' was 'Lem'",
        ]
        session.rollback()
        assert before.difference(snapshot(session)).splitlines()[-2:] == [
            "transaction: begun -> none",
            "connections: 1 -> 0",
        ]

    def test_difference_follows_a_new_object(self, session: Session) -> None:
        """A pending object is the same one after the flush; what takes its place in the queue is not."""
        session.add(lem := Author(name="Lem"))
        before = snapshot(session)
        session.flush()
        session.add(Author(name="Ann"))
        assert before.difference(snapshot(session)).splitlines()[:3] == [
            "+ Author (1st new) pending",
            "~ Author (1st new), now Author (id=1): pending -> persistent",
            "    id: 1",
        ]
        assert lem in session

    def test_difference_follows_a_changed_key(self, session: Session) -> None:
        """An object whose primary key is changed is the same one."""
        author = persistent(session)
        assert author.name == "Ann"
        before = snapshot(session)
        author.id = 7
        session.flush()
        told = before.difference(snapshot(session))
        assert told == "~ Author (id=1), now Author (id=7): persistent\n    id: 7"

    def test_snapshot_with_objects_keeps_none_alive(self, session: Session) -> None:
        """What is gone before the second moment is gone, whatever took its place."""
        session.add(author := Author(name="Ann"))
        before = snapshot(session)
        session.expunge(author)
        gone = weakref.ref(author)
        del author
        assert gone() is None
        session.add(Author(name="Ann"))
        assert before.difference(snapshot(session)).splitlines() == [
            "- Author (1st new) pending",
            "+ Author (1st new) pending",
        ]

    def test_no_difference(self, session: Session) -> None:
        """Two moments in which nothing happened are equal, and say so."""
        author = persistent(session)
        assert snapshot(session) == snapshot(session)
        assert snapshot(session).difference(snapshot(session)) == "No difference."
        assert author in session
