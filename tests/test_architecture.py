"""Who may import whom: the table of the architecture, held against the code itself."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("persona_core", "trainer", "space")

TORCH = {
    "torch",
    "transformers",
    "peft",
    "bitsandbytes",
    "accelerate",
    "safetensors",
    "tokenizers",
    "openvino",
    "nncf",
}
TRL = {"trl", "datasets"}
PAGE = {"gradio", "spaces"}
WATCHED = TORCH | TRL | PAGE | {"huggingface_hub", "persona_core", "trainer"}

# Folder or file -> what it may import at the top of a module, and inside functions. The longest match decides.
AT_TOP: dict[str, set[str]] = {
    "persona_core": {"persona_core"},
    "trainer": {"persona_core", "trainer"},
    "trainer/demo/recipe.py": {"persona_core", "trainer"},
    "space": {"persona_core"} | PAGE,
}
IN_FUNCTIONS: dict[str, set[str]] = {
    "persona_core": {"persona_core"},
    "persona_core/hub.py": {"persona_core", "huggingface_hub"},
    "persona_core/refusals.py": {"huggingface_hub"},
    "persona_core/waiting.py": {"huggingface_hub"},
    "persona_core/engine": {"persona_core"} | TORCH,
    "trainer": {"persona_core", "trainer"},
    "trainer/team.py": TORCH,
    "trainer/tunnel.py": PAGE,
    "trainer/tuning": {"persona_core", "trainer", "huggingface_hub"} | TORCH | TRL,
    "trainer/fidelity": {"persona_core", "trainer"} | TORCH,
    "trainer/release": {"persona_core", "trainer", "huggingface_hub"} | TORCH,
    "trainer/remote": {"persona_core", "trainer", "huggingface_hub"},
    "trainer/deploy": {"persona_core", "trainer", "huggingface_hub"},
    "trainer/dataset": {"persona_core", "trainer"} | TRL,
    "trainer/demo/recipe.py": {"persona_core", "trainer"} | TORCH,
    "trainer/demo/tokenizer.py": TORCH,
    "space": {"persona_core"} | PAGE,
}


def modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def allowed(table: dict[str, set[str]], path: str) -> set[str]:
    return table[max((place for place in table if path == place or path.startswith(place + "/")), key=len)]


def imports(tree: ast.AST) -> list[tuple[str, bool]]:
    """Every imported top-level package, and whether the import stands inside a function."""
    found = []

    def walk(node: ast.AST, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                found.extend((alias.name.split(".")[0], inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module and child.level == 0:
                found.append((child.module.split(".")[0], inside))
            deeper = inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            walk(child, deeper)

    walk(tree, False)
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path):
    """Each module imports only what the architecture's table gives its room."""
    name = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))

    forbidden = [
        f"{name} -> {package}"
        for package, inside in imports(tree)
        if package in WATCHED and package not in allowed(IN_FUNCTIONS if inside else AT_TOP, name)
    ]

    assert forbidden == []


def test_the_table_notices_a_forbidden_import():
    """A reversed arrow and a heavy import at the top of a module are seen."""
    tree = ast.parse("import trainer.cli\ndef f():\n    import torch\n")

    assert imports(tree) == [("trainer", False), ("torch", True)]
    assert "trainer" not in allowed(AT_TOP, "persona_core/prompt.py")
    assert "torch" not in allowed(IN_FUNCTIONS, "trainer/chatlog/windows.py")


@pytest.mark.parametrize(
    "statement",
    [
        "import persona_core, persona_core.prompt, persona_core.manifest, persona_core.engine, persona_core.privacy",
        "import trainer.cli; trainer.cli.app",
    ],
)
def test_light_imports_stay_light(statement):
    """The shared core and the command line load neither torch nor gradio nor their families."""
    heavy = sorted(TORCH | TRL | PAGE | {"kiwipiepy", "numpy"})
    program = f"{statement}\nimport sys\nprint([m for m in {heavy!r} if m in sys.modules])"

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert loaded.stdout.strip() == "[]"


def test_top_level_holds_nothing_without_a_reason():
    """The root of the repository is the architecture's list."""
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.splitlines()
    if not tracked:
        pytest.skip("not a git checkout")

    assert {name.split("/")[0] for name in tracked} <= {
        "persona_core", "trainer", "space", "tests", ".github", ".ci", "pyproject.toml", "README.md", "README.ko.md",
        "CHANGELOG.md", "LICENSE", "Makefile", "constraints.txt", ".gitignore", ".gitattributes",
    }  # fmt: skip
