"""A trace to step through: forward and back, by keyboard, with no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Any

from ..events import Event, SourceLine
from .html import FOLD_STYLE, STYLE, row_html, state_badge
from .layout import Row
from .moments import Standing, Step, Story, story_of

LINES_SHOWN = 9
"""Lines of the program that are shown around the one of the step."""

STEPS_STYLE = """
.sd-steps fieldset{display:flex;flex-wrap:wrap;align-items:center;gap:.15em;margin:0;padding:0;
border:0;min-width:0}
.sd-steps legend{padding:0 0 .3em;font-size:inherit;color:inherit;float:none;width:auto}
.sd-steps input{order:0;margin:calc(12px - .55em);width:1.1em;height:1.1em;cursor:pointer;
accent-color:#4195ef}
.sd-steps input:focus-visible{outline:3px solid #4195ef;outline-offset:2px}
.sd-steps section{order:1;display:none;flex:0 0 100%;min-width:0}
.sd-steps input:checked+section{display:block}
.sd-steps nav{display:flex;align-items:center;gap:.8em;padding:.3em 0}
.sd-steps nav label,.sd-steps nav span{border:1px solid currentColor;border-radius:.4em;padding:.15em .7em;
margin:0;cursor:pointer;user-select:none}
.sd-steps nav span{border-color:transparent;opacity:.75;cursor:default}
.sd-steps .sd-two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21em),1fr));gap:0 1.6em}
.sd-steps .sd-two>div{min-width:0}
.sd-steps ol.sd-code{list-style:none;margin:.2em 0 .6em;padding:0;border-left:2px solid rgba(128,128,128,.4)}
.sd-steps .sd-code li{padding:0 .5em;opacity:.75;overflow-wrap:anywhere;margin:0}
.sd-steps .sd-code li[aria-current]{opacity:1;font-weight:600;background:rgba(128,128,128,.18)}
.sd-steps .sd-code small{font-size:.8em;margin-left:.6em;white-space:nowrap}
.sd-steps caption{font-weight:600}
.sd-steps tbody th{width:1%;white-space:nowrap;font-weight:600;padding-right:1em}
.sd-steps tr.sd-touched{background:rgba(128,128,128,.13)}
""".strip()

_rendered: Counter[str] = Counter()


class Steps:
    """The steps of a trace. In a notebook one goes through them; printed, they stand one after another.

    Args:
        events: The events, oldest first.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._story = story_of(events)

    def __len__(self) -> int:
        return self._story.total

    def __repr__(self) -> str:
        return f"<Steps: {len(self)}>"

    def __str__(self) -> str:
        return text(self._story)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return html(self._story)


def text(story: Story) -> str:
    """Write the steps one after another as plain text."""
    head = story.summary + (f"\n{story.omission}" if story.omission else "")
    return "\n\n".join([head, *(_text(step, story.total) for step in story.steps)])


def _text(step: Step, total: int) -> str:
    lines = [f"Step {step.number:,} of {total:,}: {_where(step.line)}", *map(_line, step.rows)]
    lines += [f"  ... {step.omission} ..."] * bool(step.omission)
    for one in step.standings:
        lines.append("  " + ", ".join(filter(None, (f"{one.title}: {_now(one)}", one.notes))))
    lines += [f"  {step.others}"] * bool(step.others)
    return "\n".join([*lines, *(f"  {name}: {value}" for name, value in step.facts.items())])


def _where(line: SourceLine | None) -> str:
    return ": ".join(filter(None, (line.place, line.text))) if line else "no line of the program"


def _line(row: Row) -> str:
    told = "".join(f"  {part.text}" if part.kind == "values" else part.text for part in row.parts)
    return f"{row.number:4d}  {row.lane:<8}  {'  ' * row.depth}{told}"


def _now(one: Standing) -> str:
    return (one.bar.state or "state unknown") if one.bar else "forgotten"


def html(story: Story) -> str:
    """Write the steps as one self-contained group of radio buttons, each with what it shows.

    Arrow keys move between radio buttons; a style shows what follows the one that is chosen. Without
    styles all steps are shown, one after another.
    """
    if not story.steps:
        return f'<div class="sd-trace"><style>{STYLE}</style>\n<p>{escape(story.summary)}</p></div>'
    listing = _listing(story)
    panels = [_panel(step, listing) for step in story.steps]
    name = _name("".join(panels))
    inside = "\n".join(_choice(story, place, name, panel) for place, panel in enumerate(panels))
    summary = escape(story.summary).replace("-&gt;", "&rarr;")
    shown = f" ({escape(story.omission)})" if story.omission else ""
    legend = f"Step through {story.total:,} steps{shown}: arrow keys, or the buttons below"
    return (
        f'<div class="sd-trace sd-steps"><style>{STYLE}{FOLD_STYLE}\n{STEPS_STYLE}</style>\n'
        f"<p>{summary}</p>\n"
        f"<fieldset><legend>{legend}</legend>\n{inside}\n</fieldset></div>"
    )


def _name(content: str) -> str:
    """Make a name of the content; the same content shown again on a page gets another one."""
    digest = f"sd-{sha256(content.encode()).hexdigest()[:10]}"
    _rendered[digest] += 1
    return digest if _rendered[digest] == 1 else f"{digest}x{_rendered[digest]}"


def _choice(story: Story, place: int, name: str, panel: str) -> str:
    step = story.steps[place]
    title = escape(f"Step {step.number} of {story.total}: {_where(step.line)}")
    checked = "" if place else " checked"
    back = _button(name, place - 1, "&#9664; back", place > 0)
    forward = _button(name, place + 1, "forward &#9654;", place + 1 < len(story.steps))
    return (
        f'<input type="radio" name="{name}" id="{name}-{place}" aria-label="{title}"{checked}>'
        f'<section aria-label="{title}">\n<nav aria-label="Steps">{back}'
        f"<b>Step {step.number:,} of {story.total:,}</b>{forward}</nav>\n{panel}</section>"
    )


def _button(name: str, place: int, word: str, there: bool) -> str:
    if not there:
        return f'<span aria-hidden="true">{word}</span>'
    return f'<label for="{name}-{place}">{word}</label>'


def _panel(step: Step, listing: list[SourceLine]) -> str:
    rows = "\n".join(row_html(row) for row in step.rows)
    omission = f"<tr><td></td><td></td><td>&hellip; {escape(step.omission)}</td></tr>" * bool(step.omission)
    told = f"<table><caption>What happened</caption>\n<tbody>\n{rows}{omission}\n</tbody></table>"
    return (
        f"{_code(step.line, listing)}"
        f'<div class="sd-two"><div>{told}</div>\n<div>{_objects(step)}{_facts(step)}</div></div>'
    )


def _listing(story: Story) -> list[SourceLine]:
    """Return the lines of the program that the steps come from, each file in its order."""
    lines = dict.fromkeys(step.line for step in story.steps if step.line)
    files = list(dict.fromkeys(line.file for line in lines))
    return sorted(lines, key=lambda line: (files.index(line.file), line.number))


def _code(current: SourceLine | None, listing: list[SourceLine]) -> str:
    if current is None:
        return "<p>No line of the program asked for this.</p>\n"
    place = listing.index(current)
    start = max(min(place - LINES_SHOWN // 2, len(listing) - LINES_SHOWN), 0)
    items = []
    for line in listing[start : start + LINES_SHOWN]:
        here = ' aria-current="step"' if line == current else ""
        pointer = "&#9654; " if here else ""
        items.append(
            f"<li{here}>{pointer}<code>{escape(line.text)}</code> <small>{escape(line.place)}</small></li>"
        )
    return f'<ol class="sd-code" aria-label="Lines of the program">{"".join(items)}</ol>\n'


def _objects(step: Step) -> str:
    if not step.standings:
        return ""
    rows = "\n".join(map(_standing, step.standings))
    others = f'<tr><td colspan="2">{escape(step.others)}</td></tr>' if step.others else ""
    return f"<table><caption>Objects now</caption>\n<tbody>\n{rows}{others}\n</tbody></table>\n"


def _standing(one: Standing) -> str:
    state = one.bar.state if one.bar else None
    badges = [state_badge(was) for was in (one.before,) if was and was is not state]
    badges.append(state_badge(state) if state else escape(_now(one)))
    notes = f" {escape(one.notes)}" if one.notes else ""
    touched = ' class="sd-touched"' if one.touched else ""
    title = escape(one.title)
    return f'<tr{touched}><th scope="row">{title}</th><td>{" &rarr; ".join(badges)}{notes}</td></tr>'


def _facts(step: Step) -> str:
    rows = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in step.facts.items()
    )
    return f"<table><caption>The session now</caption>\n<tbody>\n{rows}\n</tbody></table>"
