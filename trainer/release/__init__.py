"""From an adapter to a release on the Hub: merge, quantise, verify, describe, push."""

from trainer.release.licences import require_acceptance
from trainer.release.pushing import Pushed, check_destination, push
from trainer.release.release import build_release

__all__ = ["Pushed", "build_release", "check_destination", "push", "require_acceptance"]
