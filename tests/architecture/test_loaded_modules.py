"""What a process has loaded after importing our modules: the contracts, seen from the running side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"keras", "tensorflow", "sklearn", "jax", "torch"}
QT = {"PySide6", "shiboken6", "pyqtgraph"}

IMPORT_AND_TELL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def modules_of(repository: Path, package: str) -> list[str]:
    """Gives the dotted names of a package's modules, without those that run when imported."""
    files = (repository / package).rglob("*.py")
    names = (file.relative_to(repository).with_suffix("").parts for file in files if file.stem != "__main__")
    return sorted({".".join(parts).removesuffix(".__init__") for parts in names})


def loaded_after_importing(repository: Path, names: list[str]) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_TELL, *names],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_the_window_loads_no_keras(repository: Path) -> None:
    loaded = loaded_after_importing(repository, modules_of(repository, "app"))
    assert "PySide6" in loaded
    assert loaded & HEAVY == set()


def test_the_light_half_of_the_trainer_loads_neither_keras_nor_qt(repository: Path) -> None:
    names = [name for name in modules_of(repository, "trainer") if not name.startswith("trainer.engine")]
    assert loaded_after_importing(repository, names) & (HEAVY | QT) == set()


@pytest.mark.slow
def test_the_engine_loads_no_qt(repository: Path) -> None:
    names = [name for name in modules_of(repository, "trainer") if name.startswith("trainer.engine")]
    loaded = loaded_after_importing(repository, names)
    assert "keras" in loaded
    assert loaded & QT == set()
