"""What every test gets: no screen, settings and caches of its own, and a check that nothing is left behind."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Generator, Hashable
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

REPOSITORY = Path(__file__).resolve().parent.parent
SESSION_FOLDER = Path(tempfile.mkdtemp(prefix="modelgardener-tests-"))
GRACE_S = 2.0
"""How long a thread, process or timer may take to end after its test."""
OF_QT = {"QTipLabel", "QDesktopScreenWidget"}
"""Windows that Qt keeps for itself."""

# Now, before anything imports Keras or Matplotlib: they read these once, at their import.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
for _variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "KERAS_HOME"):
    os.environ[_variable] = str(SESSION_FOLDER / _variable.lower())

_failed = pytest.StashKey[bool]()
_started_timers: weakref.WeakSet[QTimer] = weakref.WeakSet()
_start_timer = QTimer.start


def pytest_configure() -> None:
    def start_and_note(timer: QTimer, *arguments: Any) -> None:
        _started_timers.add(timer)
        _start_timer(timer, *arguments)

    QTimer.start = start_and_note


def pytest_unconfigure() -> None:
    QTimer.start = _start_timer
    shutil.rmtree(SESSION_FOLDER, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(scope="session", autouse=True)
def own_settings() -> None:
    """Keeps what the window remembers (QSettings) out of the person's own settings."""
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(SESSION_FOLDER / "settings"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """Gives the root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Gives the folder of real data sets; a test that needs it is skipped where it is not."""
    folder = Path(os.environ.get("MODELGARDENER_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs the folder of real data sets: ../shared/data, or where MODELGARDENER_TEST_DATA points")
    return folder


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Generator[None, None, None]:
    """Fails a test that passed but left a window, running timer, thread or child process behind."""
    windows, timers, threads, children = _windows(), _running_timers(), _threads(), _children()
    yield
    if request.node.stash.get(_failed, False):
        _end(_children() - children)
        return  # its traceback keeps objects alive, and one failure is enough
    problems = [
        *_left_behind(_windows, windows, "window", "give it to qtbot.addWidget(), or close() and deleteLater() it"),
        *_left_behind(
            _running_timers, timers, "running QTimer", "stop() it when its owner closes, or give it a parent"
        ),
        *_left_behind(_threads, threads, "thread", "end and join() it where it was started"),
        *_left_behind(_children, children, "child process", "end it and wait for it where it was started"),
    ]
    _end(_children() - children)
    if problems:
        pytest.fail("the test passed but left something behind:\n" + "\n".join(problems), pytrace=False)


Thing = TypeVar("Thing", bound=Hashable)


def _left_behind(look: Callable[[], set[Thing]], before: set[Thing], kind: str, advice: str) -> list[str]:
    if not look() - before:
        return []
    gc.collect()
    deadline_s = time.monotonic() + GRACE_S
    while (remaining := look() - before) and time.monotonic() < deadline_s:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        time.sleep(0.01)
    return [f"  {kind} {thing!r}: {advice}" for thing in remaining]


def _windows() -> set[QWidget]:
    if not isinstance(QApplication.instance(), QApplication):
        return set()
    return {widget for widget in QApplication.topLevelWidgets() if widget.metaObject().className() not in OF_QT}


def _running_timers() -> set[QTimer]:
    return {timer for timer in _started_timers if isValid(timer) and timer.isActive()}


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.daemon}


def _children() -> set[psutil.Process]:
    return {child for child in psutil.Process().children(recursive=True) if _is_running(child)}


def _is_running(process: psutil.Process) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        # Python's own, started by the first use of multiprocessing; it ends with this process.
        return "multiprocessing.resource_tracker" not in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def _end(processes: set[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
            process.wait(GRACE_S)
        except psutil.NoSuchProcess:
            continue
