"""Small real tables, from the files that ship with scikit-learn, written out as CSV."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from trainer.errors import DataError

_WINE_COLUMNS = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280_od315",
    "proline",
    "cultivar",
)
_DIABETES_COLUMNS = (
    "age",
    "sex",
    "body_mass_index",
    "blood_pressure",
    "total_cholesterol",
    "ldl",
    "hdl",
    "cholesterol_ratio",
    "log_triglycerides",
    "glucose",
    "progression",
)


def write_wine(folder: Path) -> int:
    """Write `wine.csv`: 13 chemical measurements of 178 wines and the cultivar, one of three, they come from.

    Source: M. Forina et al., Wine, UCI, 1991, https://doi.org/10.24432/C5PC7J

    Returns:
        The number of rows.

    Raises:
        DataError: scikit-learn is not installed as expected.
    """
    with _file("wine_data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return _write(folder / "wine.csv", _WINE_COLUMNS, ([*row[:-1], f"cultivar {int(row[-1]) + 1}"] for row in rows))


def write_diabetes(folder: Path) -> int:
    """Write `diabetes.csv`: 10 measurements of 442 patients and how far their diabetes had gone a year later.

    Source: B. Efron et al., Least Angle Regression, Annals of Statistics 32 (2004),
    https://doi.org/10.1214/009053604000000067

    Returns:
        The number of rows.

    Raises:
        DataError: scikit-learn is not installed as expected.
    """
    with gzip.open(_file("diabetes_data_raw.csv.gz"), "rt", encoding="utf-8") as file:
        features = [line.split() for line in file]
    with gzip.open(_file("diabetes_target.csv.gz"), "rt", encoding="utf-8") as file:
        targets = [f"{float(line):g}" for line in file]
    rows = ([*row, target] for row, target in zip(features, targets, strict=True))
    return _write(folder / "diabetes.csv", _DIABETES_COLUMNS, rows)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        count = 0
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is how many there are
            table.writerow(row)
    return count


def _file(name: str) -> Path:
    # Importing scikit-learn takes about a second and loads SciPy; only this one file of it is needed.
    package = find_spec("sklearn")
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / "datasets" / "data" / name
        if path.is_file():
            return path
    raise DataError("The sample tables come with scikit-learn, which was not found. Install scikit-learn.")
