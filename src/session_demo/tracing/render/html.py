"""A trace as HTML, for notebooks and pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..events import Event, ObjectState
from .layout import Part, Row, lay_out
from .wording import STATE_COLOURS, STATE_LETTERS

STYLE = (
    """
.sd-trace{margin:.4em 0;color:inherit;background:transparent;font-size:.9rem;line-height:1.45;max-width:100%}
.sd-trace table{border-collapse:collapse;width:100%;margin:0;border:0;table-layout:auto;font-size:inherit}
.sd-trace caption{caption-side:top;text-align:left;padding:.2em 0 .5em;color:inherit;font-style:normal}
.sd-trace th,.sd-trace td{text-align:left;vertical-align:top;padding:.12em .7em .12em 0;border:0;
background:transparent;color:inherit;white-space:normal;overflow-wrap:anywhere;max-width:none}
.sd-trace thead th{font-weight:600;font-size:.8em;opacity:.75;border-bottom:1px solid currentColor}
.sd-trace td:first-child:not(:last-child){text-align:right;opacity:.75;font-variant-numeric:tabular-nums;
width:1%;white-space:nowrap;padding-left:.4em}
.sd-trace td:nth-child(2):not(:last-child){width:1%;white-space:nowrap;opacity:.75}
.sd-trace tr{background:transparent}
.sd-trace tbody tr{border-top:1px solid rgba(128,128,128,.22)}
.sd-trace tr.sd-line th{padding-top:.55em;font-weight:600}
.sd-trace tr.sd-line small{font-weight:400;font-size:.85em;opacity:.7;margin-left:.5em;white-space:nowrap}
.sd-trace tr.sd-database{background:rgba(128,128,128,.13)}
.sd-trace code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em;
background:transparent;border:0;padding:0;color:inherit}
.sd-trace .sd-values{opacity:.8;margin-left:.6em}
.sd-trace .sd-label{font-weight:600}
.sd-snapshot tbody th{width:1%;white-space:nowrap;font-weight:600;padding-right:1.2em}
.sd-state{border:1.5px solid;border-radius:.6em;padding:0 .45em;white-space:nowrap}
.sd-state b{font-weight:700;margin-right:.35em}
""".strip()
    + "".join(f"\n.sd-{state}{{border-color:{colour}}}" for state, colour in STATE_COLOURS.items())
    + "\n@media(max-width:480px){.sd-trace{font-size:.8rem}.sd-trace td,.sd-trace th{padding-right:.4em}}"
)
"""Styles of traces and snapshots. Colours are inherited or hold on light and dark; no theme need be known."""

FOLD_STYLE = """
.sd-trace details{display:inline-block;vertical-align:top;margin-left:.6em}
.sd-trace summary{cursor:pointer;opacity:.8}
.sd-trace summary:focus-visible{outline:2px solid currentColor;outline-offset:2px}
.sd-trace details ol{margin:.2em 0;padding-left:3em}
""".rstrip()
"""Styles of what can be unfolded."""


def render(events: Sequence[Event]) -> str:
    """Write *events* as one self-contained table: no script, no file, nothing fetched.

    Args:
        events: The events, oldest first.

    Returns:
        HTML in which every name and value of the program is escaped.
    """
    layout = lay_out(events)
    rows = [row_html(row) for row in layout.rows]
    if layout.hidden:
        rows.insert(len(rows) // 2, f"<tr><td></td><td></td><td>&hellip; {escape(layout.omission)}</td></tr>")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("#", "layer", "what happened"))
    table = f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>" if rows else ""
    caption = escape(layout.summary).replace("-&gt;", "&rarr;")
    style = STYLE + FOLD_STYLE * any(row.folded for row in layout.rows)
    inside = f"<style>{style}</style>\n<table><caption>{caption}</caption>\n{table}</table>"
    return f'<div class="sd-trace">{inside}</div>'


def row_html(row: Row) -> str:
    """Write one row of a table, under its line of the program where that is another one."""
    head = ""
    if row.line:
        text, place = escape(row.line.text), escape(row.line.place)
        head = f'<tr class="sd-line"><th colspan="3"><code>{text}</code> <small>{place}</small></th></tr>\n'
    indent = f' style="padding-left:{1.2 * row.depth:.1f}em"' if row.depth else ""
    told = "".join(map(_part, row.parts)) + _unfolding(row)
    cells = f"<td>{row.number}</td><td>{row.lane}</td><td{indent}>{told}</td>"
    return f'{head}<tr class="sd-{row.lane}">{cells}</tr>'


def _unfolding(row: Row) -> str:
    """Keep the events of a fold within reach, where these are few."""
    if not row.folded:
        return ""
    events = "\n".join(f"<li>{''.join(map(_part, one.parts))}</li>" for one in row.folded)
    return f'<details><summary>show</summary><ol start="{row.number}">{events}</ol></details>'


def _part(part: Part) -> str:
    text = escape(part.text)
    match part.kind:
        case "label":
            return f'<span class="sd-label">{text}</span>'
        case "state":
            return state_badge(ObjectState(part.text))
        case "arrow":
            return " &rarr; "
        case "sql":
            return f"<code>{text}</code>"
        case "values":
            return f' <code class="sd-values">{text}</code>'
        case _:
            return text


def state_badge(state: ObjectState) -> str:
    """Write an object state so that it is told apart by word, letter and colour."""
    return f'<span class="sd-state sd-{state}"><b aria-hidden="true">{STATE_LETTERS[state]}</b>{state}</span>'
