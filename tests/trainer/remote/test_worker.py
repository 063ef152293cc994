"""While a job trains, its checkpoints are kept safe: whole ones, and each once."""

from tests.trainer.remote.conftest import REPO, checkpoint
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
