"""What we write, TensorBoard reads."""

from tests.trainer.tuning.outcome import read_back
from trainer.tuning.tensorboard import EventFile


def test_tensorboard_reads_what_was_written(tmp_path):
    """Points given at the start and points added later are there, by tag, in order; checksums hold."""
    events = EventFile(tmp_path / "logs", [(1, 1.5, {"loss": 4.5, "rate": 200.0})])
    events.add(300, 2.5, {"loss": -0.25})

    assert read_back(tmp_path / "logs") == {"loss": [(1, 4.5), (300, -0.25)], "rate": [(1, 200.0)]}


def test_a_folder_holds_one_file(tmp_path):
    """Whoever goes on writes the file anew: what was in the old one, torn or whole, is not read twice."""
    torn = EventFile(tmp_path, [(1, 1.5, {"loss": 4.5}), (2, 1.5, {"loss": 4.0})])
    torn._path.write_bytes(torn._path.read_bytes()[:-3])

    EventFile(tmp_path, [(1, 1.5, {"loss": 4.5})]).add(2, 2.5, {"loss": 3.5})

    assert read_back(tmp_path) == {"loss": [(1, 4.5), (2, 3.5)]}
    assert len(list(tmp_path.iterdir())) == 1
