"""Tiny pictures and runs, shared by the tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.tiny import TinyRuns, draw_pictures


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders blue, green and red with 12 pictures each."""
    return draw_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture
def runs(tmp_path: Path, pictures: Path) -> TinyRuns:
    """Trains tiny runs below the test's own folder."""
    return TinyRuns(tmp_path, pictures)


@pytest.fixture
def every_batch_reported(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`BatchesEnded` after every batch instead of ten times a second, so that a test can answer at one."""
    monkeypatch.setattr("trainer.engine.training.callbacks._REPORT_INTERVAL_S", 0.0)
    yield
