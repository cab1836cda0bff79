"""Tiny pictures and runs, shared by the tests of the engine."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from pathlib import Path

import pytest

from tests.engine.tiny import TinyRuns, draw_pictures
from trainer.engine.training.history import History


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders blue, green and red with 12 pictures each."""
    return draw_pictures(tmp_path_factory.mktemp("pictures") / "colours")


_drawn: dict[Hashable, bytes] = {}


@pytest.fixture(autouse=True)
def curves_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws `curves.png` once for each set of figures and copies it after that: it takes a fifth of a tiny run."""
    draw = History.draw_curves

    def draw_once(history: History, path: Path, best_epoch: int | None) -> None:
        values = [value for row in history.rows for value in row.values()]
        kind = (*history.names(), len(history.rows), len(values), best_epoch, all(map(math.isfinite, values)))
        if kind in _drawn:
            path.write_bytes(_drawn[kind])
            return
        draw(history, path, best_epoch)
        _drawn[kind] = path.read_bytes()

    monkeypatch.setattr(History, "draw_curves", draw_once)


@pytest.fixture
def runs(tmp_path: Path, pictures: Path) -> TinyRuns:
    """Trains tiny runs below the test's own folder."""
    return TinyRuns(tmp_path, pictures)


@pytest.fixture
def every_batch_reported(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`BatchesEnded` after every batch instead of ten times a second, so that a test can answer at one."""
    monkeypatch.setattr("trainer.engine.training.callbacks._REPORT_INTERVAL_S", 0.0)
    yield
