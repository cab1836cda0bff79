"""The form that every picture is brought to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainer.config.sections import DataSection

_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """Size, colours and how to get there. Everything that decides the pixels of a decoded picture.

    Attributes:
        height: In pixels.
        width: In pixels.
        channels: 1 for grey, 3 for colour, 4 for colour and opacity.
        resize_mode: `stretch`, `crop` or `pad`, as in the configuration.
        interpolation: `bilinear`, `bicubic` or `nearest`.
    """

    height: int
    width: int
    channels: int
    resize_mode: Literal["stretch", "crop", "pad"] = "stretch"
    interpolation: Literal["bilinear", "bicubic", "nearest"] = "bilinear"

    @classmethod
    def from_config(cls, data: DataSection) -> PictureFormat:
        """The format that a configuration asks for."""
        height, width = data.image_size
        return cls(height, width, _CHANNELS[data.color_mode], data.resize_mode, data.interpolation)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.height, self.width, self.channels

    @property
    def num_bytes(self) -> int:
        """Size of one decoded picture, uint8."""
        return self.height * self.width * self.channels
