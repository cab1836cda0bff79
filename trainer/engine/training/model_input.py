"""What a saved model has to be given, for whoever uses it later."""

from __future__ import annotations

from typing import Any

from trainer.config.config import Config
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.prepared import PreparedData


def model_input(config: Config, data: PreparedData) -> dict[str, Any]:
    """The `input` of `model.json`.

    Args:
        config: The run's configuration.
        data: Its data.

    Returns:
        `height`, `width` and `channels` of the model's input where that is a picture, otherwise `shape` or `shapes` by
        name. `preprocessing` names what has to be done before, in order, and `first` the size that it starts from;
        `loader` names the user's loader whose batches it was trained on.
    """
    shape = data.input_shape
    info: dict[str, Any]
    if isinstance(shape, dict):
        info = {"shapes": {name: list(inner) for name, inner in shape.items()}}
    elif len(shape) != 3:
        info = {"shape": list(shape)}
    else:
        info = dict(zip(("height", "width", "channels"), shape, strict=True))
    if config.data.loader.file is not None:
        info["loader"] = {"file": config.data.loader.file, "name": config.data.loader.name}
        info["values"] = "what the loader gives"
    else:
        info |= {
            "color_mode": config.data.color_mode,
            "resize_mode": config.data.resize_mode,
            "interpolation": config.data.interpolation,
            "values": "pixels from 0 to 255; the model scales them itself",
        }
    outside = config.data.preprocessing[: len(config.data.preprocessing) - len(data.layers)]
    if outside:
        height, width, channels = PictureFormat.from_config(config.data).shape
        info["first"] = {"height": height, "width": width, "channels": channels}
        info["preprocessing"] = [step.model_dump(mode="json") for step in outside]
    return info
