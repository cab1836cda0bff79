from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.data.divide_rows import DivisibleSamples, divide_rows
from trainer.data.tables.table_checks import check_table, unused_columns
from trainer.data.tables.table_data import TableData, read_tables
from trainer.data.tables.table_encoding import TableEncoding, fit_encoding
from trainer.data.tables.table_index import index_table
from trainer.data.tables.table_options import TableOptions
from trainer.data.tables.table_statistics import table_statistics
from trainer.errors import ConfigError, DataError


def config_of(train: Path, target: str, task: str = "tabular_classification", **settings: Any) -> Config:
    changes = {key.replace("__", "."): value for key, value in settings.items()}
    arguments = {"target_column": target, **changes.pop("arguments", {})}
    values = {
        "project": {"task": task},
        "data": {"train_dir": str(train), "loader": {"name": "CSVDataLoader", "arguments": arguments}},
    }
    return Config.model_validate(with_overrides(values, changes))


def table_of(folder: Path, text: str, target: str, task: str = "tabular_classification", **arguments: Any) -> TableData:
    path = folder / "table.csv"
    path.write_text(text)
    config = config_of(path, target, task, arguments=arguments)
    return read_tables(config, folder, TableOptions.from_config(config))["train"]


def rows(count: int, line: str) -> str:
    """Lines from a pattern, where {i} is the number of the row and {k} its remainder by 2."""
    return "".join(line.format(i=i, k="ab"[i % 2], x=(i * 37 % 101) / 10) + "\n" for i in range(count))


def test_kinds_of_columns_are_inferred(tmp_path: Path) -> None:
    text = "id,name,size,color,same,empty,kind\n" + rows(40, "{i},person {i},{x},red {k},7,,{k}")
    table = table_of(tmp_path, text, "kind")
    assert {column.name: column.kind for column in table.columns} == {
        "id": "unused",
        "name": "unused",
        "size": "number",
        "color": "category",
        "same": "unused",
        "empty": "unused",
    }
    assert unused_columns(table) == (
        "The column id is left out: it only numbers the rows.",
        "The column name is left out: it has 40 different texts in 40 rows, like a name.",
        "The column same is left out: it is '7' in all rows, which tells nothing.",
        "The column empty is left out: it has no values.",
    )
    assert table.class_names == ("a", "b")
    assert table.names[0] == "line 2"


def test_kinds_can_be_corrected(tmp_path: Path) -> None:
    text = "id,code,mixed,other,kind\n" + rows(40, "{i},{i},n{i},{x},{k}")
    table = table_of(
        tmp_path, text, "kind", numeric_columns=["id"], category_columns=["code"], ignored_columns=["other", "mixed"]
    )
    assert [(column.name, column.kind) for column in table.features] == [("id", "number"), ("code", "category")]
    chosen = table_of(tmp_path, text, "kind", feature_columns=["id", "other"])
    assert [column.name for column in chosen.features] == ["id", "other"]


def test_values_that_are_no_numbers_are_named_and_count_as_missing(tmp_path: Path) -> None:
    text = "size,kind\n" + rows(20, "{x},{k}") + "wide,a\ninf,b\n1e300,a\n"
    table = table_of(tmp_path, text, "kind")
    assert np.isnan(table.features[0].values).nonzero()[0].tolist() == [20, 21, 22]
    assert [(problem.place, problem.severity) for problem in table.problems] == [
        ("line 22", "warning"),
        ("line 23", "warning"),
        ("line 24", "warning"),
    ]
    assert "'wide' in the column size is no finite number" in table.problems[0].message


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    table = table_of(tmp_path, "size,kind\n" + rows(6, "{x},{k}") + "3,\n4,\n", "kind")
    assert table.lines.tolist() == [2, 3, 4, 5, 6, 7]
    assert [(problem.message, problem.place) for problem in table.problems] == [
        ("2 rows left out, as kind is missing.", "lines 8, 9")
    ]


def test_rows_with_missing_features_can_be_left_out(tmp_path: Path) -> None:
    table = table_of(tmp_path, "size,color,kind\n1,x,a\n,x,b\n3,,a\n4,y,b\n", "kind", missing_numbers="drop_row")
    assert table.lines.tolist() == [2, 4, 5]
    both = {"missing_numbers": "drop_row", "missing_categories": "drop_row"}
    table = table_of(tmp_path, "size,color,kind\n1,x,a\n,x,b\n3,,a\n4,y,b\n", "kind", **both)
    assert table.lines.tolist() == [2, 5]
    assert [problem.place for problem in table.problems] == ["line 3", "line 4"]


@pytest.mark.parametrize(
    ("text", "target", "task", "message"),
    [
        ("size,kind\n1,a\n2,b\n", "kid", "tabular_classification", "has no column 'kid'. Did you mean 'kind'?"),
        (
            "size,kind\n1,a\n2,b\n",
            "",
            "tabular_classification",
            "Give the column to predict. table.csv has: size, kind",
        ),
        ("size,kind\n1,a\n2,b\n", "kind", "tabular_regression", "holds text such as 'a', 'b', no numbers"),
        ("k,size\n" + rows(60, "{k},{i}.5"), "size", "tabular_classification", "Choose tabular_regression"),
        (
            "k;size\n" + rows(60, "{k};{x}").replace(".", ",") * 9,
            "size",
            "tabular_classification",
            "with fractions, such as",
        ),
        ("k,name\n" + rows(60, "{k},x{i}"), "name", "tabular_classification", "so they are no classes. Choose another"),
        ("size,kind\n1,a\n2,b\n", "kind", "image_classification", "A CSV table suits tabular_classification"),
    ],
)
def test_settings_that_do_not_fit_the_table_are_refused(
    tmp_path: Path, text: str, target: str, task: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        table_of(tmp_path, text, target, task)


@pytest.mark.parametrize(
    ("text", "task", "message"),
    [
        (
            "size,kind\n1,a\n2,a\n",
            "tabular_classification",
            "the column kind is 'a' in all rows. Expected at least two",
        ),
        ("size,kind\n1,5\n2,5\n", "tabular_regression", "the column kind has the same value in all rows"),
        ("size,kind\n1,\n2,\n", "tabular_classification", "the column kind has no values"),
        ("size,kind\n7,1\n7,2\n", "tabular_regression", "has no column to learn from: size is '7' in all rows"),
        ("size,kind\n1,a\n2,b\n3\n", "tabular_classification", "1 of 3 rows have another number of fields .* line 4"),
    ],
)
def test_data_that_nothing_can_be_learned_from_is_refused(tmp_path: Path, text: str, task: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        table_of(tmp_path, text, "kind", task)


def test_numbers_as_classes_are_ordered_as_numbers(tmp_path: Path) -> None:
    text = "size,kind\n" + "".join(f"{i},{(2, 10, 1)[i % 3]}\n" for i in range(12))
    table = table_of(tmp_path, text, "kind")
    assert table.class_names == ("1", "2", "10")
    assert table.targets[:3].tolist() == [1, 2, 0]


def test_columns_that_give_the_target_away_are_found(tmp_path: Path) -> None:
    text = "size,code,grade,kind\n" + rows(40, "{x},c{k},{i}.0,{k}")
    table = table_of(tmp_path, text, "kind")
    found = [(problem.kind, problem.place) for problem in check_table(table)]
    assert found == [("leaking_column", "column code")]
    by_threshold = "size,kind\n" + "".join(f"{i / 8},{'ab'[i > 20]}\n" for i in range(40))
    table = table_of(tmp_path, by_threshold, "kind")
    assert [p.place for p in check_table(table)] == ["column size"]


def test_a_multiple_of_the_target_is_found(tmp_path: Path) -> None:
    text = "inches,weight,cm\n" + "".join(f"{x},{x % 7},{x * 2.54}\n" for x in (5.5, 1.25, 8.0, 3.5) * 6)
    table = table_of(tmp_path, text, "cm", "tabular_regression")
    assert [problem.place for problem in check_table(table)] == ["column inches"]


def test_own_validation_data_is_read_like_the_training_table(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("size,code,kind\n1,7,a\n2,8,b\n3,x,a\n4,x,b\n")
    (tmp_path / "val.csv").write_text("code;extra;kind;size\n8;1;b;2\n9;1;a;few\n")
    config = config_of(tmp_path / "train.csv", "kind", data__val_dir="val.csv")
    tables = read_tables(config, tmp_path, TableOptions.from_config(config))
    size, code = tables["validation"].features
    assert size.values[0] == 2
    assert math.isnan(size.values[1])
    assert code.categories[: len(tables["train"].features[1].categories)] == tables["train"].features[1].categories
    assert [code.text(row) for row in (0, 1)] == ["8", "9"]
    assert tables["validation"].targets.tolist() == [1, 0]
    (tmp_path / "val.csv").write_text("size,kind\n1,a\n")
    with pytest.raises(DataError, match=r"val\.csv lacks the columns code, which the training table train\.csv has"):
        read_tables(config, tmp_path, TableOptions.from_config(config))
    (tmp_path / "val.csv").write_text("size,code,kind\n1,x,c\n")
    with pytest.raises(DataError, match="has classes that the training table has not: c"):
        read_tables(config, tmp_path, TableOptions.from_config(config))


def test_rows_of_one_group_are_known(tmp_path: Path) -> None:
    text = "patient,size,kind\np1,1,a\np2,2,b\np1,3,a\n,4,b\n,5,a\n"
    (tmp_path / "table.csv").write_text(text)
    config = config_of(tmp_path / "table.csv", "kind", data__split__method="group", data__split__group_by="patient")
    table = read_tables(config, tmp_path, TableOptions.from_config(config))["train"]
    assert table.groups is not None
    assert table.groups.tolist() == [0, 1, 0, 2, 3]
    assert [column.name for column in table.columns] == ["size"]


def test_only_the_training_table_needs_groups(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("patient,size,kind\np1,1,a\np2,2,b\np1,3,a\n")
    (tmp_path / "val.csv").write_text("size,kind\n1,a\n2,b\n")
    split = {"data__split__method": "group", "data__split__group_by": "patient"}
    config = config_of(tmp_path / "table.csv", "kind", data__val_dir="val.csv", **split)
    tables = read_tables(config, tmp_path, TableOptions.from_config(config))
    assert tables["train"].groups is not None
    assert tables["validation"].groups is None


def encoded(table: TableData, encoding: TableEncoding) -> dict[str, list[float]]:
    out = np.empty((len(table.lines), len(encoding.outputs)), np.float32)
    encoding.encode({column.name: column for column in table.features}, out)
    return dict(zip(encoding.outputs, out.T.tolist(), strict=True))


def test_only_training_rows_decide_the_encoding(tmp_path: Path) -> None:
    text = "size,color,kind\n1,red,a\n3,red,b\n,blue,a\n8,red,b\n1000,green,a\n,,b\n"
    table = table_of(tmp_path, text, "kind")
    encoding = fit_encoding(table, np.arange(4), TableOptions(min_category_rows=1, missing_indicator=True))
    assert encoding.columns[0].model_dump() == {
        "kind": "number",
        "name": "size",
        "fill": 3.0,
        "center": 3.75,
        "scale": pytest.approx(np.std([1, 3, 3, 8])),
        "indicator": True,
        "decimal": "",
    }
    assert encoded(table, encoding) == {
        "size": [1, 3, 3, 8, 1000, 3],
        "size = (missing)": [0, 0, 1, 0, 0, 1],
        "color = blue": [0, 0, 1, 0, 0, 0],
        "color = red": [1, 1, 0, 1, 0, 0],
    }
    assert TableEncoding.model_validate_json(encoding.model_dump_json()) == encoding


def test_rare_unknown_and_missing_categories(tmp_path: Path) -> None:
    text = "color,kind\nred,a\nred,b\nblue,a\nblue,b\npink,a\n,b\ngreen,a\n"
    table = table_of(tmp_path, text, "kind")
    encoding = fit_encoding(table, np.arange(6), TableOptions(min_category_rows=2))
    found = encoded(table, encoding)
    assert found["color = (other)"] == [0, 0, 0, 0, 1, 0, 1]
    assert found["color = (missing)"] == [0, 0, 0, 0, 0, 1, 0]
    assert found["color = red"] == [1, 1, 0, 0, 0, 0, 0]
    filled = fit_encoding(table, np.arange(6), TableOptions(missing_categories="most_frequent", max_categories=1))
    assert encoded(table, filled)["color = (other)"] == [1, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(("how", "fill"), [("median", 2.0), ("mean", 2.75), ("most_frequent", 1.0), ("zero", 0.0)])
def test_missing_numbers_are_filled_as_chosen(tmp_path: Path, how: Any, fill: float) -> None:
    table = table_of(tmp_path, "size,kind\n1,a\n1,b\n3,a\n6,b\n,a\n", "kind")
    encoding = fit_encoding(table, np.arange(5), TableOptions(missing_numbers=how))
    assert encoded(table, encoding)["size"][4] == fill


@pytest.mark.parametrize(
    ("how", "center", "scale"),
    [("standard", 4.0, np.sqrt(14.4)), ("min_max", 1.0, 10.0), ("robust", 2.0, 4.0), ("none", 0.0, 1.0)],
)
def test_numbers_are_scaled_as_chosen(tmp_path: Path, how: Any, center: float, scale: float) -> None:
    table = table_of(tmp_path, "size,kind\n1,a\n1,b\n2,a\n5,b\n11,a\n", "kind")
    encoding = fit_encoding(table, np.arange(5), TableOptions(normalization=how))
    assert (encoding.centers, encoding.scales) == ([center], [pytest.approx(scale)])


def test_several_numbers_are_predicted_together(tmp_path: Path) -> None:
    text = "size,mass,price\n" + rows(30, "{x},{x}e6,{i}.5") + "1,,2\n1,2,\n"
    table = table_of(tmp_path, text, "", "tabular_regression", target_column=["mass", "price"])
    assert table.target_names == ("mass", "price")
    assert table.targets.shape == (30, 2)
    assert [column.name for column in table.columns] == ["size"]
    assert [(problem.message, problem.place) for problem in table.problems] == [
        ("2 rows left out, as mass or price is missing.", "lines 32, 33")
    ]
    leaks = check_table(table)
    assert [problem.message.split(" in every")[0] for problem in leaks] == ["The column size alone tells mass"]
    encoding = fit_encoding(table, np.arange(20), TableOptions())
    assert encoding.targets == ("mass", "price")
    assert encoding.target_centers == pytest.approx(table.targets[:20].mean(axis=0).tolist())
    assert encoding.target_scales == pytest.approx(table.targets[:20].std(axis=0).tolist())
    index = index_table(
        config_of(tmp_path / "table.csv", "", "tabular_regression", arguments={"target_column": ["mass", "price"]}),
        tmp_path,
        "train",
    )
    assert index.row(1) == {"mass": "3.7e+06", "price": "1.5", "size": "3.7"}
    assert [(found.name, found.role) for found in table_statistics(index)] == [
        ("mass", "target"),
        ("price", "target"),
        ("size", "feature"),
    ]


def test_several_columns_of_0_and_1_are_classes_of_their_own(tmp_path: Path) -> None:
    text = "size,cat,dog\n" + "".join(f"{i * 37 % 101},{i % 2},{('no', 'Yes', 'no')[i % 3]}\n" for i in range(12))
    config = config_of(tmp_path / "table.csv", "", arguments={"target_column": ["cat", "dog"]})
    table = table_of(tmp_path, text, "", target_column=["cat", "dog"])
    assert table.class_names == ("cat", "dog")
    assert table.labels is None
    assert table.targets[:3].tolist() == [[0, 0], [1, 1], [0, 0]]
    index = index_table(config, tmp_path, "train")
    assert index.labels is not None
    assert index.labels.dtype == np.uint8
    assert index.class_counts.tolist() == [6, 4]


@pytest.mark.parametrize(
    ("target", "task", "message"),
    [
        (["cat", "color"], "tabular_classification", "each must hold 0 and 1, or no and yes; color holds 'red'"),
        (["cat", "cat"], "tabular_classification", "The column 'cat' is given twice"),
        (["cat", "cow"], "tabular_regression", "has no column 'cow'"),
        (["cat", "color"], "tabular_regression", "color holds text such as 'red'"),
    ],
)
def test_targets_that_do_not_go_together_are_refused(
    tmp_path: Path, target: list[str], task: str, message: str
) -> None:
    text = "size,cat,color\n1,0,red\n2,1,blue\n3,0,red\n"
    with pytest.raises(ConfigError, match=message):
        table_of(tmp_path, text, "", task, target_column=target)


def test_the_index_of_a_table_fits_the_division(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("size,color,kind\n" + rows(30, "{x},red {k},{k}") + ",,a\n,,\n")
    config = config_of(tmp_path / "table.csv", "kind")
    index = index_table(config, tmp_path, "train")
    assert index.num_samples == 31
    assert index.class_counts.tolist() == [16, 15]
    assert index.feature_names == ("size", "color")
    assert index.features is not None
    assert index.features[0].tolist() == [0.0, 0.0]
    assert np.isnan(index.features[30, 0])
    assert index.row(0) == {"kind": "a", "size": "0", "color": "red a"}
    assert index.row(30) == {"kind": "a", "size": "", "color": ""}
    assert [problem.kind for problem in index.problems] == ["missing_value", "leaking_column"]
    division = divide_rows(
        DivisibleSamples(np.arange(31), index.labels.astype(np.int32) if index.labels is not None else None),
        config.data.split,
        1,
        validation_fraction=0.2,
        has_own_validation=False,
        has_own_test=False,
    )
    assert len(division.validation) == 6


def test_statistics_of_the_columns(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("size,color,note,kind\n1,red,n,a\n2,red,n,b\n,blue,n,a\n6,,n,b\n")
    index = index_table(config_of(tmp_path / "table.csv", "kind"), tmp_path, "train")
    target, size, color, note = table_statistics(index)
    assert (target.name, target.role, target.most_frequent) == ("kind", "target", (("a", 2), ("b", 2)))
    assert (size.role, size.kind, size.num_missing, size.num_unique) == ("feature", "number", 1, 3)
    assert (size.minimum, size.mean, size.maximum) == (1.0, 3.0, 6.0)
    assert (color.num_missing, color.most_frequent) == (1, (("red", 2), ("blue", 1)))
    assert (note.role, note.note) == ("left out", "is 'n' in all rows, which tells nothing")
