"""Objects get names without being touched or kept alive."""

from __future__ import annotations

import gc
import weakref

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from session_demo.models import Author, Book, book_subject
from session_demo.tracing.objects import ObjectRegister, key_text, letters


@pytest.fixture
def register() -> ObjectRegister:
    return ObjectRegister()


def test_objects_are_numbered_as_they_are_seen(register: ObjectRegister) -> None:
    """A new object gets the next number, a known one keeps its own."""
    author, book = Author(), Book()
    states = [sa.inspect(one) for one in (author, book, author)]
    assert [register.number(state) for state in states] == [0, 1, 0]
    assert [register.class_of(number) for number in (0, 1)] == [Author, Book]


def test_labels_are_lettered_for_each_class_in_the_order_of_asking(register: ObjectRegister) -> None:
    """The first author asked for is Author A, whatever its number."""
    things = [Author(), Author(), Book()]
    first, second, book = (register.number(sa.inspect(thing)) for thing in things)
    asked = [register.label(number) for number in (second, book, first, second)]
    assert asked == ["Author A", "Book A", "Author B", "Author A"]


def test_place_follows_the_labels(register: ObjectRegister) -> None:
    """An object stands where its label stands in its class, one without a label behind all."""
    things = [Author(), Author(), Author()]
    numbers = [register.number(sa.inspect(thing)) for thing in things]
    register.label(1)
    register.label(0)
    assert sorted(numbers, key=register.place) == [1, 0, 2]


def test_label_of_a_living_object(register: ObjectRegister) -> None:
    """An object that was seen has a label; one that was not, and what is no mapped object, has none."""
    author = Author()
    register.number(sa.inspect(author))
    assert [register.label_of(thing) for thing in (author, Author(), "Author A", Author, None)] == [
        "Author A",
        None,
        None,
        None,
        None,
    ]


def test_register_keeps_no_object_alive(register: ObjectRegister) -> None:
    """An object that was numbered is collected like any other, and its state with it."""
    author = Author()
    register.number(sa.inspect(author))
    dead = weakref.ref(author), weakref.ref(sa.inspect(author))
    del author
    gc.collect()
    assert [one() for one in dead] == [None, None]


def test_addresses_are_never_mistaken(register: ObjectRegister) -> None:
    """Objects that live one after the other, at one address, get numbers of their own."""
    numbers = []
    for _ in range(50):
        author = Author()
        numbers.append(register.number(sa.inspect(author)))
        del author
    assert numbers == list(range(50))


def test_two_classes_of_one_name_share_the_letters(register: ObjectRegister) -> None:
    """No two objects have one label, not even where two classes have one name."""

    class OtherBase(DeclarativeBase):
        pass

    other = type(
        "Author",
        (OtherBase,),
        {
            "__tablename__": "other",
            "__annotations__": {"id": Mapped[int]},
            "id": mapped_column(primary_key=True),
        },
    )
    things = [Author(), other(), Author()]
    labels = [register.label(register.number(sa.inspect(thing))) for thing in things]
    assert labels == ["Author A", "Author B", "Author C"]


@pytest.mark.parametrize(
    ("count", "text"), [(1, "A"), (2, "B"), (26, "Z"), (27, "AA"), (52, "AZ"), (53, "BA"), (703, "AAA")]
)
def test_letters_count_like_columns(count: int, text: str) -> None:
    """After Z comes AA."""
    assert letters(count) == text


def test_key_is_spelled_by_its_columns() -> None:
    """An identity key shows as column and value, and as nothing where there is none."""
    assert (key_text(Author, (Author, (7,), None)), key_text(Author, None)) == ("id=7", "")


def test_composite_key_is_spelled_in_the_order_of_its_columns() -> None:
    """Each column of a composite key is named."""

    class OtherBase(DeclarativeBase):
        pass

    class Shelf(OtherBase):
        __table__ = sa.Table(
            "shelf",
            OtherBase.metadata,
            *(sa.Column(column.name, sa.String, primary_key=True) for column in book_subject.columns),
        )

    assert key_text(Shelf, (Shelf, ("x", 2), None)) == "book_id='x', subject_id=2"
