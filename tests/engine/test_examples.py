"""Every example of `custom_functions/` trains, and so do the custom functions that the first document prints."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.end_to_end.own_functions import DOCUMENT
from tests.engine.tiny import Session, TinyRuns, write_code
from trainer.catalog.discovery import discover
from trainer.catalog.entry import Entry
from trainer.engine.training.variables import numbered_variables
from trainer.runs import events as e

pytestmark = pytest.mark.keras

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "custom_functions"
MADE_FOR = {
    "loaders": "loader",
    "preprocessing": "preprocessing",
    "augmentations": "augmentation",
    "models": "model",
    "losses": "loss",
    "metrics": "metric",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "callbacks": "callback",
    "training_loops": "training_loop",
}


def example(file: str, name: str, **arguments: Any) -> dict[str, Any]:
    """A component of a file in `custom_functions/`."""
    return {"name": name, "file": str(FOLDER / f"{file}.py"), "arguments": arguments}


TOGETHER: dict[str, dict[str, Any]] = {
    "functions": {
        "data.loader": example("loaders", "balanced_folder", side=12),
        "data.preprocessing": [
            example("preprocessing", "gray_world", strength=0.5),
            example("preprocessing", "without_border", border=1),
        ],
        "data.augmentation.steps": [
            example("augmentations", "cutout", side_fraction=0.5),
            example("augmentations", "blended_pairs"),
        ],
        "model.architecture": example("models", "wide_cnn", width=4, activation="swish", dropout_rate=0.3),
        "training.loss": example("losses", "smoothed_crossentropy", smoothing=0.2),
        "training.metrics": [example("metrics", "top_two")],
        "training.optimizer": example("optimizers", "steady_sgd", momentum=0.5),
        "training.learning_rate_schedule": example("schedules", "inverse_root", warmup_steps=3),
        "training.callbacks": [example("callbacks", "BatchTimes", num_slowest=1)],
    },
    "classes": {
        "data.preprocessing": [example("preprocessing", "Contrast", spread=40.0)],
        "model.architecture": example("models", "ResidualNet", num_blocks=2, filters=4),
        "training.loss": example("losses", "FocalLoss", gamma=1.5),
        "training.metrics": ["accuracy", example("metrics", "MacroRecall")],
        "training.optimizer": example("optimizers", "CentralizedSGD"),
        "training.learning_rate_schedule": example("schedules", "Triangular", cycle_epochs=2),
    },
    "loop": {
        "model.architecture": example("models", "PatchFeatures", width=6),
        "training.learning_rate_schedule": example("schedules", "halved", every=1),
        "training.training_loop": example("training_loops", "gradient_tape_loop", weight_penalty=1e-4),
    },
}
"""Everything that the files define, in three runs."""


def used(changes: Any) -> set[str]:
    """Names of the components in a run's changes."""
    if isinstance(changes, dict) and "file" in changes:
        return {changes["name"]}
    inner = changes.values() if isinstance(changes, dict) else changes if isinstance(changes, list) else ()
    return {name for value in inner for name in used(value)}


def require_completed(session: Session) -> None:
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.message + session.ending.trace


def losses(session: Session) -> list[float]:
    return [event.metrics["loss"] for event in session.all_of(e.EpochEnded)]


@pytest.fixture(scope="module")
def found() -> dict[str, list[Entry]]:
    """Discovered functions and classes by the stem of their file."""
    by_file: dict[str, list[Entry]] = {}
    for item in discover(REPOSITORY):
        assert item.entry is not None, item.problem
        by_file.setdefault(Path(item.file).stem, []).append(item.entry)
    return by_file


def test_there_is_a_file_for_every_kind_and_all_of_it_is_discovered(found: dict[str, list[Entry]]) -> None:
    assert found.keys() == MADE_FOR.keys()
    assert {entry.kind for entries in found.values() for entry in entries} == set(MADE_FOR.values())
    for stem, entries in found.items():
        assert {entry.kind for entry in entries} == {MADE_FOR[stem]}, stem
    assert {entry.name for entries in found.values() for entry in entries} == used(TOGETHER) | {"array_file"}


def test_every_argument_has_a_type_a_tooltip_and_no_surprise(found: dict[str, list[Entry]]) -> None:
    for entry in (entry for entries in found.values() for entry in entries):
        assert entry.description, entry.name
        for argument in entry.arguments:
            assert argument.kind != "any" and argument.description, f"{entry.name}.{argument.name}"
            assert not argument.required, f"{entry.name}.{argument.name}"


def test_metadata_reaches_the_rows(found: dict[str, list[Entry]]) -> None:
    wide_cnn = next(entry for entry in found["models"] if entry.name == "wide_cnn")
    width, activation, dropout = (wide_cnn.argument(name) for name in ("width", "activation", "dropout_rate"))
    assert width is not None and activation is not None and dropout is not None
    assert (width.kind, width.minimum, width.maximum, width.default) == ("int", 1, 512, 32)
    assert (activation.kind, activation.choices) == ("choice", ("relu", "swish", "gelu"))
    assert (dropout.group, dropout.maximum) == ("regularization", 0.9)
    assert wide_cnn.presets["advanced"] == {"width": 64, "dropout_rate": 0.4, "activation": "swish"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_imports_nothing_of_ours(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= {"keras", "tensorflow", "numpy", "pathlib", "time", "typing"}


@pytest.mark.parametrize("name", TOGETHER)
def test_the_examples_train_and_their_model_can_be_loaded_again(runs: TinyRuns, name: str) -> None:
    session = runs.train(TOGETHER[name])
    require_completed(session)
    assert len(losses(session)) == 2 and np.isfinite(losses(session)).all()
    model = keras.models.load_model(session.folder.final_model_path, compile=False)
    saved = np.load(session.folder.checkpoints_path / "last" / "state.npz")
    weights = [(key, variable) for key, variable in numbered_variables(model) if "seed" not in variable.path]
    assert len(weights) >= 4
    for key, variable in weights:
        np.testing.assert_array_equal(saved[key], keras.ops.convert_to_numpy(variable))


def test_arrays_of_a_file_train(runs: TinyRuns, tmp_path: Path) -> None:
    labels = np.arange(24) % 3
    np.savez(tmp_path / "data.npz", images=np.full((24, 12, 12, 3), 50.0) * labels[:, None, None, None], labels=labels)
    loader = example("loaders", "array_file")
    session = runs.train({"data.train_dir": str(tmp_path), "data.loader": loader, "training.epochs": 1})
    require_completed(session)


def test_the_own_loop_learns_what_fit_learns(runs: TinyRuns) -> None:
    same = {"training.epochs": 3, "runtime.deterministic": True, "model.dropout_rate": 0.0}
    loop = runs.train({**same, "training.training_loop": example("training_loops", "gradient_tape_loop")})
    fit = runs.train(same)
    require_completed(loop)
    assert losses(loop) == pytest.approx(losses(fit), rel=0.2)
    assert losses(loop)[-1] < losses(loop)[0]


def test_figures_and_rates_are_what_the_examples_say(runs: TinyRuns, capfd: pytest.CaptureFixture[str]) -> None:
    halved, recall = example("schedules", "halved", every=1), example("metrics", "MacroRecall")
    times = example("callbacks", "BatchTimes", num_slowest=1)
    session = runs.train(
        {
            "training.epochs": 3,
            "training.learning_rate_schedule": halved,
            "training.metrics": ["accuracy", recall],
            "training.callbacks": [times],
        }
    )
    require_completed(session)
    ended = session.all_of(e.EpochEnded)
    assert [event.learning_rate for event in ended] == pytest.approx([0.01, 0.005, 0.0025])
    # The held-out pictures are as many of each class, so that recall and accuracy are the same there.
    for event in ended:
        assert event.metrics["val_macro_recall"] == pytest.approx(event.metrics["val_accuracy"], abs=1e-6)
    assert capfd.readouterr().out.count("ms per batch; slowest: batch") == 3


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The functions of the document; what it only names, such as `create_dataset`, is filled in."""
    return write_code(tmp_path / "document.py", DOCUMENT)


def of_document(path: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "file": str(path), "arguments": arguments}


def test_the_documents_loader_model_and_loop_train_alone(runs: TinyRuns, document: Path) -> None:
    for changes in (
        {"data.loader": of_document(document, "my_custom_loader")},
        {"model.architecture": of_document(document, "create_custom_model", dropout_rate=0.3, activation="swish")},
        {"training.training_loop": of_document(document, "custom_training_loop")},
    ):
        require_completed(runs.train({**changes, "training.epochs": 1}))


def test_the_documents_functions_train_together(runs: TinyRuns, document: Path, capfd: Any) -> None:
    session = runs.train(
        {
            "data.loader": of_document(document, "my_custom_loader"),
            "model.architecture": of_document(document, "create_custom_model", dropout_rate=0.2),
            "training.training_loop": of_document(document, "custom_training_loop"),
        }
    )
    require_completed(session)
    assert capfd.readouterr().out.count("validated") == 2
