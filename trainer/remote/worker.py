"""What a job runs: the training stage of the run in the parcel, with its checkpoints kept safe as they come.

python -m trainer.remote.worker me/persona-job-1a2b3c4d5e
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_core.errors import PersonaError
from trainer.progress import say
from trainer.remote.depot import fetch_state, send_result, send_state
from trainer.remote.parcel import RUN
from trainer.run import Run, load_run
from trainer.tuning import tune
from trainer.tuning.checkpoints import COMPLETE

ROUND_SECONDS = 20.0  # between two looks for a new checkpoint: little to lose, and no load


def work(repo: str, run: Run) -> None:
    """Train ``run``, going on from what an earlier job left in ``repo``, and leave the result there."""
    fetch_state(repo, run)
    with kept_safe(repo, run):
        tune(run)
    send_result(repo, run)


@contextmanager
def kept_safe(repo: str, run: Run) -> Iterator[None]:
    """While the block runs, and once more after it, each new checkpoint of ``run`` is sent to ``repo``."""
    over = threading.Event()

    def rounds() -> None:
        sent = newest_step(run)  # by an earlier job
        while not over.wait(ROUND_SECONDS):
            sent = _round(repo, run, sent)
        _round(repo, run, sent)

    courier = threading.Thread(target=rounds)
    courier.start()
    try:
        yield
    finally:
        over.set()
        courier.join()


def _round(repo: str, run: Run, sent: int | None) -> int | None:
    """Send the newest checkpoint unless it is the one ``sent`` before; a failure is for the next round to mend."""
    try:
        if newest_step(run) != sent and (step := send_state(repo, run)):
            say("jobs.kept", step=step)
            return step
    except Exception as error:  # noqa: BLE001  # without this thread nothing more would be kept safe
        say("jobs.not_kept", reason=error)
    return sent


def newest_step(run: Run) -> int | None:
    """The step of the newest complete checkpoint."""
    complete = run.checkpoints.glob(f"checkpoint-*/{COMPLETE}")
    steps = [int(mark.parent.name.rpartition("-")[2]) for mark in complete]
    return max(steps, default=None)


def main() -> None:
    """Exit codes as those of `persona`: 2 is an error that has been told in one line."""
    try:
        work(sys.argv[1], load_run(Path(RUN)))
    except PersonaError as error:
        say("cli.error", message=error)
        sys.exit(2)
    except KeyboardInterrupt:  # the Hub wants the machine back; what there is was kept safe
        sys.exit(130)


if __name__ == "__main__":
    main()
