"""How long very many pictures in class folders take to be listed, how long until the first batch, and in what memory.

    python benchmarks/many_files.py [--files 200000] [--classes 20] [--rounds 5]

Small JPEGs are written into class folders; most are hard links to a few files, so that this is quick. `index` is the
time in which ModelGardener lists them; `scan` is that of `os.scandir` with one `stat` of each, the least that an expert
would need to know path, size and kind. The two take turns. Goal: at most 1.5 times `scan`.

`memory` is by how much the process grows when it holds the list, the labels and the raw samples, per picture, measured
in a process of its own. Goal: below 300 bytes. `first batch` is the time from listing to the first training batch, with
`data.cache` as it is by default (auto) and off; it has to be well below the time to open and read every file once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import ROOT, parser_of, print_ratio, quietly_import_keras, ratios, with_spread

_DIFFERENT = 100
_GOAL_BYTES = 300
_PER_LINKED_FILE = 20_000
_CACHES = ("auto", "off")


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    sys.path.insert(0, str(ROOT))
    if arguments.child == "memory":
        print(_memory_bytes(arguments.folder))
        return
    if arguments.child == "batch":
        print(_first_batch_s(arguments.folder, arguments.cache))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as place:
        folder = Path(place) / "pictures"
        write_pictures(folder, arguments.files, arguments.classes)
        _compare(folder, arguments)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--files", type=int, default=200_000, help="pictures (default: %(default)s)")
    parser.add_argument("--classes", type=int, default=20, help="class folders (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, the sides taking turns (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where to write them (default: the folder for temporary files)")
    parser.add_argument("--child", choices=("memory", "batch"), help=argparse.SUPPRESS)
    parser.add_argument("--cache", choices=_CACHES, default=_CACHES[0], help=argparse.SUPPRESS)
    return parser.parse_args()


def write_pictures(folder: Path, num_files: int, num_classes: int, side_px: int = 32) -> None:
    """Write JPEGs of noise into class folders, most of them hard links to a hundred."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    originals: list[Path] = []
    for number in range(num_files):
        place = folder / f"class_{number % num_classes:03}"
        if number < num_classes:
            place.mkdir(parents=True)
        path = place / f"picture_{number:07}.jpg"
        if number < _DIFFERENT:
            Image.fromarray(random.integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)).save(path)
            originals.append(path)
            continue
        original = number % _DIFFERENT
        # File systems limit how many names a file may have.
        if (number // _DIFFERENT) % _PER_LINKED_FILE == 0:
            shutil.copyfile(originals[original], path)
            originals[original] = path
        else:
            os.link(originals[original], path)


def _compare(folder: Path, arguments: argparse.Namespace) -> None:
    from trainer.data.pictures.image_folder import scan_image_folder

    index_s, scan_s = [], []
    for number in range(-1, arguments.rounds):
        begun_s = time.perf_counter()
        found = len(scan_image_folder(folder).paths)
        middle_s = time.perf_counter()
        assert found == _scan(folder) == arguments.files
        if number >= 0:  # the first round fills the file system's own memory
            index_s.append(middle_s - begun_s)
            scan_s.append(time.perf_counter() - middle_s)
    print(f"{arguments.files:,} JPEGs in {arguments.classes} class folders, {arguments.rounds} rounds")
    print(f"  index        {with_spread(index_s, ' s')}")
    print(f"  scan         {with_spread(scan_s, ' s')}")
    print_ratio("index / scan", ratios(index_s, scan_s), at_most=1.5)
    grown = [float(_child("memory", folder)) / arguments.files for _ in range(3)]
    verdict = "met" if statistics.median(grown) < _GOAL_BYTES else "missed"
    print(f"  memory       {with_spread(grown, ' bytes per picture', 0)}; goal below {_GOAL_BYTES}: {verdict}")
    begun_s = time.perf_counter()
    for path in folder.rglob("*.jpg"):
        path.read_bytes()
    all_s = time.perf_counter() - begun_s
    print(f"  reading all  {all_s:.2f} s")
    for cache in _CACHES:
        batch_s = float(_child("batch", folder, cache))
        print(f"  first batch  {batch_s:.2f} s with data.cache {cache}")


def _scan(folder: Path) -> int:
    """What has to be done at least: list all files and look at each once."""
    count = 0
    with os.scandir(folder) as classes:
        for class_folder in classes:
            with os.scandir(class_folder.path) as files:
                for file in files:
                    file.stat()
                    count += 1
    return count


def _child(what: str, folder: Path, cache: str = _CACHES[0]) -> str:
    command = [sys.executable, __file__, "--child", what, "--folder", str(folder), "--cache", cache]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]


def _config(folder: Path, cache: str = "off"):  # type: ignore[no-untyped-def]
    from trainer.config.config import Config

    return Config.model_validate({"data": {"train_dir": str(folder), "cache": cache, "image_size": [32, 32]}})


def _memory_bytes(folder: Path) -> int:
    import gc

    import psutil

    from trainer.data.open_data import open_data

    config = _config(folder)
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    parts = open_data(config, folder)
    gc.collect()
    grown = process.memory_info().rss - before
    assert parts["train"].num_samples
    return int(grown)


def _first_batch_s(folder: Path, cache: str) -> float:
    quietly_import_keras()
    from trainer.engine.data.prepare import prepare_data

    class _Quiet:
        def log(self, tag: str, message: str) -> None:
            """Nobody listens."""

        def notice(self, level: str, message: str) -> None:
            """Nobody listens."""

        def progress(self, done: int, total: int, unit: str = "") -> None:
            """Nobody listens."""

    begun_s = time.perf_counter()
    prepared = prepare_data(_config(folder, cache), folder, _Quiet())
    batches = prepared.train.dataset(batch_size=32, shuffle=True, seed=0, augmentation=None, one_hot=False, repeat=True)
    next(iter(batches))
    return time.perf_counter() - begun_s


if __name__ == "__main__":
    main()
