from __future__ import annotations

from pathlib import Path

import pytest

from trainer.engine.data.cache_choice import choose_cache, free_disk_bytes, free_memory_bytes, size_text

GB = 10**9


@pytest.mark.parametrize(
    ("wanted", "needed", "memory", "disk", "kind", "overruled"),
    [
        ("auto", 3 * GB, 10 * GB, 0, "memory", False),
        ("auto", 4 * GB, 10 * GB, 8 * GB, "disk", False),
        ("auto", 5 * GB, 10 * GB, 8 * GB, "off", False),
        ("memory", 9 * GB, 10 * GB, 0, "memory", False),
        ("memory", 11 * GB, 10 * GB, 30 * GB, "disk", True),
        ("memory", 11 * GB, 10 * GB, 12 * GB, "off", True),
        ("disk", 7 * GB, 0, 8 * GB, "disk", False),
        ("disk", 9 * GB, 40 * GB, 8 * GB, "memory", True),
        ("disk", 9 * GB, 10 * GB, 8 * GB, "off", True),
        ("off", 1, 10 * GB, 10 * GB, "off", False),
    ],
)
def test_pictures_are_kept_where_they_fit(
    wanted: str, needed: int, memory: int, disk: int, kind: str, overruled: bool
) -> None:
    choice = choose_cache(wanted, needed, memory, disk)
    assert (choice.kind, choice.overruled) == (kind, overruled)


def test_the_reason_has_the_figures() -> None:
    reason = choose_cache("auto", 4 * GB, 10 * GB, 8 * GB).reason
    assert reason == (
        "The decoded pictures take 4.0 GB, 10.0 GB of memory are free and 8.0 GB of disk are free: kept on disk."
    )


def test_free_space_is_that_of_the_disk_even_before_the_folder_exists(tmp_path: Path) -> None:
    assert free_disk_bytes(tmp_path / "not" / "yet") > 0
    assert free_memory_bytes() > 0


def test_sizes_read_well() -> None:
    assert [size_text(size) for size in (900, 2_500_000, 12 * GB)] == ["0.9 kB", "2.5 MB", "12.0 GB"]
