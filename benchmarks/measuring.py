"""What the benchmarks share: where the data is, medians with their spread, and lines with a goal."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DATA = ROOT.parent / "shared" / "data" / "cifar10-mini"


def window_environment(settings: str) -> dict[str, str]:
    """Environment of a process with a window: without a screen unless one is asked for, with settings of its own."""
    own = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), settings)
    platform = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    quiet = {"QT_LOGGING_RULES": "default.warning=false"} if platform == "offscreen" else {}
    return {**os.environ, "QT_QPA_PLATFORM": platform, **own, **quiet}


def quietly_import_keras() -> None:
    """Import Keras without what its native libraries say about themselves, and without its advice."""
    import warnings

    from trainer.native_chatter import without_native_chatter

    with without_native_chatter():
        import keras  # noqa: F401
        import tensorflow as tf

        tf.config.list_physical_devices()
    warnings.filterwarnings("ignore", message="`shuffle=True` was passed")


def parser_of(script: str, docstring: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the script's own description."""
    return argparse.ArgumentParser(
        prog=Path(script).name, description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """`--data`: a folder with `train/` and `test/`, each with one sub-folder of pictures per class."""
    parser.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        help="folder with train/ and test/, each with one sub-folder of pictures per class (default: %(default)s)",
    )


def require_data(folder: Path) -> Path:
    """The folder's full path; ends the script with a sentence where it is missing."""
    for part in ("train", "test"):
        if not (folder / part).is_dir():
            sys.exit(f"{folder / part} is missing. Give a folder with train/ and test/ class folders: --data FOLDER")
    return folder.resolve()


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """The ratio of each round."""
    return [numerator / denominator for numerator, denominator in zip(numerators, denominators, strict=True)]


def with_spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """Such as `1.23 s (1.20 to 1.31)`: the median, and the least and most of the rounds."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f}{unit} ({least:,.{digits}f} to {most:,.{digits}f})"


def print_ratio(
    what: str, values: Sequence[float], *, at_least: float | None = None, at_most: float | None = None
) -> None:
    """Print the median of the rounds' ratios, their spread, and whether the goal is met."""
    middle = statistics.median(values)
    goal = ""
    if at_least is not None:
        goal = f"  goal: at least {at_least:g}: {'met' if middle >= at_least else 'MISSED'}"
    if at_most is not None:
        goal = f"  goal: at most {at_most:g}: {'met' if middle <= at_most else 'MISSED'}"
    print(f"  ratio {what}: {with_spread(values, digits=3)}{goal}", flush=True)
