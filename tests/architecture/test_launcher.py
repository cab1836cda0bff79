"""The launcher, in a checkout of its own with a stand-in for uv that notes how it was called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has gardener.cmd")

STAND_IN_FOR_UV = """#!/bin/sh
[ "$1" != --version ] || exit 0
echo "$*" >> "$NOTES"
if [ -n "$UV_FAILS_WITH" ]; then echo "$UV_FAILS_WITH" >&2; exit 2; fi
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
ln -sf "$REAL_PYTHON" "$UV_PROJECT_ENVIRONMENT/bin/python"
"""


@dataclass(frozen=True)
class Checkout:
    root: Path
    environment: dict[str, str]

    def start(self, *arguments: str, program: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        with self.begin(*arguments, program=program, **variables) as process:
            output, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def begin(self, *arguments: str, program: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(program or self.root / "gardener"), *arguments],
            cwd=self.root.parent,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def calls_of_uv(self) -> list[str]:
        notes = Path(self.environment["NOTES"])
        return notes.read_text().splitlines() if notes.exists() else []


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Checkout:
    root, tools = tmp_path / "a check out", tmp_path / "tools"
    shutil.copytree(repository / "scripts", root / "scripts")
    for name in ("gardener", "pyproject.toml", "uv.lock"):
        shutil.copy(repository / name, root)
    (root / "main.py").write_text("import sys; print(sys.argv[1:]); sys.exit(7 if 'seven' in sys.argv else 0)\n")
    tools.mkdir()
    (tools / "uv").write_text(STAND_IN_FOR_UV)
    (tools / "uv").chmod(0o755)
    python = Path(sys.executable).resolve()
    environment = {
        "PATH": f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(tmp_path),
        "NOTES": str(tmp_path / "notes"),
        "REAL_PYTHON": str(python),
        "GARDENER_PYTHON": str(python),
        "UV_FAILS_WITH": "",
    }
    return Checkout(root, environment)


def test_first_start_sets_up_and_passes_on_arguments_and_status(checkout: Checkout) -> None:
    first = checkout.start("train", "a b", "*", "seven")
    assert first.stdout == "['train', 'a b', '*', 'seven']\n"
    assert first.returncode == 7
    assert "first start" in first.stderr
    assert len(checkout.calls_of_uv()) == 1
    assert "--frozen" in checkout.calls_of_uv()[0]
    assert "--no-dev" in checkout.calls_of_uv()[0]


def test_later_starts_set_up_nothing_and_say_nothing(checkout: Checkout) -> None:
    checkout.start("runs")
    second = checkout.start("runs")
    assert (second.stdout, second.stderr) == ("['runs']\n", "")
    assert len(checkout.calls_of_uv()) == 1


def test_only_the_window_asks_for_the_libraries_of_qt(checkout: Checkout) -> None:
    (checkout.root / "scripts" / "qt_libraries.py").write_text("raise SystemExit('libraries are missing')\n")
    assert checkout.start("check", "my.yaml").returncode == 0
    for arguments in ([], ["my.yaml"], [str(checkout.root)]):
        refused = checkout.start(*arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "libraries are missing" in refused.stderr


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_a_changed_project_updates_the_environment_once(checkout: Checkout, name: str) -> None:
    checkout.start("runs")
    with (checkout.root / name).open("a") as file:
        file.write("# changed\n")
    checkout.start("runs")
    checkout.start("runs")
    assert len(checkout.calls_of_uv()) == 2


def test_checks_bring_their_tools_and_a_later_update_keeps_them(checkout: Checkout) -> None:
    (checkout.root / "scripts" / "run_checks.py").write_text("import sys; print('checks', sys.argv[1:])\n")
    checkout.start("runs")
    assert checkout.start("test", "tests/app", "-x").stdout == "checks ['tests/app', '-x']\n"
    (checkout.root / "uv.lock").write_text("# changed\n")
    checkout.start("runs")
    assert ["--no-dev" in call for call in checkout.calls_of_uv()] == [True, False, False]


def test_it_works_through_links_from_another_folder(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "inner").symlink_to("../a check out/gardener")
    (tmp_path / "gardener").symlink_to(tmp_path / "bin" / "inner")
    assert checkout.start("runs", program=tmp_path / "gardener").stdout == "['runs']\n"


def test_starts_at_the_same_time_set_up_once(checkout: Checkout) -> None:
    processes = [checkout.begin("runs", str(number)) for number in range(4)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert sorted(outputs) == [f"['runs', '{number}']\n" for number in range(4)]
    assert len(checkout.calls_of_uv()) == 1


def test_a_lock_left_by_a_killed_start_is_taken_over(checkout: Checkout) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (checkout.root / ".gardener" / "lock").mkdir(parents=True)
    (checkout.root / ".gardener" / "lock" / "pid").write_text(f"{dead.pid}\n")
    assert checkout.start("runs").returncode == 0
    assert not (checkout.root / ".gardener" / "lock").exists()


def test_an_unreachable_registry_is_named_and_the_next_start_tries_again(checkout: Checkout) -> None:
    failed = checkout.start("runs", UV_FAILS_WITH="error: Failed to fetch: dns error")
    assert failed.returncode == 1
    assert "registry could not be reached" in failed.stderr
    assert not (checkout.root / ".gardener" / "lock").exists()
    assert checkout.start("runs").returncode == 0


def test_a_failed_setup_for_another_reason_shows_what_uv_said(checkout: Checkout) -> None:
    failed = checkout.start("runs", UV_FAILS_WITH="error: no space left on device")
    assert "no space left" in failed.stderr
    assert "registry" not in failed.stderr


def test_a_python_that_does_not_fit_is_refused(checkout: Checkout) -> None:
    failed = checkout.start("runs", GARDENER_PYTHON="/bin/false")
    assert failed.returncode == 1
    assert "GARDENER_PYTHON is '/bin/false'" in failed.stderr
    assert "3.11 to 3.13" in failed.stderr


def test_extra_groups_are_installed_and_remembered(checkout: Checkout) -> None:
    checkout.start("runs", GARDENER_EXTRAS="gpu")
    checkout.start("runs")
    assert ["--extra gpu" in call for call in checkout.calls_of_uv()] == [True]


@pytest.mark.skipif(shutil.which("dash") is None, reason="dash is not installed")
def test_the_strictest_common_shell_can_run_it(checkout: Checkout) -> None:
    checkout.start("runs")
    script = str(checkout.root / "gardener")
    result = subprocess.run(
        ["dash", script, "runs"], env=checkout.environment, capture_output=True, text=True, check=True
    )
    assert result.stdout == "['runs']\n"
