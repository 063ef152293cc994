"""The whole way, stage by stage: prepare, tune, evaluate, export, push. What is done already is not done again."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_core.errors import PersonaError, SettingsError
from trainer import team
from trainer.exports import digest_of, speakers_of
from trainer.fidelity.memory import require_kept
from trainer.progress import agrees, console, say
from trainer.remote import Place, is_away, train_away
from trainer.run import RUNS, Run, discarded_if_useless, load_run, open_run
from trainer.settings import Origin, Settings
from trainer.tuning.source import Source

if TYPE_CHECKING:
    from trainer.deploy.deployment import Request

KILLED = 137  # the exit code a shell gives for signal 9: how Linux ends what takes too much memory
MEASURED = {"evaluation", "fidelity", "memory"}  # sections of metrics.json that every evaluated run has


@dataclass(frozen=True, slots=True)
class Way:
    """How a training goes and how far, besides its settings."""

    repo: str = ""  # where the release is pushed to, OWNER/NAME
    space: str = ""  # which then runs it
    place: Place | None = None  # where the adapter is trained, if not here
    accept_licence: bool = False  # of a base that forbids something
    openvino: bool = True  # a form for CPUs in the release, where it can be made


HERE = Way()


def train(exports: Sequence[Path], folder: Path | None, asked: Mapping[str, Any], way: Way = HERE) -> None:
    """`persona-train EXPORT... --me NAME`: open the run that these exports and settings belong to, and go on."""
    online = _check_destination(way)
    me, partner = speakers_of(exports, asked)
    sha256 = digest_of(exports)
    chosen = {**asked, "me": me, "partner": partner, "exports_sha256": sha256}
    key = hashlib.sha256(f"{sha256} {me} {asked.get('base', '')}".encode()).hexdigest()[:8]
    folder = folder or RUNS / f"persona-{key}"
    origins: dict[str, Origin] = dict.fromkeys([*asked, "exports", "exports_sha256"], "flag")
    if "partner" not in asked:
        origins["partner"] = "measured"
    if "base" not in asked and not (folder / "run.toml").exists():
        from trainer.tuning import choose_base

        chosen["base"] = choose_base(Settings(**chosen), way.place.room if way.place else None)
        origins["base"] = "measured"
    settings = Settings(exports=tuple(str(path.resolve()) for path in exports), **chosen)
    settings = _checked(folder, settings, origins, way)
    _whole_way(open_run(folder, settings, origins), way, online)


def prepare(exports: Sequence[Path], folder: Path, row_format: str, asked: Mapping[str, Any]) -> None:
    """`persona prepare EXPORT... --me NAME --out DIR`: examples and report in any folder, in any format."""
    from trainer.dataset.preparation import prepare_files
    from trainer.dataset.row_rules import FORMATS

    known = next((known for known in FORMATS if known == row_format), None)
    if known is None:
        raise SettingsError("cli.unknown_format", format=row_format, formats=", ".join(FORMATS))
    me, partner = speakers_of(exports, asked)
    paths = tuple(str(path) for path in exports)
    prepare_files(Settings(**{**asked, "exports": paths, "me": me, "partner": partner}), folder, known)


def train_demo(folder: Path | None, asked: Mapping[str, Any], way: Way = HERE) -> None:
    """`persona-train --demo`: the same code on the embedded sample and the tiny base."""
    from trainer import demo

    online = _check_destination(way)
    folder = folder or RUNS / "demo"
    export = demo.write_export(folder).resolve()
    settings = demo.settings(export, digest_of([export]), asked)
    origins: dict[str, Origin] = {**dict.fromkeys(demo.CHOSEN, "demo"), **dict.fromkeys(asked, "flag")}
    settings = _checked(folder, settings, origins, way)
    _whole_way(open_run(folder, settings, origins), way, online)


def resume(folder: Path, asked: Mapping[str, Any], way: Way = HERE) -> None:
    """`persona-train RUN`: go on where the run stopped, with the settings it was begun with."""
    run = load_run(folder)
    if "memory" in run.read_metrics():
        require_kept(run)
    online = _check_destination(way)
    if different := run.settings.differences(replace(run.settings, **asked)):
        raise SettingsError("settings.other_run", folder=folder, fields=", ".join(different))
    _whole_way(run, way, online)


def follow() -> None:
    """What all processes but the first do, when several train one run: wait until it is prepared, then train along."""
    from trainer.tuning import prepare_process, tune

    prepare_process()
    team.assemble()
    if folder := team.hear():
        with team.together():
            tune(load_run(folder))


def _whole_way(run: Run, way: Way, online: "Request | None") -> None:
    """Every stage whose output is missing, in order, then what was learned and what to type next."""
    from trainer.dataset import prepare
    from trainer.tuning import prepare_process, tune

    if team.size() > 1:
        prepare_process()
        team.assemble()

    say("pipeline.begin", folder=run.path, base=run.settings.base)
    if not run.data.exists():
        with team.dismissed_on_failure(), discarded_if_useless(run):
            prepare(run)
    is_trained = run.adapter.exists()
    is_elsewhere = not is_trained and (way.place is not None or is_away(run))
    team.tell(None if is_trained or is_elsewhere else run.path)
    if is_elsewhere:
        train_away(run, way.place)
    elif not is_trained:
        with team.together():
            tune(run)
    team.part()
    if MEASURED - run.read_metrics().keys():
        _evaluate(run)
    require_kept(run)
    if not run.release.exists():
        _export_in_a_fresh_process(run, openvino=way.openvino)
    _tell(run)
    if way.repo:
        push(run.path, way.repo, goes_online=online is not None)
    else:
        say("pipeline.next", folder=run.path)
    if online:
        from trainer.deploy.deployment import deploy_run

        deploy_run(run, online)


def evaluate(folder: Path, *, as_json: bool = False) -> None:
    """`persona evaluate RUN`; ``as_json`` prints what was measured as one document on stdout."""
    run = load_run(folder)
    if not run.adapter.exists():
        raise SettingsError("pipeline.not_trained", folder=folder)
    _evaluate(run)
    if as_json:
        told = {name: values for name, values in run.read_metrics().items() if name in MEASURED | {"quiz"}}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        _tell(run)


def export(folder: Path, bits: int = 4, keep: str = "", *, openvino: bool | None = None) -> None:
    """`persona export RUN`: in ``bits`` bits, with the full weights beside them when ``keep`` is ``bf16``.

    ``openvino``: see `trainer.release.build_release`.
    """
    from trainer.release import build_release
    from trainer.tuning import write_report

    if bits not in (4, 8):
        raise SettingsError("settings.out_of_range", flag="--bits", value=bits, allowed="4, 8")
    if keep not in ("", "bf16"):
        raise SettingsError("settings.out_of_range", flag="--keep", value=keep, allowed="bf16")
    run = load_run(folder)
    if not run.adapter.exists():
        raise SettingsError("pipeline.not_trained", folder=folder)
    write_report(run)  # reads what may be of another version: said now, not after the merging
    build_release(run, 8 if bits == 8 else 4, keep_full=bool(keep), openvino=openvino)
    write_report(run)


def push(folder: Path, repo: str, *, goes_online: bool = False) -> None:
    """`persona push RUN OWNER/NAME`; what to type next is said unless it ``goes_online`` by itself."""
    from trainer.release import push as send

    run = load_run(folder)
    if not run.release.exists():
        raise SettingsError("pipeline.not_exported", folder=folder)
    require_kept(run)
    send(run, repo)
    if not goes_online:
        say("pipeline.pushed", repo=repo)


def _check_destination(way: Way) -> "Request | None":
    """Say now, and not after hours of training, that a token is missing, a repository public or a Space another's.

    What the deploy at the end will need, the Space's token with it, when there is to be one.
    """
    if way.repo:
        from trainer.release import check_destination

        check_destination(way.repo)
    if not (way.repo and way.space):
        return None
    from trainer.deploy.deployment import get_ready

    return get_ready(way.space, way.repo)


def _checked(folder: Path, settings: Settings, origins: dict[str, Origin], way: Way) -> Settings:
    """``settings`` of a run that is to begin, once its base is known to train here and its licence is accepted."""
    if (folder / "run.toml").exists():
        return settings
    from trainer.tuning import check_base

    source = check_base(settings, way.place.room if way.place else None)
    accepted = _accepted_licence(source, accepted=way.accept_licence)
    if accepted:
        origins["accepted_licence"] = "flag" if way.accept_licence else "answered"
    return replace(settings, accepted_licence=accepted)


def _accepted_licence(source: Source, *, accepted: bool) -> str:
    """The name of the licence of the base if it had to be accepted: by the option, or by who sits at the terminal."""
    from trainer.release import require_acceptance

    def ask(warning: str) -> bool:
        console().print(warning, markup=False, soft_wrap=True)
        return accepted or agrees("release.licence_question")

    return require_acceptance(source, ask)


def _evaluate(run: Run) -> None:
    from trainer.fidelity.assessment import assess
    from trainer.fidelity.quiz import keep_result
    from trainer.fidelity.recall import assess_memory
    from trainer.tuning import evaluate as measure
    from trainer.tuning import free_memory, load_trained, require_readable, write_report

    keep_result(run)  # reads what may be damaged: said now, not after a minute
    require_readable(run, apart_from=MEASURED)
    free_memory()  # what was trained is loaded anew, on the same GPU
    trained = load_trained(run)
    measure(run, trained)
    assess(run, trained)
    assess_memory(run, trained)
    write_report(run)


def _export_in_a_fresh_process(run: Run, *, openvino: bool) -> None:
    """Merging wants the memory that training still holds, and none of its patches."""
    from trainer.tuning import free_memory

    command = [sys.executable, "-m", "trainer.cli", "export", str(run.path)]
    if not openvino:
        command.append("--no-openvino")
    alone = {name: value for name, value in os.environ.items() if name not in team.VARIABLES}
    free_memory()  # the child verifies on the same GPU
    asked: list[int] = []  # Ctrl-C reaches the child, too, which answers it, unless it is at its very end
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        done = subprocess.run(command, env=alone, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    if done.returncode in (2, 130):
        raise SystemExit(done.returncode)  # its one line is printed already
    if asked:
        raise KeyboardInterrupt
    if done.returncode:
        killed = done.returncode < 0 or done.returncode == KILLED
        key = "pipeline.export_killed" if killed else "pipeline.export_failed"
        raise PersonaError(key, folder=run.path, code=done.returncode)


def _tell(run: Run) -> None:
    from trainer.summary import tell

    tell(run)
