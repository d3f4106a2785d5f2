"""The same program shows the same trace, whatever the process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

PROGRAM = """
import os
from sqlalchemy.orm import Session
from session_demo import create_engine, trace
from session_demo.models import Author, Base, Member

engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
rubbish = [bytearray(os.urandom(1)[0] * 10) for _ in range(200)]  # moves the addresses of what follows
session = Session(engine)
things = [kind(name=str(number)) for number in range(3) for kind in (Member, Author)]
watch = trace(session)
if {early}:
    watch.start()
session.add_all(things)
if not {early}:
    watch.start()
session.flush()
session.rollback()
print(watch.stop())
session.close()
engine.dispose()
"""


@pytest.mark.parametrize("early", [True, False])
def test_same_program_shows_same_text(python: Callable[..., str], early: bool) -> None:
    """Six objects of two classes, flushed and rolled back, are told alike in every process."""
    seeds = ("0", "1", "2", "3", "4")
    texts = {python(PROGRAM.format(early=early), PYTHONHASHSEED=seed) for seed in seeds}
    assert len(texts) == 1
    told = [line.split("  object")[1].strip() for line in texts.pop().splitlines() if "  object" in line]
    labels = [f"{kind} {letter}" for kind in ("Author", "Member") for letter in "ABC"]
    assert told[-6:] == [f"{label} persistent -> transient" for label in labels]
    assert told[-12:-6] == [
        f"{label} (id={place % 3 + 1}) pending -> persistent" for place, label in enumerate(labels)
    ]
