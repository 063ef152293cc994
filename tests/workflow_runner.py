"""Runs the steps of a workflow in a shell, as GitHub's runner would.

runner = Runner(load(ROOT / ".github" / "workflows" / "ci.yml"), dict(os.environ), tmp_path, {"vars": Context()})
runner.step("all-green", "Every job has succeeded").returncode
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="these steps run on Linux: bash and make")
SHELLS = {None: ["-e"], "bash": ["--noprofile", "--norc", "-eo", "pipefail"]}  # as the runner starts bash


def load(path: Path) -> dict:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["on"] = document.pop(True)  # YAML 1.1 reads `on` as a truth value
    return document


class Context(dict):
    """`vars.NAME`: empty where nobody set it."""

    def __getattr__(self, name):
        return self.get(name, "")


def evaluate(expression: str, **contexts: dict) -> object:
    """What GitHub makes of an expression: its operators give back an operand, as Python's do."""
    python = expression.replace("&&", " and ").replace("||", " or ").replace("needs.*.result", "results")
    python = re.sub(r"!(?!=)", " not ", python).strip()
    functions = {"format": str.format, "join": lambda words, between: between.join(words)}
    return eval(python, functions, contexts)


def substitute(value: str, **contexts: dict) -> str:
    """`value` with its expressions replaced; truth values are written as GitHub writes them."""

    def replaced(match):
        result = evaluate(match[1], **contexts)
        return str(result).lower() if isinstance(result, bool) else str(result)

    return re.sub(r"\$\{\{(.*?)\}\}", replaced, str(value))


@dataclass
class Runner:
    """Runs the `run` steps of a workflow; its environment is the workflow's and ``base``."""

    workflow: dict
    base: dict[str, str]
    folder: Path
    contexts: dict = field(default_factory=dict)

    def step(self, job: str, name: str) -> subprocess.CompletedProcess[str]:
        (step,) = (step for step in self.workflow["jobs"][job]["steps"] if step.get("name") == name)
        environment = {
            key: substitute(value, **self.contexts)
            for layer in (self.workflow, self.workflow["jobs"][job], step)
            for key, value in layer.get("env", {}).items()
        }
        shell = self.workflow.get("defaults", {}).get("run", {}).get("shell")
        script = self.folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        return subprocess.run(
            ["bash", *SHELLS[shell], script],
            cwd=ROOT,
            env={**self.base, **environment, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def begins(self, job: str) -> bool:
        return bool(evaluate(self.workflow["jobs"][job].get("if", "True"), **self.contexts))
