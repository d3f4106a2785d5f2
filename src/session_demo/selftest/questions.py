"""What is asked after a chapter, read from a file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..errors import NoSuchSelfTestError

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that may be chosen.

    Attributes:
        text: The answer, with code between backticks.
        right: Whether it is right.
        why: The reason, for who has chosen it.
    """

    text: str
    right: bool
    why: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answers, of which one is right.

    Attributes:
        text: The question, with code between backticks.
        code: A program that it is about, or nothing.
        options: The answers.
        proof: A program that fails where the answers claim what is not so.
    """

    text: str
    code: str
    options: tuple[Option, ...]
    proof: str


def chapters() -> list[str]:
    """Return the names of the chapters that have questions, in alphabetical order.

    Session effect:
        None.

    Example:
        >>> from session_demo.selftest import chapters
        >>> "identity-map" in chapters()
        True
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(chapter: str) -> list[Question]:
    """Read the questions of a chapter.

    Args:
        chapter: The name of its file, without the number: ``"identity-map"``.

    Raises:
        NoSuchSelfTestError: There is no such chapter, or it has no questions.

    Session effect:
        None.

    Example:
        >>> from session_demo.selftest import read
        >>> len(read("identity-map"))
        5
    """
    names = chapters()
    if chapter not in names:
        raise NoSuchSelfTestError(
            f"Can't ask about {chapter!r}: there are questions on {', '.join(names)}. "
            "Take the name of a chapter's file, without the number."
        )
    data = tomllib.loads((FOLDER / f"{chapter}.toml").read_text(encoding="utf-8"))
    return [
        Question(
            text=one["text"],
            code=one.get("code", "").strip("\n"),
            options=tuple(
                Option(option["text"], option.get("right", False), option["why"]) for option in one["option"]
            ),
            proof=one["proof"],
        )
        for one in data["question"]
    ]
