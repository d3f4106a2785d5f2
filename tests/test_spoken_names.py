"""Controls of the theme are called what they show."""

import pytest

pytest.importorskip("sphinx")

from tools.spoken_names import named


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            '<li><a href="x"><em>The</em> "clinic"</a><details open=""><summary><i></i></summary>',
            '<li><a href="x"><em>The</em> "clinic"</a><details open="">'
            '<summary aria-label="Pages of: The &quot;clinic&quot;"><i></i></summary>',
        ),
        ("<details><summary>A solution</summary>", "<details><summary>A solution</summary>"),
        (
            '<button class="btn search-button-field x" title="Search" aria-label="Search" data-x="y">',
            '<button class="btn search-button-field x" title="Search" data-x="y">',
        ),
        (
            '<button class="btn search-button" aria-label="Search">',
            '<button class="btn search-button" aria-label="Search">',
        ),
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        (
            '<i class="theme-switch fa-sun" data-mode="light" title="Light"></i>',
            '<i class="theme-switch fa-sun" data-mode="light"></i>',
        ),
    ],
)
def test_name_is_what_is_shown(written: str, expected: str) -> None:
    """What has no name gets one, what has text is called by it, and all else is left alone."""
    assert named(written) == expected
    assert named(expected) == expected
