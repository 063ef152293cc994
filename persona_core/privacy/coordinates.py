"""Places on the globe: decimal degrees, degrees with minutes and seconds, with or without their points of the compass.

37.5665, 126.9780   N37.5665 E126.9780   북위 37.5665 동경 126.9780   37°33'59"N 126°58'40"E   좌표 37.56 126.97
"""

import re

from persona_core.privacy.rule import Family, Rule, words

_NORTH = r"(?:(?:[NS]|[북남]위|위도|lat(?:itude)?)\s?[:=]?\s?)"
_EAST = r"(?:(?:[EW]|[동서]경|경도|lo?ng?(?:itude)?)\s?[:=]?\s?)"
_BETWEEN = r"(?:\s?[,/]\s?|\s)"
_LATITUDE = rf"{_NORTH}?-?\d{{1,2}}\.\d{{3,}}\s?°?\s?[NS]?"
_LONGITUDE = rf"{_EAST}?-?\d{{2,3}}\.\d{{3,}}(?:\s?°)?(?:\s?[EW](?![A-Za-z]))?"
# With the compass on both, fewer decimals will do.
_NAMED = rf"{_NORTH}\d{{1,2}}\.\d+°?.{{0,4}}{_EAST}\d{{2,3}}\.\d+°?"
_NAMED += rf"|{_EAST}\d{{2,3}}\.\d+°?.{{0,4}}{_NORTH}\d{{1,2}}\.\d+°?"
_COARSE = r"-?\d{1,3}\.\d{2,}"
_DEGREES = r"\d{1,3}\s?[°도]\s?\d{1,2}\s?['′분]\s?[\d.]+\s?(?:[\"″초]|'')\s?[NSEW]?"

COORDINATES = Family(
    re.compile(r"\d\.\d\d|\d\s?[°도]\s?\d"),
    (
        Rule(rf"(?<![\d.]){_LATITUDE}{_BETWEEN}{_LONGITUDE}|{_NAMED}", "COORD"),
        Rule(
            words("좌표 GPS gps")
            + rf"[^\d\n]{{0,8}}(?P<value>{_COARSE}[ ,/xyXY:=]{{1,5}}{_COARSE})(?![\d.])",
            "COORD",
        ),
        Rule(rf"{_NORTH}?{_DEGREES}(?:[ ,]{{0,3}}{_EAST}?{_DEGREES})?", "COORD"),
    ),
)
