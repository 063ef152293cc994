"""How a dropped message is shown in the report: masked, without file names and paths of links, and short.

"파일: 이력서_최종.pdf"                ->  "파일: ….pdf"
"https://news.example.com/a?id=77"    ->  "https://news.example.com/…"
"""

import re

from persona_core.privacy import Masker
from trainer.dataset.people import renumber

LONGEST = 80  # characters: enough to see why the rule took it
_MOST = 2_000  # characters that are masked at all: the rest would be cut anyway
_FILE_NAME = re.compile(
    r"(?<=[:\]] )[^\n]*(\.\w{1,10})\b|\b[^\s./]+(\.(?:pdf|docx?|xlsx?|pptx?|hwpx?|zip|jpe?g|png|mp4))\b"
)
_CONTACT = re.compile(r"(연락처|Contact)\s?:\s?[^>\n]+")
_LINK = re.compile(r"((?:https?://)?(?:[\w-]+\.)+[a-z]{2,})/\S+")


def specimen(text: str, masker: Masker) -> str:
    """One masked line of at most 80 characters."""
    (masked,) = renumber([masker.mask(" ".join(text[:_MOST].split())).text])
    masked = _LINK.sub(r"\1/…", masked)
    masked = _CONTACT.sub(r"\1: …", masked)
    masked = _FILE_NAME.sub(lambda match: f"…{match[1] or match[2]}", masked)
    return shortened(masked)


def shortened(masked: str) -> str:
    """The beginning of what is masked already, on one line."""
    line = " ".join(masked.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
