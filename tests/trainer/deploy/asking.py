"""A deploy as it is asked for, by a program or on the command line; and what it wrote to the Hub."""

from typer.testing import CliRunner

from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.cli import app
from trainer.deploy.deployment import Request

READS = {"GET", "HEAD"}


def asked(**words):
    return Request(SPACE, MODEL, **words)


def run_verb(*words):
    return CliRunner().invoke(app, ["deploy", *words]).exit_code


def writes(requests):
    return [(record.method, record.path) for record in requests if record.method not in READS]
