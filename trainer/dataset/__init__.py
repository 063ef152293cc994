"""Message -> session -> turn -> masked, curated Example -> train and validation."""

from trainer.run import Run


def prepare(run: Run) -> None:
    """See `trainer.dataset.preparation.prepare`."""
    from trainer.dataset.preparation import prepare as write_data

    write_data(run)
