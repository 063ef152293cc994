"""Where the base comes from: a Hub id pinned to one commit, or a local folder.

    find_source("Qwen/Qwen3-0.6B")  ->  Source("Qwen/Qwen3-0.6B", Base("Qwen/Qwen3-0.6B", "c1899de2…", "apache-2.0"))
    find_source("./my-model")       ->  Source("/…/my-model", Base("my-model"))

What is published names a local base by its folder's bare name: no path of this machine leaves it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from persona_core.errors import TrainingError
from persona_core.hub import hub_errors
from persona_core.manifest import Base
from persona_core.waiting import bound_every_wait
from trainer.run import Run, settled

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """``location`` is what ``from_pretrained`` takes; ``base`` is what may be told."""

    location: str
    base: Base


def source_of(run: Run) -> Source:
    """The base of ``run``: looked up once, then the same commit for every later stage and every resume.

    The commit stands in run.toml, too, unless a revision was asked for: metrics.json may be deleted, the adapter stays.

    Raises:
        SettingsError: what was looked up is damaged, or of another version.
        TrainingError, HubError: see `find_source`.
    """
    if recorded := run.read_metrics().get("base"):
        with run.readable_metrics():
            return Source(recorded.pop("location"), Base(**recorded))
    source = find_source(run.settings.base, run.settings.base_revision)
    if source.base.revision and not run.settings.base_revision:
        settled(run, base_revision=source.base.revision)
    run.add_metrics("base", {"location": source.location, **asdict(source.base)})
    return source


def find_source(location: str, revision: str = "") -> Source:
    """Find the base at ``location``: a folder, or a Hub id at ``revision`` (empty: the newest).

    Raises:
        TrainingError: there is none, or it may not be read.
        HubError: the Hub cannot be reached, or has no such revision.
    """
    folder = Path(location).expanduser()
    if folder.is_dir():
        folder = folder.resolve()
        if not (folder / "config.json").is_file():
            raise TrainingError("tuning.not_a_model", base=location)
        return Source(str(folder), Base(folder.name))
    if not _HUB_ID.fullmatch(location):
        raise TrainingError("tuning.unknown_base", base=location)

    from huggingface_hub import HfApi

    bound_every_wait()
    with _explained(location, revision):
        info = HfApi().model_info(location, revision=revision or None)
        # A gated repository shows its description to everyone; only a download tells whether we may have it.
        HfApi().hf_hub_download(location, "config.json", revision=info.sha)
    licence = info.card_data.get("license") if info.card_data else None
    return Source(location, Base(location, info.sha, licence if isinstance(licence, str) else None))


@contextmanager
def _explained(base: str, revision: str) -> Iterator[None]:
    """Turn the Hub client's errors into one line that says what to do about the base."""
    from huggingface_hub import errors

    with hub_errors(base, revision or "main"):
        try:
            yield
        except errors.GatedRepoError as error:  # before its parent, RepositoryNotFoundError
            raise TrainingError("tuning.gated_base", base=base) from error
        except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
            raise TrainingError("tuning.unknown_base", base=base) from error
        except errors.RemoteEntryNotFoundError as error:
            raise TrainingError("tuning.not_a_model", base=base) from error
