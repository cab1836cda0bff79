"""How long a project's own functions take to be found.

    python benchmarks/discovery.py [--rounds 9] [--files 30] [--functions 20]

Files of documented losses are written into a `custom_functions` folder and discovered as the window does it: read with
`ast`, never executed. `first` is the time with nothing known, `again` with unchanged files, `one changed` after one
file was written anew; `none` is a project without the folder, and `parse` a bare `ast.parse` of the same files, the
least that reading them takes. Goals: the first time at most 100 ms more than none, and at most 1.5 times `parse`.
Times are medians, with the least and the most of the rounds; Python's modules are loaded before.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tempfile
import time
from pathlib import Path

from measuring import ROOT, parser_of, print_ratio, ratios, with_spread

_GOAL_MS = 100.0
_FUNCTION = '''
def loss_{number}(
    y_true, y_pred, gamma: Annotated[float, "0..5"] = 2.0, alpha=0.25, mode: Literal["mean", "sum"] = "mean"
):
    """A loss that looks at hard pictures.

    Args:
        y_true: One-hot labels, shape (batch, classes).
        y_pred: Probabilities, shape (batch, classes).
        gamma: How much to look at hard pictures,
            from 0 on.
        alpha (0..1): Weight of the rest.
        mode: What becomes of the classes.
    """
    error = keras.ops.square(y_true - y_pred) ** gamma
    weighted = alpha * error + (1.0 - alpha) * keras.ops.absolute(y_true - y_pred)
    if mode == "mean":
        return keras.ops.mean(weighted, axis=-1)
    return keras.ops.sum(weighted, axis=-1)
'''


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    sys.path.insert(0, str(ROOT))
    times: dict[str, list[float]] = {name: [] for name in ("none", "parse", "first", "again", "one changed")}
    for number in range(-1, arguments.rounds):
        for name, time_ms in _round(arguments.files, arguments.functions).items():
            if number >= 0:  # the first round loads modules
                times[name].append(time_ms)
    print(f"discovery of {arguments.files} files of {arguments.functions} functions, {arguments.rounds} rounds")
    for name, values in times.items():
        print(f"  {name:12} {with_spread(values, ' ms', 1)}")
    more = [first - none for first, none in zip(times["first"], times["none"], strict=True)]
    verdict = "met" if sorted(more)[len(more) // 2] <= _GOAL_MS else "MISSED"
    print(f"  first - none {with_spread(more, ' ms', 1)}  goal: at most {_GOAL_MS:g} ms: {verdict}")
    print_ratio("first / parse", ratios(times["first"], times["parse"]), at_most=1.5)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds, each with new files (default: 9)")
    parser.add_argument("--files", type=int, default=30, help="files in the folder (default: 30)")
    parser.add_argument("--functions", type=int, default=20, help="functions in each file (default: 20)")
    return parser.parse_args()


def _round(num_files: int, num_functions: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        base_dir = Path(folder)
        times = {"none": _time_ms(base_dir)}
        own = base_dir / "custom_functions"
        own.mkdir()
        for number in range(num_files):
            _write(own / f"losses_{number}.py", num_functions)
        begun_s = time.perf_counter()
        for path in own.iterdir():
            ast.parse(path.read_bytes())
        times["parse"] = 1000 * (time.perf_counter() - begun_s)
        times["first"] = _time_ms(base_dir)
        times["again"] = _time_ms(base_dir)
        _write(own / "losses_0.py", num_functions + 1)
        times["one changed"] = _time_ms(base_dir)
    return times


def _write(path: Path, num_functions: int) -> None:
    functions = "\n".join(_FUNCTION.format(number=number) for number in range(num_functions))
    path.write_text(f"from typing import Annotated, Literal\n\nimport keras\n\n{functions}", encoding="utf-8")


def _time_ms(base_dir: Path) -> float:
    from trainer.catalog.discovery import discover

    begun_s = time.perf_counter()
    discover(base_dir)
    return 1000 * (time.perf_counter() - begun_s)


if __name__ == "__main__":
    main()
