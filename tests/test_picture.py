"""Pictures are the same bytes from run to run, and say what they show."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from session_demo.picture import INK, Picture

pytest.importorskip("matplotlib", reason="matplotlib is not installed: nothing can be drawn")


def draw(axes) -> None:
    axes.plot([0, 1], [0, 1], color=INK)
    axes.text(0.5, 0.5, "a <word>", color=INK)


def test_svg_is_the_same_bytes_in_two_processes(python: Callable[..., str]) -> None:
    """Neither time, nor hash seed, nor process changes a picture."""
    code = (
        "import hashlib\n"
        "from session_demo import architecture\n"
        "from session_demo.tracing.render import state_machine\n"
        "for picture in (architecture(), state_machine.render()):\n"
        "    print(hashlib.sha256(picture.svg().encode()).hexdigest())"
    )
    assert python(code, PYTHONHASHSEED="1") == python(code, PYTHONHASHSEED="2")


def test_svg_is_the_same_twice() -> None:
    """Asking a picture again gives the same bytes."""
    picture = Picture(1, 1, "a line", draw)
    assert picture.svg() == picture.svg()


def test_svg_is_a_labelled_image() -> None:
    """The root element has the role of an image and the text alternative, escaped."""
    alt = 'lines & "words" <here>'
    svg = Picture(2, 1, alt, draw).svg()
    root = ElementTree.fromstring(svg)
    assert (root.tag, root.get("role"), root.get("aria-label"), root.get("viewBox")) == (
        "{http://www.w3.org/2000/svg}svg",
        "img",
        alt,
        "0 0 144 72",
    )
    assert 'aria-label="lines &amp; &quot;words&quot; &lt;here&gt;"' in svg


def test_ink_takes_the_colour_around_the_picture() -> None:
    """No line keeps the colour it was drawn with, so that the picture holds in light and in dark."""
    svg = Picture(1, 1, "a line", draw).svg()
    assert INK not in svg
    assert svg.count("currentColor") >= 2


def test_note_stands_below_the_picture() -> None:
    """A note makes the picture higher and covers nothing; who hears the picture hears it first."""
    picture = Picture(2, 1, "a line", draw)
    picture.add_note("8 older events dropped.")
    root = ElementTree.fromstring(picture.svg())
    assert (root.get("aria-label"), root.get("viewBox")) == (
        "8 older events dropped. a line",
        "0 0 144 91.44",
    )
    assert picture.figure.axes[0].get_window_extent().height == picture.figure.dpi
    assert "8 older events dropped." in "".join(root.itertext())


def test_words_stay_words() -> None:
    """Text in a picture is text, so that it can be found, copied and read aloud."""
    svg = Picture(1, 1, "a line", draw).svg()
    assert "a &lt;word&gt;</text>" in svg


def test_picture_shows_itself() -> None:
    """A notebook shows the SVG, a terminal the text alternative."""
    picture = Picture(1, 1, "a line", draw)
    assert repr(picture) == "<Picture: a line>"
    assert picture._repr_html_() == f'<div class="sd-picture">{picture.svg()}</div>'


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    """What a picture needs of matplotlib's settings it sets for itself and takes back."""
    import matplotlib

    before = dict(matplotlib.rcParams)
    Picture(1, 1, "a line", draw).svg()
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_the_error_names_the_remedy(python: Callable[..., str]) -> None:
    """Where matplotlib cannot be imported a picture says how to install it; text and HTML work."""
    printed = python(
        "import sys\n"
        "sys.modules['matplotlib'] = None\n"
        "from session_demo import Trace, architecture\n"
        "from session_demo.errors import MissingExtraError\n"
        "for ask in (architecture, Trace().state_machine):\n"
        "    try: ask()\n"
        "    except MissingExtraError as error: print(error)\n"
        "print(Trace())\n"
        "print('<table>' in Trace()._repr_html_())"
    )
    told = (
        "Can't draw the picture: matplotlib is not installed. Run pip install "
        '"session-demo[figure]"; text and HTML work without it. '
        "(Explained in the book: book/installing.html)"
    )
    assert printed.splitlines() == [told, told, "Nothing happened: no event.", "True"]
