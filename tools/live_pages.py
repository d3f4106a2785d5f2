"""A Sphinx extension: pages whose cells run, and a security policy on every page.

What `python -m tools.live` has gathered is copied into the site, and pages with cells load it. Where nothing
was gathered, pages have no buttons.
"""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LIVE = Path(__file__).resolve().parent.parent / "_build/live"
CHAPTERS = "notebooks"
LAUNCH = "launch-buttons"
HAS_POLICY = '<meta http-equiv="Content-Security-Policy"'
# What a browser runs, or loads modules by; a script of any other type is data.
RUN = {"", "module", "importmap", "text/javascript", "application/javascript"}
POLICY = {
    "default-src": "'self'",
    # Pictures that a style sheet or a cell's output carries within itself.
    "img-src": "'self' data:",
    # Outputs bring styles of their own, and so does the theme; a style can't run anything.
    "style-src": "'self' 'unsafe-inline'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
# What JupyterLite needs besides; from another host it gets nothing, as the book's own pages.
LAB_POLICY = POLICY | {
    # Its checker of settings is compiled in the browser, by `new Function`.
    "script-src": "'unsafe-eval'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    # What a reader downloads, and what widgets and workers are made of.
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension."""
    app.connect("html-page-context", add_live_cells)
    # After the theme, whose buttons need the address of a repository.
    app.connect("html-page-context", add_launch_button, priority=502)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


@cache
def manifest() -> dict[str, Any]:
    """Return what was gathered; nothing, if there is nothing. It does not change during a build."""
    file = LIVE / "manifest.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def add_live_cells(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let a page with cells load the modules that make them run."""
    if (found := manifest()) and doctree is not None and has_cells(doctree):
        # By an address of its own: Sphinx would look for a static file.
        where = f"{context['content_root']}{found['pages']['page']}"
        context["metatags"] += (
            f'\n<link rel="stylesheet" href="{where}/live.css">'
            f'\n<script type="module" src="{where}/main.mjs"></script>'
        )


def add_launch_button(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let a chapter be opened as a notebook, in JupyterLite on this site."""
    folder, _, name = page.rpartition("/")
    if not manifest() or folder != CHAPTERS:
        return
    button = {
        "type": "link",
        "text": "JupyterLite",
        "tooltip": "Open this chapter as a notebook, in this browser",
        "icon": "_static/images/logo_jupyterlite.svg",
        "url": f"{context['content_root']}lab/notebooks/index.html?path={name}.ipynb",
    }
    buttons = context["header_buttons"]
    for group in buttons:
        if group.get("label") == LAUNCH:
            group["buttons"].append(button)
            return
    buttons.insert(
        0,
        {
            "type": "group",
            "tooltip": "Run this chapter",
            "icon": "fas fa-rocket",
            "label": LAUNCH,
            "buttons": [button],
        },
    )


def has_cells(doctree: nodes.document) -> bool:
    """Whether a page shows code that a notebook runs."""
    return any("cell_input" in node.get("classes", ()) for node in doctree.findall(nodes.container))


def finish(app: Sphinx, error: Exception | None) -> None:
    """Copy what was gathered, and write the policy into each page."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for folder in ("_live", "lab"):
        shutil.rmtree(site / folder, ignore_errors=True)
    if manifest():
        shutil.copytree(LIVE / "site", site, dirs_exist_ok=True)
    for page in site.rglob("*.html"):
        policy = LAB_POLICY if page.relative_to(site).parts[0] == "lab" else POLICY
        page.write_text(with_policy(page.read_text(encoding="utf-8"), policy), encoding="utf-8")


def with_policy(page: str, policy: dict[str, str] = POLICY) -> str:
    """Return a page that runs the scripts it came with, those of its site, and no others.

    A script in a page is allowed by its hash. The theme's buttons have handlers in attributes; those are
    allowed by their hashes too, for which browsers want the word 'unsafe-hashes'. The worker that holds
    Python has, as browsers have it, no part in the policy of a `meta` element.
    """
    if HAS_POLICY in page:
        return page
    found = Scripts()
    found.feed(page)
    found.close()
    allowed = sorted(map(_hash, {*found.inline, *found.handlers}))
    words = ["'self'", *policy.get("script-src", "").split()]
    words += [*(["'unsafe-hashes'"] if found.handlers else []), *allowed]
    told = "; ".join(f"{name} {value}" for name, value in {**policy, "script-src": " ".join(words)}.items())
    meta = f'{HAS_POLICY} content="{told}">'
    # After the encoding, which browsers look for in the first kilobyte.
    return re.sub(r"<meta charset=[^>]*>", lambda charset: f"{charset[0]}\n    {meta}", page, count=1)


class Scripts(HTMLParser):
    """Finds what a page would have a browser run.

    Attributes:
        inline: The scripts within the page.
        handlers: What attributes such as `onclick` hold.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.handlers: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.handlers += [value for name, value in given.items() if name.startswith("on")]
        self._inside = tag == "script" and "src" not in given and given.get("type", "").lower() in RUN
        if self._inside:
            self.inline.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.inline[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
