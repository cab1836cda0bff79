"""Each import contract of pyproject.toml is shown to hold, and to be refused when broken."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
LAZILY = "def later():\n    import {}\n"
OURS = {"app", "trainer", "scripts", "main", "tests"}


@pytest.fixture
def tree(repository: Path, tmp_path: Path) -> Path:
    """Gives a copy of the sources and their contracts that a test may spoil."""
    for package in ("app", "trainer"):
        shutil.copytree(repository / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repository / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT_IMPORTS, "--no-logo", "--no-cache", *options]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120, check=False)


def test_the_sources_keep_every_contract(tree: Path) -> None:
    result = lint_imports(tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("contract", "additions", "refused"),
    [
        ("window-without-keras", {"app/theme.py": "import tensorflow\n"}, "app.theme -> tensorflow"),
        ("window-without-keras", {"app/theme.py": LAZILY.format("keras")}, "app.theme -> keras"),
        ("window-without-keras", {"app/theme.py": "import sklearn\n"}, "app.theme -> sklearn"),
        ("window-without-keras", {"app/theme.py": "import trainer.worker\n"}, "app.theme -> trainer.worker"),
        (
            "window-without-keras",
            {"app/theme.py": "import trainer.runs.store\n", "trainer/runs/store.py": "import trainer.engine\n"},
            "trainer.runs.store -> trainer.engine",
        ),
        ("trainer-without-qt", {"trainer/errors.py": "import PySide6.QtCore\n"}, "trainer.errors -> PySide6"),
        ("trainer-without-qt", {"trainer/errors.py": "import app.theme\n"}, "trainer.errors -> app.theme"),
        ("light-half-without-keras", {"trainer/errors.py": "import keras\n"}, "trainer.errors -> keras"),
        (
            "light-half-without-keras",
            {"trainer/data/__init__.py": LAZILY.format("trainer.engine")},
            "trainer.data -> trainer.engine",
        ),
        ("layers", {"trainer/errors.py": "import trainer.config\n"}, "trainer.errors -> trainer.config"),
        ("layers", {"trainer/config/config.py": "import trainer.runs\n"}, "trainer.config.config -> trainer.runs"),
        ("layers", {"trainer/engine/__init__.py": "import trainer.cli\n"}, "trainer.engine -> trainer.cli"),
        ("layers", {"trainer/newcomer.py": "import json\n"}, "trainer.newcomer"),
        (
            "no-circles",
            {
                "trainer/runs/store.py": "import trainer.catalog\n",
                "trainer/catalog/__init__.py": "import trainer.runs\n",
            },
            "trainer.runs|trainer.catalog",
        ),
        ("keras-only-in-engine", {"trainer/errors.py": "import keras\n"}, "trainer.errors -> keras"),
        ("keras-only-in-engine", {"app/theme.py": "import tensorflow\n"}, "app.theme -> tensorflow"),
    ],
)
def test_a_broken_contract_is_refused_and_named(
    tree: Path, contract: str, additions: dict[str, str], refused: str
) -> None:
    for name, lines in additions.items():
        with (tree / name).open("a", encoding="utf-8") as file:
            file.write("\n" + lines)

    result = lint_imports(tree, "--contract", contract)

    assert result.returncode != 0, result.stdout
    assert "BROKEN" in result.stdout
    assert any(words in result.stdout for words in _spellings(refused)), result.stdout


def _spellings(refused: str) -> list[str]:
    """Gives how the linter may word it: a circle is shown from either side, without the common parent."""
    if "|" not in refused:
        return [refused]
    first, second = (name.removeprefix("trainer") for name in refused.split("|"))
    return [f"{first} -> {second}", f"{second} -> {first}"]


def imported_modules(file: Path) -> Iterator[str]:
    """Gives the top-level name of each absolute import in a file, those inside functions included."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0] if node.level == 0 else "."


def test_people_can_copy_the_custom_functions_alone(repository: Path) -> None:
    folder = repository / "custom_functions"
    if not folder.is_dir():
        pytest.skip("there is no custom_functions folder yet")
    ours = {
        (file.name, name) for file in folder.rglob("*.py") for name in imported_modules(file) if name in {*OURS, "."}
    }
    assert ours == set()


def test_imports_of_custom_functions_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "losses.py"
    file.write_text("def loss():\n    from trainer.errors import ConfigError\nfrom . import other\nimport keras.ops\n")
    assert sorted(imported_modules(file)) == [".", "keras", "trainer"]
