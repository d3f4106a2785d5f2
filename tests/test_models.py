"""The library's schema, and representations that never emit SQL."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session, configure_mappers, defer

from session_demo.models import Author, Base, Book, Loan, Member, Subject


def stored(session: Session) -> Book:
    book = Book(title="Kindred", author=Author(name="Octavia Butler"))
    session.add(book)
    session.commit()
    return book


def transient(_session: Session) -> Book:
    return Book(title="Kindred")


def pending(session: Session) -> Book:
    session.add(book := Book(title="Kindred"))
    return book


def persistent(session: Session) -> Book:
    book = stored(session)
    session.refresh(book)
    return book


def expired(session: Session) -> Book:
    return stored(session)


def partly_expired(session: Session) -> Book:
    book = persistent(session)
    session.expire(book, ["title"])
    return book


def deferred(session: Session) -> Book:
    stored(session)
    session.expunge_all()
    return session.scalars(sa.select(Book).options(defer(Book.title))).one()


def deleted(session: Session) -> Book:
    book = persistent(session)
    session.delete(book)
    session.flush()
    return book


def detached(session: Session) -> Book:
    book = persistent(session)
    session.expunge(book)
    return book


def detached_and_expired(session: Session) -> Book:
    book = stored(session)
    session.expunge(book)
    return book


WHOLE = "Book(id=1, title='Kindred', copies=1, author_id=1)"
UNLOADED = "Book(id=1, title=..., copies=..., author_id=...)"

REPRESENTATIONS = {
    transient: "Book(title='Kindred')",
    pending: "Book(title='Kindred')",
    persistent: WHOLE,
    expired: UNLOADED,
    partly_expired: "Book(id=1, title=..., copies=1, author_id=1)",
    deferred: "Book(id=1, title=..., copies=1, author_id=1)",
    deleted: WHOLE,
    detached: WHOLE,
    detached_and_expired: UNLOADED,
}


@pytest.mark.parametrize("make", REPRESENTATIONS, ids=lambda make: make.__name__)
def test_repr_never_emits_sql(session: Session, heard: list[str], make) -> None:
    """The representation shows what is in memory, in every state, and changes nothing."""
    book = make(session)
    unloaded = sa.inspect(book).unloaded
    heard.clear()
    assert (repr(book), heard, sa.inspect(book).unloaded) == (REPRESENTATIONS[make], [], unloaded)


RELATIONSHIPS = {
    "Author.books": ("ONETOMANY", "Book", "author"),
    "Book.author": ("MANYTOONE", "Author", "books"),
    "Book.loans": ("ONETOMANY", "Loan", "book"),
    "Book.subjects": ("MANYTOMANY", "Subject", "books"),
    "Loan.book": ("MANYTOONE", "Book", "loans"),
    "Loan.member": ("MANYTOONE", "Member", "loans"),
    "Member.loans": ("ONETOMANY", "Loan", "member"),
    "Subject.books": ("MANYTOMANY", "Book", "subjects"),
    "Subject.broader": ("MANYTOONE", "Subject", "narrower"),
    "Subject.narrower": ("ONETOMANY", "Subject", "broader"),
}


def test_relationships_are_the_documented_ones() -> None:
    """The schema has each shape the chapters need, and every relationship knows its other side."""
    configure_mappers()
    assert {
        f"{mapper.class_.__name__}.{one.key}": (
            one.direction.name,
            one.mapper.class_.__name__,
            one.back_populates,
        )
        for mapper in Base.registry.mappers
        for one in mapper.relationships
    } == RELATIONSHIPS


def test_book_stays_when_its_author_is_deleted(session: Session) -> None:
    """Deleting an author sets the foreign key of the author's books to NULL."""
    book = stored(session)
    session.delete(book.author)
    session.commit()
    assert (book.author_id, session.scalars(sa.select(Author)).all()) == (None, [])


def test_loans_end_with_the_membership(session: Session) -> None:
    """Deleting a member deletes the loans, and a loan taken from its member is deleted too."""
    book = stored(session)
    ann, ben = (Member(name=name, loans=[Loan(book=book)]) for name in ("Ann", "Ben"))
    session.add_all([ann, ben])
    session.commit()
    session.delete(ann)
    ben.loans.clear()
    session.commit()
    assert session.scalars(sa.select(Loan)).all() == []


def test_book_has_one_copy_unless_told_otherwise(session: Session) -> None:
    """The default of copies comes with the flush, not with the constructor."""
    book = pending(session)
    before = book.copies
    session.flush()
    assert (before, book.copies) == (None, 1)


def test_subjects_refer_to_subjects(session: Session) -> None:
    """A subject has one broader subject and any number of narrower ones."""
    session.add(Subject(name="Art", narrower=[Subject(name="Film"), Subject(name="Music")]))
    session.commit()
    film = session.scalars(sa.select(Subject).filter_by(name="Film")).one()
    assert (film.broader.name, sorted(one.name for one in film.broader.narrower)) == (
        "Art",
        ["Film", "Music"],
    )


def test_tables_are_the_documented_ones(engine: Engine) -> None:
    """The schema has six tables."""
    assert sorted(sa.inspect(engine).get_table_names()) == [
        "author",
        "book",
        "book_subject",
        "loan",
        "member",
        "subject",
    ]
