"""The files of the page that are ours: look, script, manifest and icons, by the path they are served at.

    files(settings)["/manifest.json"]      # (b'{"name": "우리 대화", …', "application/manifest+json")

With the manifest a phone can keep the page on its home screen, as an app of its own. Browsers fetch it and its icons
without cookies, so they are open to everyone and say nothing of anyone.
"""

import html
import json
from pathlib import Path

from configuration import Settings
from conversation import LONGEST_MESSAGE

HERE = Path(__file__).parent
GROUND = "#dce5ee"  # of theme.css: what an app shows before its page is there
BARS = {"light": "#f6f9fc", "dark": "#1b1f26"}  # and what surrounds it
_SIZES = (180, 192, 512)  # pixels: of icon.svg, drawn once; iPhones ask for the first, Android for the others
_WORDS = (
    *("send", "stop", "again", "newest", "your_message", "chat_log"),
    *("erase", "erase_question", "erase_yes", "erase_no"),
    *("offline", "lost", "refused", "slow", "full"),
)


def _icon(size: int) -> str:
    return f"icon-{size}.png"


OPEN = ("/manifest.json", *(f"/{_icon(size)}" for size in _SIZES))  # without a key


def files(settings: Settings) -> dict[str, tuple[bytes, str]]:
    """Path -> content and media type."""
    return {
        "/page.css": (stylesheet(settings).encode(), "text/css"),
        "/page.js": (script(settings).encode(), "text/javascript"),
        "/manifest.json": (manifest(settings).encode(), "application/manifest+json"),
        **{f"/{_icon(size)}": ((HERE / "icons" / _icon(size)).read_bytes(), "image/png") for size in _SIZES},
    }


def head(settings: Settings) -> str:
    """What the page's head says of them. (gradio links the manifest by itself.)"""
    bars = "".join(
        f'<meta name="theme-color" content="{color}" media="(prefers-color-scheme: {scheme})">'
        for scheme, color in BARS.items()
    )
    title = html.escape(settings.text("space.title"))
    return (
        f'<link rel="stylesheet" href="/page.css"><script src="/page.js"></script>{bars}'
        '<link rel="apple-touch-icon" href="/icon-180.png"><meta name="mobile-web-app-capable" content="yes">'
        f'<meta name="apple-mobile-web-app-title" content="{title}">'
    )


def manifest(settings: Settings) -> str:
    """The web app manifest. It names neither of the two: everyone can read it."""
    return json.dumps(
        {
            "name": settings.text("space.title"),
            "short_name": settings.text("space.title"),
            "lang": settings.language,
            "id": "/",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": GROUND,
            "theme_color": BARS["light"],
            "icons": [
                {"src": f"/{_icon(size)}", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
                for size in _SIZES
                for purpose in ("any", "maskable")  # its drawing keeps clear of the corners a phone cuts off
            ],
        },
        ensure_ascii=False,
    )


def stylesheet(settings: Settings) -> str:
    """theme.css with his name. (gradio's own ``css`` argument rewrites shorthands and loses half of them.)"""
    names = {"--his-name": settings.his_name, "--his-initial": settings.his_name[:1]}
    variables = "".join(f"{key}:{_css_string(value)};" for key, value in names.items())
    return f":root{{{variables}}}\n{(HERE / 'theme.css').read_text(encoding='utf-8')}"


def _css_string(text: str) -> str:
    """``text`` as a CSS string: every character that is no plain letter is written by its number."""
    return '"' + "".join(c if c.isalnum() else f"\\{ord(c):x} " for c in text) + '"'


def script(settings: Settings) -> str:
    """page.js with the words it says."""
    say = {
        "language": settings.language,
        **{word: settings.text(f"space.{word}", length=LONGEST_MESSAGE) for word in _WORDS},
    }
    return (HERE / "page.js").read_text(encoding="utf-8").replace("$words", json.dumps(say))
