"""While a job trains, its checkpoints are kept safe: whole ones, and each once."""

import pytest

from tests.trainer.remote.conftest import REPO, checkpoint
from trainer.remote import worker
from trainer.remote.worker import _round


def test_a_checkpoint_is_sent_once_and_not_before_it_is_complete(depot, worked, capfd):
    """A round that falls while one is written sends neither that one nor, again, the one before it."""
    checkpoint(worked, 2, complete=False)
    assert _round(REPO, worked, None) is None
    checkpoint(worked, 2)
    assert _round(REPO, worked, None) == 2
    checkpoint(worked, 4, complete=False)
    with depot.control.recording() as requests:
        assert _round(REPO, worked, 2) == 2

    assert requests == []
    assert capfd.readouterr().err == "The checkpoint of step 2 is safe.\n"


@pytest.mark.parametrize("trouble", [FileNotFoundError("gone"), RuntimeError("can't start new thread")])
def test_whatever_stops_a_round_is_told_and_the_next_one_goes_on(depot, worked, monkeypatch, capfd, trouble):
    """The rest of the training is not left without anybody who keeps it safe."""
    checkpoint(worked, 2)

    def broken(*_):
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(worker, "send_state", broken)
        assert _round(REPO, worked, None) is None

    assert capfd.readouterr().err == f"The checkpoint is not safe yet, trying again. ({trouble})\n"
    assert _round(REPO, worked, None) == 2
