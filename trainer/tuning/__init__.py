"""Examples -> adapter: which base, what fits, training that resumes, and how well it foresees what was never seen."""

from trainer.tuning.base import prepare_process
from trainer.tuning.evaluation import evaluate, load_trained
from trainer.tuning.memory import check_base, choose_base
from trainer.tuning.report import require_readable, write_report
from trainer.tuning.shortage import free_memory
from trainer.tuning.training import tune

__all__ = [
    "check_base",
    "choose_base",
    "evaluate",
    "free_memory",
    "load_trained",
    "prepare_process",
    "require_readable",
    "tune",
    "write_report",
]
