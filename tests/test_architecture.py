"""The layers under a session, drawn with their source."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from session_demo import architecture
from session_demo.architecture import BANDS, BOXES, CREDIT, HEIGHT, WIDTH

pytest.importorskip("matplotlib", reason="matplotlib is not installed: nothing can be drawn")


def words() -> list[str]:
    root = ElementTree.fromstring(architecture().svg())
    return [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]


def test_picture_shows_every_layer_with_its_purpose() -> None:
    """Each box's title and purpose, each band's name, the database and the credit stand in the picture."""
    told = [text for box in BOXES for text in box[4:] if text]
    bands = [name for _, _, name in BANDS]
    assert sorted(words()) == sorted([*told, *bands, "the database", CREDIT])


@pytest.mark.parametrize("box", BOXES, ids=lambda box: box[4])
def test_box_lies_inside_the_picture(box) -> None:
    """No box is cut off."""
    x, y, width, height, *_ = box
    assert x >= 0
    assert x + width <= WIDTH
    assert y >= 0
    assert y + height <= HEIGHT


def test_text_alternative_names_layers_and_source() -> None:
    """Who cannot see the picture reads its layers from top to bottom, and where they come from."""
    assert architecture().alt == (
        "From top to bottom: the ORM with the Session (identity map, unit of work, session transaction); "
        "Core with SQL expressions, the Connection and the Engine, which has a Pool and a Dialect; "
        "the DBAPI driver; the database. " + CREDIT + "."
    )
