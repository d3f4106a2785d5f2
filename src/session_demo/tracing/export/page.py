"""A page of its own around what a trace shows in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

STYLE = """
:root{color-scheme:light dark}
body{margin:0;padding:1rem;background:Canvas;color:CanvasText;font-family:system-ui,sans-serif}
main{max-width:70rem;margin:0 auto}
h1{font-size:1.3rem;margin:.2em 0}
""".strip()


def render(title: str, summary: str, pictures: Sequence[str]) -> str:
    """Write a complete HTML document: nothing is fetched, and no script runs that is not in a picture.

    Args:
        title: The title and the heading, as text.
        summary: One line about the trace, as text, for what lists pages without showing them.
        pictures: What stands in it, as HTML, from top to bottom.
    """
    inside = "\n".join(pictures)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{escape(summary)}">
<title>{escape(title)}</title>
<style>
{STYLE}
</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{inside}
</main>
</body>
</html>
"""
