"""Checkpoints on disk: folders that are complete or absent, each with a manifest."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.errors import RunError
from trainer.runs.atomic import flush_folder

MANIFEST_NAME = "manifest.json"
_ASIDE = ".aside"
_OLD = ".old"


class CheckpointManifest(BaseModel):
    """What a checkpoint holds.

    Attributes:
        epoch: Whole epochs done.
        step: Batches done in the epoch after that; 0 at the end of an epoch.
        metrics: Figures of the last whole epoch.
        callbacks: State of callbacks that remember something, by name.
        files: sha256 of each file.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")

    schema_version: int = 1
    epoch: int
    step: int = 0
    created: float
    metrics: dict[str, float] = {}
    callbacks: dict[str, dict[str, Any]] = {}
    history: list[dict[str, float]] = []
    files: dict[str, str] = {}


def write_checkpoint(
    checkpoints_dir: Path,
    name: str,
    manifest: CheckpointManifest,
    writers: dict[str, Callable[[Path], None]],
) -> None:
    """Write a checkpoint aside, flush it to disk and put it in place of the old one of that name.

    Args:
        checkpoints_dir: The run's `checkpoints/`.
        name: Folder name, such as `last`.
        manifest: Its description, without `files`.
        writers: By file name, what writes that file to the path it is given.

    Raises:
        OSError: The disk is full or cannot be written. The old checkpoint is still there.
    """
    with _written_aside(checkpoints_dir / name) as aside:
        digests: dict[str, str] = {}
        for file_name, write in writers.items():
            write(aside / file_name)
            _flush(aside / file_name)
            digests[file_name] = _digest(aside / file_name)
        complete = manifest.model_copy(update={"files": digests})
        (aside / MANIFEST_NAME).write_text(complete.model_dump_json(indent=1), encoding="utf-8")
        _flush(aside / MANIFEST_NAME)


def link_checkpoint(source: Path, name: str) -> None:
    """Give a checkpoint that was just written a second name; its files are shared where the system can.

    Args:
        source: Folder of a complete checkpoint.
        name: Name of the other folder, beside it.

    Raises:
        OSError: The disk is full or cannot be written. The old checkpoint of that name is still there.
    """
    with _written_aside(source.parent / name) as aside:
        for path in source.iterdir():
            _link_or_copy(path, aside / path.name)


def find_checkpoint(checkpoints_dir: Path, name: str) -> tuple[Path, CheckpointManifest] | None:
    """Folder and manifest of a complete checkpoint; `None` if there is none.

    After a crash between two renames the previous one is found instead.
    """
    for folder in (checkpoints_dir / name, checkpoints_dir / f"{_OLD}_{name}"):
        try:
            manifest = CheckpointManifest.model_validate_json((folder / MANIFEST_NAME).read_bytes())
        except (OSError, ValidationError):
            continue
        if all((folder / file_name).is_file() for file_name in manifest.files):
            return folder, manifest
    return None


def verify_checkpoint(folder: Path, manifest: CheckpointManifest) -> None:
    """Compare every file with its checksum.

    Raises:
        RunError: A file differs; it was damaged after it was written.
    """
    for file_name, digest in manifest.files.items():
        if _digest(folder / file_name) != digest:
            raise RunError(f"The checkpoint {folder} is damaged: {file_name} is not what was written.")


def newest_checkpoint(checkpoints_dir: Path) -> tuple[Path, CheckpointManifest] | None:
    """The checkpoint that got furthest, whatever its name; `None` without any."""
    names = {path.name.removeprefix(f"{_OLD}_") for path in checkpoints_dir.glob("*") if path.is_dir()}
    names |= {path.name.removeprefix(f"{_OLD}_") for path in checkpoints_dir.glob(f"{_OLD}_*")}
    found = [find_checkpoint(checkpoints_dir, name) for name in sorted(names) if not name.startswith(_ASIDE)]
    complete = [checkpoint for checkpoint in found if checkpoint is not None]
    return max(complete, key=lambda item: (item[1].epoch, item[1].step, item[0].name == "last"), default=None)


@contextmanager
def _written_aside(target: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `target` if all goes well, and is gone otherwise."""
    aside = target.with_name(f"{_ASIDE}_{target.name}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        _put_in_place(aside, target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _put_in_place(aside: Path, target: Path) -> None:
    old = target.with_name(f"{_OLD}_{target.name}")
    # Without a target, a crash came between two renames and `old` is all there is: it stays until the end.
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    aside.rename(target)
    flush_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
        _flush(target)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
