"""`persona …` and `persona-train`: parses words, calls one function per verb, imports late."""

import sys
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from persona_core.errors import SettingsError
from persona_core.texts import text
from trainer import console, team
from trainer.deploy.verb import deploy as deploy_verb
from trainer.progress import ask
from trainer.settings import Settings

LISTS = ("my_names", "partner_names", "names", "nicknames")  # settings that are typed with commas

app = typer.Typer(
    name="persona",
    cls=console.Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables
    help=text("cli.app"),
)
train_app = typer.Typer(
    name="persona-train", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


def _option(name: str, *spellings: str) -> typer.models.OptionInfo:
    """An option whose help is the text ``cli.<name>``."""
    option: typer.models.OptionInfo = typer.Option(*spellings, help=text(f"cli.{name}"), show_default=False)
    return option


def _repository(typed: str) -> str:
    from persona_core.hub import repository_name

    return repository_name(typed)


Paths = Annotated[list[Path] | None, typer.Argument(help=text("cli.exports"), show_default=False)]
RunFolder = Annotated[Path, typer.Argument(help=text("cli.run_folder"))]
Repository = Annotated[
    str, typer.Argument(parser=_repository, metavar="OWNER/NAME", help=text("cli.push_repo"))
]
AsJson = Annotated[bool, _option("json", "--json")]
OtherNames = Annotated[str, _option("other_names", "--names")]
Nicknames = Annotated[str, _option("nicknames", "--nicknames")]
Me = Annotated[str | None, _option("me", "--me")]
Partner = Annotated[str | None, _option("partner", "--partner")]
MyNames = Annotated[str, _option("my_names", "--my-names")]
PartnerNames = Annotated[str, _option("partner_names", "--partner-names")]
SessionGap = Annotated[int | None, _option("session_gap", "--session-gap")]
ValidationShare = Annotated[float | None, _option("validation_share", "--validation-share")]
MaxLength = Annotated[int | None, _option("max_length", "--max-length")]
MaxExamples = Annotated[int | None, _option("max_examples", "--max-examples")]
Base = Annotated[str | None, _option("base", "--base")]
Rank = Annotated[int | None, _option("rank", "--rank")]


@app.command(help=text("cli.train"))
@train_app.command(cls=console.Verb, help=text("cli.train"))
def train(
    ctx: typer.Context,
    exports: Paths = None,
    *,
    me: Me = None,
    partner: Partner = None,
    my_names: MyNames = "",
    partner_names: PartnerNames = "",
    names: OtherNames = "",
    nicknames: Nicknames = "",
    base: Base = None,
    base_revision: Annotated[str | None, _option("base_revision", "--base-revision")] = None,
    push: Annotated[str | None, _option("push", "--push")] = None,
    run: Annotated[Path | None, _option("run", "--run")] = None,
    demo: Annotated[bool, _option("demo", "--demo")] = False,
    session_gap_minutes: SessionGap = None,
    validation_share: ValidationShare = None,
    max_length: MaxLength = None,
    max_examples: MaxExamples = None,
    rank: Rank = None,
    alpha: Annotated[int | None, _option("alpha", "--alpha")] = None,
    learning_rate: Annotated[float | None, _option("learning_rate", "--learning-rate")] = None,
    epochs: Annotated[float | None, _option("epochs", "--epochs")] = None,
    batch: Annotated[int | None, _option("batch", "--batch")] = None,
    effective_batch: Annotated[int | None, _option("effective_batch", "--effective-batch")] = None,
    canaries: Annotated[int | None, _option("canaries", "--canaries")] = None,
    seed: Annotated[int | None, _option("seed", "--seed")] = None,
    device: Annotated[str | None, _option("device", "--device")] = None,
    accept_licence: Annotated[bool, _option("accept_licence", "--accept-licence")] = False,
    no_openvino: Annotated[bool, _option("no_openvino", "--no-openvino")] = False,
    on: Annotated[str | None, _option("on", "--on")] = None,
    yes: Annotated[bool, _option("yes", "--yes")] = False,
    deploy: Annotated[
        str | None, typer.Option("--deploy", help=text("deploy.option_train_deploy"), show_default=False)
    ] = None,
) -> None:
    """Go the whole way: read, mask, curate, train, evaluate, merge, verify, push and deploy when asked."""
    from trainer import pipeline
    from trainer.remote import find_place

    if not team.leads():
        pipeline.follow()
        return
    asked = _settings(ctx)
    push = push and _repository(push)
    if demo and (exports or me):
        raise SettingsError("cli.demo_takes_no_export")
    if deploy and not push:
        raise SettingsError("deploy.needs_push")
    way = pipeline.Way(
        repo=push or "",
        space=deploy or "",
        place=find_place(on, accepted=yes) if on else None,
        accept_licence=accept_licence,
        openvino=not no_openvino,
    )
    if demo:
        pipeline.train_demo(run, asked, way)
    elif exports and len(exports) == 1 and (exports[0] / "run.toml").is_file():
        pipeline.resume(exports[0], asked, way)
    elif exports:
        pipeline.train(exports, run, asked, way)
    else:
        typer.echo(ctx.get_help())
        raise SettingsError("cli.no_export")


@app.command(help=text("cli.prepare"))
def prepare(
    ctx: typer.Context,
    exports: Annotated[list[Path], typer.Argument(help=text("cli.exports"))],
    *,
    out: Annotated[Path, _option("out", "--out")],
    me: Me = None,
    partner: Partner = None,
    my_names: MyNames = "",
    partner_names: PartnerNames = "",
    names: OtherNames = "",
    nicknames: Nicknames = "",
    row_format: Annotated[str, _option("format", "--format")] = "messages",
    session_gap_minutes: SessionGap = None,
    validation_share: ValidationShare = None,
    max_length: MaxLength = None,
    max_examples: MaxExamples = None,
) -> None:
    """Examples and a report from exports, and nothing more."""
    from trainer import pipeline

    pipeline.prepare(exports, out, row_format, {"me": "", "partner": "", **_settings(ctx)})


@app.command(help=text("cli.inspect"))
def inspect(
    exports: Annotated[list[Path], typer.Argument(help=text("cli.exports"))], *, json: AsJson = False
) -> None:
    """Who speaks, how much, which format."""
    from trainer.inspection import inspect as look

    look(exports, as_json=json)


@app.command(help=text("cli.mask"))
def mask(
    *,
    names: Annotated[str, _option("names", "--names")] = "",
    nicknames: Nicknames = "",
    json: Annotated[bool, _option("json_lines", "--json")] = False,
) -> None:
    """Lines in, masked lines (or one JSON object a line) out."""
    from trainer.inspection import mask_lines

    mask_lines(sys.stdin.buffer, _list(names), _list(nicknames), as_json=json)


@app.command(help=text("cli.evaluate"))
def evaluate(run: RunFolder, *, json: AsJson = False) -> None:
    """Measure the tuned model against its base, again."""
    from trainer import pipeline

    pipeline.evaluate(run, as_json=json)


@app.command(help=text("cli.export"))
def export(
    run: RunFolder,
    *,
    bits: Annotated[int, _option("bits", "--bits")] = 4,
    keep: Annotated[str, _option("keep", "--keep")] = "",
    openvino: Annotated[bool | None, _option("openvino", "--openvino/--no-openvino")] = None,
) -> None:
    """Merge, quantise, verify: write the release folder anew."""
    from trainer import pipeline

    pipeline.export(run, bits, keep, openvino=openvino)


@app.command(help=text("cli.push_verb"))
def push(run: RunFolder, repo: Repository) -> None:
    """Send a finished release to a private repository."""
    from trainer import pipeline

    pipeline.push(run, repo)


@app.command(help=text("cli.quiz"))
def quiz(
    run: RunFolder,
    *,
    terminal: Annotated[bool, _option("quiz_terminal", "--terminal")] = False,
    questions: Annotated[
        int, typer.Option("--questions", min=1, max=500, help=text("cli.questions"), show_default=False)
    ] = 20,
    seed: Annotated[int, _option("quiz_seed", "--seed")] = 0,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help=text("cli.quiz_port"), show_default=False)
    ] = 0,
) -> None:
    """Which is him? A blind test for people, on a page of this machine."""
    from trainer.fidelity.booth import hold_quiz

    hold_quiz(run, port=port, seed=seed, count=questions, terminal=terminal)


@app.command("list", help=text("cli.list"))
def list_personas(*, json: AsJson = False) -> None:
    """The releases on the Hub, and which Space runs which."""
    from trainer.release import shelf

    shelf.show(as_json=json)


@app.command(help=text("cli.rollback"))
def rollback(repo: Repository, version: Annotated[str, typer.Argument(help=text("cli.version"))]) -> None:
    """Go back to an older release, in the repository and in the Space that runs it."""
    from trainer.release import withdrawal

    withdrawal.roll_back(repo, version)


@app.command(help=text("cli.forget"))
def forget(
    repo: Repository,
    *,
    older: Annotated[bool, _option("older", "--older")] = False,
    runs: Annotated[bool, _option("forget_runs", "--runs")] = False,
    yes: Annotated[bool, _option("forget_yes", "--yes")] = False,
) -> None:
    """Delete a repository and its Space, or all but its newest release."""
    from trainer.release import withdrawal

    confirm = (lambda _: repo) if yes else ask
    if older and runs:
        raise SettingsError("cli.older_or_runs")
    if older:
        withdrawal.forget_older(repo, confirm)
    else:
        withdrawal.forget(repo, confirm, runs=runs)


app.command("deploy", help=text("deploy.verb"))(deploy_verb)


@app.command(help=text("cli.chat"))
def chat(
    source: Annotated[str, typer.Argument(help=text("cli.chat_source"))],
    *,
    terminal: Annotated[bool, _option("terminal", "--terminal")] = False,
    his_name: Annotated[str, _option("his_name", "--his-name")] = "",
    her_name: Annotated[str, _option("her_name", "--her-name")] = "",
    revision: Annotated[str | None, _option("revision", "--revision")] = None,
    port: Annotated[
        int, typer.Option("--port", min=1024, max=65535, help=text("cli.port"), show_default=False)
    ] = 7860,
    lan: Annotated[bool, _option("lan", "--lan")] = False,
    share: Annotated[bool, _option("share", "--share")] = False,
) -> None:
    """Talk to a run or a repository here: the Space's page, or the terminal."""
    from trainer import conversation

    if "://" in source:
        source = _repository(source)
    if terminal and (lan or share):
        raise SettingsError("cli.terminal_stays_here")
    if terminal:
        conversation.in_terminal(source, revision=revision, his_name=his_name, her_name=her_name)
    else:
        conversation.in_browser(
            source, revision=revision, his_name=his_name, her_name=her_name, port=port, lan=lan, share=share
        )


@app.command(help=text("cli.doctor"))
def doctor(
    ctx: typer.Context,
    *,
    base: Base = None,
    rank: Rank = None,
    max_length: MaxLength = None,
    json: AsJson = False,
) -> None:
    """What this machine can do, what is missing, what to type next."""
    from trainer.doctor import doctor as look

    if not look(Settings(**_settings(ctx, "rank", "max_length")), base, as_json=json):
        raise typer.Exit(2)


def _settings(ctx: typer.Context, *names: str) -> dict[str, Any]:
    """Those of the verb's options that were given and are settings (of them ``names``): an option has its setting's name."""
    wanted = names or tuple(field.name for field in fields(Settings) if field.name != "exports")
    given = {name: ctx.params.get(name) for name in wanted}
    read = {name: _list(value) if name in LISTS and value else value for name, value in given.items()}
    return {name: value for name, value in read.items() if value not in (None, "", ())}


def _list(names: str) -> tuple[str, ...]:
    return tuple(name for part in names.split(",") if (name := part.strip()))


def main() -> None:
    """Entry point of `persona`."""
    console.run(app)


def main_train() -> None:
    """Entry point of `persona-train`: `persona train` under the name users know."""
    console.run(train_app)


if __name__ == "__main__":
    main()
