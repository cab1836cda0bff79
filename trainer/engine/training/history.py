"""The history of a run as files: `history.csv`, `history.json` and `curves.png`."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.runs.atomic import write_atomically


@dataclass(slots=True)
class History:
    """One row per finished epoch: `epoch` (from 1), `learning_rate`, `duration_s` and every figure."""

    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, epoch: int, metrics: dict[str, float], learning_rate: float, duration_s: float) -> None:
        """Take a finished epoch into account."""
        self.rows.append({"epoch": epoch, "learning_rate": learning_rate, "duration_s": duration_s, **metrics})

    def series(self, name: str) -> list[float]:
        """Values of a figure over the epochs, NaN where it is missing."""
        return [row.get(name, math.nan) for row in self.rows]

    def names(self) -> list[str]:
        """Names of all columns, in the order of their first appearance."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def write_csv(self, path: Path) -> None:
        """Write one row per epoch."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.names(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_atomically(path, text.getvalue().encode(), flush=False)

    def write_json(self, path: Path, result: dict[str, Any]) -> None:
        """Write the result of the run with the history by figure."""
        series = {name: self.series(name) for name in self.names() if name != "epoch"}
        text = json.dumps(_finite(result | {"history": series}), indent=2)
        write_atomically(path, text.encode())

    def draw_curves(self, path: Path, best_epoch: int | None) -> None:
        """Draw every figure over the epochs, training and validation together, as a PNG."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        names = [n for n in self.names() if not n.startswith("val_") and n not in ("epoch", "duration_s")]
        figure = Figure(figsize=(5 * len(names), 3.6), layout="constrained")
        FigureCanvasAgg(figure)
        epochs = self.series("epoch")
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            self._draw(axes, name, epochs, best_epoch)
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=120)
        write_atomically(path, content.getvalue())

    def _draw(self, axes: Any, name: str, epochs: list[float], best_epoch: int | None) -> None:
        self._plot(axes, epochs, name, color="#56B4E9", linewidth=1, label="training")
        if f"val_{name}" in self.names():
            self._plot(axes, epochs, f"val_{name}", color="#0072B2", label="validation")
        if best_epoch is not None:
            axes.axvline(best_epoch, color="#999999", linewidth=1, linestyle=":", label=f"best epoch {best_epoch}")
        axes.set(title=name.replace("_", " "), xlabel="epoch")
        axes.grid(alpha=0.25)
        axes.legend(frameon=False)

    def _plot(self, axes: Any, epochs: list[float], name: str, **look: Any) -> None:
        """A line through the epochs that have the figure: NaN between them would leave single points unseen."""
        points = [(epoch, value) for epoch, value in zip(epochs, self.series(name), strict=True) if value == value]
        marker = "o" if len(points) == 1 else None
        axes.plot([epoch for epoch, _ in points], [value for _, value in points], marker=marker, **look)


def _finite(value: Any) -> Any:
    """JSON has no NaN: what is not finite becomes `null`."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
