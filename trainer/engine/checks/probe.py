"""Runs all checks of a model on one configuration."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.config.config import Config
from trainer.config.document import load_file
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate
from trainer.engine.checks.finding import Finding
from trainer.engine.checks.gradients import check_gradients
from trainer.engine.checks.labels import check_labels
from trainer.engine.checks.outputs import check_first_loss, check_forward, check_range, check_shapes
from trainer.engine.checks.overfit import NUM_STEPS, check_overfit
from trainer.engine.checks.pictures import check_picture_size
from trainer.engine.checks.subject import Subject
from trainer.engine.checks.timing import check_time_and_memory
from trainer.engine.quiet_output import QuietOutput
from trainer.engine.training.control import TrainingControl
from trainer.engine.training.ending import end_of_error
from trainer.engine.training.session import StartPoint, TrainingSession
from trainer.errors import GardenerError
from trainer.launch import create_run
from trainer.runs.events import Reason

_WITHOUT: dict[str, Any] = {
    "output.tensorboard": False,
    "training.early_stopping.enabled": False,
    "training.reduce_on_plateau.enabled": False,
    "training.steps_per_execution": 1,
    "training.gradient_accumulation_steps": 1,
    "training.learning_rate_schedule": None,
    "training.callbacks": [],
    "training.training_loop": None,
    "model.gradual_unfreezing.enabled": False,
    "runtime.strategy": "none",
    "runtime.devices": "",
    "runtime.backend": "tensorflow",
    "data.split.num_folds": 0,
    "data.split.fold": 0,
}
"""What the checks do without: they look at one batch on one device, with the learning rate as it is set."""
_NUM_CHECKS = 15
_Check = tuple[str, str, Callable[[Subject], Finding | list[Finding]]]
_CHECKS: tuple[_Check, ...] = (
    ("forward", "Forward pass", check_forward),
    ("shapes", "Shapes", check_shapes),
    ("range", "Output range", check_range),
    ("picture_size", "Picture size", check_picture_size),
    ("labels", "Labels", check_labels),
    ("first_loss", "First loss", check_first_loss),
    ("gradients", "Gradient", check_gradients),
)


def probe_model(
    config: Config,
    base_dir: Path,
    *,
    overfit: bool = False,
    warn: Callable[[str], None] = print,
    stepped: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Finding]:
    """Prepare everything as for training, and look at the model on its data. Nothing is kept.

    Args:
        config: What would be trained.
        base_dir: Folder that relative paths start from.
        overfit: Also try whether the network can learn one batch by heart.
        warn: Told what the person should know.
        stepped: Told how much of the work is done.

    Returns:
        One finding per check, in the order in which they depend on each other. After a forward pass that fails, the
        checks that need it are left out.

    Raises:
        GardenerError: The configuration, the data or the user's code does not even allow to build the model.
    """
    with tempfile.TemporaryDirectory(prefix="modelgardener-", ignore_cleanup_errors=True) as place:
        changed = validate(with_overrides(config.to_dict(), _WITHOUT | {"output.runs_dir": place}))
        folder = create_run(changed, base_dir)
        absolute = load_file(folder.config_path).require()
        output = QuietOutput(folder.events_path, warn)
        session = TrainingSession(folder, absolute, TrainingControl(), output, StartPoint())
        progress = _Progress(stepped, _NUM_CHECKS + (NUM_STEPS if overfit else 0))
        try:
            session.prepare()
        except GardenerError:
            raise
        except Exception as error:
            raise GardenerError(end_of_error(error, session, ()).message) from error
        return _run_checks(session, progress, overfit=overfit)


def _run_checks(session: TrainingSession, progress: _Progress, *, overfit: bool) -> list[Finding]:
    findings: list[Finding] = []
    subject = Subject(session)
    checks = [*_CHECKS, ("step", "Time of a step", lambda given: check_time_and_memory(given, progress.step))]
    if overfit:
        fresh = session.model.get_weights()
        checks.append(("overfit", "One batch by heart", lambda given: check_overfit(given, fresh, progress.step)))
    for name, title, check in checks:
        try:
            found = check(subject)
        except Exception as error:
            end = end_of_error(error, session, ())
            advice = "" if end.reason is Reason.INTERNAL_ERROR else end.advice
            findings.append(Finding(name, title, "fail", end.message, advice))
            if name in ("forward", "gradients"):
                break  # all that follows would fail for the same reason
            continue
        findings += found if isinstance(found, list) else [found]
        progress.step()
    return findings


class _Progress:
    def __init__(self, stepped: Callable[[int, int], None], total: int) -> None:
        self._stepped = stepped
        self._done = 0
        self._total = total

    def step(self) -> None:
        self._done = min(self._total, self._done + 1)
        self._stepped(self._done, self._total)
