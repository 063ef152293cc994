"""Bytes as a person reads them: ``size_in_words(4_400_000)`` -> "4.4 MB"."""

_UNITS = ("bytes", "kB", "MB", "GB")


def size_in_words(size: int) -> str:
    """``size`` in bytes, in the largest unit of which there is at least one; a thousand make the next."""
    amount, unit = float(size), 0
    while amount >= 999.95 and unit + 1 < len(_UNITS):
        amount, unit = amount / 1000, unit + 1
    return f"{amount:,.1f} {_UNITS[unit]}" if unit else f"{size} {_UNITS[0]}"
