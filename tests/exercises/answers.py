"""Answers to every exercise: another right way, and mistakes with a part of the advice that fits each."""

from __future__ import annotations

import copy
import pickle
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, joinedload, make_transient_to_detached, scoped_session, sessionmaker

from session_demo.models import Author, Book, Loan, Member

Answer = Callable[[Any], Any]
RIGHT: dict[str, list[Answer]] = {}
WRONG: dict[str, list[tuple[Answer, str]]] = {}


def right(name: str) -> Callable[[Answer], Answer]:
    """Keep another right answer to an exercise."""

    def keep(answer: Answer) -> Answer:
        RIGHT.setdefault(name, []).append(answer)
        return answer

    return keep


def wrong(name: str, advice: str) -> Callable[[Answer], Answer]:
    """Keep a mistake, with a part of the advice that fits it."""

    def keep(answer: Answer) -> Answer:
        WRONG.setdefault(name, []).append((answer, advice))
        return answer

    return keep


# ruff: noqa: SIM105
@right("commit-last")
def _(session):
    with session.begin():
        session.execute(insert(Author).values(name="Italo Calvino"))


@wrong("commit-last", "a flush is no commit")
def _(session):
    session.add(Author(name="Italo Calvino"))
    session.flush()


@wrong("commit-last", "Was the object added to the session")
def _(session):
    Author(name="Italo Calvino")
    session.get(Author, 1)
    session.commit()


@right("without-sql")
def _(session):
    for name in ("A", "B"):
        session.add(Author(name=name))
    return sum(1 for one in session if one in session.new)


@wrong("without-sql", "A query flushes first")
def _(session):
    session.add_all([Author(name="A"), Author(name="B")])
    return len(session.scalars(select(Author)).all()) - 2


@wrong("without-sql", "Something flushed")
def _(session):
    session.add_all([Author(name="A"), Author(name="B")])
    session.flush()
    return 2


@right("give-it-back")
def _(session):
    with session:
        return session.scalars(select(Author.name).order_by(Author.id)).all()


@wrong("give-it-back", "holds a connection until it ends")
def _(session):
    return session.scalars(select(Author.name).order_by(Author.id)).all()


@wrong("give-it-back", "there was nothing to commit")
def _(session):
    names = session.scalars(select(Author.name).order_by(Author.id)).all()
    session.commit()
    return names


@right("read-it-outside")
def _(session):
    with session:
        return session.scalars(select(Author).where(Author.id == 1)).one()


@wrong("read-it-outside", "its name was expired before it left")
def _(session):
    author = session.get(Author, 1)
    session.commit()
    session.close()
    return author


@wrong("read-it-outside", "It is still in the session")
def _(session):
    return session.get(Author, 1)


@wrong("read-it-outside", "A new object is transient")
def _(session):
    return Author(name="Stanislaw Lem")


@right("only-pending")
def _(session):
    session.add_all([Book(title="Fiasco")])
    return next(iter(session.new))


@wrong("only-pending", "The session doesn't know it yet")
def _(session):
    return Book(title="Fiasco")


@wrong("only-pending", "It was flushed")
def _(session):
    session.add(book := Book(title="Fiasco"))
    session.commit()
    return book


@right("delete-and-regret")
def _(session):
    book = session.get(Book, 2)
    nested = session.begin_nested()
    session.delete(book)
    session.flush()
    nested.rollback()
    return book


@wrong("delete-and-regret", "That is another row")
def _(session):
    session.delete(session.get(Book, 2))
    session.flush()
    session.add(book := Book(id=2, title="Eden", author_id=1))
    session.flush()
    return book


@wrong("delete-and-regret", "only marks the object")
def _(session):
    book = session.get(Book, 2)
    session.delete(book)
    session.add(book)
    return book


@wrong("delete-and-regret", "Its transaction can be undone")
def _(session):
    book = session.get(Book, 2)
    session.delete(book)
    session.flush()
    session.add(book)
    return book


@right("load-once")
def _(session):
    queried = session.scalars(select(Author).filter_by(id=1)).first()
    return queried, session.get_one(Author, 1)


@wrong("load-once", "what must come first?")
def _(session):
    got = session.get(Author, 1)
    return got, session.scalars(select(Author).where(Author.id == 1)).one()


@wrong("load-once", "Those are two objects")
def _(session):
    return session.get(Author, 1), session.get(Author, 2)


@wrong("old-and-new", "the flush sent it")
def _(session):
    author = session.get(Author, 1)
    old = author.name
    author.name = "S. Lem"
    session.flush()
    return old, author.name


@wrong("old-and-new", "No `UPDATE` was sent")
def _(session):
    session.get(Author, 1)
    return "Stanislaw Lem", "S. Lem"


@wrong("old-and-new", "loaded after the change")
def _(session):
    session.execute(text("UPDATE author SET name = 'S. Lem' WHERE id = 1"))
    author = session.get(Author, 1)
    return author.name, session.scalar(select(Author.name).where(Author.id == 1))


@wrong("old-and-new", "The commit expired your object")
def _(session):
    author = session.get(Author, 1)
    session.execute(text("UPDATE author SET name = 'S. Lem' WHERE id = 1"))
    names = author.name, session.scalar(text("SELECT name FROM author WHERE id = 1"))
    session.commit()
    return names


@right("old-and-new")
def _(session):
    author = session.get(Author, 1)
    session.execute(text("UPDATE author SET name = 'S. Lem' WHERE id = 1"))
    return [author.name, session.scalar(text("SELECT name FROM author WHERE id = 1"))]


@wrong("old-and-new", "brings objects in step")
def _(session):
    author = session.get(Author, 1)
    session.execute(update(Author).where(Author.id == 1).values(name="S. Lem"))
    return author.name, session.scalar(select(Author.name).where(Author.id == 1))


@wrong("old-and-new", "Ask for the column")
def _(session):
    author = session.get(Author, 1)
    session.execute(Author.__table__.update().where(Author.__table__.c.id == 1).values(name="S. Lem"))
    return author.name, session.scalars(select(Author).where(Author.id == 1)).one().name


@right("titles-alone")
def _(session):
    return [title for (title,) in session.execute(select(Book.title).order_by(Book.id))]


@wrong("titles-alone", "Ask for the column")
def _(session):
    return [book.title for book in session.scalars(select(Book).order_by(Book.id))]


@wrong("titles-alone", "`execute` gives rows")
def _(session):
    return session.execute(select(Book.title).order_by(Book.id)).all()


@right("let-the-database-add")
def _(session):
    with session.begin():
        session.execute(update(Book).where(Book.id == 1).values(copies=Book.copies + 1))


@wrong("let-the-database-add", "Python worked out the number")
def _(session):
    session.get(Book, 1).copies += 1
    session.commit()


@wrong("let-the-database-add", "never committed")
def _(session):
    session.get(Book, 1).copies = Book.copies + 1
    session.flush()


@right("family-in-one-flush")
def _(session):
    author = Author(name="Italo Calvino")
    for title in ("Invisible Cities", "Cosmicomics"):
        session.add(Book(title=title, author=author))
    session.commit()


@wrong("family-in-one-flush", "more than one flush")
def _(session):
    session.add(author := Author(name="Italo Calvino"))
    session.flush()
    session.add_all(Book(title=one, author_id=author.id) for one in ("Invisible Cities", "Cosmicomics"))
    session.commit()


@wrong("family-in-one-flush", "link them to their author")
def _(session):
    session.add_all([Author(name="Italo Calvino"), Book(title="Invisible Cities"), Book(title="Cosmicomics")])
    session.commit()


@right("replace-ann")
def _(session):
    session.execute(delete(Loan))
    session.execute(delete(Member).where(Member.name == "Ann"))
    session.execute(insert(Member).values(name="Ann", email="new@example.org"))
    session.commit()


@wrong("replace-ann", "the old name was still taken")
def _(session):
    session.delete(session.get(Member, 1))
    session.add(Member(name="Ann", email="new@example.org"))
    session.commit()


@wrong("replace-ann", "the session turned `DELETE` and `INSERT` into one `UPDATE`")
def _(session):
    session.delete(ann := session.get(Member, 1))
    session.add(Member(id=ann.id, name="Ann", email="new@example.org"))
    session.commit()


@wrong("replace-ann", "under another name")
def _(session):
    ann = session.get(Member, 1)
    ann.name = "Ann (old)"
    session.flush()
    session.add(Member(name="Ann", email="new@example.org"))
    session.commit()


@wrong("replace-ann", "knows no cascade")
def _(session):
    session.execute(delete(Member).where(Member.name == "Ann"))


@wrong("replace-ann", "That changes the row")
def _(session):
    session.get(Member, 1).email = "new@example.org"
    session.commit()


@right("count-without-objects")
def _(session):
    count = select(func.count(Book.id)).where(Book.author_id == Author.id).scalar_subquery()
    return session.execute(select(Author.name, count).order_by(Author.id)).all()


@wrong("count-without-objects", "let the database count")
def _(session):
    return [(one.name, len(one.books)) for one in session.scalars(select(Author).order_by(Author.id))]


@wrong("count-without-objects", "One `SELECT` for each author")
def _(session):
    found = []
    for key, name in session.execute(select(Author.id, Author.name).order_by(Author.id)).all():
        found.append((name, session.scalar(select(func.count(Book.id)).where(Book.author_id == key))))
    return found


@right("titles-by-author")
def _(session):
    query = select(Author).options(joinedload(Author.books))
    return {one.name: [book.title for book in one.books] for one in session.scalars(query).unique()}


@wrong("titles-by-author", "loaded lazily")
def _(session):
    return {one.name: [book.title for book in one.books] for one in session.scalars(select(Author))}


@wrong("titles-by-author", "put them together with `.unique()`")
def _(session):
    query = select(Author).options(joinedload(Author.books))
    return {one.name: [book.title for book in one.books] for one in session.scalars(query)}


@right("each-once")
def _(session):
    query = select(Author).join(Author.books).where(Book.title.contains("e")).order_by(Author.id)
    return session.scalars(query).unique().all()


@wrong("each-once", "one row for each *book*")
def _(session):
    return session.scalars(select(Author).join(Author.books).order_by(Author.id)).all()


@wrong("each-once", "`execute` gives rows")
def _(session):
    return session.execute(select(Author).where(Author.books.any()).order_by(Author.id)).all()


@right("half-built")
def _(session):
    with session.no_autoflush:
        session.add(book := Book())
        book.title = f"Volume {session.scalar(select(func.count(Book.id)))}"
    session.commit()


@wrong("half-built", "before it had its title")
def _(session):
    session.add(book := Book())
    book.title = f"Volume {session.scalar(select(func.count(Book.id)))}"
    session.commit()


@wrong("half-built", "and counted it")
def _(session):
    session.add(book := Book(title="?"))
    book.title = f"Volume {session.scalar(select(func.count(Book.id)))}"
    session.commit()


@right("count-along")
def _(session):
    counts = []
    for number in range(1, 6):
        session.add(Book(title=f"Volume {number}"))
        with session.no_autoflush:
            counts.append(session.scalar(select(func.count(Book.id))) + number)
    session.commit()
    return counts


@wrong("count-along", "Each query flushed the book before it")
def _(session):
    counts = []
    for number in range(1, 6):
        session.add(Book(title=f"Volume {number}"))
        counts.append(session.scalar(select(func.count(Book.id))))
    session.commit()
    return counts


@wrong("count-along", "doesn't see what is pending")
def _(session):
    session.autoflush = False
    counts = []
    for number in range(1, 6):
        session.add(Book(title=f"Volume {number}"))
        counts.append(session.scalar(select(func.count(Book.id))))
    session.commit()
    return counts


@right("find-your-own")
def _(session):
    session.add(Author(name="Italo Calvino"))
    return session.scalar(select(Author).order_by(Author.id.desc()).limit(1))


@wrong("find-your-own", "No commit is needed")
def _(session):
    session.add(Author(name="Italo Calvino"))
    session.commit()
    return session.scalars(select(Author).where(Author.name == "Italo Calvino")).one()


@wrong("find-your-own", "Was autoflush off?")
def _(session):
    session.add(Author(name="Italo Calvino"))
    with session.no_autoflush:
        return session.scalars(select(Author).where(Author.name == "Italo Calvino")).first()


@right("keys-at-once")
def _(session):
    rows = [{"name": "A"}, {"name": "B"}, {"name": "C"}]
    return [key for (key,) in session.execute(insert(Author).values(rows).returning(Author.id))]


@wrong("keys-at-once", "one `INSERT` for each")
def _(session):
    session.add_all(authors := [Author(name=name) for name in "ABC"])
    session.flush()
    return [one.id for one in authors]


@wrong("keys-at-once", "unless it says `RETURNING`")
def _(session):
    return session.execute(insert(Author), [{"name": name} for name in "ABC"]).all()


@right("raise-all")
def _(session):
    book = session.get(Book, 1)
    options = {"synchronize_session": "fetch"}
    session.execute(update(Book).values(copies=Book.copies + 1), execution_options=options)
    return book


@wrong("raise-all", "went past your object")
def _(session):
    book = session.get(Book, 1)
    options = {"synchronize_session": False}
    session.execute(update(Book).values(copies=Book.copies + 1), execution_options=options)
    return book


@wrong("raise-all", "one `UPDATE` for each book")
def _(session):
    books = session.scalars(select(Book).order_by(Book.id)).all()
    for book in books:
        book.copies = book.copies + 1
        session.flush()
    return books[0]


@right("clear-the-members")
def _(session):
    session.execute(text("DELETE FROM loan"))
    session.execute(text("DELETE FROM member"))
    session.commit()


@wrong("clear-the-members", "what must go first?")
def _(session):
    session.execute(delete(Member))
    session.commit()


@wrong("clear-the-members", "Something was loaded")
def _(session):
    session.delete(session.get(Member, 1))
    session.commit()


@right("survive")
def _(session):
    try:
        with session.begin():
            session.add(Author(name="Stanislaw Lem"))
    except IntegrityError:
        pass
    with session.begin():
        session.add(Author(name="Italo Calvino"))


@wrong("survive", "waits until you have said that you know")
def _(session):
    session.add(Author(name="Stanislaw Lem"))
    try:
        session.flush()
    except IntegrityError:
        pass
    session.add(Author(name="Italo Calvino"))
    session.commit()


@wrong("survive", "No flush failed")
def _(session):
    session.add(Author(name="Italo Calvino"))
    session.commit()


@wrong("survive", "must be caught")
def _(session):
    session.add(Author(name="Stanislaw Lem"))
    session.flush()


@right("name-after-commit")
def _(session):
    session.expire_on_commit = False
    with session, session.begin():
        session.add(author := Author(name="Italo Calvino"))
    return author


@wrong("name-after-commit", "In between it has to be read again")
def _(session):
    session.add(author := Author(name="Italo Calvino"))
    session.commit()
    session.close()
    return author


@wrong("name-after-commit", "He is still in the session")
def _(session):
    session.add(author := Author(name="Italo Calvino"))
    session.commit()
    session.refresh(author)
    return author


@right("both-or-none")
def _(session):
    with session.begin():
        session.execute(update(Book).where(Book.id == 1).values(copies=2))
        session.execute(update(Book).where(Book.id == 2).values(copies=2))


@wrong("both-or-none", "Between the two commits")
def _(session):
    session.get(Book, 1).copies -= 1
    session.commit()
    session.get(Book, 2).copies += 1
    session.commit()


@wrong("both-or-none", "Nothing was committed")
def _(session):
    session.get(Book, 1).copies -= 1
    session.get(Book, 2).copies += 1
    session.flush()


@right("keep-the-good")
def _(session):
    with session.begin():
        for name in ["Italo Calvino", "Stanislaw Lem", "Jorge Luis Borges"]:
            nested = session.begin_nested()
            try:
                session.add(Author(name=name))
                session.flush()
            except IntegrityError:
                nested.rollback()


@wrong("keep-the-good", "took the good ones along")
def _(session):
    for name in ["Italo Calvino", "Stanislaw Lem", "Jorge Luis Borges"]:
        session.add(Author(name=name))
        try:
            session.flush()
        except IntegrityError:
            session.rollback()
    session.commit()


@wrong("keep-the-good", "a transaction for each row")
def _(session):
    for name in ["Italo Calvino", "Stanislaw Lem", "Jorge Luis Borges"]:
        session.add(Author(name=name))
        try:
            session.commit()
        except IntegrityError:
            session.rollback()


@wrong("keep-the-good", "Move `add()` into the block")
def _(session):
    for name in ["Italo Calvino", "Stanislaw Lem", "Jorge Luis Borges"]:
        session.add(Author(name=name))
        with session.begin_nested():
            pass
    session.commit()


@wrong("keep-the-good", "each row needs its own")
def _(session):
    try:
        with session.begin_nested():
            for name in ["Italo Calvino", "Stanislaw Lem", "Jorge Luis Borges"]:
                session.add(Author(name=name))
    except IntegrityError:
        pass
    session.commit()


@wrong("keep-the-good", "The block must see it")
def _(session):
    for name in ["Italo Calvino", "Stanislaw Lem", "Jorge Luis Borges"]:
        with session.begin_nested():
            try:
                session.add(Author(name=name))
                session.flush()
            except IntegrityError:
                session.scalars(select(Author)).all()
    session.commit()


@right("precious")
def _(session):
    with session.begin():
        session.add(Author(name="Precious"))
        nested = session.begin_nested()
        session.add(Author(name="Ursula K. Le Guin"))
        try:
            session.flush()
        except IntegrityError:
            nested.rollback()


@wrong("precious", "the precious row included")
def _(session):
    session.add(Author(name="Precious"))
    session.flush()
    session.add(Author(name="Stanislaw Lem"))
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
    session.commit()


@wrong("precious", "has refused nothing")
def _(session):
    session.add(Author(name="Precious"))
    nested = session.begin_nested()
    session.add(Author(name="Someone"))
    session.flush()
    session.delete(session.get(Author, 1))
    nested.rollback()


@right("undo-one-name")
def _(session):
    with session.begin():
        session.get(Author, 1).name = "S. Lem"
        try:
            with session.begin_nested():
                session.get(Author, 2).name = "U. Le Guin"
                session.flush()
                raise LookupError
        except LookupError:
            pass


@wrong("undo-one-name", "That took back both")
def _(session):
    session.get(Author, 1).name = "S. Lem"
    session.get(Author, 2).name = "U. Le Guin"
    session.flush()
    session.rollback()
    session.commit()


@wrong("undo-one-name", "The second change was never sent")
def _(session):
    session.get(Author, 1).name = "S. Lem"
    second = session.get(Author, 2)
    second.name = "U. Le Guin"
    session.expire(second, ["name"])
    session.commit()


@right("come-back")
def _(session):
    lem = session.get(Author, 1)
    session.close()
    lem.name = "S. Lem"
    with session.begin():
        session.add(lem)


@wrong("come-back", "as `merge()` makes one")
def _(session):
    lem = session.get(Author, 1)
    session.expunge(lem)
    lem.name = "S. Lem"
    session.merge(lem)
    session.commit()


@wrong("come-back", "Nothing was committed")
def _(session):
    lem = session.get(Author, 1)
    session.expunge(lem)
    lem.name = "S. Lem"
    session.add(lem)
    session.flush()


@right("ready-to-travel")
def _(session):
    author = session.get(Author, 1)
    len(author.books)
    session.expunge_all()
    return author


@wrong("ready-to-travel", "The books were never loaded")
def _(session):
    author = session.get(Author, 1)
    session.close()
    return author


@wrong("ready-to-travel", "threw them away")
def _(session):
    author = session.get(Author, 1)
    len(author.books)
    session.commit()
    session.close()
    return author


@wrong("ready-to-travel", "Plain values are a good cure")
def _(session):
    author = session.get(Author, 1)
    return {"name": author.name, "books": [book.title for book in author.books]}


@wrong("ready-to-travel", "It is still in the session")
def _(session):
    author = session.get(Author, 1)
    len(author.books)
    return author


@right("plain-values")
def _(session):
    with session:
        rows = session.execute(select(Author.name, Book.title).join(Book.author).where(Author.id == 1)).all()
    return {"name": rows[0].name, "titles": [row.title for row in rows]}


@wrong("plain-values", "That is the object itself")
def _(session):
    author = session.get(Author, 1)
    len(author.books)
    session.close()
    return author


@wrong("plain-values", "The caller asked for their titles")
def _(session):
    author = session.get(Author, 1)
    values = {"name": author.name, "titles": list(author.books)}
    session.close()
    return values


@wrong("plain-values", "still holds its connection")
def _(session):
    author = session.get(Author, 1)
    return {"name": author.name, "titles": [book.title for book in author.books]}


@right("as-bytes")
def _(session):
    author = session.get(Author, 1)
    session.refresh(author, ["name", "books"])
    session.expunge(author)
    return pickle.dumps(author, protocol=2)


@wrong("as-bytes", "`pickle.dumps` makes bytes")
def _(session):
    return session.get(Author, 1)


@wrong("as-bytes", "only what is loaded")
def _(session):
    return pickle.dumps(session.get(Author, 1))


@wrong("as-bytes", "so he arrives empty")
def _(session):
    author = session.get(Author, 1)
    len(author.books)
    session.commit()
    return pickle.dumps(author)


@wrong("as-bytes", "it has no identity key")
def _(session):
    return pickle.dumps(Author(id=1, name="Stanislaw Lem", books=[Book(title="Solaris"), Book(title="Eden")]))


@right("without-asking")
def _(session):
    author = Author(id=1)
    make_transient_to_detached(author)
    return session.merge(author, load=False)


@wrong("without-asking", "The database was asked")
def _(session):
    return session.get(Author, 1)


@wrong("without-asking", "would be inserted")
def _(session):
    author = Author(id=1)
    session.add(author)
    return author


@wrong("without-asking", "not in the session yet")
def _(session):
    author = Author(id=1)
    make_transient_to_detached(author)
    return author


@right("copy-a-row")
def _(session):
    old = session.get(Book, 3)
    session.add(Book(title=old.title, author_id=old.author_id, copies=old.copies))
    session.commit()


@wrong("copy-a-row", "The copy has lost its author")
def _(session):
    session.add(Book(title="The Dispossessed"))
    session.commit()


@wrong("copy-a-row", "two objects with one state")
def _(session):
    twin = copy.copy(session.get(Book, 3))
    session.add(twin)
    session.commit()


@right("carry-over")
def _(session):
    mine = Author(id=1, name="S. Lem")
    session.get(Author, mine.id).name = mine.name
    session.commit()


@wrong("carry-over", "A new object that is added means `INSERT`")
def _(session):
    session.add(Author(id=1, name="S. Lem"))
    session.commit()


@wrong("carry-over", "Nothing was committed")
def _(session):
    session.merge(Author(id=1, name="S. Lem"))
    session.flush()


@right("leave-the-email")
def _(session):
    member = Member()
    member.id, member.name = 1, "Anna"
    session.merge(member)
    session.commit()


@wrong("leave-the-email", "`None` is a value")
def _(session):
    session.merge(Member(id=1, name="Anna", email=None))
    session.commit()


@wrong("leave-the-email", "The blank was stored")
def _(session):
    session.merge(Member(id=1, name="Anna", email=""))
    session.commit()


@right("trust-me")
def _(session):
    ann = session.get(Member, 1)
    session.close()
    session.add(ann)
    return ann


@wrong("trust-me", "unless you tell it that the object can be trusted")
def _(session):
    ann = session.get(Member, 1)
    session.close()
    return session.merge(ann)


@wrong("trust-me", "That one is still outside")
def _(session):
    ann = session.get(Member, 1)
    session.close()
    session.merge(ann, load=False)
    return ann


@right("leave-no-connection")
def _(session):
    make = sessionmaker(session.get_bind())
    with make() as one, make() as two, make() as three:
        return [each.get(Author, 1).name for each in (one, two, three)]


@wrong("leave-no-connection", "holds its connection")
def _(session):
    sessions = [Session(session.get_bind()) for _ in range(3)]
    kept.extend(sessions)
    return [one.get(Author, 1).name for one in sessions]


@wrong("leave-no-connection", "Three sessions were to read")
def _(session):
    with Session(session.get_bind()) as one:
        return [one.get(Author, 1).name]


@right("one-for-each-thread")
def _(session):
    scoped = scoped_session(sessionmaker(session.get_bind()))
    found = {}

    def look(name: str) -> None:
        found[name] = scoped()

    thread = Thread(target=look, args=("there",))
    thread.start()
    thread.join()
    look("here")
    return found["here"], found["there"]


@wrong("one-for-each-thread", "Both are of one thread")
def _(session):
    scoped = scoped_session(sessionmaker(session.get_bind()))
    return scoped(), scoped()


@wrong("one-for-each-thread", "Call it to get the session")
def _(session):
    scoped = scoped_session(sessionmaker(session.get_bind()))
    return scoped, scoped()


def requests(session: Any, end: Callable[[Any], object]) -> Any:
    current: dict[str, int] = {}
    scoped = scoped_session(sessionmaker(session.get_bind()), scopefunc=lambda: current["request"])
    for number in range(3):
        current["request"] = number
        scoped.scalars(select(Author)).all()
        end(scoped)
    kept.append(scoped)
    return scoped


@right("end-the-requests")
def _(session):
    scoped = requests(session, lambda scoped: None)
    for one in scoped.registry.registry.values():
        one.close()
    scoped.registry.registry.clear()
    return scoped


@wrong("end-the-requests", "has sent something")
def _(session):
    session.get(Author, 1)
    return requests(session, lambda scoped: scoped.remove())


@wrong("end-the-requests", "takes a sessionmaker")
def _(session):
    scoped = scoped_session(session)
    scoped()


@wrong("end-the-requests", "and still kept")
def _(session):
    return requests(session, lambda scoped: scoped.close())


@wrong("end-the-requests", "each must be removed")
def _(session):
    return requests(session, lambda scoped: None)


@right("one-for-three")
def _(session):
    calvino = Author(name="Italo Calvino")
    session.add(calvino)
    for title in ("Marcovaldo", "Palomar"):
        calvino.books.append(Book(title=title))
    session.commit()


@wrong("one-for-three", "added before they belonged together")
def _(session):
    calvino, books = Author(name="Italo Calvino"), [Book(title="Marcovaldo"), Book(title="Palomar")]
    session.add_all([calvino, *books])
    calvino.books.extend(books)
    session.commit()


@wrong("one-for-three", "stored without its author")
def _(session):
    session.add_all([Author(name="Italo Calvino"), Book(title="Marcovaldo"), Book(title="Palomar")])
    session.commit()


@wrong("one-for-three", "Nothing was committed")
def _(session):
    session.add(Author(name="Italo Calvino", books=[Book(title="Marcovaldo"), Book(title="Palomar")]))
    session.flush()


@right("by-number")
def _(session):
    session.execute(insert(Book).values(title="Fiasco", author_id=1))
    session.commit()


@wrong("by-number", "a number that you know")
def _(session):
    session.add(Book(title="Fiasco", author=session.get(Author, 1)))
    session.commit()


@wrong("by-number", "stored without an author")
def _(session):
    session.add(Book(title="Fiasco"))
    session.commit()


@wrong("by-number", "No author object is needed")
def _(session):
    session.add(Book(title="Fiasco", author=Author(id=1, name="Lem")))
    session.commit()


@right("leave-together")
def _(session):
    lem, ursula = session.scalars(
        select(Author).order_by(Author.id).options(joinedload(Author.books))
    ).unique()
    for book in lem.books:
        session.expunge(book)
    session.expunge(lem)
    return lem, ursula


@wrong("leave-together", "He left alone")
def _(session):
    lem, ursula = session.scalars(
        select(Author).order_by(Author.id).options(joinedload(Author.books))
    ).unique()
    session.expunge(lem)
    return lem, ursula


@wrong("leave-together", "She has left as well")
def _(session):
    lem, ursula = session.scalars(
        select(Author).order_by(Author.id).options(joinedload(Author.books))
    ).unique()
    session.expunge_all()
    return lem, ursula


@wrong("leave-together", "His books are not loaded")
def _(session):
    lem, ursula = session.get(Author, 1), session.get(Author, 2)
    len(ursula.books)
    session.expunge(lem)
    return lem, ursula


def write_in_threads(session, store):
    scoped = scoped_session(sessionmaker(session.get_bind()))
    seen = []
    for name in ("Italo Calvino", "Jorge Luis Borges"):
        thread = Thread(target=store, args=[scoped, seen, name])
        thread.start()
        thread.join()
    kept.extend(seen)
    return seen


@right("two-writers")
def _(session):
    def store(scoped, seen, name):
        seen.append(scoped())
        with seen[-1].begin():
            seen[-1].add(Author(name=name))
        scoped.remove()

    return write_in_threads(session, store)


@wrong("two-writers", "Both threads had one session")
def _(session):
    here = scoped_session(sessionmaker(session.get_bind()))()

    def store(scoped, seen, name):
        seen.append(here)
        here.add(Author(name=name))
        here.commit()

    return write_in_threads(session, store)


@wrong("two-writers", "left its transaction open")
def _(session):
    def store(scoped, seen, name):
        seen.append(scoped())
        scoped.add(Author(name=name))
        with suppress(OperationalError):  # the first one holds its lock
            scoped.flush()

    return write_in_threads(session, store)


@wrong("two-writers", "nothing was sent")
def _(session):
    def store(scoped, seen, name):
        seen.append(scoped())
        scoped.add(Author(name=name))
        scoped.remove()

    return write_in_threads(session, store)


@right("wait-without")
def _(session):
    with session.begin():
        name = session.scalar(select(Author.name).where(Author.id == 1))
    return name, session.get_bind().pool.checkedout()


@wrong("wait-without", "is still open")
def _(session):
    return session.get(Author, 1).name, session.get_bind().pool.checkedout()


@wrong("wait-without", "it was read again")
def _(session):
    lem = session.get(Author, 1)
    session.commit()
    count = session.get_bind().pool.checkedout()
    return lem.name, count


@wrong("wait-without", "has read nothing")
def _(session):
    return "Stanislaw Lem", session.get_bind().pool.checkedout()


@right("fail-well")
def _(session):
    try:
        session.add(Author(name="Nobody"))
        session.flush()
        raise RuntimeError
    finally:
        session.rollback()


@wrong("fail-well", "The error was swallowed")
def _(session):
    try:
        session.add(Author(name="Nobody"))
        session.flush()
        raise RuntimeError
    except RuntimeError:
        session.rollback()


@wrong("fail-well", "failed before anything was written")
def _(session):
    with session.begin():
        session.add(Author(name="Nobody"))
        raise RuntimeError


@wrong("fail-well", "committed before it failed")
def _(session):
    session.add(Author(name="Nobody"))
    session.commit()
    raise RuntimeError


@wrong("fail-well", "the connection was left behind")
def _(session):
    session.add(Author(name="Nobody"))
    session.flush()
    raise RuntimeError


@right("make-an-orphan")
def _(session):
    with session.begin():
        session.delete(session.get(Loan, 1))


@wrong("make-an-orphan", "nobody saw that it became an orphan")
def _(session):
    session.get(Loan, 1).member = None
    session.commit()


@wrong("make-an-orphan", "The member is gone as well")
def _(session):
    session.delete(session.get(Member, 1))
    session.commit()


@wrong("make-an-orphan", "Nothing was committed")
def _(session):
    member = session.get(Member, 1)
    member.loans.clear()
    session.flush()


@right("keep-the-book")
def _(session):
    with session.begin():
        session.get(Book, 3).author = None
        session.flush()
        session.execute(delete(Author).where(Author.id == 2))


@wrong("keep-the-book", "a statement doesn't")
def _(session):
    session.execute(delete(Author).where(Author.id == 2))
    session.commit()


@wrong("keep-the-book", "The book is gone as well")
def _(session):
    author = session.get(Author, 2)
    for book in author.books:
        session.delete(book)
    session.delete(author)
    session.commit()


@right("move-a-child")
def _(session):
    with session.begin():
        author = session.get(Author, 2)
        author.books.append(session.get(Book, 2))


@wrong("move-a-child", "The row that is there can change its author")
def _(session):
    session.delete(session.get(Book, 2))
    author = session.get(Author, 2)
    author.books.append(Book(title="Eden"))
    session.commit()


@wrong("move-a-child", "had no author for a moment")
def _(session):
    eden = session.get(Book, 2)
    eden.author = None
    session.flush()
    eden.author = session.get(Author, 2)
    session.commit()


kept: list[Any] = []
"""Sessions that mistakes leave open; the tests close them."""

EXPLODING: dict[str, Answer] = {
    "raises": lambda session: 1 / 0,
    "exits": lambda session: exit(3),
    "is no function": 42,  # type: ignore[dict-item]
    "takes nothing": lambda: None,  # type: ignore[dict-item,misc]
    "closes everything": lambda session: (session.close(), session.get_bind().dispose()),
    "drops the tables": lambda session: (
        session.execute(text("DROP TABLE loan")),
        session.execute(text("DROP TABLE book_subject")),
        session.execute(text("DROP TABLE book")),
        session.commit(),
    ),
    "deletes the file": lambda session: __import__("os").remove(session.get_bind().url.database),
    "keeps a lock": lambda session: (
        kept.append(sqlite3.connect(session.get_bind().url.database)) or kept[-1].execute("BEGIN EXCLUSIVE")
    ),
    "returns what can't be shown": lambda session: Unspeakable(),
    "returns a list of itself": lambda session: itself,
    "raises what can't be told": lambda session: untold(),
}


itself: list[Any] = []
itself.append(itself)


def untold() -> None:
    class UntoldError(Exception):
        def __str__(self) -> str:
            raise AssertionError

    raise UntoldError


class Unspeakable:
    """An object that fails whatever is asked of it."""

    def __repr__(self) -> str:
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    def __len__(self) -> int:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]
