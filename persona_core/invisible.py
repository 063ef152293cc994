"""The characters that nobody sees in a line, each of which would cut a number or a name in two.

    "010\\u200b-0000-1234"  looks like  "010-0000-1234"          "잘자\\u3164서연아"  like  "잘자 서연아"

Each constant stands inside the brackets of a pattern. `persona_core.prompt.clean_bubble` takes them out of what is read and
shown, but for those that make an emoji; `persona_core.privacy` looks past all of them.
"""

import re

# Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties.txt) without the fillers and what makes an emoji;
# U+FFF9 to U+FFFB and the control characters, but for white space and line breaks.
ZERO_WIDTH = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0d\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
FILLERS = "\u115f\u1160\u3164\uffa0\u2800"  # of Hangul, and braille without a dot: where they show, they show as a blank
JOINER = "\u200d"  # of two emoji
SELECTORS = "\ufe0e\ufe0f"  # whether a character is an emoji
MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # drawn over the character before

_ORDINARY = re.compile("[가-힣 -Z\\\\-~\nㄱ-ㅣ‐-‧←-⟿\U0001f300-\U0001faff]*")


def is_ordinary(text: str) -> bool:
    """Whether ``text`` is like nearly every bubble: of characters that all show, and no ``[`` as in a colour code."""
    return _ORDINARY.fullmatch(text) is not None
