"""How long to train when nobody says: fewer epochs the more examples there are, for each then brings more that is new.

>>> [recommended_epochs(examples) for examples in (40, 120, 270, 2_000, 40_000)]
[8.0, 6.0, 4.0, 2.0, 2.0]

Measured on the demo (tiny base, its own learning rate): held-out loss a token after a whole schedule of that many epochs.

    examples   2 epochs   4        8        12
    40         6.460      5.941    5.774    5.848
    120        5.740      5.510    5.486
    270        5.431      5.229

With four times the examples, half the epochs are enough. Too many cost time and, with early stopping, no quality.
"""

import math

SCALE = 64  # epochs times the root of the examples, at the best of each row above
FEWEST = 2.0  # one pass at a falling rate hardly hears the newest talk twice; more would learn private lines by heart
MOST = 8.0  # 40 examples are worse at 12


def recommended_epochs(examples: int) -> float:
    """Whole epochs for ``examples`` (at least 1) to learn from."""
    return float(min(MOST, max(FEWEST, round(SCALE / math.sqrt(examples)))))
