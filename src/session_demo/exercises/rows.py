"""The rows that the exercises begin with."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ..models import Author, Book, Loan, Member


def library(session: Session) -> None:
    """Put in two authors with three books, and a member who has borrowed one.

    | | |
    |---|---|
    | author | 1 Stanislaw Lem, 2 Ursula K. Le Guin |
    | book | 1 Solaris (3 copies) and 2 Eden by Lem, 3 The Dispossessed by Le Guin |
    | member | 1 Ann, ann@example.org |
    | loan | 1, of Solaris, by Ann |
    """
    solaris = Book(title="Solaris", copies=3)
    session.add(Author(name="Stanislaw Lem", books=[solaris, Book(title="Eden")]))
    session.flush()
    session.add(Author(name="Ursula K. Le Guin", books=[Book(title="The Dispossessed")]))
    session.add(Member(name="Ann", email="ann@example.org", loans=[Loan(book=solaris)]))
