"""The benchmark scripts: each explains itself at once, and says clearly when its data is missing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SCRIPTS = [path for path in sorted(BENCHMARKS.glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]
LIGHT = [path for path in SCRIPTS if path.stem not in ("augmentation", "input_pipeline")]
HEAVY = {"keras", "tensorflow", "numpy", "pyqtgraph", "PySide6", "trainer", "app"}

RUN_AND_TELL = """
import runpy, sys
script, *sys.argv = sys.argv[1:]
sys.argv.insert(0, script)
sys.path.insert(0, script.rpartition("/")[0])
try:
    runpy.run_path(script, run_name="__main__")
finally:
    print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN_AND_TELL, script.as_posix(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("script", LIGHT, ids=lambda path: path.stem)
def test_help_explains_the_script_and_loads_nothing_heavy(script: Path) -> None:
    done = run(script, "--help")
    assert done.returncode == 0, done.stderr
    text, _, loaded = done.stdout.partition("LOADED")
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8")))
    assert docstring is not None
    assert docstring.splitlines()[0] in text
    assert set(loaded.split()) & HEAVY == set()


@pytest.mark.parametrize(
    "script",
    [path for path in LIGHT if "add_data_option" in path.read_text(encoding="utf-8")],
    ids=lambda path: path.stem,
)
def test_missing_data_is_named_with_the_option_that_gives_it(script: Path, tmp_path: Path) -> None:
    done = run(script, "--data", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert str(tmp_path / "nowhere") in done.stderr
    assert "--data FOLDER" in done.stderr


def test_every_script_is_in_the_readme() -> None:
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert SCRIPTS
    assert [path.name for path in SCRIPTS if path.name not in readme] == []
