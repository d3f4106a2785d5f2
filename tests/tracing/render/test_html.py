"""A trace as one self-contained table."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from session_demo.tracing.events import (
    ConnectionCheckedOut,
    DatabaseTransactionChanged,
    Event,
    FlushEnded,
    FlushStarted,
    Lane,
    MarkSet,
    ObjectState,
    SessionTransactionBegun,
    SourceLine,
    StateChanged,
    StatementExecuted,
)
from session_demo.tracing.render.html import STYLE, render, state_badge
from session_demo.tracing.render.layout import ROWS_SHOWN, lay_out
from session_demo.tracing.render.wording import STATE_COLOURS, STATE_LETTERS

EVENTS: list[Event] = [
    FlushStarted(1, 0, 0),
    DatabaseTransactionChanged("BEGIN"),
    StatementExecuted("INSERT INTO author (name) VALUES (?)", (("<script>alert(1)</script>",),)),
    StateChanged("Author A", ObjectState.PENDING, ObjectState.PERSISTENT, key="name='<script>'"),
    FlushEnded(),
]


class Reader(HTMLParser):
    """Reads a table as a browser would: cells as text, and each tag closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.caption = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "caption" in self.open:
            self.caption += data
        elif {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def test_table_says_what_the_layout_says() -> None:
    """Each row shows number, layer and words; arrows are real ones, and the caption is the summary."""
    read = Reader(render(EVENTS))
    assert read.rows == [
        ["#", "layer", "what happened"],
        ["1", "flush", "flush begins: 1 new"],
        ["2", "database", "BEGIN"],
        [
            "3",
            "database",
            "INSERT INTO author (name) VALUES (?) ['<script>alert(1)</script>']",
        ],
        ["4", "object", "Author A (name='<script>') Ppending \u2192 Spersistent"],
        ["5", "flush", "flush ends"],
    ]
    assert read.caption == lay_out(EVENTS).summary.replace("->", "\u2192")


def test_names_and_values_are_escaped() -> None:
    """What comes from the program can be no element."""
    label = "<img src=x> A"
    read = Reader(render([*EVENTS, StateChanged(label, None, ObjectState.PERSISTENT, key="<b>")]))
    assert set(read.tags) == {
        *("div", "style", "table", "caption", "thead", "tbody", "tr", "th", "td"),
        *("code", "span", "b"),
    }
    assert read.tags.count("b") == 3  # the letters of the states
    assert label in read.caption


def test_table_needs_nothing_from_elsewhere() -> None:
    """There is no script, no link, no picture, no import."""
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import", render(EVENTS))


def test_empty_trace_is_a_caption() -> None:
    """A trace without events says so, and shows no empty table."""
    read = Reader(render([]))
    assert (read.rows, read.caption) == ([], "Nothing happened: no event.")


def test_what_is_left_out_is_stated() -> None:
    """A long trace says between its two halves how much is not shown."""
    rows = Reader(render([StatementExecuted(f"SELECT {number}") for number in range(ROWS_SHOWN + 1000)])).rows
    assert len(rows) == 1 + ROWS_SHOWN + 1
    assert rows[1 + ROWS_SHOWN // 2] == ["", "", f"\u2026 1,000 of {ROWS_SHOWN + 1000:,} events not shown"]


BY_LANE: dict[Lane, Event] = {
    Lane.PROGRAM: MarkSet("here"),
    Lane.SESSION: SessionTransactionBegun("autobegin"),
    Lane.OBJECT: EVENTS[3],
    Lane.FLUSH: EVENTS[0],
    Lane.POOL: ConnectionCheckedOut(1),
    Lane.DATABASE: EVENTS[1],
}


@pytest.mark.parametrize("lane", Lane)
def test_row_is_marked_by_its_lane(lane: Lane) -> None:
    """Each layer can be styled."""
    assert f'<tr class="sd-{lane}">' in render([BY_LANE[lane]])


@pytest.mark.parametrize("state", ObjectState)
def test_state_is_told_by_word_letter_and_colour(state: ObjectState) -> None:
    """Colour never stands alone, and a screen reader hears the word only."""
    letter = f'<b aria-hidden="true">{STATE_LETTERS[state]}</b>'
    assert state_badge(state) == f'<span class="sd-state sd-{state}">{letter}{state}</span>'
    assert f".sd-{state}{{border-color:{STATE_COLOURS[state]}}}" in STYLE


def brightness(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["#ffffff", "#1e1e1e"])
@pytest.mark.parametrize("state", ObjectState)
def test_colour_holds_on_light_and_dark(state: ObjectState, ground: str) -> None:
    """Each colour has a contrast of at least 3:1 on a white and on a dark page."""
    low, high = sorted((brightness(STATE_COLOURS[state]), brightness(ground)))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_line_is_a_heading_and_escaped() -> None:
    """A line of the program heads its events, harmless whatever stands in it."""
    page = render([FlushEnded(line=SourceLine("<b>.py", 3, "add('<script>')"))])
    assert '<tr class="sd-line"><th colspan="3"><code>add(&#x27;&lt;script&gt;&#x27;)</code>' in page
    assert "<script" not in page
