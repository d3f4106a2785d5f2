"""Self-tests: each question has one right answer, each answer its reason, and what they claim is so."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import session_demo
from session_demo import models
from session_demo.errors import NoSuchSelfTestError
from session_demo.selftest import Question, chapters, read, self_test

QUESTIONS = [
    pytest.param(question, id=f"{chapter}-{number}")
    for chapter in chapters()
    for number, question in enumerate(read(chapter), start=1)
]
every_question = pytest.mark.parametrize("question", QUESTIONS)
every_chapter = pytest.mark.parametrize("chapter", chapters())


@every_question
def test_answers_are_so(question: Question, engine: Engine, session: Session) -> None:
    """The program that proves the answers runs, on a library of its own."""
    names = {name: getattr(session_demo, name) for name in ("trace", "state_of", "snapshot")}
    mapped = {mapper.class_.__name__: mapper.class_ for mapper in models.Base.registry.mappers}
    given: dict[str, Any] = {"engine": engine, "session": session, "sa": sa, "select": sa.select}
    exec(question.proof, given | names | mapped | {"Session": Session})


@every_question
def test_proof_asserts(question: Question) -> None:
    """A proof can fail."""
    assert "assert " in question.proof


@every_question
def test_one_answer_is_right(question: Question) -> None:
    """There are three or four answers, one of them right, and each says why."""
    assert len(question.options) in (3, 4)
    assert [option.right for option in question.options].count(True) == 1
    assert all(option.why.endswith((".", "!")) for option in question.options)


@every_chapter
def test_five_questions(chapter: str) -> None:
    """A chapter asks five questions, and the right answer is not always at the same place."""
    questions = read(chapter)
    places = {[option.right for option in question.options].index(True) for question in questions}
    assert len(questions) == 5
    assert len(places) > 1


class Page(HTMLParser):
    """What a browser would make of it, as far as forms go."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[dict[str, str | None]] = []
        self.labels: list[str | None] = []
        self.legends = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input":
            self.buttons.append(found)
        elif tag == "label":
            self.labels.append(found["for"])
        self.legends += tag == "legend"


@every_chapter
def test_every_button_has_a_label(chapter: str) -> None:
    """Answers are radio buttons with labels, a group for each question, with no script."""
    html = self_test(chapter)._repr_html_()
    page = Page()
    page.feed(html)
    assert {button["type"] for button in page.buttons} == {"radio"}
    assert [button["id"] for button in page.buttons] == page.labels
    assert len({button["id"] for button in page.buttons}) == len(page.buttons)
    assert len({button["name"] for button in page.buttons}) == page.legends == 5
    assert "<script" not in html


def test_markup_is_escaped() -> None:
    """Code that looks like HTML is shown as it is."""
    html = self_test("deleting")._repr_html_()
    assert '<code>cascade="all, delete-orphan"</code>' in html
    assert not re.search(r"`", html)


def test_text_has_letters() -> None:
    """In a terminal the answers have letters, and can be judged by them."""
    test = self_test("identity-map")
    assert str(test).startswith("1. Two queries of one session")
    assert "   a) one\n" in str(test)
    assert test.answer(1, "a").startswith("Right. ")
    assert test.answer(1, "c").startswith("No. ")


@pytest.mark.parametrize(("question", "option"), [(0, "a"), (6, "a"), (1, "z"), (1, "")])
def test_what_was_not_asked(question: int, option: str) -> None:
    """An answer to nothing is an error that says what there is."""
    with pytest.raises(NoSuchSelfTestError, match="there are 5 questions, with answers such as a, b, c"):
        self_test("identity-map").answer(question, option)


def test_unknown_chapter() -> None:
    """The error lists the chapters that there are."""
    with pytest.raises(NoSuchSelfTestError, match=r"there are questions on .*identity-map"):
        self_test("03-identity-map")
