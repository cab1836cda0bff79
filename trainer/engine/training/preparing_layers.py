"""What a network is given before it learns: weights of another training, which layers keep theirs, how they compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from trainer.engine.models.skipping import skip_pixels_first
from trainer.engine.training.freezing import GradualUnfreezing, freeze_layers
from trainer.engine.training.initial_weights import load_initial_weights
from trainer.engine.training.step_function import make_train_function

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession


def prepare_layers(session: TrainingSession) -> None:
    """Load initial weights into the session's new model, and freeze its layers, as its configuration says.

    Raises:
        ConfigError: No weights fit, a layer does not exist, or nothing would learn.
    """
    chosen = session.config.model
    if keras.backend.backend() == "tensorflow" and not tf.config.get_visible_devices("GPU"):
        skip_pixels_first(session.model)
    if chosen.initial_weights and session.start.manifest is None:
        load_initial_weights(session.model, chosen.initial_weights, session.output)
    frozen = freeze_layers(session.model, chosen.frozen_layers)
    if frozen:
        listed = ", ".join(frozen[:8]) + (" …" if len(frozen) > 8 else "")
        session.output.log("MODEL", f"Layers that keep their weights: {listed}")
    if chosen.gradual_unfreezing.enabled:
        session.unfreezing = GradualUnfreezing(
            session.model,
            chosen.gradual_unfreezing,
            retrace=lambda: make_train_function(session.model, session.steps_of_fit),
            log=lambda sentence: session.output.log("TRAINING", sentence),
        )
        session.engine_callbacks.append(session.unfreezing)
