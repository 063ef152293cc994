"""The page's own files."""

import json
import struct
from dataclasses import replace

from assets import OPEN, files, head, manifest, stylesheet
from tests.space.served import SETTINGS


def test_what_everyone_can_read_names_nobody():
    """The manifest and the icons are fetched without cookies."""
    assert set(OPEN) <= set(files(SETTINGS))
    assert not {"도윤", "서연"} & set(manifest(SETTINGS).split('"'))
    assert json.loads(manifest(replace(SETTINGS, language="en")))["name"] == "Our chat"


def test_every_icon_has_the_size_it_says():
    """Read from the PNG itself, and small."""
    served = files(SETTINGS)

    for icon in json.loads(manifest(SETTINGS))["icons"]:
        png, media_type = served[icon["src"]]
        width, height = struct.unpack(">II", png[16:24])
        assert (icon["sizes"], media_type) == (f"{width}x{height}", "image/png")
        assert len(png) < 10_000


def test_the_bars_around_the_page_have_its_colours():
    """The head and the theme agree."""
    theme = stylesheet(SETTINGS)

    for colour in ("#f6f9fc", "#1b1f26"):
        assert colour in head(SETTINGS)
        assert f"--bar: {colour};" in theme


def test_any_name_is_safe_in_the_stylesheet():
    """Quotes, backslashes and line breaks of a name end no rule."""
    named = replace(SETTINGS, persona_name='"; } \\ \n</style>')

    assert stylesheet(named).startswith(
        ':root{--his-name:"\\22 \\3b \\20 \\7d \\20 \\5c \\20 \\a \\3c \\2f style\\3e ";'
    )
