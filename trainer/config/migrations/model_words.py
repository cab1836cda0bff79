"""The network: `custom_cnn`, `mobilenet_v3` and `resnet50`, its input and its output."""

from __future__ import annotations

from typing import Any

from trainer.config.migrations.foreign_keys import ForeignKeys, component
from trainer.config.suggest import fold

_ARCHITECTURES = {
    "customcnn": "SmallCNN",
    "simplecnn": "SmallCNN",
    "cnn": "SmallCNN",
    "mobilenetv3": "MobileNetV3Small",
    "mobilenetv3small": "MobileNetV3Small",
    "mobilenetv3large": "MobileNetV3Large",
    "resnet50": "ResNet50",
    "resnet101": "ResNet101",
    "vgg16": "VGG16",
    "efficientnetb0": "EfficientNetB0",
}


def map_model(foreign: ForeignKeys) -> None:
    """Architecture, size of the input, number of classes, pretrained weights."""
    _architecture(foreign)
    foreign.drop("num_classes", "the number of classes follows from the class folders")
    for word in ("input_size", "image_size"):
        foreign.move(word, "data.image_size", _height_and_width(foreign.value(word)))
    foreign.move("pretrained", "model.pretrained")
    foreign.move("dropout_rate", "model.dropout_rate")
    reason = "it belongs to the network of that file; make it an argument of a model of your own"
    foreign.drop("attention_layers", reason)


def _architecture(foreign: ForeignKeys) -> None:
    word = foreign.first("model", "architecture", "model_architecture")
    if word is None or (foreign.key(word) != "model.architecture" and _has_architecture(foreign)):
        return
    told, name = foreign.told(word), foreign.take(word)
    known = _ARCHITECTURES.get(fold(name)) if isinstance(name, str) else None
    new: Any = component(known) if known else name
    foreign.put("model.architecture", new, word)
    if known or foreign.key(word) != "model.architecture":
        foreign.note(f"{told} became model.architecture {known or name}.")


def _has_architecture(foreign: ForeignKeys) -> bool:
    return foreign.setting("model.architecture") is not None


def _height_and_width(size: Any) -> Any:
    is_side = isinstance(size, int) and not isinstance(size, bool)
    return [size, size] if is_side else size
