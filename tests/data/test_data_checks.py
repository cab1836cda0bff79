"""The data check: what there is, and every kind of thing that can be wrong with it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.data.sample_indexes import boxes_of, class_index, data_config, picture_index, write_picture
from trainer.data.checks import DataReport, data_check, full_report, problem_counts, quick_report
from trainer.data.sample_index import DataProblem, SampleIndex
from trainer.data.statistics import mask_shares, picture_statistics
from trainer.errors import DataError


def found(report: DataReport, kind: str) -> list[DataProblem]:
    return [problem for problem in report.problems if problem.kind == kind]


def test_parts_and_classes_are_counted_as_a_training_divides_them(tmp_path: Path) -> None:
    index = class_index(tmp_path, {"cat": 20, "dog": 10})
    report = quick_report(data_config(validation_fraction=0.2), {"train": index})
    assert report.counts() == [
        "train: 24 samples (cat 16, dog 8)",
        "validation: 6 samples, held out of the training data (cat 4, dog 2)",
    ]
    assert not report.problems


def test_data_of_its_own_is_not_held_out_and_test_is_held_out_first(tmp_path: Path) -> None:
    train, validation = (
        class_index(tmp_path / "a", {"cat": 10, "dog": 10}),
        class_index(tmp_path / "b", {"cat": 2, "dog": 3}),
    )
    config = data_config(val_dir="b", split={"test_fraction": 0.2})
    parts = {part.name: part for part in quick_report(config, {"train": train, "validation": validation}).parts}
    assert {name: part.num_samples for name, part in parts.items()} == {"train": 16, "validation": 5, "test": 4}
    assert parts["test"].is_held_out and not parts["validation"].is_held_out


def test_broken_files_are_named_left_out_and_counted(tmp_path: Path) -> None:
    index = class_index(tmp_path, {"cat": 20, "dog": 20})
    broken = {tmp_path / "cat" / "003.png": b"", tmp_path / "dog" / "007.png": b"this is text"}
    for path, content in broken.items():
        path.write_bytes(content)
    whole = (tmp_path / "dog" / "011.png").read_bytes()
    (tmp_path / "dog" / "011.png").write_bytes(whole[: len(whole) // 2])
    report = full_report(data_config(), {"train": index})
    unreadable = {problem.file: problem.message for problem in found(report, "unreadable")}
    assert set(unreadable) == {str(path) for path in (*broken, tmp_path / "dog" / "011.png")}
    assert unreadable[str(tmp_path / "cat" / "003.png")] == "The file is empty."
    assert unreadable[str(tmp_path / "dog" / "011.png")] == "The file is cut off.", "as a training says"
    other = DataProblem("unreadable", "is of a kind that is not read", "dog/a.tif", severity="warning")
    counted = problem_counts([*report.problems, other])
    assert counted == {"Unreadable": 3, "Files of a kind that is not read": 1}
    assert report.has_errors and report.num_read == 40
    assert sum(part.num_samples for part in report.parts) == 37
    assert report.left_out() == (
        "3 of 40 samples (7.5%) cannot be used and are left out, which data.max_unreadable_fraction refuses: it "
        "allows 5.0%."
    )


def test_the_same_picture_in_two_parts_is_found_by_its_content(tmp_path: Path) -> None:
    train, test = (
        class_index(tmp_path / "train", {"cat": 3, "dog": 3}),
        class_index(tmp_path / "test", {"cat": 2, "dog": 2}, 1),
    )
    shutil.copy(tmp_path / "train" / "dog" / "001.png", tmp_path / "test" / "dog" / "000.png")
    report = full_report(data_config(validation_fraction=0), {"train": train, "test": test})
    (problem,) = found(report, "duplicate")
    assert problem.file == str(tmp_path / "test" / "dog" / "000.png")
    assert "in the train data too, as dog/001.png" in problem.message
    assert problem.severity == "warning" and not report.has_errors


def test_the_same_picture_in_two_classes_cannot_be_right(tmp_path: Path) -> None:
    index = class_index(tmp_path, {"cat": 4, "dog": 4})
    shutil.copy(tmp_path / "cat" / "002.png", tmp_path / "dog" / "000.png")
    shutil.copy(tmp_path / "cat" / "002.png", tmp_path / "cat" / "003.png")
    report = full_report(data_config(validation_fraction=0), {"train": index})
    (problem,) = found(report, "duplicate")
    assert problem.file == str(tmp_path / "dog" / "000.png")
    assert "in the class cat too, as cat/002.png" in problem.message
    assert report.num_repeated == 2


def test_rows_of_a_table_are_compared_with_their_target() -> None:
    features = np.array([[1, 2], [3, 4], [5, 7], [1, 2]], np.float32)
    labels = np.array([0, 1, 0, 1], np.float32)
    train = SampleIndex(
        Path("a.csv"),
        ["line 2", "line 3", "line 4", "line 5"],
        features=features,
        feature_names=("x", "y"),
        labels=labels,
    )
    test = dataclasses.replace(train, place=Path("b.csv"), names=["line 2"], features=features[1:2], labels=labels[1:2])
    report = full_report(data_config(validation_fraction=0), {"train": train, "test": test})
    assert [(problem.file, problem.place) for problem in found(report, "duplicate")] == [("b.csv", "line 2")]


def test_a_class_without_samples_is_named_with_its_part(tmp_path: Path) -> None:
    train, test = class_index(tmp_path / "a", {"cat": 5, "dog": 5}), class_index(tmp_path / "b", {"cat": 5, "dog": 0})
    report = quick_report(data_config(validation_fraction=0), {"train": train, "test": test})
    assert [problem.message for problem in found(report, "empty_class")] == [
        "The class dog has no sample in the test data: its figures say nothing about it."
    ]


def test_boxes_that_cannot_be_are_found(tmp_path: Path) -> None:
    boxes = boxes_of([(0.1, 0.1, 0.5, 0.5, 0)], [(0.2, 0.2, 0.2, 0.6, 1), (0.5, 0.5, 1.2, 0.9, 1)])
    index = SampleIndex(tmp_path, ["a.png", "b.png"], class_names=("RBC", "WBC"), boxes=boxes)
    report = quick_report(data_config(validation_fraction=0), {"train": index})
    assert [(problem.file, problem.place, problem.message) for problem in found(report, "box")] == [
        (str(tmp_path / "b.png"), "box 1", "A box has no area."),
        (str(tmp_path / "b.png"), "box 2", "A box reaches outside the picture."),
    ]
    assert report.counts() == ["train: 2 samples (boxes: RBC 1, WBC 2)"]


def test_a_mask_of_another_size_than_its_picture_is_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(4):
        write_picture(tmp_path / f"images/{number}.png", random, (8, 8))
        write_picture(tmp_path / f"masks/{number}.png", random, (8, 8) if number else (6, 8))
    masks = [f"masks/{number}.png" for number in range(4)]
    index = picture_index(
        tmp_path, [f"images/{number}.png" for number in range(4)], mask_names=masks, class_names=("background", "cell")
    )
    report = full_report(data_config(validation_fraction=0), {"train": index})
    (problem,) = found(report, "size_mismatch")
    assert problem.file == str(tmp_path / "masks/0.png")
    assert "6 × 8 pixels and its picture images/0.png 8 × 8" in problem.message
    assert report.parts[0].rows.tolist() == [1, 2, 3]


def test_a_column_with_one_value_tells_nothing() -> None:
    features = np.array([[1, 5], [1, 6], [1, 7]], np.float32)
    index = SampleIndex(
        Path("a.csv"),
        ["line 2", "line 3", "line 4"],
        features=features,
        feature_names=("year", "size"),
        labels=np.arange(3, dtype=np.float32),
    )
    report = quick_report(data_config(validation_fraction=0), {"train": index})
    assert [problem.place for problem in found(report, "constant_column")] == ["column year"]


def test_what_the_layout_found_itself_is_told_once(tmp_path: Path) -> None:
    index = class_index(tmp_path, {"cat": 3, "dog": 3})
    known = DataProblem("unreadable", "It is broken.", "cat/001.png")
    index = dataclasses.replace(index, unusable={1: "It is broken."}, problems=(known,))
    report = quick_report(data_config(validation_fraction=0), {"train": index})
    assert report.problems == (known,)
    assert report.parts[0].left_out.tolist() == [1]


def test_a_quick_look_reads_some_samples_and_says_so(tmp_path: Path) -> None:
    index = class_index(tmp_path, {"cat": 30, "dog": 30})
    told: list[tuple[int, int]] = []
    report = full_report(
        data_config(), {"train": index}, most=20, progress=lambda done, total: told.append((done, total))
    )
    assert report.num_read == 20
    assert told[-1] == (20, 20)


def test_a_check_that_is_cancelled_reports_what_it_has(tmp_path: Path) -> None:
    index = class_index(tmp_path, {"cat": 10, "dog": 10})
    (tmp_path / "cat" / "000.png").write_bytes(b"")
    asked = iter([False, False, False, True])
    report = full_report(data_config(), {"train": index}, is_cancelled=lambda: next(asked, True))
    assert report.num_read == 3
    assert len(found(report, "unreadable")) == 1


def test_class_folders_are_checked_from_a_configuration_alone(tmp_path: Path) -> None:
    class_index(tmp_path / "pets", {"cat": 5, "dog": 5})
    report = data_check(data_config(train_dir="pets"), tmp_path)
    assert report.counts()[0] == "train: 8 samples (cat 4, dog 4)"
    with pytest.raises(DataError, match="does not exist"):
        data_check(data_config(train_dir="none"), tmp_path)


def test_sizes_and_colours_come_from_headers_and_brightness_from_pixels(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    write_picture(tmp_path / "a.png", random, (10, 8))
    write_picture(tmp_path / "b.png", random, (20, 30))
    (tmp_path / "c.png").write_bytes(b"broken")
    index = picture_index(tmp_path, ["a.png", "b.png", "c.png"])
    statistics = picture_statistics(quick_report(data_config(validation_fraction=0), {"train": index}).parts)
    assert statistics is not None
    assert statistics.sizes_text == "10 × 8 to 20 × 30 px"
    assert statistics.kinds_text == "colour"
    assert statistics.mean == pytest.approx(127.5, abs=12)
    assert (len(statistics.widths), statistics.num_looked_at) == (2, 3)


def test_the_share_of_each_class_in_masks_is_counted_without_what_does_not_count(tmp_path: Path) -> None:
    mask = np.zeros((4, 4), np.uint8)
    mask[0], mask[1] = 1, 255

    class Masks:
        def picture(self, number: int) -> np.ndarray:
            return np.zeros((4, 4, 3), np.uint8)

        def mask(self, number: int) -> np.ndarray:
            return mask

    index = SampleIndex(tmp_path, ["a"], class_names=("ground", "cell"), mask_names=["b"], raw=Masks())
    parts = quick_report(data_config(validation_fraction=0), {"train": index}).parts
    assert mask_shares(parts).tolist() == pytest.approx([8 / 12, 4 / 12])


@pytest.mark.parametrize(("most", "looked_at"), [(0, ""), (3, " in the 3 of 6 masks looked at")])
def test_a_class_without_a_pixel_in_the_masks_is_named(tmp_path: Path, most: int, looked_at: str) -> None:
    def index_of(*values: int) -> SampleIndex:
        class Masks:
            def picture(self, number: int) -> np.ndarray:
                return np.full((4, 4, 3), values[number], np.uint8)

            def mask(self, number: int) -> np.ndarray:
                return np.full((4, 4), values[number], np.uint8)

        names = [str(number) for number in range(len(values))]
        return SampleIndex(tmp_path, names, class_names=("ground", "cell"), mask_names=names, raw=Masks())

    def told(train: SampleIndex, validation: SampleIndex, most: int) -> list[str]:
        report = full_report(data_config(val_dir="b"), {"train": train, "validation": validation}, most=most)
        return [problem.message for problem in found(report, "empty_class")]

    lacking, whole = index_of(0, 255, 255, 255, 0, 255), index_of(0, 1)
    message, *others = told(lacking, whole, most)
    assert message.startswith(f"The class cell has no pixel to train on{looked_at}: ") and not others
    assert told(whole, index_of(0, 255), 0) == [
        "The class cell has no pixel in the validation data: its figures say nothing about it."
    ]
