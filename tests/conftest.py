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

import hypothesis
import psutil
import pytest
from hypothesis import HealthCheck
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from tests.patient_bot import PatientBot

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
    # An example takes its time where other processes have the processor; that is no fault of the code.
    hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis.settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """In the process that gives tests to workers; there are none unless pytest is told so with `-n`."""
    from tests.sharing import ShareFiles

    return ShareFiles(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        from tests.sharing import slowest_first

        slowest_first(items)


def pytest_collection_finish() -> None:
    # What is imported by now stays: without it, a look for what is left behind takes a tenth of the time.
    gc.collect()
    gc.freeze()


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


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """Gives a robot that clicks, types and waits; in the place of pytest-qt's own."""
    return PatientBot(request)


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
    if problems:
        _end(_children() - children)
        pytest.fail("the test passed but left something behind:\n" + "\n".join(problems), pytrace=False)


Thing = TypeVar("Thing", bound=Hashable)


def _left_behind(look: Callable[[], set[Thing]], before: set[Thing], kind: str, advice: str) -> list[str]:
    if not look() - before:
        return []
    # First: PySide may end the process where Qt deletes a window whose parts Python has not collected yet.
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
    if _has_no_children():
        return set()
    return {child for child in psutil.Process().children(recursive=True) if _is_running(child)}


def _has_no_children() -> bool:
    """As the kernel tells it, where it does; psutil looks at all processes there are, which takes milliseconds."""
    try:
        return not any((thread / "children").read_bytes() for thread in Path("/proc/self/task").iterdir())
    except OSError:  # a thread has just ended, or this system has no such files
        return False


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
