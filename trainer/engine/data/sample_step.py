"""What an augmentation step of ours looks like."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from trainer.engine.data.prepared import TargetKind


@runtime_checkable
class SampleStep(Protocol):
    """Changes pictures by their own seeds, and moves what belongs to them alike."""

    def apply(self, images: Any, targets: Any, target_kind: TargetKind, seeds: Any) -> tuple[Any, Any]:
        """Change a batch.

        Args:
            images: float32, shape (B, height, width, channels), in 0–255.
            targets: What belongs to them: masks as uint8 (B, height, width, 1), boxes as in `warp_boxes`, or anything
                that stays as it is.
            target_kind: What the targets are.
            seeds: int32, shape (B, 2): each sample's own, for `sample_uniforms`.

        Returns:
            Images of the same shape, and targets.
        """
