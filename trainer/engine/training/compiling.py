"""Gives a built model its optimizer, loss and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.engine.components import build
from trainer.engine.training.fitting import build_loss, build_metrics

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession


def compile_model(session: TrainingSession) -> None:
    """Compile the session's model as its configuration says.

    Raises:
        ConfigError: A built-in component refuses its arguments.
        UserCodeError: The user's code raised.
    """
    training = session.config.training
    functions = session.folder.functions_path
    session.model.compile(
        optimizer=build("optimizer", training.optimizer, functions, learning_rate=training.initial_learning_rate),
        loss=build_loss(session.config, functions),
        metrics=build_metrics(session.config, session.output_fit.one_hot, functions),
        jit_compile=False,
    )
