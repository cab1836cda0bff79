"""Data from a user's loader: `my_loader(data_dir, batch_size=32, **kwargs)` that returns ready batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from trainer.config.config import Config
from trainer.config.paths import resolve
from trainer.engine.components import build, find_object
from trainer.engine.data.first_batch import FirstBatch, look_at_first_batch
from trainer.engine.data.part import ClassCount
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.ready_split import ReadySplit
from trainer.engine.data.returned import as_dataset, as_pair
from trainer.engine.reporting import Reporter
from trainer.engine.user_errors import misfit, user_code

_MOST_COUNTED_BATCHES = 1_000_000


def load_custom(config: Config, base_dir: Path, functions_dir: Path | None, reporter: Reporter) -> PreparedData:
    """Call the user's loader for training, validation and test data, and look at what it gives.

    Args:
        config: Its `data` section says what to load.
        base_dir: What relative folders are relative to.
        functions_dir: The run's copies of user files.
        reporter: Told what was found, and what a ready dataset cannot do.

    Raises:
        UserCodeError: The loader failed, or returned something unfit.
    """
    loader = _Loader(config, base_dir, functions_dir, reporter)
    train, validation = loader.train_and_validation()
    test = loader.load(config.data.test_dir) if config.data.test_dir else None
    first = loader.look(train, "training")
    reporter.log(
        "DATA",
        f"The batches come from {loader.name} in {config.data.loader.file}: their size and order are its own. "
        "Continuing inside an epoch goes on with the next batch of that order, which is another one where it shuffles.",
    )
    count = _count(train, first, loader, reporter)
    names = first.class_names(count.largest_label, _resolved(config.data.train_dir, base_dir), reporter)
    part = _part(train, first, count, names)
    parts = {"training": part}
    for name, dataset in (("validation", validation), ("test", test)):
        if dataset is not None:
            shown = loader.look(dataset, name)
            shown.require_same(first, loader.refuse, name)
            counted = _count(dataset, shown, loader, reporter, needs_labels=False)
            parts[name] = _part(dataset, shown, counted, names)
    if validation is None and config.data.validation_fraction > 0:
        parts["training"], held_out = _hold_out(part, config.data.validation_fraction, reporter)
        parts |= {} if held_out is None else {"validation": held_out}
    return PreparedData(
        train=parts["training"],
        validation=parts.get("validation"),
        test=parts.get("test"),
        class_names=names,
        unreadable=(),
        cache="off",
        input_shape=first.input_shape,
        num_classes=_num_classes(first, names),
        target_kind="classes" if names else "other",
    )


def _resolved(folder: str, base_dir: Path) -> str:
    return str(resolve(folder, base_dir)) if folder else ""


def _num_classes(first: FirstBatch, names: tuple[str, ...]) -> ClassCount:
    return len(names) if names else first.label_lengths


class _Loader:
    def __init__(self, config: Config, base_dir: Path, functions_dir: Path | None, reporter: Reporter) -> None:
        self._config = config
        self._base_dir = base_dir
        self._reporter = reporter
        self._component = config.data.loader
        self._functions_dir = functions_dir
        self._file = str(self._component.file)
        self._found = find_object("loader", self._component, functions_dir)
        self.name: str = self._found.__name__

    def refuse(self, message: str) -> Exception:
        return misfit(message, self._file, self._found)

    def call(self, folder: str) -> Any:
        data_dir = _resolved(folder, self._base_dir)
        batch_size = self._config.data.batch_size
        return build("loader", self._component, self._functions_dir, data_dir=data_dir, batch_size=batch_size)

    def train_and_validation(self) -> tuple[Any, Any]:
        data = self._config.data
        returned = self.call(data.train_dir)
        pair = as_pair(returned)
        if data.val_dir:
            return self._as_dataset(pair[0] if pair else returned), self.load(data.val_dir)
        return (self._as_dataset(pair[0]), self._as_dataset(pair[1])) if pair else (self._as_dataset(returned), None)

    def load(self, folder: str) -> Any:
        """The data of another folder."""
        returned = self.call(folder)
        pair = as_pair(returned)
        return self._as_dataset(pair[0] if pair else returned)

    def _as_dataset(self, returned: Any) -> Any:
        with user_code(self._file, self.name, self._found):
            return as_dataset(returned, self._config.data.batch_size, self._config.runtime.seed, self.refuse)

    def look(self, dataset: Any, part: str) -> FirstBatch:
        with user_code(self._file, self.name, self._found):
            return look_at_first_batch(dataset, part, self._config, self.refuse, self._reporter)

    def passed_over(self, dataset: Any, see: Callable[[Any], None]) -> int:
        """Look at all batches; returns how many there are."""
        number = 0
        with user_code(self._file, self.name, self._found):
            for number, batch in enumerate(dataset, 1):
                see(batch)
                self._reporter.progress(number, number + 1, "batches")
                if number >= _MOST_COUNTED_BATCHES:
                    raise self.refuse(
                        f"The dataset has not ended after {number:,} batches. Give its length with "
                        "dataset.apply(tf.data.experimental.assert_cardinality(number_of_batches))."
                    )
        return number


@dataclass(frozen=True, slots=True)
class _Count:
    num_batches: int
    num_samples: int | None
    largest_label: int | None


def _count(
    dataset: Any, first: FirstBatch, loader: _Loader, reporter: Reporter, *, needs_labels: bool = True
) -> _Count:
    known = int(dataset.cardinality())
    if known == tf.data.INFINITE_CARDINALITY:
        raise loader.refuse("The dataset never ends. Leave out its repeat(): every epoch starts it anew by itself.")
    names_missing = needs_labels and first.label_kind == "classes" and first.own_class_names is None
    if known >= 0 and not names_missing:
        return _Count(known, None, None)
    reason = "how many batches there are" if known < 0 else "how many classes there are"
    reporter.log("DATA", f"Reading the data of {loader.name} once to find out {reason}")
    samples, largest = 0, -1

    def see(batch: Any) -> None:
        nonlocal samples, largest
        samples += int(tf.shape(tf.nest.flatten(batch[0])[0])[0])
        if names_missing:
            first.require_classes(batch[1], loader.refuse)
            largest = max(largest, int(tf.reduce_max(batch[1])))

    return _Count(loader.passed_over(dataset, see), samples, largest)


def _part(dataset: Any, first: FirstBatch, count: _Count, names: tuple[str, ...]) -> ReadySplit:
    return ReadySplit(
        ready=dataset,
        num_ready_batches=count.num_batches,
        num_samples=count.num_samples,
        first_batch_size=first.batch_size,
        input_shape=first.input_shape,
        label_kind=first.label_kind,
        class_names=names,
    )


def _hold_out(part: ReadySplit, fraction: float, reporter: Reporter) -> tuple[ReadySplit, ReadySplit | None]:
    total = part.num_ready_batches
    held_out = min(total - 1, max(1, round(total * fraction)))
    if held_out == 0:
        reporter.notice("warning", "The loader gives only one batch, so none can be held out for validation.")
        return part, None
    reporter.log("DATA", f"The first {held_out:,} of {total:,} batches are held out for validation")
    if _gives_another_order(part.ready):
        reporter.notice(
            "warning",
            "The loader gives its data in another order each time, so the batches held out for validation are not "
            "the same in every epoch and were trained on: the validation figures look too good. Give data.val_dir, "
            "return a pair (training, validation), or shuffle with reshuffle_each_iteration=False.",
        )
    # How samples divide is not known: batches may differ in size.
    kept = dataclasses.replace(
        part, ready=part.ready.skip(held_out), num_ready_batches=total - held_out, num_samples=None
    )
    return kept, dataclasses.replace(
        part, ready=part.ready.take(held_out), num_ready_batches=held_out, num_samples=None
    )


def _gives_another_order(dataset: Any) -> bool:
    one, other = (tf.nest.flatten(next(iter(dataset.take(1)))) for _ in range(2))
    return any(a.shape != b.shape or not bool(tf.reduce_all(tf.equal(a, b))) for a, b in zip(one, other, strict=True))
