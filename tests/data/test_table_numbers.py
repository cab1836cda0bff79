from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.test_table_data import config_of, table_of
from trainer.data.tables.table_data import read_tables
from trainer.data.tables.table_encoding import fit_encoding
from trainer.data.tables.table_file import read_table_file
from trainer.data.tables.table_numbers import read_numbers
from trainer.data.tables.table_options import TableOptions


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1,234.5", ".", 1234.5),
        ("1.234,5", ",", 1234.5),
        ("1.234.567", ",", 1_234_567),
        ("1 234 567", ".", 1_234_567),
        ("1'234.50", ".", 1234.5),
        ("12.5 %", ".", 12.5),
        ("12,5%", ",", 12.5),
        ("$1,000", ".", 1000),
        ("-$3.20", ".", -3.2),
        ("€ -3", ".", -3),
        ("3 €", ".", 3),
        ("USD 5", ".", 5),
        ("(1,200.50)", ".", -1200.5),
        ("−4", ".", -4),
        ("1e3", ".", 1000),
        ("1.5", ",", 1.5),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, decimal: str, number: float) -> None:
    assert read_numbers([text], decimal).values.tolist() == [number]


@pytest.mark.parametrize(
    "text", ["two", "", "3 kg", "1-2", "12:30", "2024-05-31", "1.2.3", "01 234", "192.168.100.101", "$", "٣", "--5"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert np.isnan(read_numbers([text], ".").values).all()
    assert np.isnan(read_numbers([text], ",").values).all()


def test_the_other_decimal_sign_counts_where_it_explains_more() -> None:
    assert read_numbers(["3,14", "2,5", "1,234"], ".").values.tolist() == [3.14, 2.5, 1.234]
    assert read_numbers(["3,140", "2,500", "x"], ".").values[:2].tolist() == [3140, 2500]


@pytest.mark.parametrize(
    ("texts", "decimal", "numbers"),
    [
        (["1.143", "1.286", "3,14"], ".", [1.143, 1.286, None]),
        (["7", "8", "1.143", "3,14"], ".", [7, 8, 1.143, None]),
        (["1.143", "0.512", "9.5", "3,14"], ".", [1.143, 0.512, 9.5, None]),
        (["1,200", "3,14", "1.5"], ".", [None, None, 1.5]),
        (["1.234,5", "12,75", "1.500"], ".", [1234.5, 12.75, 1500]),
        (["48.137", "11.5", "1.234"], ",", [48.137, 11.5, 1.234]),
        (["48.137", "11.5", "3,14"], ",", [None, 11.5, 3.14]),
        (["1,143", "9.5"], ",", [1.143, 9.5]),
        (["1.234,5", "1.500"], ",", [1234.5, 1500]),
        (["2,460", "84.039"], ",", [2.46, None]),
        (["1,2", "0,3", "12,13"], ".", [None, None, None]),
        (["1", "1,25", "1,2,3"], ".", [1, None, None]),
        (["10.100.200", "10.100.201"], ".", [None, None]),
    ],
)
def test_all_texts_of_a_column_are_read_with_one_sign(
    texts: list[str], decimal: str, numbers: list[float | None]
) -> None:
    found = read_numbers(texts, decimal)
    assert [None if np.isnan(number) else number for number in found.values.tolist()] == numbers
    assert found.doubtful is None


def test_a_known_sign_counts_where_texts_tell_none() -> None:
    assert read_numbers(["1,100", "2,113"], ".", ",").values.tolist() == [1.1, 2.113]
    assert np.isnan(read_numbers(["1,100", "0,139"], ".", ".").values).all()
    assert np.isnan(read_numbers(["1.100"], ",", ",").values).all()
    assert read_numbers(["1,5", "2,25"], ",", ".").values.tolist() == [1.5, 2.25]
    assert read_numbers(["1,2", "0,3"], ".", allows_pairs=True).values.tolist() == [1.2, 0.3]


@pytest.mark.parametrize(
    ("other", "read", "better"),
    [("41.250", [40.125, 41.25], "'40125'"), ("2500", [40.125, 2500], "'40125'"), ("250", [40125, 250], "'40,125'")],
)
def test_thousands_that_nothing_shows_are_named_with_their_row(
    tmp_path: Path, other: str, read: list[float], better: str
) -> None:
    table = table_of(tmp_path, f"size;cost;rate;kind\n1,5;2,5;40.125;a\n2,5;3,5;{other};b\n", "kind")
    assert table.features[2].values.tolist() == read
    assert [problem.place for problem in table.problems] == ["line 2"]
    assert table.problems[0].message.startswith(f"'40.125' in the column rate is read as {read[0]:g}, and all")
    assert table.problems[0].message.endswith(f"write {better}.")


@pytest.mark.parametrize(("target", "task"), [("kind", "tabular_classification"), ("x", "tabular_regression")])
def test_own_validation_numbers_are_read_with_the_sign_of_the_training_column(
    tmp_path: Path, target: str, task: str
) -> None:
    (tmp_path / "train.csv").write_text('x,kind\n"0,139",1\n"1,113",2\n')
    (tmp_path / "val.csv").write_text('x,kind\n"1,100",1\n"2,113",2\n')
    config = config_of(tmp_path / "train.csv", target, task, data__val_dir="val.csv")
    tables = read_tables(config, tmp_path, TableOptions.from_config(config))
    found = [tables[part].targets if target == "x" else tables[part].features[0].values for part in tables]
    assert found[0].tolist() == pytest.approx([0.139, 1.113])
    assert found[1].tolist() == pytest.approx([1.1, 2.113])
    encoding = fit_encoding(tables["train"], np.arange(2), TableOptions()).model_dump()
    assert (encoding["target_decimals"] if target == "x" else encoding["columns"][0]["decimal"]) in (",", (",",))


def test_columns_with_signs_are_numbers_beside_the_decimal_sign_of_the_file(tmp_path: Path) -> None:
    text = 'price,share,size,kind\n"$1,200.50",5%,"3,5",a\n$80,-2.5%,"1,25",b\n"$3,000",1%,"2,125",a\n'
    table = table_of(tmp_path, text, "kind")
    assert [column.kind for column in table.features] == ["number"] * 3
    assert [column.values.tolist() for column in table.features] == [
        [1200.5, 80, 3000],
        [5, -2.5, 1],
        [3.5, 1.25, 2.125],
    ]


def test_a_price_is_a_target(tmp_path: Path) -> None:
    table = table_of(tmp_path, 'size,price\n1,"$1,200"\n2,$80\n3,$95.5\n', "price", "tabular_regression")
    assert table.targets.tolist() == [1200, 80, 95.5]


def test_names_and_texts_of_all_kinds_are_kept(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes('\ufeffcol one,a.b,größe/cm,\r\n 1 , x ,"two\r\nlines",y\r\n'.encode())
    file = read_table_file(tmp_path / "table.csv", TableOptions())
    assert file.columns == ("col one", "a.b", "größe/cm", "column 4")
    assert file.frame["col one"].tolist() == [1]
    assert file.frame["größe/cm"].tolist() == ["two\r\nlines"]
