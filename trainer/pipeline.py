"""The whole way, stage by stage: prepare, tune, evaluate, export, push. What is done already is not done again."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_core.errors import PersonaError, SettingsError
from persona_core.texts import text
from trainer import team
from trainer.fidelity.memory import require_kept
from trainer.progress import bar, console, say
from trainer.remote import Place, is_away, train_away
from trainer.run import RUNS, Run, discarded_if_useless, load_run, open_run
from trainer.settings import Origin, Settings
from trainer.tuning.source import Source

if TYPE_CHECKING:
    from trainer.deploy.deployment import Request

KILLED = 137  # the exit code a shell gives for signal 9: how Linux ends what takes too much memory
MEASURED = {"evaluation", "fidelity", "memory"}  # sections of metrics.json that every evaluated run has


def train(
    exports: Sequence[Path],
    folder: Path | None,
    repo: str | None,
    asked: Mapping[str, Any],
    *,
    accept_licence: bool = False,
    place: Place | None = None,
    space: str | None = None,
    openvino: bool = True,
) -> None:
    """`persona-train EXPORT... --me NAME`: open the run that these exports and settings belong to, and go on."""
    online = _check_destination(repo, space)
    me, partner = _speakers(exports, asked.get("me", ""), asked.get("partner", ""))
    sha256 = _digest(exports)
    chosen = {**asked, "me": me, "partner": partner, "exports_sha256": sha256}
    key = hashlib.sha256(f"{sha256} {me} {asked.get('base', '')}".encode()).hexdigest()[:8]
    folder = folder or RUNS / f"persona-{key}"
    origins: dict[str, Origin] = dict.fromkeys([*asked, "exports", "exports_sha256"], "flag")
    if "partner" not in asked:
        origins["partner"] = "measured"
    if "base" not in asked and not (folder / "run.toml").exists():
        from trainer.tuning import choose_base

        chosen["base"] = choose_base(Settings(**chosen), place.room if place else None)
        origins["base"] = "measured"
    settings = Settings(exports=tuple(str(path.resolve()) for path in exports), **chosen)
    settings = _checked(folder, settings, origins, place, accept_licence=accept_licence)
    _whole_way(open_run(folder, settings, origins), repo, place, online, openvino=openvino)


def prepare(exports: Sequence[Path], folder: Path, row_format: str, asked: Mapping[str, Any]) -> None:
    """`persona prepare EXPORT... --me NAME --out DIR`: examples and report in any folder, in any format."""
    from trainer.dataset.preparation import prepare_files
    from trainer.dataset.row_rules import FORMATS

    known = next((known for known in FORMATS if known == row_format), None)
    if known is None:
        raise SettingsError("cli.unknown_format", format=row_format, formats=", ".join(FORMATS))
    me, partner = _speakers(exports, asked["me"], asked["partner"])
    paths = tuple(str(path) for path in exports)
    prepare_files(Settings(**{**asked, "exports": paths, "me": me, "partner": partner}), folder, known)


def train_demo(
    folder: Path | None,
    repo: str | None,
    asked: Mapping[str, Any],
    *,
    accept_licence: bool = False,
    place: Place | None = None,
    space: str | None = None,
    openvino: bool = True,
) -> None:
    """`persona-train --demo`: the same code on the embedded sample and the tiny base."""
    from trainer import demo

    online = _check_destination(repo, space)
    folder = folder or RUNS / "demo"
    export = demo.write_export(folder).resolve()
    settings = demo.settings(export, _digest([export]), asked)
    origins: dict[str, Origin] = {**dict.fromkeys(demo.CHOSEN, "demo"), **dict.fromkeys(asked, "flag")}
    settings = _checked(folder, settings, origins, place, accept_licence=accept_licence)
    _whole_way(open_run(folder, settings, origins), repo, place, online, openvino=openvino)


def resume(
    folder: Path,
    repo: str | None,
    asked: Mapping[str, Any],
    place: Place | None = None,
    space: str | None = None,
    *,
    openvino: bool = True,
) -> None:
    """`persona-train RUN`: go on where the run stopped, with the settings it was begun with."""
    run = load_run(folder)
    if "memory" in run.read_metrics():
        require_kept(run)
    online = _check_destination(repo, space)
    if different := run.settings.differences(replace(run.settings, **asked)):
        raise SettingsError("settings.other_run", folder=folder, fields=", ".join(different))
    _whole_way(run, repo, place, online, openvino=openvino)


def follow() -> None:
    """What all processes but the first do, when several train one run: wait until it is prepared, then train along."""
    from trainer.tuning import prepare_process, tune

    prepare_process()
    team.assemble()
    if folder := team.hear():
        with team.together():
            tune(load_run(folder))


def _whole_way(
    run: Run, repo: str | None, place: Place | None, online: "Request | None", *, openvino: bool
) -> None:
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
    is_elsewhere = not is_trained and (place is not None or is_away(run))
    team.tell(None if is_trained or is_elsewhere else run.path)
    if is_elsewhere:
        train_away(run, place)
    elif not is_trained:
        with team.together():
            tune(run)
    team.part()
    if MEASURED - run.read_metrics().keys():
        _evaluate(run)
    require_kept(run)
    if not run.release.exists():
        _export_in_a_fresh_process(run, openvino=openvino)
    _tell(run)
    if repo:
        push(run.path, repo, goes_online=online is not None)
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


def _check_destination(repo: str | None, space: str | None = None) -> "Request | None":
    """Say now, and not after hours of training, that a token is missing, a repository public or a Space another's.

    What the deploy at the end will need, the Space's token with it, when there is to be one.
    """
    if repo:
        from trainer.release import check_destination

        check_destination(repo)
    if not (repo and space):
        return None
    from trainer.deploy.deployment import get_ready

    return get_ready(space, repo)


def _checked(
    folder: Path,
    settings: Settings,
    origins: dict[str, Origin],
    place: Place | None,
    *,
    accept_licence: bool,
) -> Settings:
    """``settings`` of a run that is to begin, once its base is known to train here and its licence is accepted."""
    if (folder / "run.toml").exists():
        return settings
    from trainer.tuning import check_base

    accepted = _accepted_licence(check_base(settings, place.room if place else None), accepted=accept_licence)
    if accepted:
        origins["accepted_licence"] = "flag" if accept_licence else "answered"
    return replace(settings, accepted_licence=accepted)


def _accepted_licence(source: Source, *, accepted: bool) -> str:
    """The name of the licence of the base if it had to be accepted: by the option, or by who sits at the terminal."""
    from trainer.release import require_acceptance

    def ask(warning: str) -> bool:
        console().print(warning, markup=False, soft_wrap=True)
        if accepted or not (sys.stdin.isatty() and console().is_terminal):
            return accepted
        return console().input(text("release.licence_question") + " ").strip().lower() in (
            "y",
            "yes",
            "ㅛ",
            "네",
        )

    return require_acceptance(source, ask)


def _evaluate(run: Run) -> None:
    from trainer.fidelity.assessment import assess
    from trainer.fidelity.quiz import keep_result
    from trainer.fidelity.recall import assess_memory
    from trainer.tuning import evaluate as measure
    from trainer.tuning import load_trained, write_report

    keep_result(run)  # reads what may be damaged: said now, not after a minute
    trained = load_trained(run)
    measure(run, trained)
    assess(run, trained)
    assess_memory(run, trained)
    write_report(run)


def _export_in_a_fresh_process(run: Run, *, openvino: bool) -> None:
    """Merging wants the memory that training still holds, and none of its patches."""
    command = [sys.executable, "-m", "trainer.cli", "export", str(run.path)]
    if not openvino:
        command.append("--no-openvino")
    alone = {name: value for name, value in os.environ.items() if name not in team.VARIABLES}
    before = signal.signal(
        signal.SIGINT, lambda *_: None
    )  # Ctrl-C reaches the child, too: that one answers it
    try:
        done = subprocess.run(command, env=alone, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    if done.returncode in (2, 130):
        raise SystemExit(done.returncode)  # its one line is printed already
    if done.returncode:
        killed = done.returncode < 0 or done.returncode == KILLED
        key = "pipeline.export_killed" if killed else "pipeline.export_failed"
        raise PersonaError(key, folder=run.path, code=done.returncode)


def _speakers(exports: Sequence[Path], me: str, partner: str) -> tuple[str, str]:
    """The two names as the export writes them; the partner is the only other person unless named."""
    from trainer.chatlog import count_senders, find_partner, find_sender, open_chat
    from trainer.chatlog.source import find_sources
    from trainer.dataset.reading import is_prepared

    if is_prepared(exports):
        for path in exports:
            find_sources(path)  # a file that is not there is said now
        return me, partner  # masked already: the names are only shown
    chat = open_chat(exports)
    with bar("inspection.bar", chat.size, of_bytes=True) as advance:
        said = count_senders(chat.messages(advance))
    if not me:
        raise SettingsError("cli.no_me", names=", ".join(said))
    me = find_sender(me, said)
    if partner:
        partner = find_sender(partner, said)
        if partner == me:
            raise SettingsError("pipeline.same_person", name=me)
        return me, partner
    found = find_partner(me, said)
    if not found:
        raise SettingsError("pipeline.alone", me=me)
    return me, found


def _digest(paths: Sequence[Path]) -> str:
    """One sha256 over the exports' own, so that the order they are given in does not matter."""
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    each = []
    for file in files:
        if file.suffix in (".txt", ".csv", ".zip", ".jsonl") or file in paths:
            with file.open("rb") as stream:
                each.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return hashlib.sha256("".join(sorted(each)).encode()).hexdigest()


def _tell(run: Run) -> None:
    from trainer.summary import tell

    tell(run)
