"""What people can say of arguments in their own files without importing anything of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.check import check_config
from trainer.catalog.entry import Argument, Entry
from trainer.catalog.functions import read_functions
from trainer.config.validate import validate


def entry_of(folder: Path, source: str) -> Entry:
    path = folder / "mine.py"
    path.write_text(source, encoding="utf-8")
    return read_functions(path, "model")[-1]


def argument_of(folder: Path, annotation: str, default: str = "", docstring: str = "") -> Argument:
    end = f" = {default}" if default else ""
    text = f'    """Net.\n\n    Args:\n        x{docstring}\n    """\n' if docstring else "    pass\n"
    return entry_of(folder, f"def net(input_shape, num_classes, *, x: {annotation}{end}):\n{text}").arguments[0]


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        ('Annotated[float, "0..1"]', "0.5", {"kind": "float", "default": 0.5, "minimum": 0, "maximum": 1}),
        ('Annotated[float, "-1.5 .. 2e-3"]', "0", {"kind": "float", "default": 0, "minimum": -1.5, "maximum": 0.002}),
        ('Annotated[int, "1.."]', "2", {"kind": "int", "default": 2, "minimum": 1}),
        ('Annotated[int, "..9"]', "2", {"kind": "int", "default": 2, "maximum": 9}),
        ('Annotated[int, "min 1", "max 9"]', "2", {"kind": "int", "default": 2, "minimum": 1, "maximum": 9}),
        ('Annotated[int, "unit: px"]', "2", {"kind": "int", "default": 2, "unit": "px"}),
        (
            'typing.Annotated[float | None, "group: the optimizer", "advanced", "How much."]',
            "None",
            {"kind": "float", "optional": True, "group": "the optimizer", "advanced": True, "description": "How much."},
        ),
        ('Literal["a", "b"]', '"b"', {"kind": "choice", "choices": ("a", "b"), "default": "b"}),
        ('Literal["a", None]', "None", {"kind": "choice", "choices": ("a",), "optional": True}),
        ('list[Literal["a", "b"]]', '["a"]', {"kind": "list", "choices": ("a", "b"), "default": ["a"]}),
        ("t.Optional[int]", "3", {"kind": "int", "default": 3, "optional": True}),
        ("Union[None, str]", "None", {"kind": "text", "optional": True}),
        ("int | str", "3", {"kind": "int", "default": 3}),
        ("keras.losses.Loss | None", "None", {"kind": "component", "component": "loss", "optional": True}),
        ("list[Metric]", "()", {"kind": "components", "component": "metric", "default": []}),
        (
            'Annotated[Any, "component: schedule"]',
            "None",
            {"kind": "component", "component": "schedule", "optional": True},
        ),
        (
            'Annotated[list, "components: callback"]',
            "()",
            {"kind": "components", "component": "callback", "default": []},
        ),
        ('Annotated[float, Field(ge=0), 3, "component: nothing"]', "1.0", {"kind": "float", "default": 1.0}),
    ],
)
def test_annotations_describe_an_argument(
    tmp_path: Path, annotation: str, default: str, expected: dict[str, Any]
) -> None:
    assert argument_of(tmp_path, annotation, default) == Argument(name="x", **expected)


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        (" (float): Text.", {"kind": "float"}),
        (" (float, optional): Text.", {"kind": "float"}),
        (
            " (0..1, unit: px, group: net, advanced): Text.",
            {"kind": "int", "minimum": 0, "maximum": 1, "unit": "px", "group": "net", "advanced": True},
        ),
        (": Text.", {"kind": "int"}),
    ],
)
def test_docstrings_describe_an_argument(tmp_path: Path, docstring: str, expected: dict[str, Any]) -> None:
    source = f'def net(input_shape, num_classes, x=1):\n    """Net.\n\n    Args:\n        x{docstring}\n    """\n'
    found = entry_of(tmp_path, source).arguments[0]
    assert found == Argument(name="x", default=1, description="Text.", **expected)


def test_the_annotation_counts_where_the_docstring_says_otherwise(tmp_path: Path) -> None:
    found = argument_of(tmp_path, 'Annotated[int, "max 5", "short"]', "1", " (float, max 9): Long.")
    assert found == Argument(name="x", kind="int", default=1, maximum=5, description="Long.")


PRESETS = """
PRESETS = {"net": {"easy": {"width": 8}, "advanced": {"width": 64, "rates": [0.1]}}, "other": {"easy": 3}, 4: 5}
def net(input_shape, num_classes, width: int = 16, rates=()): ...
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (PRESETS, {"easy": {"width": 8}, "advanced": {"width": 64, "rates": [0.1]}}),
        ("def net(x=1): ...\nnet.presets = {'easy': {'x': 2}}\nother().presets = {}", {"easy": {"x": 2}}),
        ("PRESETS: dict = {'net': {'easy': {}}}\ndef net(): ...", {"easy": {}}),
        ("PRESETS = make()\ndef net(): ...", {}),
        ("PRESETS = ['net']\ndef net(): ...", {}),
        ("PRESETS = {'net': ['easy']}\ndef net(): ...", {}),
    ],
)
def test_presets_are_read_where_they_are_literals(
    tmp_path: Path, source: str, expected: dict[str, dict[str, Any]]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(source, encoding="utf-8")
    assert read_functions(path, "model")[0].presets == expected


BOUNDED = """
def net(input_shape, num_classes, share: Annotated[float, "0..1"] = 0.5, size: Annotated[int, "min 2"] = 4,
        most: Annotated[int, "max 9"] = 4, stages: list[Literal["a", "b"]] = ()): ...
"""


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("share", 1.5, "Expected a number from 0 to 1, received 1.5."),
        ("share", -1, "Expected a number from 0 to 1, received -1."),
        ("size", 1, "Expected a whole number of at least 2, received 1."),
        ("most", 10, "Expected a whole number of at most 9, received 10."),
        ("stages", ["a", "c"], "Expected any of a, b, received ['a', 'c']."),
        ("stages", "a", "Expected a list, such as [a], received 'a'."),
        ("share", 0, None),
        ("share", 1.0, None),
        ("size", 2, None),
        ("stages", ["b", "a"], None),
    ],
)
def test_stated_bounds_are_kept(tmp_path: Path, name: str, value: Any, message: str | None) -> None:
    (tmp_path / "mine.py").write_text(BOUNDED, encoding="utf-8")
    chosen = {"file": "mine.py", "name": "net", "arguments": {name: value}}
    problems = check_config(validate({"data": {"train_dir": "."}, "model": {"architecture": chosen}}), tmp_path)
    expected = [(f"model.architecture.arguments.{name}", message)] if message else []
    assert [(problem.key, problem.message) for problem in problems] == expected
