from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from trainer.data.inspect import propose_config
from trainer.data.tables.table_file import TableFile, read_table_file
from trainer.data.tables.table_options import TableOptions
from trainer.errors import ConfigError, DataError


def read(folder: Path, content: str | bytes, **options: object) -> TableFile:
    path = folder / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table_file(path, TableOptions.of(**options))


def places(file: TableFile) -> list[tuple[str, str]]:
    return [(problem.place, problem.message) for problem in file.problems]


@pytest.mark.parametrize(
    ("content", "delimiter", "decimal"),
    [
        ("a,b\n1.5,x\n2.5,y\n", ",", "."),
        ("a;b\n1,5;x\n2,5;y\n", ";", ","),
        ("a;b\n1.5;x\n2.5;y, z\n", ";", "."),
        ("a\tb\n1.5\tx\n2.5\ty\n", "\t", "."),
        ("a|b\r\n1.5|x\r\n2.5|y\r\n", "|", "."),
    ],
)
def test_delimiter_and_decimal_sign_are_found(tmp_path: Path, content: str, delimiter: str, decimal: str) -> None:
    file = read(tmp_path, content)
    assert (file.delimiter, file.decimal) == (delimiter, decimal)
    assert file.columns == ("a", "b")
    assert file.frame["a"].tolist() == [1.5, 2.5]
    assert file.lines.tolist() == [2, 3]


def test_quoted_fields_may_hold_delimiters_and_line_ends(tmp_path: Path) -> None:
    file = read(tmp_path, 'a,b\n"x, y",1\n"two\nlines",2\n"he said ""no""",3\n')
    assert file.frame["a"].tolist() == ["x, y", "two\nlines", 'he said "no"']
    assert file.lines.tolist() == [2, 3, 5]
    assert file.problems == ()


def test_ragged_rows_are_left_out_and_named_with_their_line(tmp_path: Path) -> None:
    file = read(tmp_path, "a,b\n1,2\n3\n\n5,6,7\n8,9\n10,11\n")
    assert file.frame["b"].tolist() == [2, 9, 11]
    assert file.lines.tolist() == [2, 6, 7]
    assert file.num_ragged == 2
    assert places(file) == [
        ("line 3", "The row has 1 field, expected 2; it is left out."),
        ("line 5", "The row has 3 fields, expected 2; it is left out."),
    ]


def test_every_spelling_of_a_missing_value_is_missing(tmp_path: Path) -> None:
    file = read(tmp_path, "a,b\n1,x\n,\nNA,NA\n?, \nnan,null\n2,y\n")
    assert np.isnan(file.frame["a"]).tolist() == [False, True, True, True, True, False]
    assert file.frame["b"].isna().tolist() == [False, True, True, True, True, False]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    file = read(tmp_path, "größe,ort\n1,Köln\n2,Zürich\n".encode(encoding))
    assert file.columns == ("größe", "ort")
    assert file.frame["ort"].tolist() == ["Köln", "Zürich"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_recognised_without_a_mark(tmp_path: Path, encoding: str) -> None:
    file = read(tmp_path, "naïve,b\n1,x\n".encode(encoding))
    assert (file.columns, file.encoding) == (("naïve", "b"), encoding)
    assert f"was read as {encoding}" in file.problems[0].message


def test_a_packed_table_is_unpacked(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(b"a,b\n1,x\n")).columns == ("a", "b")


def test_a_guessed_encoding_is_said_with_the_first_line_that_is_not_utf8(tmp_path: Path) -> None:
    file = read(tmp_path, "a,b\n1,x\n2,Köln\n".encode("cp1252"))
    assert file.encoding == "cp1252"
    assert "Line 3 is not UTF-8, so the file was read as cp1252" in places(file)[0][1]


def test_a_given_encoding_that_does_not_fit_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"table\.csv, line 3 is not utf-8"):
        read(tmp_path, "a,b\n1,x\n2,Köln\n".encode("cp1252"), encoding="utf-8")
    with pytest.raises(ConfigError, match="no encoding named 'klingon'"):
        read(tmp_path, "a,b\n1,2\n", encoding="klingon")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty. Expected a header line with the names"),
        ("  \n\n", "is empty"),
        ("a,b\n", "has a header and no row below it"),
        ("a\n1\n2\n", "has only one column, 'a'"),
        (b"PK\x03\x04\0\0\0\0", r"an Excel workbook, not text\. .* choose Save as or Export, there CSV UTF-8"),
        (b"\x89PNG\0\0", "a binary file, not text"),
        ("a,b,a\n1,2,3\n", "columns 1, 3 are all called 'a'"),
        ("a\tb\n1,2,3\n1,2,3\n1,2,3\n", r"names 2 columns, but 3 of 3 rows have 1 field \(line 2, 3, 4\)"),
        ("exported\n# by lab; v2\na;b\n1;2\n", r"line 1 is 'exported', which is not divided .*, but line 3 is"),
        ("text\nHello, world\nfoo\nbar, baz\n", "has only one column, 'text'"),
        ("a b c\n1 2 3\n", "Blanks do not divide columns"),
        ('a,b\n1,x\n2,"y\n3,z\n', "line 3: a quote is opened there and never closed"),
        (b"\x1f\x8b\x08\0no gzip", "cannot be unpacked: "),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, content)
    assert str(tmp_path / "table.csv") in str(caught.value)


def test_a_wrong_delimiter_is_refused_with_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"divided by comma, the header is one column only, 'a;b'. Choose semicolon"):
        read(tmp_path, "a;b\n1;2\n", delimiter="comma")


def test_a_quote_that_is_never_closed_is_named_with_its_line(tmp_path: Path) -> None:
    rows = "".join(f"{number},x\n" for number in range(30_000))
    with pytest.raises(DataError, match="line 3: a quote is opened there and never closed"):
        read(tmp_path, f'a,b\n1,x\n2,"y\n{rows}')


def test_a_table_without_names_gets_numbered_ones(tmp_path: Path) -> None:
    file = read(tmp_path, "1,2.5\n3,4.5\n")
    assert file.columns == ("column 1", "column 2")
    assert file.lines.tolist() == [1, 2]
    assert places(file)[0][0] == "line 1"


def test_truth_values_and_columns_read_as_text_keep_their_spelling(tmp_path: Path) -> None:
    file = read(tmp_path, "a,b,zip\nTRUE,true,01234\nFALSE,,00007\n", category_columns=["zip"])
    assert file.frame["a"].tolist() == ["TRUE", "FALSE"]
    assert file.frame["b"].isna().tolist() == [False, True]
    assert file.frame["zip"].tolist() == ["01234", "00007"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.csv cannot be read: No such file"):
        read_table_file(tmp_path / "nothing.csv", TableOptions())
    with pytest.raises(DataError, match=r"is a folder\. Choose a CSV file"):
        read_table_file(tmp_path, TableOptions())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("book.xlsx", r"is an Excel workbook, not text\. A table must be text: \.csv.* choose Save as"),
        ("book.xls", "is an Excel workbook"),
        ("rows.parquet", r"read_parquet\(sys\.argv\[1\]\)\.to_csv\(.*\)\" rows\.parquet rows\.csv writes one"),
        ("$(ls) x.parquet", r"'\$\(ls\) x\.parquet' '\$\(ls\) x\.csv' writes one"),
        ("rows.csv.zip", "is packed. Unpack it and give the file in it"),
    ],
)
def test_other_formats_are_refused_with_the_way_to_convert_them(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04\0\0")
    with pytest.raises(DataError, match=message):
        propose_config(tmp_path / name)
    with pytest.raises(DataError, match=message):
        read_table_file(tmp_path / name, TableOptions())
    if not name.endswith(".zip"):
        with pytest.raises(DataError, match=message):
            propose_config(tmp_path)


def test_texts_that_look_like_another_format_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "PKW,preis\n1,2\n").columns == ("PKW", "preis")
    (tmp_path / "data.xls").write_text("a\tb\n1\t2\n")
    assert read_table_file(tmp_path / "data.xls", TableOptions()).columns == ("a", "b")


def test_a_sign_for_inches_is_no_open_quote_before_a_line_of_blanks(tmp_path: Path) -> None:
    assert read(tmp_path, 'size,b\n1,2\n5",3\n   \n').frame["b"].tolist() == [2, 3]
