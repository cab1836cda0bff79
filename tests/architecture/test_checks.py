"""The scripts the launcher calls: the check runner, and the look for Qt's system libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import PySide6
import pytest

from scripts import qt_libraries, run_checks
from scripts.qt_libraries import Library
from scripts.run_checks import Check
from tests import sharing

ABSENT = Library("libnot-there.so.9", "libnot-there9", "not-there", "notthere", "libnot-there9")
OF_THE_COMPILER_AND_QT = ("libc.", "libm.", "libgcc_s.", "libstdc++.", "ld-linux", "libQt6", "libicu", "libpthread.")


def test_all_checks_run_and_one_failure_fails_the_whole(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    checks = (Check("first", ("-c", "raise SystemExit(1)")), Check("second", ("-c", "print('second ran')")))
    monkeypatch.setattr(run_checks, "CHECKS", checks)

    assert run_checks.main(["--version"]) == 1

    output = capfd.readouterr().out
    assert "second ran" in output
    assert "--- first: FAILED in" in output
    assert "Checks that failed: first\n" in output


def test_arguments_go_to_the_tests_only_and_they_run_last(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_checks, "CHECKS", (Check("first", ("-c", "import sys; print('first', sys.argv)")),))

    assert run_checks.main(["--version"]) == 0

    output = capfd.readouterr().out
    assert output.index("first ['-c']") < output.index(f"pytest {pytest.__version__}")


def test_modules_are_compiled_once_where_python_is_told_to_keep_nothing_compiled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "once.py").write_text("", encoding="utf-8")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    with run_checks.environment() as variables:
        subprocess.run([sys.executable, "-c", "import once"], cwd=tmp_path, env=variables, check=True)
        folder = Path(variables["PYTHONPYCACHEPREFIX"])
        assert len(list(folder.rglob("once.*.pyc"))) == 1
    assert not folder.exists() and [path.name for path in tmp_path.iterdir()] == ["once.py"]
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    with run_checks.environment() as variables:
        assert "PYTHONPYCACHEPREFIX" not in variables.keys() - os.environ.keys()


ENDING = ("--max-worker-restart", "0")


@pytest.mark.parametrize(
    ("arguments", "num_cores", "options"),
    [
        ([], 2, ("-n", "2", *ENDING)),
        (["tests/app", "-x"], 3, ("-n", "3", *ENDING)),
        (["-x"], 64, ("-n", "4", *ENDING)),
        ([], 1, ()),
        (["tests/architecture/test_checks.py::test_nothing", "-x"], 8, ()),
        (["--pdb"], 8, ()),
    ],
)
def test_several_processes_share_whole_folders_but_not_single_files(
    arguments: list[str], num_cores: int, options: tuple[str, ...]
) -> None:
    assert run_checks.workers(arguments, num_cores) == options


def test_workers_get_whole_files_the_slowest_folders_first_and_the_end_to_end_tests_one_after_the_other() -> None:
    files = ("data/test_a.py", "engine/test_b.py", "end_to_end/test_c.py", "end_to_end/test_d.py")
    tests = [SimpleNamespace(nodeid=f"tests/{file}::test[a/b::c]") for file in files]
    sharing.slowest_first(tests)
    units = [sharing.unit_of(test.nodeid) for test in tests]
    assert units == ["tests/end_to_end", "tests/end_to_end", "tests/engine/test_b.py", "tests/data/test_a.py"]


def test_only_missing_libraries_are_found() -> None:
    assert qt_libraries.missing([ABSENT]) == [ABSENT]


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("apt-get", "sudo apt-get install -y --no-install-recommends libnot-there9"),
        ("dnf", "sudo dnf install -y not-there"),
        ("pacman", "sudo pacman -S --needed --noconfirm notthere"),
        ("zypper", "sudo zypper --non-interactive install libnot-there9"),
        ("none", "your system's package manager"),
    ],
)
def test_missing_libraries_are_named_with_the_command_that_brings_them(
    monkeypatch: pytest.MonkeyPatch, program: str, command: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == program else None)
    text = qt_libraries.message([ABSENT], "the window")
    assert "libnot-there.so.9" in text
    assert command in text


def apt_that_notes(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Puts a stand-in for apt-get on PATH; gives the file it writes its arguments to."""
    notes, apt = folder / "notes", folder / "apt-get"
    notes.touch()
    apt.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> "{notes}"\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return notes


@pytest.mark.parametrize(
    ("user_id", "purpose", "ci", "installs"),
    [(0, "test", "", True), (0, "window", "true", True), (0, "window", "", False), (1000, "test", "true", False)],
)
def test_only_an_administrator_who_tests_or_automates_gets_libraries_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user_id: int, purpose: str, ci: str, installs: bool
) -> None:
    notes = apt_that_notes(monkeypatch, tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: user_id)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(qt_libraries, "ALWAYS_NEEDED", (ABSENT,))

    assert qt_libraries.main(purpose) == 1  # still missing: the stand-in installs nothing

    wanted = ["noninteractive update -qq", "noninteractive install -y -qq --no-install-recommends libnot-there9"]
    assert notes.read_text().splitlines() == (wanted if installs else [])


def test_tests_run_without_what_only_a_window_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(qt_libraries, "NEEDED_ON_X11", (ABSENT,))
    monkeypatch.setattr(qt_libraries, "ALWAYS_NEEDED", ())
    assert qt_libraries.main("test") == 0
    assert qt_libraries.main("window") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="Qt brings all it needs elsewhere")
@pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is not installed")
def test_the_list_of_libraries_is_what_the_installed_qt_needs() -> None:
    qt = Path(PySide6.__path__[0]) / "Qt"
    files = [qt / "lib" / f"libQt6{name}.so.6" for name in ("Core", "Gui", "Widgets", "Svg", "DBus", "XcbQpa")]
    files += [qt / "plugins" / "platforms" / "libqxcb.so", qt / "plugins" / "platforms" / "libqoffscreen.so"]
    output = subprocess.run(
        ["readelf", "-d", *map(str, files)], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    needed = {line.split("[")[1].rstrip("]") for line in output.splitlines() if "(NEEDED)" in line}
    needed = {name for name in needed if not name.startswith(OF_THE_COMPILER_AND_QT)}
    listed = {library.file for library in qt_libraries.ALWAYS_NEEDED + qt_libraries.NEEDED_ON_X11}
    assert needed == listed
