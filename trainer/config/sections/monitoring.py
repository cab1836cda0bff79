"""What settings that watch a figure have in common."""

from __future__ import annotations

from typing import Literal

Mode = Literal["auto", "min", "max"]

MONITOR_TEXT = (
    "Name of the figure to watch, as it appears in the log: val_loss, val_accuracy, loss … "
    "'auto' watches val_loss (val_map50 for the detection of objects), or loss where there is no validation data."
)
MODE_TEXT = (
    "Whether lower (min) or higher (max) is better. 'auto' decides from the name: loss and errors down, the rest up."
)
