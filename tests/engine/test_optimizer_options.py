"""Weight decay, clipping, accumulation, averaging and the like give what plain Keras gives."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.exact_runs import stop_at_batch
from tests.engine.plain_keras import SGD, losses_of, plain_fit, prepared
from tests.engine.tiny import NUM_STEPS, NUM_VALIDATION, Session, TinyRuns, tiny_config, write_code
from trainer.catalog.check import check_config
from trainer.runs import events as e
from trainer.runs.checkpoints import find_checkpoint

pytestmark = pytest.mark.keras

EXACT = {"rel": 1e-6, "abs": 1e-6}


def sgd(**options: Any) -> Any:
    import keras

    return keras.optimizers.SGD(0.01, momentum=0.5, **options)


def clipping(method: str, limit: float) -> dict[str, Any]:
    return {"training.gradient_clipping": {"enabled": True, "method": method, "limit": limit}}


OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "weight_decay": ({"training.weight_decay": 0.3}, {"weight_decay": 0.3}),
    "global_norm": (clipping("global_norm", 0.2), {"global_clipnorm": 0.2}),
    "norm": (clipping("norm", 0.1), {"clipnorm": 0.1}),
    "value": (clipping("value", 0.02), {"clipvalue": 0.02}),
    "accumulation": ({"training.gradient_accumulation_steps": 3}, {"gradient_accumulation_steps": 3}),
}


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> list[float]:
    """Losses without any option, from which every option must differ."""
    runs = TinyRuns(tmp_path_factory.mktemp("unchanged"), pictures)
    return losses_of(runs.train({"training.optimizer": SGD}))


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_gives_the_losses_of_plain_keras(runs: TinyRuns, name: str, unchanged: list[float]) -> None:
    changes, keras_options = OPTIONS[name]
    ours = runs.train({"training.optimizer": SGD, **changes})
    plain, _ = plain_fit(runs, sgd(**keras_options))
    assert losses_of(ours) == pytest.approx([row["loss"] for row in plain], **EXACT)
    assert losses_of(ours, "val_loss") == pytest.approx([row["val_loss"] for row in plain], **EXACT)
    assert losses_of(ours)[1] != pytest.approx(unchanged[1], rel=1e-4), "the option changes something"


def test_options_reach_an_optimizer_of_ones_own_that_takes_none(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "own.py",
        """
        import keras

        def plain(learning_rate):
            return keras.optimizers.SGD(learning_rate, momentum=0.5)
        """,
    )
    own = runs.train({"training.optimizer": {"name": "plain", "file": str(path)}, **clipping("value", 0.02)})
    plain, _ = plain_fit(runs, sgd(clipvalue=0.02))
    assert losses_of(own) == pytest.approx([row["loss"] for row in plain], **EXACT)


# ---------------------------------------------------------------- averaging

AVERAGED = {
    "training.optimizer": SGD,
    "training.weight_averaging": {"enabled": True, "momentum": 0.8},
}


@pytest.fixture(scope="module")
def averaged(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Session:
    """A run with averaged weights, from its start to its end."""
    return TinyRuns(tmp_path_factory.mktemp("averaged"), pictures).train(AVERAGED)


def weights_of(path: Path) -> list[Any]:
    import keras

    found: list[Any] = keras.models.load_model(path).get_weights()
    return found


def test_the_models_have_the_averaged_weights_and_validation_judges_them(runs: TinyRuns, averaged: Session) -> None:
    import keras

    ours = averaged
    swapped = keras.callbacks.SwapEMAWeights()
    optimizer = sgd(use_ema=True, ema_momentum=0.8)
    plain, model = plain_fit(runs, optimizer, callbacks=[swapped])
    assert losses_of(ours) == pytest.approx([row["loss"] for row in plain], **EXACT)
    assert losses_of(ours, "val_loss") == pytest.approx([row["val_loss"] for row in plain], **EXACT)
    final = weights_of(ours.folder.model_path / "final.keras")
    for saved, expected in zip(final, model.get_weights(), strict=True):
        np.testing.assert_allclose(saved, expected, rtol=1e-5, atol=1e-6)
    best = keras.models.load_model(ours.folder.model_path / "best.keras")
    best.compile(loss="sparse_categorical_crossentropy")
    data = prepared(runs).validation_dataset()
    assert best.evaluate(data, verbose=0) == pytest.approx(min(losses_of(ours, "val_loss")), rel=1e-5)


def test_the_average_takes_the_place_of_the_weights_every_few_steps(runs: TinyRuns) -> None:
    ours = runs.train({**AVERAGED, "training.weight_averaging.overwrite_every_steps": 3})
    plain, _ = plain_fit(runs, sgd(use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3))
    assert losses_of(ours) == pytest.approx([row["loss"] for row in plain], **EXACT)


@pytest.mark.parametrize("when", [stop_at_batch(1, 2, "now"), stop_at_batch(1, 2, "after_epoch")])
def test_an_averaged_run_goes_on_with_its_plain_weights(
    runs: TinyRuns, averaged: Session, when: Any, every_batch_reported: None
) -> None:
    whole = averaged
    first = runs.train(AVERAGED, when)
    assert first.ending.outcome is e.Outcome.STOPPED
    second = runs.go_on(first.folder)
    assert losses_of(second)[-1] == pytest.approx(losses_of(whole)[-1], **EXACT)
    for saved, expected in zip(
        weights_of(second.folder.model_path / "final.keras"),
        weights_of(whole.folder.model_path / "final.keras"),
        strict=True,
    ):
        np.testing.assert_allclose(saved, expected, rtol=1e-5, atol=1e-6)


def test_a_stop_inside_validation_leaves_the_plain_weights_in_the_checkpoint(runs: TinyRuns) -> None:
    def stop(control: Any, event: Any) -> None:
        if isinstance(event, e.PhaseStarted) and event.phase is e.Phase.VALIDATING:
            control.request_stop("now")

    whole = runs.train({**AVERAGED, "training.epochs": 1})
    first = runs.train({**AVERAGED, "training.epochs": 1}, stop)

    def state(folder: Any) -> Any:
        found = find_checkpoint(folder.checkpoints_path, "last")
        assert found is not None
        return np.load(found[0] / "state.npz")

    expected, saved = state(whole.folder), state(first.folder)
    kernel = next(name for name in saved.files if name.startswith("model-") and "kernel" in name)
    np.testing.assert_allclose(saved[kernel], expected[kernel], rtol=1e-6)


# ---------------------------------------------------------------- steps per execution


def test_several_steps_per_call_train_on_the_very_same_batches(runs: TinyRuns, unchanged: list[float]) -> None:
    """Three steps per call, four per epoch: the last call of an epoch makes one."""
    ours = runs.train({"training.optimizer": SGD, "training.steps_per_execution": 3})
    assert losses_of(ours) == pytest.approx(unchanged, **EXACT)
    last = [event.step for event in ours.all_of(e.BatchesEnded) if event.epoch == 2][-1]
    assert last == NUM_STEPS


def test_a_stop_between_calls_is_counted_in_steps_and_goes_on_there(
    runs: TinyRuns, unchanged: list[float], every_batch_reported: None
) -> None:
    changes = {"training.optimizer": SGD, "training.steps_per_execution": 3}
    first = runs.train(changes, stop_at_batch(1, 3, "now"))
    assert first.ending.message.startswith("Stopped in epoch 1 of 2 after batch 3")
    second = runs.go_on(first.folder)
    assert losses_of(second)[1] == pytest.approx(unchanged[1], **EXACT)
    assert [(event.epoch, event.step) for event in second.all_of(e.BatchesEnded)] == [(1, 4), (2, 3), (2, 4)]


# ---------------------------------------------------------------- shorter epochs

SHORT = {"training.optimizer": SGD, "training.max_train_batches": 3, "training.epochs": 3}


def test_an_epoch_of_some_batches_draws_a_new_order_each_time(runs: TinyRuns) -> None:
    import tensorflow as tf

    ours = runs.train(SHORT)
    assert ours.only(e.TrainingStarted).steps_per_epoch == 3
    assert {event.steps_per_epoch for event in ours.all_of(e.BatchesEnded)} == {3}
    session = prepared(runs)
    session.model.compile(optimizer=sgd(), loss="sparse_categorical_crossentropy", jit_compile=False)
    parts = [session.train_dataset(epoch, 0).take(3) for epoch in range(3)]
    labels = [np.concatenate([batch[1].numpy() for batch in part]).tolist() for part in parts]
    assert labels[0] != labels[1] != labels[2]
    plain = [session.model.fit(part, epochs=1, shuffle=False, verbose=0).history["loss"][0] for part in parts]
    assert losses_of(ours) == pytest.approx(plain, **EXACT)
    assert isinstance(parts[0], tf.data.Dataset)


def test_a_run_continues_inside_a_shorter_epoch(runs: TinyRuns, every_batch_reported: None) -> None:
    whole = runs.train(SHORT)
    first = runs.train(SHORT, stop_at_batch(2, 2, "now"))
    second = runs.go_on(first.folder)
    assert (second.only(e.TrainingStarted).initial_epoch, second.only(e.TrainingStarted).initial_step) == (1, 2)
    assert losses_of(second) == pytest.approx(losses_of(whole)[1:], **EXACT)


# ---------------------------------------------------------------- validation every n epochs

SELDOM = {"training.epochs": 5, "training.validate_every_epochs": 2}


def test_figures_of_validation_are_blank_between_validations(runs: TinyRuns) -> None:
    session = runs.train({**SELDOM, "training.reduce_on_plateau.enabled": True})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.message
    validated = [event.epoch for event in session.all_of(e.EpochEnded) if "val_loss" in event.metrics]
    assert validated == [2, 4, 5], "every second epoch, and the last"
    assert {event.epoch for event in session.all_of(e.EpochEnded) if event.is_best} <= set(validated)
    with session.folder.history_csv_path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["val_loss"]) for row in rows] == [False, True, False, True, True]
    assert all(math.isfinite(float(row["loss"])) for row in rows)
    assert session.folder.curves_path.stat().st_size > 10_000


def test_early_stopping_counts_all_epochs_and_ends_at_a_validation(runs: TinyRuns) -> None:
    stopping = {"enabled": True, "patience": 2, "min_delta": 99.0, "restore_best_weights": False}
    session = runs.train({**SELDOM, "training.epochs": 9, "training.early_stopping": stopping})
    assert session.ending.reason is e.Reason.STOPPED_EARLY
    assert [event.epoch for event in session.all_of(e.EpochEnded)] == [1, 2, 3, 4]
    assert "has not improved for 2 epochs; its best was" in session.ending.message


def test_a_figure_that_does_not_exist_is_refused_at_the_first_validation(runs: TinyRuns) -> None:
    session = runs.train({**SELDOM, "checkpoints.monitor": "val_accurracy"})
    assert session.ending.reason is e.Reason.CONFIG_ERROR
    assert "There is no figure 'val_accurracy' to watch" in session.ending.message
    assert len(session.all_of(e.EpochEnded)) == 1, "an epoch without validation says nothing about it"


def test_only_the_validation_of_the_last_epoch_is_left_to_do(runs: TinyRuns, every_batch_reported: None) -> None:
    changes = {**SELDOM, "training.epochs": 1}
    first = runs.train(changes, stop_at_batch(1, NUM_STEPS, "now"))
    second = runs.go_on(first.folder)
    assert "val_loss" in second.only(e.EpochEnded).metrics
    assert second.only(e.DataLoaded).num_validation == NUM_VALIDATION


# ---------------------------------------------------------------- what contradicts itself


def optimizer(**arguments: Any) -> dict[str, Any]:
    return {"name": "SGD", "arguments": arguments}


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("training.weight_decay", {"training.weight_decay": 0.1, "training.optimizer": optimizer(weight_decay=0.1)}),
        (
            "training.gradient_clipping.enabled",
            {"training.gradient_clipping.enabled": True, "training.optimizer": optimizer(clipvalue=1.0)},
        ),
        (
            "training.gradient_accumulation_steps",
            {
                "training.gradient_accumulation_steps": 2,
                "training.optimizer": optimizer(gradient_accumulation_steps=2),
            },
        ),
        (
            "training.weight_averaging.enabled",
            {"training.weight_averaging.enabled": True, "training.optimizer": optimizer(use_ema=True)},
        ),
        (
            "training.reduce_on_plateau.enabled",
            {"training.reduce_on_plateau.enabled": True, "training.learning_rate_schedule": "Cosine"},
        ),
    ],
)
def test_the_same_thing_given_twice_is_a_problem_before_the_start(
    pictures: Path, key: str, changes: dict[str, Any]
) -> None:
    problems = check_config(tiny_config(pictures, changes), pictures)
    assert [problem.key for problem in problems] == [key]
    for change in changes:
        rest = {name: value for name, value in changes.items() if name != change}
        assert check_config(tiny_config(pictures, rest), pictures) == (), "each by itself is in order"


def test_options_that_need_tensorflow_are_refused_with_another_backend(pictures: Path) -> None:
    keys = ["training.steps_per_execution", "training.weight_averaging.enabled", "model.gradual_unfreezing.enabled"]
    changes = {keys[0]: 4, keys[1]: True, keys[2]: True, "runtime.backend": "jax"}
    found = {problem.key: problem.message for problem in check_config(tiny_config(pictures, changes), pictures)}
    assert [found.get(key) for key in keys] == ["This works with the backend tensorflow only, received jax."] * 3
