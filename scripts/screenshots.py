"""Makes the screenshots of the documentation from a real training in the real window.

python scripts/screenshots.py [FOLDER] [WIDTHxHEIGHT]    default: docs/images 1280x800
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZE = (1280, 800)
PATIENCE_S = 300

sys.path.insert(0, str(ROOT))
_SCRATCH = tempfile.TemporaryDirectory(prefix="gardener-")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["GARDENER_WORKSPACE"] = str(Path(_SCRATCH.name) / "ModelGardener")
for _name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
    os.environ[_name] = str(Path(_SCRATCH.name) / _name.lower())

from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from app.application import make_application  # noqa: E402
from app.main_window import MainWindow  # noqa: E402
from app.theme import apply_theme  # noqa: E402
from app.window.rate_dialog import RateDialog  # noqa: E402
from trainer.config.paths import resolve  # noqa: E402
from trainer.runs.state import RunState  # noqa: E402


def main() -> int:
    """Walk the path and take the pictures; returns the exit code."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    app = make_application([])
    window = MainWindow()
    window.resize(*(map(int, sys.argv[2].split("x")) if len(sys.argv) > 2 else SIZE))
    window.show()
    camera = _Camera(app, window, folder)
    camera.take("welcome")
    _data_pages(window, camera)
    _new_from_sample(window, "digits")
    _wait(lambda: window.standby.is_ready, "the worker")
    window.project.set_value("training.epochs", 10)
    window.actions_["start"].trigger()
    _wait(lambda: window.train_page.followed is not None, "the run")
    QTest.qWait(300)
    camera.take("phases")
    _wait(lambda: len(_state(window).epochs) >= 5 and _state(window).step > 10, "five epochs")
    camera.take("live")
    window.actions_["stop_now"].trigger()
    _wait(lambda: _state(window).end is not None, "the stop")
    camera.take("stopped")
    window.actions_["continue"].trigger()
    _wait(lambda: _state(window).session == 2 and _state(window).end is not None, "the end")
    camera.take("done")
    window.show_page(2)
    QTest.qWait(2500)
    window.panel.show_view("yaml")
    camera.take("runs")
    window.panel.show_view("tree")
    window.show_page(1)
    window.project.set_value("training.initial_learning_rate", -1)
    window.actions_["start"].trigger()
    camera.take("problem")
    window.project.undo()
    _own_functions(window, camera)
    window.close_without_asking()
    return 0


def _data_pages(window: MainWindow, camera: _Camera) -> None:
    """The Data page with a sample of each task; one sample large, with what the network gets of it."""
    page = window.data_page
    for name in ("shapes", "cells", "shape_boxes", "wine"):
        _new_from_sample(window, name)
        window.messages.hide()
        _wait(lambda: page.shown is page.view and not page.is_reading, f"the data of {name}")
        _wait(lambda: page.view.grid.thumbnails.is_idle, "the pictures")
        camera.take(f"data_{name}")
        if name in ("cells", "shape_boxes"):
            page.view.show_large(int(page.view.grid.grid.shown[2]))
            page.view.detail.shuffle.click()
            _wait(lambda: not page.view.detail.preview.is_running, "the preview")
            camera.take(f"sample_{name}")
            page.view.show_all()
        if name == "shapes":
            _broken_files(window, camera)


def _broken_files(window: MainWindow, camera: _Camera) -> None:
    """The same pictures with every twentieth file cut off, and only what is wrong with them."""
    page = window.data_page
    broken = Path(_SCRATCH.name) / "broken"
    shutil.copytree(resolve(window.project.value("data.train_dir"), window.project.base_dir), broken)
    for file in sorted(path for path in broken.rglob("*") if path.is_file())[::20]:
        file.write_bytes(file.read_bytes()[:60])
    window.project.set_value("data.train_dir", str(broken))
    _wait(lambda: page.view.only_problems.isVisible() and not page.is_reading, "the problems")
    page.view.only_problems.click()
    QTest.qWait(300)
    camera.take("data_problems")


def _new_from_sample(window: MainWindow, name: str) -> None:
    before = window.project.text
    window.files.new_from_sample(name)
    _wait(lambda: window.project.text != before, f"the sample {name}")
    QTest.qWait(600)


def _own_functions(window: MainWindow, camera: _Camera) -> None:
    """A loss of one's own, the learning rate before training, and a file that cannot be read."""
    functions = window.project.base_dir / "custom_functions"
    shutil.copytree(ROOT / "custom_functions", functions, ignore=shutil.ignore_patterns("__pycache__"))
    window.messages.hide()
    _wait(lambda: bool(window.project.functions.of("loss")), "the functions")
    loss = next(item for item in window.project.functions.of("loss") if item.entry is not None and item.entry.presets)
    assert loss.entry is not None
    window.project.set_value("training.loss", {"name": loss.entry.name, "file": loss.file})
    schedule = {"name": "WarmupCosine", "arguments": {"warmup_epochs": 2}}
    window.project.set_value("training.learning_rate_schedule", schedule)
    tree = window.panel.tree
    tree.jump_to("training.loss")
    window.tools.trials.begin("training.loss")
    row = tree.rows.find("training.loss")
    assert row is not None
    _wait(lambda: row.note is not None and "works" in row.note.text(0), "the trial")
    camera.take("own_loss")
    window.tools.show_schedule()
    _photograph(window.tools.schedule, "schedule", camera)
    window.project.reset("training.loss")
    window.tools.find_rate()
    _photograph(window.tools.finder, "rate_finder", camera)
    window.project.undo()
    broken = functions / Path(loss.file).name
    broken.write_text(broken.read_text().replace("):\n", ")\n", 1))
    _wait(lambda: bool(window.project.functions.unreadable), "the broken file")
    tree.jump_to("training.loss")
    camera.take("bad_file")


def _photograph(dialog: RateDialog | None, name: str, camera: _Camera) -> None:
    assert dialog is not None
    _wait(lambda: bool(dialog.canvas.points.across), name)
    camera.take(name, dialog)
    dialog.close()


class _Camera:
    def __init__(self, app: QApplication, window: MainWindow, folder: Path) -> None:
        self._app = app
        self._window = window
        self._folder = folder

    def take(self, name: str, shown: QWidget | None = None) -> None:
        """Save the window, or another one of ours, in light and in dark."""
        apply_theme(self._app, "dark")
        self._save(shown or self._window, f"{name}_dark.png")
        apply_theme(self._app, "light")
        self._save(shown or self._window, f"{name}_light.png")

    def _save(self, shown: QWidget, file_name: str) -> None:
        QTest.qWait(400)
        shown.grab().save(str(self._folder / file_name))


def _state(window: MainWindow) -> RunState:
    followed = window.train_page.followed
    return followed.state if followed is not None else RunState()


def _wait(is_done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_done():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come within {PATIENCE_S} s")
        QTest.qWait(30)


if __name__ == "__main__":
    sys.exit(main())
