"""The one table of texts a person reads, in Korean and English: ``text("room.name", **values)``.

Each room keeps its rows in ``<room>.toml`` beside this file::

    [unknown_format]
    ko = "{path}: 카카오톡 대화 내보내기 파일이 아니에요. …"
    en = "{path} is no KakaoTalk export. …"

The language is ``PERSONA_LANG`` (ko or en) when set, else Korean where the system's locale is Korean.
"""

import os
import sys
import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("ko", "en")


def language() -> str:
    """``"ko"`` or ``"en"``: the language of the person in front of this machine."""
    chosen = os.environ.get("PERSONA_LANG", "")
    if chosen in LANGUAGES:
        return chosen
    # Windows sets none of these; Python's locale module would misread UTF-8 mode as English there.
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "ko" if value.lower().startswith("ko") else "en"
    return "ko" if _windows_speaks_korean() else "en"


def _windows_speaks_korean() -> bool:
    import locale

    name = locale.getlocale()[0] or ""
    return name.lower().startswith(("ko", "korean"))


@cache
def table() -> dict[str, dict[str, str]]:
    """Every text by its key: ``{"room.name": {"ko": …, "en": …}}``."""
    rows: dict[str, dict[str, str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        with path.open("rb") as file:
            for name, row in tomllib.load(file).items():
                rows[f"{path.stem}.{name}"] = row
    return rows


def text(key: str, /, **values: object) -> str:
    """The text of ``key`` in the reader's `language`, filled with ``values``."""
    return text_in(language(), key, **values)


def text_in(lang: str, key: str, /, **values: object) -> str:
    """The text of ``key`` in ``lang`` (ko or en), filled with ``values``, and with what every text may name."""
    return table()[key][lang].format_map(_Values(values))


class _Values(dict[str, object]):
    """What a text is filled with: the values given, else the address in its links or the pip in its commands."""

    def __missing__(self, name: str) -> str:
        return {"endpoint": endpoint, "pip": pip}[name]()


def endpoint() -> str:
    """The address of the Hub: ``HF_ENDPOINT`` where a company or a test has one of its own."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def pip() -> str:
    """How the pip of this Python is called from where the reader stands: ``.venv/bin/python -m pip``."""
    program, here = Path(sys.executable), Path.cwd()
    python = program.relative_to(here) if program.is_relative_to(here) else "python"
    return f"{python} -m pip"
