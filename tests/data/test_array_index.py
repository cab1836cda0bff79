from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.data.record_writer import example, write_records
from trainer.config.config import Config
from trainer.data.arrays.array_index import index_arrays
from trainer.data.arrays.array_propose import find_array_place, propose_arrays
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (24, 6, 8, 3), dtype=np.uint8)
LABELS = np.arange(24) % 3
LOADERS = {".h5": "HDF5DataLoader", ".npz": "NumpyDataLoader", ".tfrecord": "TFRecordDataLoader"}


def write(path: Path, arrays: Mapping[str, Any]) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
        return path
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            is_text = np.asarray(values).dtype.kind == "U"
            file[name] = np.asarray(values, dtype=object) if is_text else values
    return path


def index(path: Path, part: str = "train", task: str = "image_classification", **arguments: Any) -> SampleIndex:
    loader = {"name": LOADERS.get(path.suffix, "NumpyDataLoader"), "arguments": arguments}
    key = {"train": "train_dir", "validation": "val_dir", "test": "test_dir"}[part]
    data = {"train_dir": str(path), "loader": loader} | {key: str(path)}
    return index_arrays(Config.model_validate({"project": {"task": task}, "data": data}), Path("/"), part)


@pytest.fixture(params=[".h5", ".npz"])
def suffix(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def test_pictures_labels_and_class_names_are_found_by_their_usual_names(tmp_path: Path, suffix: str) -> None:
    names = np.array(["cat", "dog", "owl"])
    found = index(write(tmp_path / f"a{suffix}", {"images": PICTURES, "labels": LABELS, "class_names": names}))
    assert found.class_names == ("cat", "dog", "owl")
    assert found.labels is not None
    assert found.labels.tolist() == LABELS.tolist()
    assert found.names[17] == "row 17"
    assert found.class_counts.tolist() == [8, 8, 8]
    assert found.raw is not None
    np.testing.assert_array_equal(found.raw.picture(5), PICTURES[5])
    assert not found.problems


def test_parts_of_one_file_are_told_apart_by_name(tmp_path: Path, suffix: str) -> None:
    arrays = {"x_train": PICTURES, "y_train": LABELS, "x_test": PICTURES[:6], "y_test": LABELS[:6]}
    path = write(tmp_path / f"a{suffix}", arrays)
    assert index(path).num_samples == 24
    assert index(path, "test").num_samples == 6
    assert index(path, "test", inputs="x_{part}", labels="y_{part}").num_samples == 6
    with pytest.raises(DataError, match=r"not obvious which .* holds the inputs of the validation data"):
        index(path, "validation")


def test_groups_of_a_file_hold_parts(tmp_path: Path) -> None:
    arrays = {"train/images": PICTURES, "train/labels": LABELS, "val/images": PICTURES[:6], "val/labels": LABELS[:6]}
    path = write(tmp_path / "a.h5", arrays)
    assert (index(path).num_samples, index(path, "validation").num_samples) == (24, 6)


@pytest.mark.parametrize(
    ("labels", "names", "numbers"),
    [
        (np.array([3, 7, 3, 9]), ("3", "7", "9"), [0, 1, 0, 2]),
        (np.array([0, 2, 3, 0]), ("0", "2", "3"), [0, 1, 2, 0]),
        (np.array([-1.0, 1.0, 1.0, -1.0]), ("-1", "1"), [0, 1, 1, 0]),
        (np.array([[1], [0], [1], [0]]), ("0", "1"), [1, 0, 1, 0]),
        (np.array(["owl", "cat", "owl", "dög"]), ("cat", "dög", "owl"), [2, 0, 2, 1]),
        (np.array([[0, 1], [1, 0], [0, 1], [1, 0]], np.float32), ("0", "1"), [1, 0, 1, 0]),
        (np.array([True, False, True, True]), ("0", "1"), [1, 0, 1, 1]),
    ],
    ids=["any numbers", "a class missing", "floats", "column", "text", "one-hot", "booleans"],
)
def test_class_labels_of_every_form_become_class_numbers(
    tmp_path: Path, suffix: str, labels: np.ndarray, names: tuple[str, ...], numbers: list[int]
) -> None:
    found = index(write(tmp_path / f"a{suffix}", {"images": PICTURES[:4], "labels": labels}))
    assert found.class_names == names
    assert found.labels is not None
    assert found.labels.tolist() == numbers


def test_several_classes_per_sample_are_kept_as_sets(tmp_path: Path, suffix: str) -> None:
    sets = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 1], [1, 0, 0]])
    path = write(
        tmp_path / f"a{suffix}", {"images": PICTURES[:4], "labels": sets, "classes": np.array(["a", "b", "c"])}
    )
    found = index(path)
    assert found.class_names == ("a", "b", "c")
    assert found.labels is not None
    assert (found.labels == sets).all()


def test_validation_shares_the_classes_of_training(tmp_path: Path, suffix: str) -> None:
    arrays = {"x_train": PICTURES, "y_train": LABELS + 5, "x_val": PICTURES[:3], "y_val": np.array([7, 6, 1])}
    found = index(write(tmp_path / f"a{suffix}", arrays), "validation")
    assert found.class_names == ("5", "6", "7")
    assert found.labels is not None
    assert found.labels[:2].tolist() == [2, 1]
    assert found.unusable == {2: "its class '1' is not among the 3 known classes"}


def test_class_names_may_stand_in_a_text_file(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "names.txt").write_text("cat\ndog\nowl\n", encoding="utf-8")
    labels = LABELS.copy()
    labels[4] = 3
    path = write(tmp_path / f"a{suffix}", {"images": PICTURES, "labels": labels})
    found = index(path, class_names="names.txt")
    assert found.class_names == ("cat", "dog", "owl")
    assert found.unusable == {4: "its class number 3 is not among the 3 classes, 0 to 2"}
    assert found.problems[0].place == "row 4"


def test_a_named_class_without_samples_is_refused(tmp_path: Path, suffix: str) -> None:
    names = np.array(["cat", "dog", "owl", "yak"])
    path = write(tmp_path / f"a{suffix}", {"images": PICTURES, "labels": LABELS, "class_names": names})
    with pytest.raises(DataError, match="no sample of yak"):
        index(path)


def test_arrays_of_different_length_are_refused(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", {"images": PICTURES, "labels": LABELS[:20]})
    with pytest.raises(
        DataError, match=r"different lengths: images \(24, 6, 8, 3\) uint8 has 24 rows, labels .* has 20"
    ):
        index(path)


def test_a_missing_array_is_named_with_what_there_is(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", {"images": PICTURES, "labels": LABELS})
    with pytest.raises(
        DataError, match=r"'imagse', which .* inputs asks for. Did you mean 'images'\? It has images \("
    ):
        index(path, inputs="imagse")


def test_what_is_not_obvious_has_to_be_named(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", {"a/images": PICTURES, "b/images": PICTURES, "labels": LABELS})
    with pytest.raises(DataError, match="a/images, b/images all could be"):
        index(path)
    assert index(path, inputs="b/images").num_samples == 24


@pytest.mark.parametrize(
    ("arrays", "task", "message"),
    [
        ({"images": PICTURES[:, :, 0, 0], "labels": LABELS}, "image_classification", "no array of pictures"),
        (
            {"images": PICTURES[..., :2], "labels": LABELS},
            "image_classification",
            "are no pictures: either the last or",
        ),
        ({"images": PICTURES * 2.5 - 300, "labels": LABELS}, "image_classification", "no range that pictures have"),
        ({"images": PICTURES, "labels": LABELS + 0.5}, "image_classification", "fractions such as 0.5"),
        ({"images": PICTURES, "labels": LABELS * 0}, "image_classification", "only one class"),
        ({"images": PICTURES, "labels": PICTURES}, "image_classification", "are no classes"),
        ({"images": PICTURES, "labels": LABELS}, "tabular_classification", "is no table"),
        ({"images": PICTURES, "labels": LABELS}, "image_segmentation", "no array of masks"),
        ({"images": PICTURES, "labels": LABELS}, "object_detection", "but no boxes"),
        ({"x": PICTURES[:, 0, 0], "y": np.array(list("abc") * 8)}, "tabular_regression", "no numbers to predict"),
        ({"images": PICTURES[:0], "labels": LABELS[:0]}, "image_classification", "has no row"),
    ],
)
def test_arrays_that_do_not_suit_the_task_are_refused(
    tmp_path: Path, suffix: str, arrays: dict[str, Any], task: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        index(write(tmp_path / f"a{suffix}", arrays), task=task)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (PICTURES / np.float32(255), PICTURES),
        (PICTURES / 127.5 - 1, PICTURES),
        (PICTURES.astype(np.float64), PICTURES),
        (PICTURES.astype(np.uint16) * 257, PICTURES),
        (PICTURES.astype(np.int64), PICTURES),
        (np.moveaxis(PICTURES, -1, 1), PICTURES),
        (PICTURES[..., 0], np.repeat(PICTURES[..., :1], 3, axis=-1)),
        (PICTURES[..., 0] > 99, np.repeat((PICTURES[..., :1] > 99) * 255, 3, axis=-1)),
        (np.concatenate([PICTURES, PICTURES[..., :1]], axis=-1), PICTURES),
    ],
    ids=["0 to 1", "-1 to 1", "double", "16 bits", "int64", "channels first", "grey", "boolean", "opacity"],
)
def test_values_of_every_kind_become_eight_bits(
    tmp_path: Path, suffix: str, stored: np.ndarray, expected: np.ndarray
) -> None:
    raw = index(write(tmp_path / f"a{suffix}", {"images": stored, "labels": LABELS})).raw
    assert raw is not None
    np.testing.assert_array_equal(np.stack([raw.picture(number) for number in range(24)]), expected)


def test_pictures_with_nan_or_values_out_of_range_cannot_be_used(tmp_path: Path, suffix: str) -> None:
    pictures = PICTURES / np.float32(255)
    pictures[3, 0, 0, 0] = np.nan
    pictures[5, 1, 1, 1] = 40
    path = write(tmp_path / f"a{suffix}", {"images": pictures, "labels": LABELS})
    found = index(path, value_range="0 to 1")
    assert found.unusable == {
        3: "it has values that are no finite numbers (NaN or infinite)",
        5: f"it has values from {pictures[5].min():g} to 40, outside of 0 to 1 (the loader's argument value_range)",
    }
    assert {(problem.place, problem.severity) for problem in found.problems} == {("row 3", "error"), ("row 5", "error")}


def test_rows_of_numbers_are_a_table(tmp_path: Path, suffix: str) -> None:
    table = RANDOM.normal(size=(24, 4))
    table[2, 1] = np.nan
    columns = np.array(["a", "b", "c", "d"])
    arrays = {"features": table, "target": RANDOM.normal(size=24), "feature_names": columns}
    found = index(write(tmp_path / f"a{suffix}", arrays), task="tabular_regression")
    assert found.features is not None
    assert found.feature_names == ("a", "b", "c", "d")
    np.testing.assert_array_equal(found.features, table.astype(np.float32))
    assert found.labels is not None
    assert found.labels.dtype == np.float32
    assert list(found.unusable) == [2]


def test_columns_may_be_arrays_of_their_own(tmp_path: Path, suffix: str) -> None:
    arrays = {"length": np.arange(24.0), "width": np.arange(24) * 2, "species": np.array(list("abc") * 8)}
    path = write(tmp_path / f"a{suffix}", arrays)
    found = index(path, task="tabular_classification", inputs="length, width", labels="species")
    assert found.feature_names == ("length", "width")
    assert found.features is not None
    assert found.features[3].tolist() == [3, 6]
    assert found.class_names == ("a", "b", "c")


@pytest.mark.parametrize("scale", [1, 255])
def test_masks_are_found_beside_pictures(tmp_path: Path, suffix: str, scale: int) -> None:
    masks = (PICTURES[..., 0] > 127).astype(np.uint8)
    path = write(tmp_path / f"a{suffix}", {"images": PICTURES, "masks": masks * scale, "labels": LABELS})
    found = index(path, task="image_segmentation")
    assert found.class_names == ("class 0", "class 1")
    assert found.raw is not None
    np.testing.assert_array_equal(found.raw.mask(4), masks[4])


def records(tmp_path: Path, **more: Any) -> Path:
    def encoded(number: int) -> bytes:
        file = io.BytesIO()
        Image.fromarray(PICTURES[number]).save(file, "PNG")
        return file.getvalue()

    rows = [
        example({"image/encoded": encoded(n), "image/class/label": int(LABELS[n]), "image/class/text": b"ab"[n % 2 :]})
        for n in range(24)
    ]
    return write_records(tmp_path / "a.tfrecord", rows)


def test_encoded_pictures_in_records_are_found(tmp_path: Path) -> None:
    found = index(records(tmp_path))
    assert found.class_names == ("0", "1", "2")
    assert found.names[23] == "record 23"
    assert found.raw is not None
    np.testing.assert_array_equal(found.raw.picture(7), PICTURES[7])
    assert index(records(tmp_path), labels="image/class/text").class_names == ("ab", "b")


def test_plain_bytes_in_records_need_a_shape_or_features_that_tell_it(tmp_path: Path) -> None:
    plain = [example({"image_raw": PICTURES[n].tobytes(), "label": int(LABELS[n])}) for n in range(24)]
    plain[5] = example({"image_raw": b"too short", "label": 1})
    path = write_records(tmp_path / "a.tfrecord", plain)
    with pytest.raises(DataError, match="Give their shape"):
        index(path, inputs="image_raw")
    found = index(path, inputs="image_raw", shape=[6, 8, 3])
    assert found.raw is not None
    np.testing.assert_array_equal(found.raw.picture(7), PICTURES[7])
    assert found.unusable == {5: "its 'image_raw' has 9 bytes, but (6, 8, 3) of uint8 has 144"}
    told = [
        example({"image_raw": PICTURES[n].tobytes(), "label": int(LABELS[n]), "height": 6, "width": 8, "depth": 3})
        for n in range(24)
    ]
    raw = index(write_records(tmp_path / "b.tfrecord", told), inputs="image_raw").raw
    assert raw is not None
    np.testing.assert_array_equal(raw.picture(7), PICTURES[7])


def test_numbers_in_records_are_a_table(tmp_path: Path) -> None:
    rows = [example({"x": [n / 2, 1.0], "age": n, "label": n % 3}) for n in range(24)]
    path = write_records(tmp_path / "a.tfrecord", rows)
    found = index(path, task="tabular_classification", inputs="x,age")
    assert found.feature_names == ("x 0", "x 1", "age")
    assert found.features is not None
    assert found.features[3].tolist() == [1.5, 1.0, 3.0]


def test_groups_are_read_from_an_array(tmp_path: Path, suffix: str) -> None:
    patients = np.array(["p7", "p1", "p7", "p3"])
    path = write(tmp_path / f"a{suffix}", {"images": PICTURES[:4], "labels": LABELS[:4], "patient": patients})
    data = {"train_dir": str(path), "loader": {"name": LOADERS[suffix]}}
    data["split"] = {"method": "group", "group_by": "patient"}
    groups = index_arrays(Config.model_validate({"data": data}), Path("/"), "train").groups
    assert groups is not None
    assert groups.tolist() == [2, 0, 2, 1]


def test_only_training_samples_need_groups(tmp_path: Path, suffix: str) -> None:
    arrays = {"x_train": PICTURES, "y_train": LABELS, "x_val": PICTURES[:6], "y_val": LABELS[:6]}
    path = write(tmp_path / f"a{suffix}", arrays | {"patient": np.arange(24)})
    data = {"train_dir": str(path), "val_dir": str(path), "loader": {"name": LOADERS[suffix]}}
    data["split"] = {"method": "group", "group_by": "patient"}
    config = Config.model_validate({"data": data})
    assert index_arrays(config, Path("/"), "train").groups is not None
    assert index_arrays(config, Path("/"), "validation").groups is None


def test_validation_has_the_value_range_of_training(tmp_path: Path, suffix: str) -> None:
    dark = np.minimum(PICTURES[:6], 1).astype(np.float32)
    arrays = {"x_train": PICTURES.astype(np.float32), "y_train": LABELS, "x_val": dark, "y_val": LABELS[:6]}
    raw = index(write(tmp_path / f"a{suffix}", arrays), "validation").raw
    assert raw is not None
    np.testing.assert_array_equal(raw.picture(2), dark[2])
    raw = index(write(tmp_path / f"b{suffix}", arrays | {"x_val": PICTURES[:6]}), "validation").raw
    assert raw is not None
    np.testing.assert_array_equal(raw.picture(2), PICTURES[2])


def test_255_in_masks_of_validation_means_what_it_does_in_training(tmp_path: Path, suffix: str) -> None:
    masks = (PICTURES[..., 0] > 127).astype(np.uint8)
    arrays = {"x_train": PICTURES, "y_train": masks, "x_val": PICTURES[:6], "y_val": masks[:6] * 255}
    raw = index(write(tmp_path / f"a{suffix}", arrays), "validation", "image_segmentation").raw
    assert raw is not None
    np.testing.assert_array_equal(raw.mask(2), masks[2] * 255)


def test_a_proposal_trains_what_was_found(tmp_path: Path, suffix: str) -> None:
    arrays = {"x_train": PICTURES, "y_train": LABELS, "x_test": PICTURES[:6], "y_test": LABELS[:6]}
    path = write(tmp_path / f"pets{suffix}", arrays)
    proposal = propose_arrays(path)
    config = Config.model_validate(proposal.values)
    assert config.project.task == "image_classification"
    assert config.data.loader.name == LOADERS[suffix]
    assert config.data.image_size == (18, 24)
    assert config.data.test_dir == str(path)
    assert index_arrays(config, tmp_path, "test").num_samples == 6
    assert "24 pictures with 3 classes (0, 1, 2)" in proposal.sentences[0]


def test_proposals_for_other_tasks(tmp_path: Path, suffix: str) -> None:
    masks = write(tmp_path / f"a{suffix}", {"images": PICTURES, "masks": (PICTURES[..., 0] > 99)})
    table = write(tmp_path / f"b{suffix}", {"x": RANDOM.normal(size=(24, 4)), "y": RANDOM.normal(size=24)})
    classes = write(tmp_path / f"c{suffix}", {"x": RANDOM.normal(size=(24, 4)), "y": LABELS})
    configs = [Config.model_validate(propose_arrays(path).values) for path in (masks, table, classes)]
    tasks = [config.project.task for config in configs]
    assert tasks == ["image_segmentation", "tabular_regression", "tabular_classification"]
    assert [config.model.architecture.name for config in configs] == ["UNet", "MLP", "MLP"]
    assert propose_arrays(table).values["data"]["loader"]["arguments"] == {"inputs": "x", "labels": "y"}


def test_labels_may_be_wrapped_in_dimensions_of_one(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"pcam{suffix}", {"x": PICTURES, "y": LABELS[:, None, None, None]})
    assert propose_arrays(path).values["project"]["task"] == "image_classification"
    found = index(path)
    assert found.labels is not None
    assert found.labels.tolist() == LABELS.tolist()


def test_a_proposal_for_records_and_folders(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / "set" / name).mkdir(parents=True)
        records(tmp_path / "set" / name).rename(tmp_path / "set" / f"{name}-0.tfrecord")
        (tmp_path / "set" / name).rmdir()
    proposal = propose_arrays(tmp_path / "set")
    assert "image/class/text may hold names" in proposal.sentences[1]
    config = Config.model_validate(proposal.values)
    assert (config.data.loader.name, config.data.test_dir) == ("TFRecordDataLoader", str(tmp_path / "set"))
    assert config.data.image_size == (18, 24)
    assert index_arrays(config, tmp_path, "test").num_samples == 24
    write(tmp_path / "train.npz", {"x": PICTURES, "y": LABELS})
    write(tmp_path / "val.npz", {"x": PICTURES, "y": LABELS})
    place = find_array_place(tmp_path / "train.npz")
    assert place is not None
    assert place.others == {"validation": tmp_path / "val.npz"}
    assert find_array_place(tmp_path / "set" / "none") is None
