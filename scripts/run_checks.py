"""Runs every check of the project: style, types, import contracts, tests. Arguments go to pytest.

Standard library only. All checks run even if one fails; the exit status is 0 only if none did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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


def run(check: Check) -> bool:
    """Runs one check under its heading and says how long it took; gives whether it passed."""
    print(f"\n=== {check.name} ===", flush=True)
    start = time.monotonic()
    status = subprocess.run([sys.executable, *check.arguments], cwd=ROOT, env=_environment(), check=False)
    passed = status.returncode == 0
    print(f"--- {check.name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - start:.1f} s", flush=True)
    return passed


def _environment() -> dict[str, str]:
    """Gives the environment of a check: no screen, and TensorFlow's own chatter off."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TF_CPP_MIN_LOG_LEVEL": "2"}


def main(pytest_arguments: list[str]) -> int:
    """Runs all checks, the tests last; gives the exit status."""
    checks = (*CHECKS, Check("tests (pytest)", ("-m", "pytest", *pytest_arguments)))
    failed = [check.name for check in checks if not run(check)]
    if failed:
        print(f"\nChecks that failed: {', '.join(failed)}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
