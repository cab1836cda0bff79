"""The same model and the same batches in plain Keras, to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.engine.tiny import NUM_STEPS, ListeningOutput, Session, TinyRuns
from trainer.config.document import load_file
from trainer.runs import events as e

SGD = {"name": "SGD", "arguments": {"momentum": 0.5}}


def prepared(runs: TinyRuns, changes: Mapping[str, Any] | None = None) -> Any:
    """A session before its training: data and a new model, the same in every call."""
    import keras

    from trainer.engine.training.control import TrainingControl
    from trainer.engine.training.session import StartPoint, TrainingSession

    keras.backend.clear_session(free_memory=False)
    folder = runs.create(changes)
    config = load_file(folder.config_path).require()
    session = TrainingSession(folder, config, TrainingControl(), ListeningOutput(folder.events_path), StartPoint())
    session.prepare()
    return session


def plain_fit(
    runs: TinyRuns, optimizer: Any, *, epochs: int = 2, changes: Mapping[str, Any] | None = None, **fit: Any
) -> tuple[list[dict[str, float]], Any]:
    """Compile the tiny model with an optimizer and fit it with Keras alone; its figures by epoch, and the model."""
    session = prepared(runs, changes)
    model = session.model
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", jit_compile=False)
    history = model.fit(
        session.train_dataset(0, 0),
        validation_data=session.validation_dataset(),
        epochs=epochs,
        steps_per_epoch=NUM_STEPS,
        shuffle=False,
        verbose=0,
        **fit,
    )
    names = list(history.history)
    rows = zip(*history.history.values(), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows], model


def losses_of(session: Session, name: str = "loss") -> list[float]:
    """A figure of every epoch in which it was reported."""
    assert session.ending.outcome is not e.Outcome.FAILED, session.ending.message + session.ending.trace
    return [event.metrics[name] for event in session.all_of(e.EpochEnded) if name in event.metrics]
