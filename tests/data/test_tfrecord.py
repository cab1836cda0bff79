from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.data.record_writer import example, framed, write_records
from trainer.data.arrays.tfrecord_example import ExampleError, feature_spans, number_values
from trainer.data.arrays.tfrecord_file import FeatureArray, Records, check_records, find_shards, open_tfrecord
from trainer.data.arrays.tfrecord_framing import scan_shard
from trainer.errors import DataError


def ten(packed: bool = True) -> list[bytes]:
    return [example({"image": bytes([n] * 4), "label": n % 3, "box": [n / 8, 0.5]}, packed=packed) for n in range(10)]


@pytest.mark.parametrize("packed", [True, False])
def test_features_are_found_with_kind_and_length_and_read_in_any_order(tmp_path: Path, packed: bool) -> None:
    file = open_tfrecord(write_records(tmp_path / "a.tfrecord", ten(packed)), "train")
    assert file.listing() == "box (10, 2) float32, image (10,) text or bytes, label (10,) int64"
    rows = np.array([7, 0, 7])
    assert file.arrays["label"].read(rows).tolist() == [1, 0, 1]
    assert file.arrays["box"].read(rows).tolist() == [[0.875, 0.5], [0.0, 0.5], [0.875, 0.5]]
    assert file.arrays["image"].read(rows).tolist() == [b"\7" * 4, b"\0" * 4, b"\7" * 4]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("values", [[5], [-1], [0, 127, 128, 2**63 - 1, -(2**63)], list(range(300))])
def test_integers_of_every_size_are_read(values: list[int], packed: bool) -> None:
    data = example({"n": values}, packed=packed)
    assert number_values(data, *feature_spans(data, 0, len(data))["n"]).tolist() == values


def test_a_shard_is_scanned_into_an_exact_table_of_places(tmp_path: Path) -> None:
    shard = scan_shard(write_records(tmp_path / "a.tfrecord", [b"abc", b"", b"defgh"]))
    found = [shard.content[start:stop] for start, stop in zip(shard.starts, shard.stops, strict=True)]
    assert found == [b"abc", b"", b"defgh"]
    assert not shard.unusable


def test_a_bad_checksum_of_data_loses_one_record(tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.tfrecord", ten())
    content = bytearray(path.read_bytes())
    content[content.index(bytes([4] * 4)) + 1] ^= 1
    path.write_bytes(content)
    file = open_tfrecord(path, "train")
    assert file.unusable == {4: "its checksum is wrong: the data was damaged after it was written"}


def test_a_record_cut_off_at_the_end_loses_one_record(tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.tfrecord", ten())
    path.write_bytes(path.read_bytes()[:-7])
    file = open_tfrecord(path, "train")
    assert file.unusable == {9: "the file is cut off inside this record"}


@pytest.mark.parametrize("left", [1, 11, 12, 15])
def test_a_file_cut_off_inside_the_head_of_a_record_loses_one_record(tmp_path: Path, left: int) -> None:
    records = ten()
    path = write_records(tmp_path / "a.tfrecord", records)
    path.write_bytes(b"".join(map(framed, records[:9])) + framed(records[9])[:left])
    assert open_tfrecord(path, "train").unusable == {9: "the file is cut off inside this record"}


def test_a_bad_length_loses_the_rest_which_has_to_be_allowed(tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.tfrecord", ten())
    content = bytearray(path.read_bytes())
    start = int(scan_shard(path).starts[9]) - 12
    content[start] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"10\.\d% of .*a.tfrecord cannot be read .* allows 5\.0%\): record 9: the checksum"
    ):
        open_tfrecord(path, "train", 0.05)
    file = open_tfrecord(path, "train", 0.2)
    assert list(file.unusable) == [9]
    assert len(file.names or ()) == 10


def test_shards_are_read_as_one_and_name_their_records(tmp_path: Path) -> None:
    records = ten()
    write_records(tmp_path / "x-00000-of-00002.tfrecord", records[:6])
    write_records(tmp_path / "x-00001-of-00002.tfrecord", records[6:])
    file = open_tfrecord(tmp_path, "train")
    assert file.arrays["label"].read(np.arange(10)).tolist() == [n % 3 for n in range(10)]
    assert file.names is not None
    assert [file.names[0], file.names[6]] == [
        "x-00000-of-00002.tfrecord record 0",
        "x-00001-of-00002.tfrecord record 0",
    ]


def test_shards_are_chosen_by_the_part_that_they_name(tmp_path: Path) -> None:
    for name in ("train-0.tfrecord", "train-1.tfrecord", "validation-0.tfrecord", "notes.txt"):
        write_records(tmp_path / name, ten())
    assert [path.name for path in find_shards(tmp_path, "train")] == ["train-0.tfrecord", "train-1.tfrecord"]
    assert [path.name for path in find_shards(tmp_path, "validation")] == ["validation-0.tfrecord"]
    with pytest.raises(DataError, match=r"None of the TFRecord files .* is for test"):
        find_shards(tmp_path, "test")


def test_records_that_differ_from_most_cannot_be_used_and_say_why(tmp_path: Path) -> None:
    records = ten()
    records[1] = example({"image": b"abcd"})
    records[3] = example({"image": b"abcd", "label": 0.5})
    records[5] = example({"image": b"abcd", "label": [1, 2]})
    records[7] = b"hello"
    file = open_tfrecord(write_records(tmp_path / "a.tfrecord", records), "train")
    label = file.arrays["label"]
    assert isinstance(label, FeatureArray)
    check_records(label.records, [label])
    assert file.unusable == {
        1: "it has no feature 'label'",
        3: "its feature 'label' holds float, in most records int64",
        5: "its feature 'label' has 2 values, in most records 1",
        7: "it is no tf.train.Example",
    }


@pytest.mark.parametrize("data", [b"hello", b"\x0a\x7f", b"\x0a\x02\x0a\x7f", b"\xff" * 30, b"\x08\x01"])
def test_bytes_that_are_no_example_are_refused(data: bytes) -> None:
    with pytest.raises(ExampleError, match=r"no tf\.train\.Example"):
        feature_spans(data, 0, len(data))


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_an_example_that_is_cut_off_is_refused_or_lacks_features(cut: int) -> None:
    data = example({"image": b"abcd" * 4, "label": 3})
    with pytest.raises(ExampleError):
        feature_spans(data, 0, len(data) - cut)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(framed(b"abc"), mtime=0), "compressed as a whole.*gunzip"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "is no TFRecord file, or its first record is damaged"),
        (b"abc", "is no TFRecord file: it has 3 bytes"),
        (b"", "is no TFRecord file: it has 0 bytes"),
        (framed(b"hello") + framed(b"you"), r"None of the first records .* no tf\.train\.Example"),
        (struct.pack("<Q", 2**60) + framed(b"")[8:12], "is no TFRecord file"),
    ],
)
def test_files_without_examples_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.tfrecord"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_tfrecord(path, "train")


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        open_tfrecord(tmp_path / "none.tfrecord", "train")
    with pytest.raises(DataError, match="holds no TFRecord file"):
        open_tfrecord(tmp_path, "train")


def test_ten_thousand_records_are_indexed_in_little_memory(tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.tfrecord", (example({"image": b"x" * 30, "label": n}) for n in range(10_000)))
    records = Records(path, [path])
    assert records.starts.nbytes + records.stops.nbytes + records.shard_of.nbytes == 24 * 10_000
    assert records.name(9_999) == "record 9999"
