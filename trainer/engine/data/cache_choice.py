"""Decides where decoded pictures are kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

CacheKind = Literal["memory", "disk", "off"]
CacheSetting = Literal["auto", "off", "memory", "disk"]
_MEMORY_SHARE = 0.3
_DISK_SHARE = 0.5
_CONTROL_GROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class CacheChoice:
    """Where pictures are kept, and why.

    Attributes:
        kind: `memory`, `disk` or `off`.
        reason: One sentence with the figures.
        overruled: Whether the configuration asked for something else that is not possible.
    """

    kind: CacheKind
    reason: str
    overruled: bool = False


def choose_cache(wanted: CacheSetting, needed_bytes: int, free_memory_bytes: int, free_disk_bytes: int) -> CacheChoice:
    """Take what is wanted if it fits; `auto` takes memory before disk before nothing.

    Args:
        wanted: The setting `data.cache`.
        needed_bytes: Size of all decoded pictures.
        free_memory_bytes: Memory that is free now.
        free_disk_bytes: Space that is free on the disk of the cache folder.
    """
    needed = f"The decoded pictures take {size_text(needed_bytes)}"
    memory = f"{size_text(free_memory_bytes)} of memory are free"
    disk = f"{size_text(free_disk_bytes)} of disk are free"
    if wanted == "off":
        return CacheChoice("off", "Pictures are decoded again in every epoch, as data.cache is off.")
    if wanted == "memory" and needed_bytes < free_memory_bytes:
        return CacheChoice("memory", f"{needed}: kept in memory, as data.cache asks; {memory}.")
    if wanted == "disk" and needed_bytes < free_disk_bytes:
        return CacheChoice("disk", f"{needed}: kept on disk, as data.cache asks; {disk}.")
    overruled = wanted != "auto"
    if wanted != "memory" and needed_bytes <= _MEMORY_SHARE * free_memory_bytes:
        return CacheChoice("memory", f"{needed} and {memory}: kept in memory.", overruled)
    if wanted != "disk" and needed_bytes <= _DISK_SHARE * free_disk_bytes:
        return CacheChoice("disk", f"{needed}, {memory} and {disk}: kept on disk.", overruled)
    return CacheChoice(
        "off", f"{needed}, {memory} and {disk}: too little, so they are decoded again in every epoch.", overruled
    )


def free_memory_bytes() -> int:
    """Memory that this process can still get, the limit of a container included."""
    free = int(psutil.virtual_memory().available)
    limit, used = _read_number("memory.max"), _read_number("memory.current")
    if limit is not None and used is not None:
        free = min(free, max(0, limit - used))
    return free


def free_disk_bytes(folder: Path) -> int:
    """Space on the disk that `folder` is on, or will be on."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    return shutil.disk_usage(existing).free


def size_text(num_bytes: int) -> str:
    """`1.5 GB`, `12 MB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= factor:
            return f"{num_bytes / factor:,.1f} {unit}"
    return f"{num_bytes / 1e3:,.1f} kB"


def _read_number(name: str) -> int | None:
    try:
        text = (_CONTROL_GROUP / name).read_text(encoding="ascii").strip()
    except OSError:
        # Not in a container with a limit, or not on Linux.
        return None
    return int(text) if text.isdigit() else None
