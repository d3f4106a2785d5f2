"""A schema that every database can hold, for the tests of the session helpers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, synonym

from session_demo import BaseModel


class Base(BaseModel, DeclarativeBase):
    pass


class Tag(Base):
    """Found by its name; everything else about it may be told as a default."""

    __tablename__ = "tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    code: Mapped[str | None] = mapped_column(String(50), unique=True)
    colour: Mapped[str] = mapped_column(String(50), default="blue")
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("maker.id"))
    maker: Mapped[Maker | None] = relationship(back_populates="tags")
    label = synonym("name")


class Maker(Base):
    __tablename__ = "maker"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    tags: Mapped[list[Tag]] = relationship(back_populates="maker")


class Price(Base):
    """Found by two columns, one of them the key of a related object."""

    __tablename__ = "price"
    __table_args__ = (
        sa.UniqueConstraint("tag_id", "country"),
        sa.CheckConstraint("cents >= 0", name="not_negative"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"))
    country: Mapped[str] = mapped_column(String(2))
    cents: Mapped[int] = mapped_column(default=0)
    tag: Mapped[Tag] = relationship()


class Note(Base):
    """What a caller has to do besides: these rows must never be lost."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(50))


class Void(Base):
    """An object that is false."""

    __tablename__ = "void"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0
