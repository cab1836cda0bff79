from __future__ import annotations

from pathlib import Path

import pytest

from trainer.config.config import Config
from trainer.data.samples.sample_list import SAMPLES
from trainer.data.samples.samples import make_sample
from trainer.data.tables.table_index import index_table
from trainer.data.tables.table_proposal import is_table, propose_table
from trainer.errors import DataError

CLASSES = "".join(f"{i * 37 % 101 / 10},{'ab'[i % 2]},{i * 53 % 97 / 10}\n" for i in range(60))


def target_of(path: Path) -> str:
    found: str = propose_table(path).values["data"]["loader"]["arguments"]["target_column"]
    return found


@pytest.mark.parametrize(
    ("file", "header", "target", "task"),
    [
        ("flowers.csv", "width,label,height", "label", "tabular_classification"),
        ("height.csv", "height,kind,length", "height", "tabular_regression"),
        ("flowers.csv", "width,kind,height", "height", "tabular_regression"),
    ],
)
def test_the_target_is_guessed_from_names_or_place(
    tmp_path: Path, file: str, header: str, target: str, task: str
) -> None:
    (tmp_path / file).write_text(f"{header}\n{CLASSES}")
    proposal = propose_table(tmp_path / file)
    assert target_of(tmp_path / file) == target
    assert proposal.values["project"] == {"name": Path(file).stem, "task": task}
    assert f"in {target} " in proposal.sentences[1]


def test_a_proposal_is_a_configuration_that_reads_the_table(tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text(f"width,species,height\n{CLASSES},a,\n")
    proposal = propose_table(tmp_path / "flowers.csv")
    config = Config.model_validate(proposal.values)
    assert index_table(config, tmp_path, "train").num_samples == 61
    assert proposal.sentences == (
        "61 rows with 2 columns to learn from (2 with numbers), divided by comma.",
        "The class in species will be predicted, for its name: a (31), b (30). "
        "Choose another as the loader's target column if that is wrong.",
        "Missing values, which will be filled in: width (1), height (1).",
        "20% of the rows are held out for validation.",
    )


def test_a_few_whole_numbers_are_classes_and_many_are_not(tmp_path: Path) -> None:
    few = "".join(f"{i * 37 % 101 / 10},{i % 3}\n" for i in range(60))
    many = "".join(f"{i * 37 % 101 / 10},{i % 30}\n" for i in range(60))
    (tmp_path / "few.csv").write_text(f"width,y\n{few}")
    (tmp_path / "many.csv").write_text(f"width,y\n{many}")
    assert propose_table(tmp_path / "few.csv").values["project"]["task"] == "tabular_classification"
    assert propose_table(tmp_path / "many.csv").values["project"]["task"] == "tabular_regression"


def test_parts_in_files_of_their_own_are_used_and_a_misfit_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "flowers"
    folder.mkdir()
    (folder / "train.csv").write_text(f"width,species,height\n{CLASSES}")
    (folder / "val.csv").write_text("width,species,height\n1,a,2\n2,b,3\n")
    (folder / "test.csv").write_text("width,species\n1,a\n")
    proposal = propose_table(folder)
    data = proposal.values["data"]
    assert (data["train_dir"], data["val_dir"]) == (str(folder / "train.csv"), str(folder / "val.csv"))
    assert "test_dir" not in data
    assert "validation_fraction" not in data
    assert proposal.values["project"]["name"] == "flowers"
    assert "val.csv beside it has 2 rows: the network validates on them." in proposal.sentences
    assert any("test.csv is not used" in s and "lacks the columns height" in s for s in proposal.sentences)


def test_a_folder_with_several_tables_is_not_guessed(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(f"width,species,height\n{CLASSES}")
    with pytest.raises(DataError, match=r"has no train\.csv, but one\.csv, two\.csv\. Choose one of them"):
        propose_table(tmp_path)


def test_rare_classes_and_bad_lines_are_said(tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text(f"width,species,height\n{CLASSES}1,c,2\n1,2,3,4\n")
    sentences = propose_table(tmp_path / "flowers.csv").sentences
    assert "The class c has only 1 row: the network may not learn it well." in sentences
    assert "line 63: The row has 4 fields, expected 3; it is left out." in sentences


def test_many_bad_rows_are_said_in_a_few_sentences(tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text(f"width,species,height\n{CLASSES}" + "1,2,3,4\n" * 30)
    sentences = propose_table(tmp_path / "flowers.csv").sentences
    assert "22 more of this kind." in sentences
    assert "30 of 90 rows do not fit the header: training is refused unless" in sentences[0]
    assert sentences[1] == "line 62: The row has 4 fields, expected 3; it is left out."
    assert len(sentences) < 15


def test_what_looks_like_a_table(tmp_path: Path) -> None:
    assert not is_table(tmp_path)
    (tmp_path / "flowers.csv").write_text("a,b\n1,2\n")
    (tmp_path / "README.md").write_text("Flowers.\n")
    assert is_table(tmp_path)
    assert is_table(tmp_path / "flowers.csv")
    (tmp_path / "pictures").mkdir()
    assert not is_table(tmp_path)
    assert not is_table(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("name", "num_rows", "num_columns", "target", "task"),
    [
        ("wine", 178, 13, "cultivar", "tabular_classification"),
        ("diabetes", 442, 10, "progression", "tabular_regression"),
    ],
)
def test_sample_tables_are_proposed_rightly(
    tmp_path: Path, name: str, num_rows: int, num_columns: int, target: str, task: str
) -> None:
    folder = make_sample(name, tmp_path)
    proposal = propose_table(folder)
    assert proposal.values["project"] == {"name": name, "task": task}
    assert target_of(folder) == target
    index = index_table(Config.model_validate(proposal.values), tmp_path, "train")
    assert index.features is not None
    assert index.features.shape == (num_rows, num_columns)
    assert index.problems == ()
    assert str(num_rows) in next(sample.sentence for sample in SAMPLES if sample.name == name)


def test_what_is_chosen_already_counts_more_than_a_guess(tmp_path: Path) -> None:
    rows = "".join(f"{i % 12 + 1}/{(i * 5) % 12 + 1}/2022,{i / 7:.2f},{i % 2},{i % 3 // 2}\n" for i in range(60))
    (tmp_path / "weather.csv").write_text(f"day,wind,sun,sea\n{rows}")
    assert "The column day is left out" in " ".join(propose_table(tmp_path / "weather.csv").sentences)
    dates = {"date_columns": ["day"], "date_order": "month_first", "target_column": ["sun", "sea"]}
    proposal = propose_table(tmp_path / "weather.csv", {"data": {"loader": {"arguments": dates}}})
    assert proposal.values["data"]["loader"]["arguments"] == {"target_column": ["sun", "sea"]}
    assert proposal.values["project"]["task"] == "tabular_classification"
    assert proposal.sentences[:3] == (
        "60 rows with 2 columns to learn from (1 with numbers, 1 with dates), divided by comma.",
        "Several classes per row will be predicted, as chosen: sun (30), sea (20).",
        "The column day holds dates with the month first, 2022-01-01 to 2022-12-08.",
    )
    numbers = {"project": {"task": "tabular_regression"}, "data": {"loader": {"arguments": {"target_column": "sun"}}}}
    assert (
        "The number in sun (0 to 1) will be predicted, as chosen."
        in propose_table(tmp_path / "weather.csv", numbers).sentences
    )
    unknown = {"data": {"loader": {"arguments": {"target_column": "moon", "date_order": 3}}}}
    assert propose_table(tmp_path / "weather.csv", unknown) == propose_table(tmp_path / "weather.csv")


def test_of_few_rows_figures_say_little(tmp_path: Path) -> None:
    for count in (19, 20):
        (tmp_path / "few.csv").write_text("a,kind\n" + "".join(f"{i * 7 % 5},{'xy'[i % 2]}\n" for i in range(count)))
        sentences = propose_table(tmp_path / "few.csv").sentences
        assert ("19 rows: the figures will say little." in sentences) == (count == 19)
