"""What the licence of a base asks of those who pass on a tuned model, and how a release answers it.

    licence_of(Base("LGAI-EXAONE/EXAONE-4.0-1.2B")).name_prefix     # "EXAONE": the repository's name begins so
    licence_of(Base("Qwen/Qwen3-4B-Instruct-2507")).id              # "apache-2.0"

To add a base: one row in `_FAMILIES`.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from persona_core.errors import ReleaseError, SettingsError
from persona_core.hub import hub_errors
from persona_core.manifest import Base
from persona_core.texts import text
from persona_core.waiting import interruptible
from trainer.progress import say
from trainer.run import Run
from trainer.tuning.source import Source


@dataclass(frozen=True, slots=True)
class Licence:
    """The terms of one family of bases. ``id`` and ``name`` are what the Hub's model card metadata wants."""

    id: str
    name: str = ""  # only when id is "other"
    gated: bool = False  # the terms must be accepted on the Hub before downloading
    commercial: bool = True
    forbids: Literal["", "private_use", "derivatives"] = ""  # of what we do with a base
    name_prefix: str = ""  # what the name of a tuned model must begin with
    notice: str = ""  # what a NOTICE file must say


APACHE = Licence("apache-2.0")
UNKNOWN = Licence("other", "see-base-model")

_FAMILIES: dict[str, Licence] = {
    "Qwen/Qwen3": APACHE,
    "kakaocorp/kanana-1.5-": APACHE,
    "kakaocorp/kanana-2-": Licence(
        "other", "kanana-open-license", notice="Powered by Kanana. Licensed under the Kanana Open License."
    ),
    "K-intelligence/Midm-2.0-": Licence("mit"),
    "naver-hyperclovax/HyperCLOVAX-SEED-": Licence("other", "hyperclovax-seed"),
    "LGAI-EXAONE/EXAONE-4.0-": Licence(
        "other", "exaone", commercial=False, forbids="private_use", name_prefix="EXAONE"
    ),  # for research and education only
    "google/gemma-3-": Licence(
        "gemma",
        gated=True,
        notice="Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms",
    ),
    "google/gemma-4-": APACHE,
    "LiquidAI/LFM2": Licence("other", "lfm1.0"),
    "yanolja/EEVE-Korean-": APACHE,
    "EleutherAI/polyglot-ko-": APACHE,
}
_DECLARED = (
    Licence("cc-by-nc-4.0", commercial=False),
    Licence("cc-by-nc-sa-4.0", commercial=False),
    Licence("cc-by-nd-4.0", forbids="derivatives"),
    Licence("cc-by-nc-nd-4.0", commercial=False, forbids="derivatives"),
)


def licence_of(base: Base) -> Licence:
    """The terms of ``base``: those of the table, else what it declares, else `UNKNOWN`."""
    for family, terms in _FAMILIES.items():
        if base.id.startswith(family):
            return terms
    if base.licence in (None, "other"):
        return UNKNOWN
    return next((terms for terms in _DECLARED if terms.id == base.licence), Licence(base.licence))


def terms_of(source: Source) -> Licence:
    """`licence_of` the base of ``source``; a local one declares its licence in its own model card."""
    from huggingface_hub import ModelCard

    card = Path(source.location) / "README.md"
    if source.base.licence is None and card.is_file():
        return licence_of(Base(source.base.id, licence=ModelCard.load(card).data.license))
    return licence_of(source.base)


def declared_licence(source: Source) -> str:
    """The licence of the base as the Hub's metadata writes it."""
    return terms_of(source).id


def require_acceptance(source: Source, ask: Callable[[str], bool]) -> str:
    """Say what the licence of the base forbids of what is going to be done with it, and go on only when that is accepted.

    ``ask`` gets the warning, in the reader's language. Returns the name of the licence that was accepted; empty when
    there was nothing to accept.

    Raises:
        SettingsError: it was not.
    """
    terms, base = terms_of(source), source.base.id
    name = terms.name or terms.id
    if not terms.forbids:
        if not terms.commercial:
            say("release.not_for_sale", base=base, licence=name)
        return ""
    if not ask(text(f"release.forbids_{terms.forbids}", base=base, licence=name)):
        raise SettingsError("release.licence_refused", base=base, licence=name)
    return name


def require_duties(run: Run, base: Base, repo_id: str) -> None:
    """Refuse to pass on the release of ``run`` otherwise than the licence of ``base`` wants.

    Raises:
        ReleaseError: nobody accepted what it forbids, its notice is missing, or the name lacks its prefix.
    """
    terms = licence_of(base)
    name = terms.name or terms.id
    if terms.forbids and run.settings.accepted_licence != name:
        file = run.path / "run.toml"
        raise ReleaseError("release.licence_not_accepted", base=base.id, licence=name, file=file)
    notice = run.release / "NOTICE"
    if terms.notice and not (notice.is_file() and terms.notice in notice.read_text(encoding="utf-8")):
        raise ReleaseError("release.missing_notice", base=base.id, licence=name)
    if not repo_id.rpartition("/")[2].lower().startswith(terms.name_prefix.lower()):
        raise ReleaseError("release.name_prefix", base=base.id, prefix=terms.name_prefix, repo=repo_id)


def write_licence_files(source: Source, release: Path) -> None:
    """Copy the base's LICENSE and NOTICE into ``release``, and write the notice its licence asks for.

    A base without a licence file gets one that says under which licence it is, and where.

    Raises:
        HubError: the Hub did not give them.
    """
    local = Path(source.location)
    papers = local if local.is_dir() else _fetch_papers(source.base)
    for name in ("LICENSE", "NOTICE"):
        if found := sorted(papers.glob(f"{name}*")):
            shutil.copyfile(found[0], release / name)
    terms = terms_of(source)
    licence, notice = release / "LICENSE", release / "NOTICE"
    if not licence.exists():
        page = f" https://huggingface.co/{source.base.id}" if "/" in source.base.id else ""
        _write(licence, f"The base model is {source.base.id}. Its licence: {terms.name or terms.id}{page}")
    own = notice.read_text(encoding="utf-8", errors="replace") if notice.exists() else ""
    if terms.notice not in own:
        _write(notice, f"{own}\n{terms.notice}".lstrip())


def _write(paper: Path, words: str) -> None:
    paper.write_text(words + "\n", encoding="utf-8", newline="\n")


def _fetch_papers(base: Base) -> Path:
    from huggingface_hub import snapshot_download

    with hub_errors(base.id):
        papers = ["LICENSE*", "NOTICE*"]
        return Path(interruptible(snapshot_download)(base.id, revision=base.revision, allow_patterns=papers))
