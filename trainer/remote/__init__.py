"""The training stage on rented hardware: masked rows and settings go there, an adapter comes back.

    place = find_place("hf-jobs:l4x1")      the flavour, its memory and its price
    train_away(run, place)                  data/ -> adapter/, as `trainer.tuning.tune` does it here

What travels is in `parcel`, where it lies meanwhile in `depot`, what runs there in `boot` and `worker`.
"""

from trainer.remote.away import is_away, train_away
from trainer.remote.flavour import Place, find_place

__all__ = ["Place", "find_place", "is_away", "train_away"]
