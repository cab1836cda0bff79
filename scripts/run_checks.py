"""Runs every check of the project: style, types, import contracts, tests. Arguments go to pytest.

Standard library only. All checks run even if one fails; the exit status is 0 only if none did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_WORKERS = 4
"""Each imports Keras and takes up to 3 GB."""


@dataclass(frozen=True)
class Check:
    """One check: its name, and the arguments of the Python that does it."""

    name: str
    arguments: tuple[str, ...]


# import-linter has no `python -m`, and its script breaks when the checkout moves.
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

CHECKS = (
    Check("style (ruff check)", ("-m", "ruff", "check", ".")),
    Check("layout (ruff format)", ("-m", "ruff", "format", "--check", ".")),
    Check("types (mypy)", ("-m", "mypy")),
    Check("import contracts (import-linter)", ("-c", _LINT_IMPORTS, "--no-logo")),
)


def run(check: Check, environment: dict[str, str]) -> bool:
    """Runs one check under its heading and says how long it took; gives whether it passed."""
    print(f"\n=== {check.name} ===", flush=True)
    start = time.monotonic()
    status = subprocess.run([sys.executable, *check.arguments], cwd=ROOT, env=environment, check=False)
    passed = status.returncode == 0
    print(f"--- {check.name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - start:.1f} s", flush=True)
    return passed


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Gives the environment of the checks: no screen, TensorFlow's own chatter off, and modules compiled once."""
    variables = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TF_CPP_MIN_LOG_LEVEL": "2"}
    if not variables.pop("PYTHONDONTWRITEBYTECODE", ""):
        yield variables
        return
    # Told to keep nothing compiled, each of some forty processes would spend seconds on compiling TensorFlow.
    with tempfile.TemporaryDirectory(prefix="modelgardener-bytecode-", ignore_cleanup_errors=True) as folder:
        yield variables | {"PYTHONPYCACHEPREFIX": folder}


def workers(pytest_arguments: list[str], num_cores: int) -> tuple[str, ...]:
    """Gives pytest's options for several processes: none on one core, for single files, or to look inside."""
    names_files = any((ROOT / argument.partition("::")[0]).is_file() for argument in pytest_arguments)
    if num_cores < 2 or names_files or {"--pdb", "--trace", "-s"} & set(pytest_arguments):
        return ()
    # A test that ends its process is a failure; with another process in its place, pytest-xdist may wait for ever.
    return ("-n", str(min(num_cores, MOST_WORKERS)), "--max-worker-restart", "0")


def _num_cores() -> int:
    """Gives the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def main(pytest_arguments: list[str]) -> int:
    """Runs all checks, the tests last; gives the exit status."""
    options = (*workers(pytest_arguments, _num_cores()), *pytest_arguments)
    checks = (*CHECKS, Check("tests (pytest)", ("-m", "pytest", *options)))
    with environment() as variables:
        failed = [check.name for check in checks if not run(check, variables)]
    if failed:
        print(f"\nChecks that failed: {', '.join(failed)}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
