from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from trainer.data.arrays.array_file import ArrayFile
from trainer.data.arrays.array_propose import propose_arrays
from trainer.data.arrays.hdf5_file import BlockArray, open_hdf5
from trainer.data.arrays.numpy_file import CompressedArray, open_numpy
from trainer.errors import DataError

VALUES = np.arange(20 * 6, dtype=np.float32).reshape(20, 2, 3)
ROWS = np.array([17, 3, 3, 0, 19])


def hdf5(folder: Path, **options: object) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("deep/inside/x", data=VALUES, **options)
        file["deep/text"] = np.array(["cat", "dög"], dtype=object)
        file["number"] = 3.0
        file["deep/fields"] = np.zeros(20, [("a", "f4"), ("b", "i4")])
        file["gone"] = h5py.SoftLink("/nowhere")
    return folder / "a.h5"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (4, 1, 3)},
        {"chunks": (4, 2, 3), "compression": "gzip", "shuffle": True},
        {"chunks": (7, 2, 2), "compression": "lzf"},
        {"chunks": True, "maxshape": (None, 2, 3)},
    ],
    ids=["plain", "chunked", "gzip", "lzf", "growing"],
)
def test_rows_of_a_dataset_are_read_in_any_order(tmp_path: Path, options: dict[str, object]) -> None:
    array = open_hdf5(hdf5(tmp_path, **options)).arrays["deep/inside/x"]
    assert (array.shape, array.dtype) == ((20, 2, 3), np.float32)
    np.testing.assert_array_equal(array.read(ROWS), VALUES[ROWS])
    np.testing.assert_array_equal(array.read(np.arange(20)), VALUES)


def test_single_values_and_broken_links_are_passed_over_and_fields_refused(tmp_path: Path) -> None:
    file = open_hdf5(hdf5(tmp_path))
    assert list(file.arrays) == ["deep/inside/x", "deep/text"]
    with pytest.raises(DataError, match=r"'deep/fields'.*records of several fields"):
        file.get("deep/fields", "inputs")


def test_only_the_last_used_blocks_are_kept(tmp_path: Path) -> None:
    with h5py.File(hdf5(tmp_path, chunks=(4, 2, 3)), "r") as file:
        array = BlockArray("x", file["deep/inside/x"], kept_bytes=2 * 4 * 24)
        for row in range(20):
            np.testing.assert_array_equal(array.read(np.array([row])), VALUES[row : row + 1])
        assert list(array._blocks) == [3, 4]


def test_a_dataset_of_another_byte_order_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = VALUES.astype(">f4")
    np.testing.assert_array_equal(open_hdf5(tmp_path / "a.h5").arrays["x"].read(ROWS), VALUES[ROWS])


def test_a_missing_dataset_suggests_the_nearest(tmp_path: Path) -> None:
    file = open_hdf5(hdf5(tmp_path))
    with pytest.raises(DataError, match=r"no dataset 'deep/inside/y', which .* inputs asks for. Did you mean 'deep/in"):
        file.get("deep/inside/y", "inputs")
    with pytest.raises(DataError, match=r"Did you mean 'deep/text'\? It has deep/inside/x \(20, 2, 3\) float32, deep"):
        file.get("text", "labels")


@pytest.mark.parametrize("name", ["none.h5", "text.h5", "cut.h5", "folder.h5"])
def test_what_is_no_hdf5_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "text.h5").write_text("no data")
    (tmp_path / "cut.h5").write_bytes(hdf5(tmp_path).read_bytes()[:-200])
    expected = {"none": "does not exist", "text": "it is none", "cut": "cut off", "folder": "it is a folder"}
    with pytest.raises(DataError, match=expected[name.partition(".")[0]]):
        open_hdf5(tmp_path / name)


def test_damaged_compressed_values_are_named(tmp_path: Path) -> None:
    path = hdf5(tmp_path, chunks=(20, 2, 3), compression="gzip", fletcher32=True)
    with h5py.File(path, "r") as file:
        place = file["deep/inside/x"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[place + 12] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"rows 0 to 19 of the dataset 'deep/inside/x' in .*a.h5 cannot be read"):
        open_hdf5(path).arrays["deep/inside/x"].read(ROWS)


def npz(folder: Path, *, compressed: bool = False) -> ArrayFile:
    save = np.savez_compressed if compressed else np.savez
    save(folder / "a.npz", x=VALUES, turned=np.asfortranarray(VALUES), names=np.array(["a", "b"]), one=np.float32(1))
    return open_numpy(folder / "a.npz")


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_of_an_npz_are_read_by_row(tmp_path: Path, compressed: bool) -> None:
    file = npz(tmp_path, compressed=compressed)
    assert list(file.arrays) == ["x", "turned", "names"]
    for name in ("x", "turned"):
        np.testing.assert_array_equal(file.arrays[name].read(ROWS), VALUES[ROWS])
    assert isinstance(file.arrays["x"], CompressedArray) is compressed
    with pytest.raises(DataError, match=r"'one'.*a single value"):
        file.get("one", "labels")


def test_objects_in_an_npz_are_refused_and_never_executed(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "executed",)

    np.savez(tmp_path / "a.npz", x=VALUES, y=np.array([Bomb()] * 20, dtype=object))
    file = open_numpy(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"'y'.*Python objects, which would have to be executed"):
        file.get("y", "labels")
    with pytest.raises(DataError, match=r"'y'.*Python objects.*dtype='str'"):
        propose_arrays(tmp_path / "a.npz")
    np.save(tmp_path / "b.npy", np.array([Bomb()] * 20, dtype=object))
    with pytest.raises(DataError, match=r"b.npy cannot be used: It holds Python objects"):
        open_numpy(tmp_path / "b.npy")
    assert not (tmp_path / "executed").exists()


def test_npy_files_lie_side_by_side(tmp_path: Path) -> None:
    np.save(tmp_path / "x_train.npy", VALUES)
    np.save(tmp_path / "y_train.npy", np.arange(20))
    for place in (tmp_path, tmp_path / "x_train.npy"):
        file = open_numpy(place)
        assert list(file.arrays) == ["x_train", "y_train"]
        np.testing.assert_array_equal(file.arrays["x_train"].read(ROWS), VALUES[ROWS])


def test_damaged_numpy_files_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VALUES)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-8])
    with pytest.raises(DataError, match="cut off"):
        open_numpy(tmp_path / "a.npy")
    (tmp_path / "b.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match="damaged or no NumPy array"):
        open_numpy(tmp_path / "b.npy")
    npz(tmp_path)
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:-30])
    with pytest.raises(DataError, match=r"no \.npz file, or is cut off"):
        open_numpy(tmp_path / "a.npz")
    with pytest.raises(DataError, match="does not exist"):
        open_numpy(tmp_path / "none.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no \.npy file"):
        open_numpy(tmp_path / "empty")


def test_a_damaged_compressed_array_is_named(tmp_path: Path) -> None:
    npz(tmp_path, compressed=True)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[200] ^= 0xFF
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"array 'x' in .*a.npz cannot be read|'x' in .*a.npz cannot be used"):
        open_numpy(tmp_path / "a.npz").get("x", "inputs").read(ROWS)
