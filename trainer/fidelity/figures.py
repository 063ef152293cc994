"""Figures as they are kept: rounded to what they are worth, so that two evaluations write the same file.

rounded({"value": 0.21074067905169688})  ->  {"value": 0.210741}
"""

from typing import Any

DIGITS = 6  # significant ones; the order in which floats are added moves the sixteenth, the sample the second


def rounded(measured: Any) -> Any:
    """``measured`` (a number, or mappings of such) with every float rounded."""
    if isinstance(measured, dict):
        return {name: rounded(value) for name, value in measured.items()}
    return float(f"{measured:.{DIGITS}g}") if isinstance(measured, float) else measured
