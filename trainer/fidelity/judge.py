"""Who wrote this? A judge of style that costs a second and no GPU: jamo 1- to 4-grams, TF-IDF, logistic regression.

    judge = Judge(bundles(his replies), bundles(her turns))     # of training time
    judge.scores(bundles(what a model said))  ->  [0.93, 0.71, …]      above 0.5: taken for the persona

It has only ever seen the two of them: whoever writes like neither lands near one half, so a share of one half is what
a stranger may get. The real person's own score on held-out talk says how far the judge can be trusted.
"""

from collections.abc import Sequence
from typing import Any

TAKEN = 0.5  # a bundle above is taken for the persona; both sides weigh the same in training
LONGEST_GRAM = 4  # jamo: about a syllable and a half
MOST_GRAMS = 50_000  # the most frequent ones: more cost memory and no longer move the AUC
FEWEST = 4  # bundles of a side: with fewer there is nothing to learn from


class Judge:
    """Learns from bundles of both sides, see `trainer.fidelity.bundles`; the same bundles make the same judge."""

    def __init__(self, mine: Sequence[str], theirs: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        # A gram must occur twice, or it is noise; its logarithm counts: ㅋㅋㅋㅋㅋㅋ says little more than ㅋㅋㅋ.
        self._grams: Any = TfidfVectorizer(
            analyzer="char",
            ngram_range=(1, LONGEST_GRAM),
            lowercase=False,
            sublinear_tf=True,
            min_df=2,
            max_features=MOST_GRAMS,
        )
        # C=10: at 1 it hardly leaves one half on a small chat; at 100 nothing changes any more.
        self._model: Any = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
        sides = [1] * len(mine) + [0] * len(theirs)
        self._model.fit(self._grams.fit_transform([*mine, *theirs]), sides)

    def scores(self, bundles: Sequence[str]) -> list[float]:
        """For each bundle how likely the persona wrote it rather than the partner, from 0 to 1."""
        if not bundles:
            return []
        scored: list[float] = self._model.predict_proba(self._grams.transform(bundles))[:, 1].tolist()
        return scored
