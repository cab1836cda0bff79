from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.test_table_data import config_of, encoded, table_of
from trainer.data.tables.table_dates import date_text, look_like_dates, read_dates
from trainer.data.tables.table_encoding import TableEncoding, fit_encoding
from trainer.data.tables.table_index import index_table
from trainer.data.tables.table_options import TableOptions
from trainer.data.tables.table_proposal import propose_table
from trainer.data.tables.table_statistics import table_statistics
from trainer.errors import ConfigError


def days_of(text: str, count: int = 12) -> str:
    """A table with one column of dates, from a pattern in which {i} is the number of the row."""
    return "day,size,kind\n" + "".join(f"{text.format(i=i)},{i % 5},{'ab'[i % 2]}\n" for i in range(1, count + 1))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-05-31", "2024-05-31 00:00"),
        ("2024/5/31", "2024-05-31 00:00"),
        ("2024-05", "2024-05-01 00:00"),
        ("2024-05-31T14:30:05Z", "2024-05-31 14:30:05"),
        ("2024-05-31 14:30:05.25+02:00", "2024-05-31 14:30:05"),
        ("31.5.2024 14:30", "2024-05-31 14:30"),
        ("5/31/2024 2:30 PM", "2024-05-31 14:30"),
        ("5/31/2024 12:30 am", "2024-05-31 00:30"),
        ("31 May 2024", "2024-05-31 00:00"),
        ("31-May-2024", "2024-05-31 00:00"),
        ("Sept. 3rd, 2024", "2024-09-03 00:00"),
        ("1899-12-31", "1899-12-31 00:00"),
    ],
)
def test_usual_forms_of_dates_are_read(text: str, read: str) -> None:
    assert look_like_dates([text])
    assert date_text(float(read_dates([text]).seconds[0]), with_time=True) == read


@pytest.mark.parametrize(
    "text",
    [
        "2024",
        "20240531",
        "2024.05",
        "12:30",
        "2024-13-01",
        "30 Feb 2024",
        "1/2/24",
        "5/31/2024 25:00",
        "May",
        "1001-02",
        "ſep 1, 2024",
    ],
)
def test_plain_numbers_and_days_that_are_none_are_no_dates(text: str) -> None:
    assert np.isnan(read_dates([text]).seconds[0])


def test_months_are_none_where_one_of_them_is_none_or_all_are_seasons() -> None:
    assert np.isnan(read_dates(["1999-00", "2000-01"]).seconds).all()
    assert np.isnan(read_dates(["2000-01", "2001-02"]).seconds).all()
    assert np.isfinite(read_dates(["2000-01", "2000-02"]).seconds).all()
    assert np.isnan(read_dates(["2024-13", "2024-05"], allows_figures=True).seconds).tolist() == [True, False]


def test_one_text_tells_the_order_of_all() -> None:
    assert read_dates(["1/2/2024", "13/2/2024"]).order == "day_first"
    assert read_dates(["1/2/2024", "2/13/2024"]).order == "month_first"
    assert read_dates(["1.2.2024", "3.4.2024"]).order == "day_first"
    assert "nothing tells whether the day or the month" in read_dates(["1/2/2024", "3/4/2024"]).doubt
    assert "the day first and with the month first, 13/2/2024 and 2/13/2024" in (
        read_dates(["13/2/2024", "2/13/2024"]).doubt
    )
    assert read_dates(["1/2/2024", "3/4/2024"], "month_first").seconds.tolist() == (
        read_dates(["2024-01-02", "2024-03-04"]).seconds.tolist()
    )


def test_columns_of_dates_are_recognised_and_what_is_none_is_named(tmp_path: Path) -> None:
    table = table_of(tmp_path, days_of("2024-05-{i:02d}", 20) + "soon,1,a\n,2,b\n", "kind")
    assert [(column.name, column.kind) for column in table.features] == [("day", "date"), ("size", "number")]
    day = table.features[0]
    assert (day.text(0), day.text(20), day.num_unique) == ("2024-05-01", None, 20)
    assert np.isnan(day.values[20:]).all()
    assert [(problem.message, problem.place) for problem in table.problems] == [
        ("'soon' in the column day is no date that can be read and counts as missing.", "line 22")
    ]


def test_what_a_column_is_taken_for_can_be_corrected(tmp_path: Path) -> None:
    text = days_of("05/{i:02d}/2024")
    unclear = table_of(tmp_path, text, "kind")
    assert unclear.columns[0].kind == "unused"
    assert "has dates such as 05/01/2024" in unclear.columns[0].reason
    assert "name it in date_columns and choose date_order" in unclear.columns[0].reason
    assert table_of(tmp_path, text, "kind", date_order="month_first").features[0].text(4) == "2024-05-05"
    with pytest.raises(ConfigError, match="of which nothing tells whether"):
        table_of(tmp_path, text, "kind", date_columns=["day"])
    assert table_of(tmp_path, text, "kind", category_columns=["day"]).features[0].kind == "category"
    figures = days_of("202405{i:02d}")
    assert table_of(tmp_path, figures, "kind", feature_columns=["day"]).features[0].kind == "number"
    assert table_of(tmp_path, figures, "kind", date_columns="day").features[0].text(4) == "2024-05-05"
    with_gap = table_of(tmp_path, figures + ",3,a\n", "kind", date_columns="day").features[0]
    assert (with_gap.text(4), with_gap.text(12)) == ("2024-05-05", None)


def test_dates_become_days_and_places_in_year_week_and_day(tmp_path: Path) -> None:
    text = "at,kind\n2024-01-01 06:00,a\n2024-07-01,b\n,a\n2024-01-08 12:00,b\n2019-01-01,a\n"
    table = table_of(tmp_path, text, "kind")
    encoding = fit_encoding(table, np.arange(4), TableOptions(missing_indicator=True))
    found = encoded(table, encoding)
    assert found["at = days"] == [0.25, 182.0, 7.5, 7.5, -1826.0]
    assert found["at = sine of the year"] == pytest.approx([0, np.sin(2 * np.pi * 182 / 366), *[0.12] * 2, 0], abs=2e-3)
    assert found["at = cosine of the week"] == pytest.approx([1, 1, 1, 1, np.cos(2 * np.pi / 7)])
    assert found["at = sine of the day"] == pytest.approx([1, 0, 0, 0, 0], abs=1e-6)
    assert found["at = cosine of the day"] == pytest.approx([0, 1, -1, -1, 1], abs=1e-6)
    assert found["at = (missing)"] == [0, 0, 1, 0, 0]
    written = json.loads(encoding.model_dump_json())["columns"][0]
    assert (written["kind"], written["first"], written["fill"], written["has_time"]) == (
        "date",
        "2024-01-01",
        7.5,
        True,
    )
    assert TableEncoding.model_validate_json(encoding.model_dump_json()) == encoding
    assert encoding.scales == [pytest.approx(np.std([0.25, 182, 7.5, 7.5])), *[1.0] * 7]


@pytest.mark.parametrize(("how", "fill"), [("zero", 0), ("most_frequent", 1), ("mean", 2.5), ("median", 1)])
def test_missing_dates_are_filled_as_chosen(tmp_path: Path, how: Any, fill: float) -> None:
    table = table_of(tmp_path, "at,kind\n2024-01-01,a\n2024-01-02,b\n2024-01-02,a\n2024-01-09,b\n,a\n", "kind")
    encoding = fit_encoding(table, np.arange(5), TableOptions(missing_numbers=how))
    assert encoded(table, encoding)["at = days"] == [0, 1, 1, 8, fill]


def test_rows_without_a_date_can_be_left_out(tmp_path: Path) -> None:
    table = table_of(tmp_path, days_of("2024-05-{i:02d}") + ",3,a\n", "kind", missing_numbers="drop_row")
    assert table.lines.tolist() == list(range(2, 14))


def test_own_validation_dates_are_read_in_the_order_of_the_training_table(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(days_of("{i}/2/2024", 20))
    (tmp_path / "val.csv").write_text("day,size,kind\n3/4/2024,1,a\n4/13/2024,2,b\n")
    config = config_of(tmp_path / "train.csv", "kind", data__val_dir="val.csv")
    index = index_table(config, tmp_path, "validation")
    assert index.row(0)["day"] == "2024-04-03"
    assert index.row(1)["day"] == ""
    assert [problem.place for problem in index.problems] == ["line 3"]


def test_dates_are_shown_as_dates(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(days_of("{i}.5.2024", 31))
    index = index_table(config_of(tmp_path / "visits.csv", "kind"), tmp_path, "train")
    day = table_statistics(index)[1]
    assert (day.kind, day.minimum, day.mean, day.maximum) == ("date", "2024-05-01", "2024-05-16", "2024-05-31")
    assert day.deviation == "8.944 days"
    assert index.features is not None
    assert index.features[:3, 0].tolist() == [0, 1, 2]
    sentences = propose_table(tmp_path / "visits.csv").sentences
    assert sentences[0].startswith("31 rows with 2 columns to learn from (1 with numbers, 1 with dates)")
    assert "The column day holds dates with the day first, 2024-05-01 to 2024-05-31." in sentences


def test_dates_are_no_target(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="day holds dates such as 2024-05-01, no numbers"):
        table_of(tmp_path, days_of("2024-05-{i:02d}"), "day", "tabular_regression")
    (tmp_path / "last.csv").write_text(
        "size,grade,day\n" + "".join(f"{i % 7}.5,{i},2024-05-{i:02d}\n" for i in range(1, 31))
    )
    assert propose_table(tmp_path / "last.csv").values["data"]["loader"]["arguments"]["target_column"] != "day"
