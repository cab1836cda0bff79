from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.data.record_writer import example, write_records
from tests.engine_data.conftest import Heard
from trainer.config.config import Config
from trainer.data.arrays.array_settings import ArraySettings
from trainer.data.pictures.image_folder import scan_image_folder
from trainer.engine.data.array_data import load_arrays
from trainer.engine.data.decode import fit_to_size
from trainer.engine.data.failures import explain_decode_failure
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.prepare import prepare_data
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split import Split
from trainer.engine.data.stored_pixels import StoredPixels, fit_batch
from trainer.errors import DataError

pytestmark = pytest.mark.keras

RANDOM = np.random.default_rng(1)
PICTURES = RANDOM.integers(0, 256, (30, 9, 7, 3), dtype=np.uint8)
LABELS = np.arange(30) % 3
FORMATS = ("hdf5", "chunked", "npz", "compressed", "npy", "plain records")
_CACHES = ("memory", "disk", "off")

Load = Callable[..., PreparedData]


@pytest.fixture
def load(tmp_path: Path, heard: Heard) -> Load:
    """Load a file, with settings of the data section as keyword arguments and `arguments` of the loader."""

    def make(path: Path, task: str = "image_classification", **data: Any) -> PreparedData:
        kinds = {".h5": "HDF5DataLoader", ".tfrecord": "TFRecordDataLoader"}
        loader = {"name": kinds.get(path.suffix, "NumpyDataLoader"), "arguments": data.pop("arguments", {})}
        scale_table = data.pop("scale_table", True)
        values = {"train_dir": str(path), "loader": loader, "image_size": (9, 7), "cache": "memory", **data}
        config = Config.model_validate({"project": {"task": task}, "data": values})
        settings, cache_folder = ArraySettings.from_config(config), tmp_path / "cache"
        return load_arrays(config, tmp_path, settings, heard, scale_table=scale_table, cache_folder=cache_folder)

    return make


def write(folder: Path, kind: str, images: np.ndarray = PICTURES, labels: np.ndarray = LABELS) -> Path:
    arrays = {"images": images, "labels": labels}
    if kind in ("hdf5", "chunked"):
        options = {"chunks": (4, *images.shape[1:]), "compression": "gzip"} if kind == "chunked" else {}
        with h5py.File(folder / "a.h5", "w") as file:
            file.create_dataset("images", data=images, **options)
            file["labels"] = labels
        return folder / "a.h5"
    if kind in ("npz", "compressed"):
        (np.savez if kind == "npz" else np.savez_compressed)(folder / "a.npz", **arrays)
        return folder / "a.npz"
    if kind == "npy":
        for name, values in arrays.items():
            np.save(folder / f"{name}.npy", values)
        return folder / "images.npy"
    sides = {"height": images.shape[1], "width": images.shape[2], "depth": images.shape[3]}
    rows = [
        example({"image": image.tobytes(), "label": int(label), **sides})
        for image, label in zip(images, labels, strict=True)
    ]
    return write_records(folder / "a.tfrecord", rows)


def batches(split: object, batch_size: int = 8, **changes: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    assert isinstance(split, Split)
    settings: dict[str, Any] = {
        "shuffle": True, "seed": 3, "augmentation": None, "one_hot": False, "repeat": False, **changes
    }  # fmt: skip
    return list(split.dataset(batch_size=batch_size, **settings).as_numpy_iterator())


@pytest.mark.parametrize("cache", _CACHES)
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_and_cache_gives_the_same_batches(tmp_path: Path, load: Load, kind: str, cache: str) -> None:
    prepared = load(write(tmp_path, kind), cache=cache, validation_fraction=0)
    assert (prepared.cache, prepared.class_names) == (cache, ("0", "1", "2"))
    seen = np.concatenate([labels for _, labels in batches(prepared.train)])
    split = prepared.train
    assert isinstance(split, Split)
    for pictures, labels in batches(split, shuffle=False):
        assert pictures.dtype == np.uint8
        assert labels.dtype == np.int32
    np.testing.assert_array_equal(np.concatenate([p for p, _ in batches(split, shuffle=False)]), PICTURES)
    assert sorted(seen.tolist()) == sorted(LABELS.tolist())
    assert seen.tolist() != LABELS.tolist()
    np.testing.assert_array_equal(split.images([29, 0]), PICTURES[[29, 0]])


def test_batches_of_a_later_step_are_those_of_a_run_from_the_beginning(tmp_path: Path, load: Load) -> None:
    prepared = load(write(tmp_path, "chunked"), cache="off", validation_fraction=0)
    whole, rest = batches(prepared.train, epoch=2), batches(prepared.train, epoch=2, step=2)
    for (pictures, labels), (again, labels_again) in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(pictures, again)
        np.testing.assert_array_equal(labels, labels_again)


@pytest.mark.parametrize("resize_mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("size", [(5, 5), (12, 20), (9, 7)])
def test_pictures_of_an_array_are_resized_exactly_as_those_of_files(
    resize_mode: Any, interpolation: Any, size: tuple[int, int]
) -> None:
    wanted = PictureFormat(*size, 3, resize_mode, interpolation)
    one_by_one = np.stack([fit_to_size(tf.constant(picture), wanted).numpy() for picture in PICTURES[:4]])
    np.testing.assert_array_equal(fit_batch(tf.constant(PICTURES[:4]), wanted).numpy(), one_by_one)


def test_masks_keep_their_values_and_are_filled_up_with_what_is_not_counted() -> None:
    masks = RANDOM.integers(0, 3, (2, 6, 4, 1), dtype=np.uint8)
    masks[0, 0, 0] = 255
    fitted = fit_batch(tf.constant(masks), PictureFormat(12, 12, 1, "pad", "bilinear"), is_mask=True).numpy()
    assert (fitted[:, :, [0, 1, -2, -1]] == 255).all()
    np.testing.assert_array_equal(fitted[:, ::2, 2:-2:2], masks)


@pytest.mark.parametrize("kind", ["hdf5", "npz"])
def test_masks_are_read_together_with_their_pictures(tmp_path: Path, load: Load, kind: str) -> None:
    masks = (PICTURES[..., 0] > 127).astype(np.uint8) * 255
    prepared = load(write(tmp_path, kind, labels=masks), task="image_segmentation", cache="off", validation_fraction=0)
    assert (prepared.target_kind, prepared.num_classes) == ("masks", 2)
    for pictures, found in batches(prepared.train):
        np.testing.assert_array_equal(found, (pictures[..., 0] > 127).astype(np.int32))


def test_rows_of_numbers_become_a_table_scaled_inside_the_model(tmp_path: Path, load: Load) -> None:
    table = RANDOM.normal(50, 9, size=(30, 4)).astype(np.float32)
    table[:, 3] = 5
    path = write(tmp_path, "hdf5", images=table, labels=table[:, 0] * 1000)
    prepared = load(path, task="tabular_regression", arguments={"inputs": "images"})
    assert (prepared.input_shape, prepared.target_kind) == ((4,), "numbers")
    (inputs, targets), *_ = batches(prepared.train)
    np.testing.assert_allclose(inputs[:, :1] * 1000, targets, rtol=1e-5)
    (first,), (last,) = prepared.layers, prepared.output_layers
    split = prepared.train
    assert isinstance(split, Split)
    scaled = np.asarray(first(table[split.rows]))
    np.testing.assert_allclose(scaled[:, :3].std(axis=0), 1, rtol=1e-3)
    np.testing.assert_allclose(scaled[:, 3], 0, atol=1e-5)
    np.testing.assert_allclose(np.asarray(last(scaled[:, :1])), table[split.rows, :1] * 1000, rtol=1e-4)
    assert prepared.number_targets == ()


@pytest.mark.parametrize("scale_table", [True, False])
def test_of_several_numbers_each_counts_by_its_own_deviation(tmp_path: Path, load: Load, scale_table: bool) -> None:
    table = RANDOM.normal(size=(30, 2)).astype(np.float32)
    path = write(tmp_path, "hdf5", images=table, labels=table * [1000, 0.1])
    prepared = load(path, task="tabular_regression", arguments={"inputs": "images"}, scale_table=scale_table)
    assert isinstance(prepared.train, Split)
    deviations = (table[np.unique(prepared.train.rows)] * [1000, 0.1]).std(axis=0)
    assert [target.name for target in prepared.number_targets] == ["1", "2"]
    expected = deviations if scale_table else [1, 1]
    np.testing.assert_allclose([target.scale for target in prepared.number_targets], expected, rtol=1e-4)


def jpeg(picture: np.ndarray, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


def encoded(folder: Path, contents: list[bytes]) -> Path:
    rows = [
        example({"image/encoded": content, "image/class/label": int(label)})
        for content, label in zip(contents, LABELS, strict=True)
    ]
    return write_records(folder / "a.tfrecord", rows)


@pytest.mark.parametrize("cache", _CACHES)
@pytest.mark.parametrize("size", [(9, 7), (6, 8)])
def test_encoded_pictures_are_what_their_files_would_be(
    tmp_path: Path, load: Load, heard: Heard, cache: str, size: tuple[int, int]
) -> None:
    kinds = ["JPEG", "PNG", "GIF", "BMP"]
    contents = [jpeg(picture, kinds[number % 4]) for number, picture in enumerate(PICTURES)]
    order = np.argsort(LABELS, kind="stable")
    for number, (row, content) in enumerate((int(row), contents[row]) for row in order):
        file = tmp_path / "folder" / str(LABELS[row]) / f"{number:02}.{kinds[row % 4].lower()}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    data = {"train_dir": str(tmp_path / "folder"), "image_size": size, "cache": "memory", "validation_fraction": 0}
    files = prepare_data(Config.model_validate({"data": data}), tmp_path, heard).train
    records = load(encoded(tmp_path, contents), image_size=size, cache=cache, validation_fraction=0).train
    assert isinstance(files, Split)
    assert isinstance(records, Split)
    assert len(scan_image_folder(tmp_path / "folder").paths) == 30
    np.testing.assert_array_equal(records.images(order.tolist()), files.images(range(30)))
    if cache == "off":
        by_batches = np.concatenate([pictures for pictures, _ in batches(records, shuffle=False)])
        np.testing.assert_array_equal(by_batches, records.images(range(30)))


@pytest.mark.parametrize("cache", ["memory", "off"])
def test_unreadable_samples_are_named_and_left_out_or_refused(
    tmp_path: Path, load: Load, heard: Heard, cache: str
) -> None:
    contents = [jpeg(picture) for picture in PICTURES]
    contents[4] = contents[4][:80]
    path = encoded(tmp_path, contents)
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(contents[9]) + 30] ^= 1
    path.write_bytes(damaged)
    prepared = load(path, cache=cache, max_unreadable_fraction=0.1, validation_fraction=0)
    assert prepared.train.num_samples == 28
    assert [place.rpartition("/")[2] for place, _ in prepared.unreadable] == ["record 4", "record 9"]
    assert any("record 9: its checksum is wrong" in line for line in heard.lines)
    assert any("2 of 30 pictures cannot be read and are left out" in notice for notice in heard.notices)
    with pytest.raises(DataError, match=r"2 of 30 pictures .* cannot be read \(6\.7%.* allows 5\.0%\).*record 4"):
        load(path, cache=cache, max_unreadable_fraction=0.05)


@pytest.mark.parametrize("cache", ["memory", "off"])
def test_pictures_with_nan_are_left_out(tmp_path: Path, load: Load, heard: Heard, cache: str) -> None:
    pictures = PICTURES / np.float32(255)
    pictures[7, 2, 2, 1] = np.nan
    prepared = load(write(tmp_path, "hdf5", pictures), cache=cache, validation_fraction=0)
    assert prepared.train.num_samples == 29
    assert isinstance(prepared.train, Split)
    np.testing.assert_array_equal(prepared.train.images([6, 7]), PICTURES[[6, 8]])
    assert any("row 7: it has values that are no finite numbers" in line for line in heard.lines)


def _break_while_training(prepared: PreparedData) -> DataError | None:
    with pytest.raises(tf.errors.OpError) as raised:
        batches(prepared.train)
    return explain_decode_failure(raised.value, prepared)


def test_what_breaks_while_training_is_named(tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.engine.data.stored_pixels._MOST_CHECKED_BYTES", 0)
    monkeypatch.setattr("trainer.data.arrays.array_samples._CHECKED_BYTES", 0)
    pictures = PICTURES / np.float32(255)
    pictures[7, 2, 2, 1] = np.nan
    error = _break_while_training(load(write(tmp_path, "npz", pictures), cache="off", validation_fraction=0))
    assert error is not None
    assert "picture of row 7 cannot be used: it has values that are no finite" in str(error)


@pytest.mark.parametrize("cache", ["memory", "off"])
def test_of_very_many_encoded_pictures_one_that_cannot_be_read_is_left_out_while_training(
    tmp_path: Path, load: Load, heard: Heard, monkeypatch: pytest.MonkeyPatch, cache: str
) -> None:
    contents = [jpeg(picture) for picture in PICTURES]
    expected = batches(load(encoded(tmp_path, contents), validation_fraction=0).train, shuffle=False)
    monkeypatch.setattr("trainer.engine.data.encoded_pixels.MOST_DECODED", 0)
    monkeypatch.setattr("trainer.engine.data.verify.MOST_LOOKED_AT", 2)
    contents[4] = contents[4][:80]
    prepared = load(encoded(tmp_path, contents), cache=cache, validation_fraction=0)
    found = batches(prepared.train, shuffle=False)
    np.testing.assert_array_equal(found[0][0], np.delete(expected[0][0], 4, axis=0))
    np.testing.assert_array_equal(found[0][1], np.delete(expected[0][1], 4))
    for one, other in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_array_equal(one[0], other[0])
    assert "record 4" in heard.notices[0]
    error = _break_while_training(
        load(encoded(tmp_path, contents), cache=cache, validation_fraction=0, max_unreadable_fraction=0)
    )
    assert "1 of 30 pictures in the train data" in str(error)


def test_pictures_that_become_larger_are_not_read_many_at_once(
    tmp_path: Path, load: Load, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, size = write(tmp_path, "npz"), (90, 70)
    monkeypatch.setattr("trainer.engine.data.stored_pixels._BATCH_BYTES", 12 * 90 * 70 * 3)
    expected = batches(load(path, image_size=size, validation_fraction=0).train)
    assert [done for done, _, _ in heard.progressed] == [12, 24, 30]
    monkeypatch.setattr("trainer.engine.data.batches_together._BYTES_AT_ONCE", 17 * 4 * 90 * 70 * 3)
    train, counts = load(path, image_size=size, validation_fraction=0, cache="off").train, []
    assert isinstance(train, Split) and isinstance(train.inputs, StoredPixels)
    take = train.inputs._take
    monkeypatch.setattr(train.inputs, "_take", lambda rows: counts.append(len(rows)) or take(rows))
    for found, wanted in zip(batches(train), expected, strict=True):
        np.testing.assert_array_equal(found[0], wanted[0])
    assert max(counts) == 16, "two batches, as resizing needs 32 bits a value"


def test_a_changed_file_is_not_read_from_the_disk_cache(tmp_path: Path, load: Load) -> None:
    for pictures in (PICTURES, 255 - PICTURES):
        train = load(write(tmp_path, "npz", pictures), cache="disk", validation_fraction=0).train
        assert isinstance(train, Split)
        np.testing.assert_array_equal(train.images([3]), pictures[[3]])


def test_a_disk_cache_knows_which_labels_cannot_be_used(tmp_path: Path, load: Load) -> None:
    path = write(tmp_path, "npz")
    names = tmp_path / "names.txt"
    labels = {"inputs": "images", "labels": "labels", "class_names": "names.txt"}
    np.savez(path, images=PICTURES, labels=np.where(np.arange(30) == 4, 3, LABELS))
    for text, count in (("a\nb\nc\nd\n", 30), ("a\nb\nc\n", 29), ("a\nb\nc\n", 29)):
        names.write_text(text, encoding="utf-8")
        train = load(path, cache="disk", validation_fraction=0, max_unreadable_fraction=0.2, arguments=labels).train
        assert train.num_samples == count


def test_parts_of_one_file_are_trained_and_tested(tmp_path: Path, load: Load, heard: Heard) -> None:
    arrays: Mapping[str, Any] = {
        "x_train": PICTURES, "y_train": LABELS + 1, "x_test": PICTURES[:6], "y_test": LABELS[:6] + 1
    }  # fmt: skip
    np.savez(tmp_path / "a.npz", **arrays)
    prepared = load(tmp_path / "a.npz", test_dir=str(tmp_path / "a.npz"))
    assert prepared.test is not None
    assert (prepared.train.num_samples, prepared.test.num_samples) == (24, 6)
    assert prepared.class_names == ("1", "2", "3")
    assert any("Found 6 test pictures in 3 classes" in line for line in heard.lines)
