"""The training stage elsewhere: what it will cost, the parcel, the job, and its result brought home.

train_away(run, find_place("hf-jobs:l4x1"))     # Ctrl-C leaves the job running
train_away(run)                                 # goes on with the job that the run waits for
"""

import tempfile
from dataclasses import replace
from pathlib import Path

from persona_core.errors import HubError, SettingsError
from persona_core.hub import repository_url
from persona_core.prompt import ChatFormat
from trainer.progress import agrees, at_terminal, say
from trainer.remote.depot import close_depot, fetch_result, holds_state, send_parcel
from trainer.remote.estimate import Estimate, Work, estimate
from trainer.remote.flavour import Flavour, Place
from trainer.remote.job import (
    End,
    Job,
    account,
    begin_job,
    find_job,
    follow,
    forget_job,
    read_job,
    record_job,
)
from trainer.remote.parcel import PARCEL, make_parcel
from trainer.run import Run
from trainer.tuning.base import load_config, load_tokenizer, prepare_process
from trainer.tuning.labels import read_rows
from trainer.tuning.memory import Plan, in_gib, least
from trainer.tuning.schedule import recommended_epochs
from trainer.tuning.shapes import Shape, shape_of
from trainer.tuning.source import Source, source_of


def is_away(run: Run) -> bool:
    """Whether ``run`` waits for a job."""
    return read_job(run) is not None


def train_away(run: Run, place: Place | None = None) -> None:
    """Train ``run`` at ``place``, or follow the job that is at it already, until its adapter is here.

    Raises:
        KeyboardInterrupt: asked to stop; a job that was begun goes on, and the run knows it.
        SettingsError: the cost was not accepted, the base is a folder, or it does not fit there.
        HubError: the Hub did not do it; or the job ended without a result.
    """
    job = read_job(run)
    if job is None:
        if place is None:
            raise SettingsError("jobs.no_place", folder=run.path)
        job = _begin(run, place)
    say("jobs.following", id=job.id, flavour=job.flavour, url=job.url)
    try:
        end = follow(job)
    except KeyboardInterrupt:
        say("jobs.detached", id=f"{job.owner}/{job.id}", folder=run.path)
        raise
    if not fetch_result(job.repo, run):
        forget_job(run)
        raise _without_result(job, end, run)
    forget_job(run)
    say("jobs.home", folder=run.adapter)
    _tidy(job.repo)


def _begin(run: Run, place: Place) -> Job:
    """Ask, send, start. What cannot start leaves nothing on the Hub."""
    prepare_process()
    source = source_of(run)
    with tempfile.TemporaryDirectory() as scratch:
        parcel = Path(scratch) / PARCEL
        repo = f"{account()}/persona-job-{make_parcel(run, source, parcel)}"
        job = find_job(repo)
        if job is None:
            hours = _agree(run, source, place, repo)
            say("jobs.sending", repo=repo, megabytes=f"{parcel.stat().st_size / 1e6:.1f}")
            commit = send_parcel(repo, parcel)
            try:
                job = begin_job(repo, commit, place.flavour.name, hours)
            except KeyboardInterrupt:
                say("jobs.half_begun", repo=repo)
                raise
            except HubError as error:
                if _is_refusal(error) and not holds_state(repo):
                    _tidy(repo)
                raise
    record_job(run, job)
    return job


def _is_refusal(error: HubError) -> bool:
    """Whether the Hub said no. Where it failed, or did not answer, there may be a job all the same."""
    return 400 <= int(str(error.values.get("status", 0))) < 500


def _agree(run: Run, source: Source, place: Place, repo: str) -> int:
    """Show what each flavour would cost, and ask; the hours after which the job is to be ended."""
    shape = shape_of(load_config(source))
    fitting = [offer for offer in place.offers if offer.gpus <= 1 and _need(run, source, shape, offer).fits]
    chosen = place.flavour
    need = _need(run, source, shape, chosen)
    if not need.fits:
        raise SettingsError(
            "jobs.too_small",
            flavour=chosen.name,
            base=source.base.id,
            need=in_gib(need.need),
            free=in_gib(need.free),
            flavours=", ".join(offer.name for offer in fitting if offer.gpu),
        )
    work = _work(run, source, shape)
    say("jobs.offers", base=source.base.id, tokens=f"{work.tokens:,.0f}")
    for offer in fitting:
        if offer.gpu or offer == chosen:
            _tell(offer, estimate(offer, work), is_chosen=offer == chosen)
    guess = estimate(chosen, work)
    say("jobs.cost", flavour=chosen.name, most=guess.most, hours=guess.limit)
    say("jobs.travels", repo=repository_url(repo))
    if not place.accepted:
        _ask(guess)
    return guess.limit


def _ask(guess: Estimate) -> None:
    """Go on only with a yes; where nobody sits at a terminal it has to be in the command."""
    if not at_terminal():
        raise SettingsError("jobs.not_confirmed", cost=guess.cost, most=guess.most)
    if not agrees("jobs.question"):
        raise SettingsError("jobs.declined")


def _work(run: Run, source: Source, shape: Shape) -> Work:
    """How much there is to read; what cannot be learned from is said here, where it costs nothing."""
    rows = read_rows(load_tokenizer(source), run.train_file, ChatFormat(), run.settings.max_length)
    epochs = run.settings.epochs or recommended_epochs(len(rows.rows))
    return Work(rows.tokens * epochs, shape.parameters)


def _need(run: Run, source: Source, shape: Shape, flavour: Flavour) -> Plan:
    """The smallest plan on ``flavour``, whether it fits or not."""
    settings = replace(run.settings, device=flavour.device)
    return least(source.base.id, shape, settings, flavour.device, flavour.free)


def _tell(offer: Flavour, guess: Estimate, *, is_chosen: bool) -> None:
    say(
        "jobs.offer",
        mark="→" if is_chosen else " ",
        flavour=f"{offer.name:<16}",
        title=f"{offer.title:<24}",
        hourly=f"${offer.hourly:5.2f}",
        duration=f"{guess.duration:>7}",
        cost=f"{guess.cost:>7}",
    )


def _without_result(job: Job, end: End, run: Run) -> HubError:
    key = (
        "jobs.cancelled" if end.stage == "CANCELED" else "jobs.timed_out" if end.timed_out else "jobs.failed"
    )
    message = f"({end.message}) " if end.message else ""
    return HubError(
        key,
        id=job.id,
        flavour=job.flavour,
        url=job.url,
        repo=job.repo,
        folder=run.path,
        message=message,
    )


def _tidy(repo: str) -> None:
    """Delete the repository; where that fails, or is interrupted, it stays private, and the person is told."""
    try:
        close_depot(repo)
    except HubError as error:
        say("jobs.not_deleted", repo=repo, reason=error)
    except KeyboardInterrupt:
        say("jobs.not_deleted", repo=repo, reason="Ctrl-C")
        raise
    else:
        say("jobs.deleted", repo=repo)
