"""Checks of a model before training: what is healthy passes, and each fault is found by the check that is for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from tests.engine.tiny import tiny_config, write_code
from trainer.cli import EXIT_FAILED, main
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.document import resolved_yaml
from trainer.data.part_samples import PartSamples
from trainer.data.sample_index import SampleIndex
from trainer.engine.checks import labels as label_checks
from trainer.engine.checks import outputs as output_checks
from trainer.engine.checks.finding import Finding, worst_of
from trainer.engine.checks.gradients import _reach
from trainer.engine.checks.labels import check_labels
from trainer.engine.checks.outputs import check_forward, check_range, check_shapes
from trainer.engine.checks.overfit import _judged
from trainer.engine.checks.pictures import judge_size
from trainer.engine.checks.probe import probe_model
from trainer.engine.data.targets import BoxTargets, ClassTargets, NumberTargets

pytestmark = pytest.mark.keras

OWN_MODELS = """
    import keras

    def without_softmax(input_shape, num_classes):
        pixels = keras.Input(input_shape)
        x = keras.layers.Flatten()(pixels)
        return keras.Model(pixels, keras.layers.Dense(num_classes)(x))

    @keras.saving.register_keras_serializable()
    class Forgetful(keras.Model):
        def __init__(self, input_shape, num_classes):
            super().__init__()
            self.unused = keras.layers.Dense(3, name="unused")
            self.unused.build((None, 4))
            self.flat = keras.layers.Flatten()
            self.scores = keras.layers.Dense(num_classes, activation="softmax")

        def call(self, pixels):
            return self.scores(self.flat(pixels))
"""


@pytest.fixture
def probed(tmp_path: Path, pictures: Path) -> Callable[..., dict[str, Finding]]:
    """Gives the findings by name for changes to the tiny configuration."""

    def probe(changes: dict[str, Any] | None = None, **options: Any) -> dict[str, Finding]:
        found = probe_model(tiny_config(pictures, changes), tmp_path, **options)
        return {finding.name: finding for finding in found}

    return probe


def own_model(folder: Path, name: str) -> dict[str, Any]:
    return {"model.architecture": {"file": str(write_code(folder / "own.py", OWN_MODELS)), "name": name}}


def test_a_healthy_model_passes_everything_and_learns_a_batch_by_heart(
    probed: Callable[..., dict[str, Finding]],
) -> None:
    steps: list[tuple[int, int]] = []
    changes = {"training.callbacks": ["TerminateOnNaN"], "data.split.num_folds": 3}
    found = probed(changes, overfit=True, stepped=lambda done, total: steps.append((done, total)))
    assert list(found) == [
        "forward", "shapes", "range", "picture_size", "labels", "first_loss", "gradients", "variables", "step",
        "memory", "epoch", "overfit",
    ]  # fmt: skip
    judged = {name: finding.outcome for name, finding in found.items() if name not in ("memory", "step")}
    assert set(judged.values()) == {"pass"}, found
    assert "(8, 12, 12, 3) uint8 from 0 to" in found["forward"].text
    assert "(8, 3) float32" in found["forward"].text
    assert "blue 9 (33.3 %)" in found["labels"].text
    assert "guessing would have 1.099" in found["first_loss"].text
    assert "for 4 batches" in found["epoch"].text and "for 2 epochs" in found["epoch"].text
    assert steps == sorted(steps) and steps[-1][0] <= steps[-1][1]


def test_a_model_without_softmax_fails_by_its_range_and_the_command_says_so(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_config(pictures, own_model(tmp_path, "without_softmax"))
    path = tmp_path / "own.yaml"
    path.write_text(resolved_yaml(config), encoding="utf-8")
    assert main(["probe", str(path), "--json"]) == EXIT_FAILED
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["outcome"] == "fail"
    (failed,) = [finding for finding in answer["findings"] if finding["outcome"] == "fail"]
    assert failed["name"] == "range"
    assert "takes probabilities from 0 to 1" in failed["text"]
    assert "from_logits: true" in failed["advice"]
    assert not list(tmp_path.glob("runs*")), "nothing is kept"


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_a_layer_that_the_loss_does_not_reach_is_named(
    probed: Callable[..., dict[str, Finding]], tmp_path: Path
) -> None:
    found = probed(own_model(tmp_path, "Forgetful"))
    assert found["variables"].outcome == "warn"
    assert "2 of 4 variables get no gradient" in found["variables"].text
    assert "unused" in found["variables"].text


# ---------------------------------------------------------------- single checks


def subject(labels: Any, outputs: Any, loss: Component | None = None, **more: Any) -> Any:
    """What the checks look at, without a session behind it."""
    known = {"inputs": np.arange(12.0).reshape(4, 3), "labels": labels, "outputs": outputs, "loss": loss}
    found = SimpleNamespace(**known, is_single=not isinstance(labels, dict), config=Config(), model=None, **more)
    found.numpy_labels = lambda: np.asarray(labels)
    found.numpy_outputs = lambda: np.asarray(outputs, float)
    if "session" not in more:
        found.session = SimpleNamespace(data=SimpleNamespace(target_kind="classes", class_names=()))
    return found


SPARSE = Component(name="SparseCategoricalCrossentropy")
LOGITS = Component(name="SparseCategoricalCrossentropy", arguments={"from_logits": True})
SURE = np.array([[0.5, 0.5], [0.9, 0.1]])


@pytest.mark.parametrize(
    ("labels", "outputs", "loss", "outcome", "words"),
    [
        (np.array([0, 1]), SURE, SPARSE, "pass", ""),
        (np.eye(2), SURE, SPARSE, "pass", ""),
        (np.array([1.0, 2.0]), np.zeros((2, 1)), Component(name="MeanSquaredError"), "pass", ""),
        (np.full((2, 4, 4), 255), np.zeros((2, 4, 4, 3)), SPARSE, "pass", ""),
        (np.array([0, 2]), SURE, SPARSE, "fail", "class 2 has no output, as there are only 2"),
        (np.zeros((2, 3)), SURE, SPARSE, "fail", "do not fit each other"),
        (np.zeros((2, 4, 4)), np.zeros((2, 2, 2, 3)), SPARSE, "fail", "do not fit each other"),
        (np.zeros((2, 3)), SURE, None, "warn", "do not fit each other"),
        ({"a": SURE}, {"b": SURE}, None, "warn", "the names differ"),
    ],
)
def test_shapes(labels: Any, outputs: Any, loss: Component | None, outcome: str, words: str) -> None:
    found = check_shapes(subject(labels, outputs, loss))
    assert (found.outcome, words in found.text) == (outcome, True), found


@pytest.mark.parametrize(
    ("outputs", "loss", "outcome", "words"),
    [
        (SURE, SPARSE, "pass", "gets probabilities"),
        (SURE - 3, SPARSE, "fail", "takes probabilities"),
        (SURE / 2, SPARSE, "warn", "sum to 1"),
        (SURE / 2, Component(name="BinaryCrossentropy"), "pass", "gets probabilities"),
        (SURE - 3, LOGITS, "pass", "scores without activation"),
        (SURE, LOGITS, "warn", "look like probabilities"),
        (SURE, Component(name="own", file="own.py"), "pass", "Not judged"),
        (SURE, None, "pass", "Not judged"),
    ],
)
def test_range_against_the_loss(outputs: Any, loss: Component | None, outcome: str, words: str) -> None:
    found = check_range(subject(np.array([0, 1]), outputs, loss))
    assert (found.outcome, words in found.text) == (outcome, True), found


def test_labels_that_the_last_activation_cannot_reach_fail() -> None:
    given = subject(np.array([0.0, 40.0]), np.array([[0.4], [0.6]]), Component(name="MeanSquaredError"))
    given.model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    found = check_range(given)
    assert found.outcome == "fail"
    assert "sigmoid cannot reach all labels" in found.advice


@pytest.mark.parametrize(
    ("outputs", "outcome", "words"),
    [
        (np.array([[0.1, np.nan], [0.2, 0.3]]), "fail", "not all are numbers"),
        (np.array([[0.1, 0.9], [0.1, 0.9]]), "warn", "the same for every sample"),
        (SURE, "pass", "→"),
    ],
)
def test_forward(outputs: Any, outcome: str, words: str) -> None:
    found = check_forward(subject(np.array([0, 1]), outputs))
    assert (found.outcome, words in found.text) == (outcome, True), found


@pytest.mark.parametrize(
    ("received", "wanted", "outcome", "words"),
    [
        ((480, 640), (8, 8), "warn", "set data.image_size to [224, 224]"),
        ((32, 32), (8, 8), "warn", "set data.image_size to [32, 32]"),
        ((2048, 3072), (256, 256), "warn", "8 × smaller"),
        ((480, 640), (224, 224), "pass", "Stored: 640 × 480 pixels; the model gets 224 × 224 pixels."),
        ((8, 8), (8, 8), "pass", ""),
        ((28, 28), (224, 224), "pass", ""),
    ],
)
def test_pictures_that_lose_too_much_are_told(
    received: tuple[int, int], wanted: tuple[int, int], outcome: str, words: str
) -> None:
    found = judge_size(received, wanted)
    assert found.outcome == outcome and words in f"{found.text} {found.advice}"


def labels_found(targets: Any, kind: str, names: tuple[str, ...], method: str = "none") -> Finding:
    data = SimpleNamespace(train=SimpleNamespace(targets=targets), target_kind=kind, class_names=names)
    given = subject(None, None, session=SimpleNamespace(data=data))
    given.config = Config.model_validate({"data": {"balance": {"method": method}}})
    return check_labels(given)


def test_label_distribution() -> None:
    uneven = ClassTargets(np.array([0] * 50 + [1] * 4, np.int32), 2)
    found = labels_found(uneven, "classes", ("cat", "dog"))
    assert found.outcome == "warn" and "cat 50 (92.6 %), dog 4 (7.4 %)" in found.text and "data.balance" in found.advice
    assert labels_found(uneven, "classes", ("cat", "dog"), "class_weights").outcome == "pass"
    empty = labels_found(ClassTargets(np.zeros(5, np.int32), 2), "classes", ("cat", "dog"))
    assert empty.outcome == "warn" and "nothing to learn dog from" in empty.advice
    constant = labels_found(NumberTargets(np.ones(9, np.float32)), "numbers", ())
    assert constant.outcome == "fail" and "never changes" in constant.text
    assert labels_found(NumberTargets(np.arange(9, dtype=np.float32)), "numbers", ()).outcome == "pass"


def test_balance_is_advised_only_where_it_is_allowed() -> None:
    boxes = BoxTargets(np.zeros((1, 54, 4), np.float32), np.array([[0] * 50 + [1] * 4], np.int32))
    sets = NumberTargets(np.array([[1, 0]] * 50 + [[1, 1]] * 4, np.float32))
    for targets, kind in ((boxes, "boxes"), (sets, "label_sets")):
        found = labels_found(targets, kind, ("cat", "dog"))
        assert found.outcome == "warn" and "data.balance" not in found.advice and found.advice


def test_a_batch_that_is_not_learned_is_judged_by_how_far_the_loss_fell() -> None:
    judged = {last: _judged([2.0, last], last).outcome for last in (0.1, 0.8, 1.9, float("nan"))}
    assert list(judged.values()) == ["pass", "warn", "fail", "fail"]


def test_the_worst_counts() -> None:
    one = {outcome: Finding("a", "A", outcome, "") for outcome in ("pass", "warn", "fail")}  # type: ignore[arg-type]
    assert worst_of([]) == worst_of([one["pass"]]) == "pass"
    assert worst_of([one["pass"], one["warn"]]) == "warn"
    assert worst_of([one["fail"], one["warn"]]) == "fail"


def test_a_loss_far_from_guessing_is_told() -> None:
    data = SimpleNamespace(target_kind="classes", class_names=("a", "b"))
    given = subject(np.array([0, 1]), SURE, SPARSE, session=SimpleNamespace(data=data), weights=())
    for value, outcome in ((0.7, "pass"), (9.0, "warn"), (float("inf"), "fail")):
        given.model = SimpleNamespace(compute_loss=lambda *_, value=value: value)
        assert output_checks.check_first_loss(given).outcome == outcome


def test_rare_pixels_are_no_matter_of_balance_but_of_the_loss() -> None:
    masks = np.zeros((1, 40, 40), int)
    masks[0, :4, :4] = 1
    data = SimpleNamespace(train=SimpleNamespace(), target_kind="masks", class_names=("background", "cell"))
    given = subject(masks, None, session=SimpleNamespace(data=data))
    found = check_labels(given)
    assert found.outcome == "warn" and "99 × the smallest" in found.text and "MaskFocal" in found.advice
    masks[0, :8, :8] = 1
    assert check_labels(given).outcome == "pass"


@pytest.mark.parametrize("has_another", [True, False])
def test_a_class_that_no_training_mask_has_is_told_though_only_a_batch_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_another: bool
) -> None:
    names = ("background", "cell")
    masks = [np.zeros((4, 4), np.uint8), np.full((4, 4), has_another, np.uint8)]
    raw = SimpleNamespace(mask=lambda number: masks[number])
    index = SampleIndex(tmp_path, ["a", "b"], class_names=names, mask_names=["a", "b"], raw=raw)  # type: ignore[arg-type]
    monkeypatch.setattr(label_checks, "parts_of", lambda _data: (PartSamples("train", index, np.arange(2)),))
    data = SimpleNamespace(train=SimpleNamespace(), target_kind="masks", class_names=names)
    found = check_labels(subject(masks[0][None].astype(int), None, session=SimpleNamespace(data=data)))
    assert "cell 0 (0.0 %)" in found.text
    assert (found.outcome, "cell has no pixel to train on" in found.advice) == (
        ("pass", False) if has_another else ("warn", True)
    )


def test_zero_gradients_are_told_when_they_are_most() -> None:
    assert _reach(4, [], ["a"]).outcome == "pass"
    assert "1 is zero at first" in _reach(4, [], ["a"]).text
    assert _reach(4, [], ["a", "b", "c"]).outcome == "warn"
    assert _reach(4, ["d"], []).outcome == "warn"
