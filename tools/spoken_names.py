"""Names that a screen reader says: an extension of Sphinx.

The theme leaves some of its controls without a name, and gives others one that is not what they show, so that
who says "click Show code cell source" is not understood. A browser test looks at every page, and would find
what a new release of the theme writes otherwise.
"""

import re
from pathlib import Path
from typing import Any

TAGS = re.compile(r"<[^>]+>")
ARROW = re.compile(r"(<a [^>]*>((?:(?!</a>).)*)</a><details[^>]*>)<summary>", re.DOTALL)
# A name that is not in the text, where the text is a name already.
UNLIKE_ITS_TEXT = re.compile(
    r'(<button class="btn search-button-field[^>]*?) aria-label="Search"'
    r'|(<summary) aria-label="Toggle hidden content"'
)
# Text of three pictures of which one is seen; the button around them has its own name.
UNSEEN = re.compile(r'(<i class="theme-switch [^>]*?)\s+title="[^"]*"')


def named(page: str) -> str:
    """Return a page in which each control is called what it shows.

    >>> named('<a href="clinic.html">The clinic</a><details><summary><i></i></summary></details>')
    '<a href="clinic.html">The clinic</a><details><summary aria-label="Pages of: The clinic"><i></i>...
    """
    page = ARROW.sub(lambda found: f'{found[1]}<summary aria-label="Pages of: {_text(found[2])}">', page)
    page = UNLIKE_ITS_TEXT.sub(lambda found: found[1] or found[2], page)
    return UNSEEN.sub(r"\1", page)


def _text(markup: str) -> str:
    return TAGS.sub("", markup).strip().replace('"', "&quot;")


def finish(app: Any, error: Exception | None) -> None:
    """Name what is on each page."""
    if error or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        if page.relative_to(app.outdir).parts[0] != "lab":
            page.write_text(named(page.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx."""
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
