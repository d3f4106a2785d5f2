"""The small library whose books, readers and loans all chapters share.

One schema holds the shapes the chapters need: one-to-many with a nullable foreign key
(an author's books), one-to-many whose children cannot live alone (a member's loans),
many-to-many (the subjects of a book), and a table that refers to itself (a broader
subject and its narrower ones).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from .base_model import BaseModel


class Base(BaseModel, DeclarativeBase):
    """The registry of the library's mapped classes."""


book_subject = sa.Table(
    "book_subject",
    Base.metadata,
    sa.Column("book_id", ForeignKey("book.id"), primary_key=True),
    sa.Column("subject_id", ForeignKey("subject.id"), primary_key=True),
)


class Author(Base):
    """Somebody who wrote books. A book may stay when its author is deleted."""

    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    """A book, by at most one author, on any number of subjects."""

    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    copies: Mapped[int] = mapped_column(default=1)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship(back_populates="books")
    subjects: Mapped[list[Subject]] = relationship(secondary=book_subject, back_populates="books")
    loans: Mapped[list[Loan]] = relationship(back_populates="book")


class Subject(Base):
    """What a book is about. A subject has at most one broader and any number of narrower ones."""

    __tablename__ = "subject"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    broader_id: Mapped[int | None] = mapped_column(ForeignKey("subject.id"))
    broader: Mapped[Subject | None] = relationship(back_populates="narrower", remote_side="Subject.id")
    narrower: Mapped[list[Subject]] = relationship(back_populates="broader")
    books: Mapped[list[Book]] = relationship(secondary=book_subject, back_populates="subjects")


class Member(Base):
    """Somebody who borrows books. A member's loans end with the membership."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    loans: Mapped[list[Loan]] = relationship(back_populates="member", cascade="all, delete-orphan")


class Loan(Base):
    """One book in the hands of one member."""

    __tablename__ = "loan"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    member: Mapped[Member] = relationship(back_populates="loans")
    book: Mapped[Book] = relationship(back_populates="loans")
