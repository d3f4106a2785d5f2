"""Questions that show the reason as soon as an answer is chosen, with no script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from string import ascii_lowercase
from typing import Any

from ..errors import NoSuchSelfTestError
from .questions import Option, Question, read

STYLE = """
.sd-selftest{color:inherit;background:transparent;line-height:1.5;max-width:46em}
.sd-selftest fieldset{border:0;border-top:1px solid rgba(128,128,128,.45);margin:0 0 1.4em;padding:.6em 0 0;
min-width:0}
.sd-selftest legend{float:left;width:100%;font-size:inherit;font-weight:600;color:inherit;
margin:0 0 .4em;padding:0}
.sd-selftest legend+*{clear:both}
.sd-selftest pre{background:rgba(128,128,128,.13);color:inherit;border:0;border-radius:.3em;margin:0 0 .6em;
padding:.5em .8em;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.88em}
.sd-selftest code{background:transparent;border:0;padding:0;color:inherit;overflow-wrap:anywhere;
font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em}
.sd-selftest .sd-option{display:grid;grid-template-columns:1.8em 1fr;align-items:start;margin:0 0 .15em}
.sd-selftest input{width:1.1em;height:1.1em;margin:.25em 0 0;accent-color:#4195ef;cursor:pointer}
.sd-selftest input:focus-visible{outline:3px solid #4195ef;outline-offset:2px}
.sd-selftest label{margin:0;cursor:pointer}
.sd-selftest p{display:none;grid-column:2;margin:.1em 0 .5em;padding:.1em .7em;border-left:4px solid;
color:inherit}
.sd-selftest input:checked~p{display:block}
.sd-selftest p.sd-right{border-color:#009e73}
.sd-selftest p.sd-wrong{border-left-style:dotted;border-color:#d55e00}
""".strip()


def self_test(chapter: str) -> SelfTest:
    """Return the self-test of a chapter.

    Args:
        chapter: The name of its file, without the number: ``"identity-map"``.

    Raises:
        NoSuchSelfTestError: There is no such chapter, or it has no questions.

    Session effect:
        None.

    Example:
        >>> from session_demo.selftest import self_test
        >>> self_test("identity-map")
        <SelfTest: 5 questions on identity-map>
    """
    return SelfTest(chapter, read(chapter))


class SelfTest:
    """Questions to answer. In a notebook one chooses; printed, they stand one after another.

    Args:
        chapter: What they are about.
        questions: The questions.
    """

    def __init__(self, chapter: str, questions: Sequence[Question]) -> None:
        self.chapter = chapter
        self.questions = tuple(questions)

    def answer(self, question: int, option: str) -> str:
        """Say whether an answer is right, and why.

        Args:
            question: The number of the question, from 1.
            option: The letter of the answer.

        Raises:
            NoSuchSelfTestError: There is no such question, or no such answer.

        Session effect:
            None.

        Example:
            >>> from session_demo.selftest import self_test
            >>> print(self_test("identity-map").answer(1, "b")[:3])
            No.
        """
        asked = dict(enumerate(self.questions, start=1)).get(question)
        chosen = _lettered(asked).get(option) if asked else None
        if chosen is None:
            letters = ", ".join(_lettered(self.questions[0]))
            raise NoSuchSelfTestError(
                f"Can't judge answer {option!r} to question {question}: there are {len(self.questions)} "
                f"questions, with answers such as {letters}. Print the self-test to see them."
            )
        return reason(chosen)

    def __repr__(self) -> str:
        return f"<SelfTest: {len(self.questions)} questions on {self.chapter}>"

    def __str__(self) -> str:
        return "\n\n".join(_text(number, one) for number, one in enumerate(self.questions, start=1))

    def _repr_html_(self) -> str:
        name = f"sd-{sha256(str(self).encode()).hexdigest()[:10]}"
        asked = "\n".join(
            _html(f"{name}-{number}", number, one) for number, one in enumerate(self.questions, start=1)
        )
        return f'<div class="sd-selftest"><style>{STYLE}</style>\n{asked}\n</div>'

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def reason(option: Option) -> str:
    """Write what who has chosen *option* is told."""
    return f"{'Right' if option.right else 'No'}. {option.why}"


def _lettered(question: Question) -> dict[str, Option]:
    return dict(zip(ascii_lowercase, question.options, strict=False))


def _text(number: int, question: Question) -> str:
    code = [f"    {line}" for line in question.code.splitlines()]
    options = [f"   {letter}) {option.text}" for letter, option in _lettered(question).items()]
    return "\n".join([f"{number}. {question.text}", *code, *options])


def _html(name: str, number: int, question: Question) -> str:
    code = f"<pre>{escape(question.code)}</pre>\n" if question.code else ""
    options = "\n".join(_choice(name, letter, option) for letter, option in _lettered(question).items())
    return f"<fieldset><legend>{number}. {_marked(question.text)}</legend>\n{code}{options}\n</fieldset>"


def _choice(name: str, letter: str, option: Option) -> str:
    """Write a radio button, its label and the reason, which a style shows once the button is chosen."""
    kind = "right" if option.right else "wrong"
    return (
        f'<div class="sd-option"><input type="radio" name="{name}" id="{name}{letter}">'
        f'<label for="{name}{letter}">{_marked(option.text)}</label>'
        f'<p class="sd-{kind}" role="status">{_marked(reason(option))}</p></div>'
    )


def _marked(text: str) -> str:
    """Escape *text*; what stands between backticks is code, what stands between asterisks is stressed."""
    parts = re.split(r"`([^`]+)`", escape(text, quote=False))
    parts[::2] = [re.sub(r"\*([^*]+)\*", r"<em>\1</em>", part) for part in parts[::2]]
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts)
