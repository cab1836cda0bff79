"""Copies of the user's Python files inside a run folder: what ran stays what it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from trainer.runs.atomic import write_atomically

INDEX_NAME = "index.json"


def copy_functions(files: Iterable[Path], functions_dir: Path) -> None:
    """Copy files into `functions_dir` with an index of where each came from and its sha256.

    Raises:
        OSError: A file cannot be read or the folder cannot be written.
    """
    index: dict[str, dict[str, str]] = {}
    for path in dict.fromkeys(files):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        copy = functions_dir / f"{path.stem}_{digest[:8]}.py"
        functions_dir.mkdir(exist_ok=True)
        write_atomically(copy, content)
        index[str(path)] = {"copy": copy.name, "sha256": digest}
    if index:
        write_atomically(functions_dir / INDEX_NAME, json.dumps(index, indent=2).encode())


def copy_of(path: Path, functions_dir: Path) -> Path:
    """The run's copy of a user's file, or the file itself where the run has none."""
    index_path = functions_dir / INDEX_NAME
    if not index_path.is_file():
        return path
    entry = json.loads(index_path.read_text(encoding="utf-8")).get(str(path))
    return functions_dir / entry["copy"] if entry else path
