"""Padding pictures to a size that a network can halve, and cropping what it gives."""

from __future__ import annotations

from typing import Any

import keras


def padded(pictures: Any, multiple: int, *, square: bool = False, least_side: int = 1) -> Any:
    """Pictures with zeros around them.

    Args:
        pictures: Shape (batch, height, width, channels).
        multiple: What height and width of the result can be divided by.
        square: Whether they are to be the same.
        least_side: The smallest height and width of the result in pixels.
    """
    sides = [max(side, least_side) for side in pictures.shape[1:3]]
    sides = [side + -side % multiple for side in sides]
    sides = [max(sides)] * 2 if square else sides
    excess = [wanted - side for side, wanted in zip(pictures.shape[1:3], sides, strict=True)]
    return keras.layers.ZeroPadding2D(_halved(excess))(pictures) if any(excess) else pictures


def padded_at_end(pictures: Any, multiple: int) -> Any:
    """Pictures with zeros at the right and at the bottom, so that places in them stay what they are.

    Args:
        pictures: Shape (batch, height, width, channels).
        multiple: What height and width of the result can be divided by.
    """
    excess = [(0, -side % multiple) for side in pictures.shape[1:3]]
    return keras.layers.ZeroPadding2D(excess)(pictures) if any(amount for _, amount in excess) else pictures


def cropped(features: Any, shape: tuple[int, ...]) -> Any:
    """The middle of features (batch, height, width, channels), in the height and width that `shape` begins with."""
    excess = [side - wanted for side, wanted in zip(features.shape[1:3], shape[:2], strict=True)]
    return keras.layers.Cropping2D(_halved(excess))(features) if any(excess) else features


def _halved(excess: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple((amount // 2, amount - amount // 2) for amount in excess)
