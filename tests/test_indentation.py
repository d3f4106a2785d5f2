"""What a line of code says is an element beside its indentation."""

import pytest

pytest.importorskip("sphinx")

from tools.indentation import mark


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pass\n", '<span class="line i0">pass</span>\n'),
        ("    pass\n", '    <span class="line i4">pass</span>\n'),
        ("  pass", '  <span class="line i4">pass</span>'),
        (f"{' ' * 44}pass", f'{" " * 44}<span class="line i40">pass</span>'),
        ("    <b>a</b> <i>b</i>\n", '    <span class="line i4"><b>a</b> <i>b</i></span>\n'),
        ("\n", "\n"),
        ("    \n", "    \n"),
        ("", ""),
    ],
)
def test_line_is_marked(line: str, expected: str) -> None:
    """Depth is counted in steps; nothing is added, nothing lost, and an empty line stays empty."""
    assert mark(line) == expected
