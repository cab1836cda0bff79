"""Gives a built model its optimizer, loss and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.engine.training.averaging import AveragedValidation, is_averaged
from trainer.engine.training.optimizer import build_optimizer
from trainer.engine.training.outputs import build_losses
from trainer.engine.training.schedule import EpochSchedule, plan_learning_rate

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession


def compile_model(session: TrainingSession) -> None:
    """Compile the session's model as its configuration says, and add the callbacks that its optimizer needs.

    Raises:
        ConfigError: A built-in component refuses its arguments.
        UserCodeError: The user's code raised.
    """
    config, functions = session.config, session.folder.functions_path
    plan = plan_learning_rate(config, session.steps_per_epoch, functions)
    session.model.compile(
        optimizer=build_optimizer(config, plan.learning_rate, functions),
        **build_losses(session),
        jit_compile=session.machine.jit_compile,
        steps_per_execution=config.training.steps_per_execution,
    )
    if session.unfreezing is not None:
        session.model.optimizer.build(session.unfreezing.all_variables)
    if plan.at_epoch is not None:
        session.engine_callbacks.append(EpochSchedule(plan.at_epoch, is_inside_epoch=session.start.step > 0))
    if is_averaged(session.model):
        session.engine_callbacks.append(AveragedValidation())
