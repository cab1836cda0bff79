"""The same pictures in another format train to the very same weights."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.exact_formats import FORMATS
from trainer.runs.checkpoints import find_checkpoint
from trainer.runs.folder import RunFolder

pytestmark = [pytest.mark.keras, pytest.mark.slow]

OTHERS = [name for name in FORMATS if name != "folders"]


@pytest.fixture(scope="module")
def trained(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `exact_formats.py` found, on 30 real JPEGs."""
    pictures = repository.parent / "shared" / "data" / "cifar10-mini" / "train"
    if not pictures.is_dir():
        pytest.skip(f"the pictures in {pictures} are missing")
    folder = tmp_path_factory.mktemp("formats")
    for name in ("airplane", "cat", "ship"):
        (folder / "pictures" / name).mkdir(parents=True)
        for file in sorted((pictures / name).iterdir())[:10]:
            shutil.copy(file, folder / "pictures" / name)
    command = [sys.executable, "-m", "tests.engine.exact_formats", str(folder / "pictures"), str(folder / "formats")]
    result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=280, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    found: dict[str, Any] = json.loads((folder / "formats" / "formats.json").read_text(encoding="utf-8"))
    return found


def weights_of(run: dict[str, Any]) -> dict[str, np.ndarray]:
    found = find_checkpoint(RunFolder(Path(run["folder"])).checkpoints_path, "last")
    assert found is not None
    with np.load(found[0] / "state.npz") as saved:
        return {key: saved[key] for key in saved.files}


def history_of(run: dict[str, Any]) -> list[dict[str, str]]:
    with RunFolder(Path(run["folder"])).history_csv_path.open(encoding="utf-8") as file:
        return [{key: value for key, value in row.items() if key != "duration_s"} for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", OTHERS)
def test_samples_come_in_the_same_order(trained: dict[str, Any], name: str) -> None:
    assert trained[name]["batches"] == trained["folders"]["batches"]


@pytest.mark.parametrize("name", OTHERS)
def test_losses_of_the_first_epoch_are_the_same(trained: dict[str, Any], name: str) -> None:
    assert len(trained["folders"]["losses"]) == 3
    assert trained[name]["losses"] == trained["folders"]["losses"]


@pytest.mark.parametrize("name", OTHERS)
def test_weights_and_history_are_the_same_bit_for_bit(trained: dict[str, Any], name: str) -> None:
    assert trained[name]["reason"] == "all_epochs_done"
    assert history_of(trained[name]) == history_of(trained["folders"])
    expected, found = weights_of(trained["folders"]), weights_of(trained[name])
    assert expected.keys() == found.keys()
    assert [key for key in expected if not np.array_equal(expected[key], found[key])] == []
