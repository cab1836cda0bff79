"""Reads the data of a configuration beside the window: first what is quick, then what takes a while."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from app.pages.data.items import SampleItems
from trainer.catalog.check_data import unusable_problems
from trainer.config.config import Config
from trainer.data.balance import ClassBalance, balance_summary
from trainer.data.checks import DataReport, full_report, quick_report
from trainer.data.open_data import open_data
from trainer.data.part_samples import single_labels
from trainer.data.sample_index import SampleIndex
from trainer.data.statistics import PictureStatistics, mask_shares, picture_statistics
from trainer.errors import ConfigError, DataError, Problem

READ_BY_ITSELF = 5000
"""Samples that are read without being asked."""
_WORK_S = 0.01
_PAUSE_S = 0.001
_TELL_EVERY_S = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class DataFound:
    """What is known of the data so far.

    Attributes:
        report: Parts and problems.
        items: All samples.
        balance: What balancing does to each class; empty where classes are not balanced.
        statistics: Of the pictures, once they were looked at.
        mask_shares: Share of each class in the pixels of masks, once they were looked at.
        is_checked: Whether samples were read to see whether they can be used.
        is_whole: Whether all of them were.
        refusals: Why a training would be refused for samples that cannot be used.
    """

    report: DataReport
    items: SampleItems
    balance: tuple[ClassBalance, ...] = ()
    statistics: PictureStatistics | None = None
    mask_shares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    is_checked: bool = False
    is_whole: bool = False
    refusals: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class DataFailure:
    """Why the data cannot be shown.

    Attributes:
        message: In a sentence or a few.
        key: Dotted key of the setting behind it.
    """

    message: str
    key: str


class DataReading(QObject):
    """One reading, in a thread of the global pool. Nothing comes any more once it is cancelled.

    Signals:
        found: A `DataFound`: what is known at once, then what reading samples tells; with `read_all` only that.
        failed: A `DataFailure`.
        progressed: Samples read, and how many there are to read.
        ended: Nothing more will come.

    Args:
        config: Whose data to read.
        base_dir: Folder that its relative paths start from.
        read_all: Read every sample, however many there are.
    """

    found = Signal(object)
    failed = Signal(object)
    progressed = Signal(int, int)
    ended = Signal()

    def __init__(self, config: Config, base_dir: Path, *, read_all: bool = False) -> None:
        super().__init__()
        self._config = config
        self._base_dir = base_dir
        self._read_all = read_all
        self._cancelled = threading.Event()
        self._over = threading.Event()
        self._told_at_s = 0.0
        self._paused_at_s = 0.0

    def start(self) -> None:
        """Begin."""
        QThreadPool.globalInstance().start(QRunnable.create(self._run))

    def cancel(self) -> None:
        """End soon, without another signal."""
        self._cancelled.set()

    @property
    def is_over(self) -> bool:
        """Whether the thread is done with it."""
        return self._over.is_set()

    def _run(self) -> None:
        try:
            self._read()
        except DataError as error:
            self._tell_failure(DataFailure(str(error), "data.train_dir"))
        except ConfigError as error:
            problem = error.problems[0]
            self._tell_failure(DataFailure(problem.message, problem.key or "data.train_dir"))
        except OSError as error:
            self._tell_failure(DataFailure(f"The data cannot be read: {error}.", "data.train_dir"))
        except Exception as error:
            message = f"The data cannot be read: {type(error).__name__}: {error}."
            self._tell_failure(DataFailure(message, "data.train_dir"))
            traceback.print_exc()  # a fault of ours: where it happened belongs on standard error
        finally:
            if not self._cancelled.is_set():
                self.ended.emit()
            self._over.set()

    def _read(self) -> None:
        config = self._config
        indexes = open_data(config, self._base_dir)
        report = quick_report(config, indexes)
        balance = _balance(config, report)
        if not self._read_all:  # then this is known already
            self._tell(DataFound(report, SampleItems(report.parts, report.problems), balance))
        statistics = picture_statistics(report.parts, is_cancelled=self._is_cancelled)
        shares = mask_shares(report.parts, is_cancelled=self._is_cancelled)
        if self._cancelled.is_set():
            return
        whole = self._checked(indexes)
        if self._cancelled.is_set():
            return
        total = sum(index.num_samples for index in indexes.values())
        items = SampleItems(whole.parts, whole.problems)
        is_whole = whole.num_read >= total or report.parts[0].index.raw is None
        refusals = tuple(unusable_problems(whole))
        self._tell(DataFound(whole, items, _balance(config, whole), statistics, shares, True, is_whole, refusals))

    def _checked(self, indexes: dict[str, SampleIndex]) -> DataReport:
        return full_report(
            self._config,
            indexes,
            most=0 if self._read_all else READ_BY_ITSELF,
            progress=self._progress,
            is_cancelled=self._is_cancelled,
        )

    def _is_cancelled(self) -> bool:
        """Asked between samples; lets the window have Python now and then, which it would wait for otherwise."""
        now_s = time.monotonic()
        if now_s - self._paused_at_s < _WORK_S:
            return self._cancelled.is_set()
        is_cancelled = self._cancelled.wait(_PAUSE_S)
        self._paused_at_s = time.monotonic()
        return is_cancelled

    def _progress(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        if now_s - self._told_at_s >= _TELL_EVERY_S and not self._cancelled.is_set():
            self._told_at_s = now_s
            self.progressed.emit(done, total)

    def _tell(self, found: DataFound) -> None:
        if not self._cancelled.is_set():
            self.found.emit(found)

    def _tell_failure(self, failure: DataFailure) -> None:
        if not self._cancelled.is_set():
            self.failed.emit(failure)


def _balance(config: Config, report: DataReport) -> tuple[ClassBalance, ...]:
    train = report.parts[0]
    labels = single_labels(train.index)
    if labels is None or config.data.balance.method == "none":
        return ()
    return balance_summary(labels[train.rows], train.index.class_names, config.data.balance, config.runtime.seed)
