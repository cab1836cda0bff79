from __future__ import annotations

from pathlib import Path

import pytest

from trainer.catalog.docstring import argument_texts, summary
from trainer.catalog.entry import Argument, ComponentKind, Entry
from trainer.catalog.functions import read_functions
from trainer.errors import UserCodeError

SOURCE = '''
import os
from keras import Model
from typing import Literal, Optional

LIMIT = 3

def focal(y_true, y_pred, gamma: float = 2.0, alpha=0.25, *, mode: Literal["a", "b"] = "a", **kwargs):
    """Focal loss.

    Args:
        gamma: How much to look at
            hard pictures.
        mode (str): Which way.
    """
    return LIMIT

class Dice:
    """Dice score."""

    def __init__(self, smooth, name: str | None = None, weights: Optional[list[float]] = None, axes=(1, 2)):
        """Make it.

        Args:
            smooth: Added to both sides.
        """

class Bare:
    pass

def _private(): ...

def defaults(a=os.sep, b=None, c=True, d=-1, e=[1, "x"], f: "float" = 1, g: os.PathLike = None, h={[]: 1}): ...

if LIMIT:
    def hidden(): ...
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.py"


def entries(path: Path, source: str = SOURCE, kind: ComponentKind = "loss") -> dict[str, Entry]:
    path.write_text(source, encoding="utf-8")
    return {entry.name: entry for entry in read_functions(path, kind)}


def kinds(entry: Entry) -> dict[str, str]:
    return {argument.name: argument.kind for argument in entry.arguments}


def test_public_functions_and_classes_are_listed_in_their_order(path: Path) -> None:
    assert list(entries(path)) == ["focal", "Dice", "Bare", "defaults"]


def test_arguments_have_name_kind_default_and_description(path: Path) -> None:
    focal = entries(path)["focal"]
    assert focal.description == "Focal loss."
    assert focal.takes_any_argument
    assert focal.arguments == (
        Argument(name="gamma", kind="float", default=2.0, description="How much to look at hard pictures."),
        Argument(name="alpha", kind="float", default=0.25),
        Argument(name="mode", kind="choice", default="a", choices=("a", "b"), description="Which way."),
    )


def test_a_class_is_described_by_its_constructor(path: Path) -> None:
    found = entries(path, kind="metric")
    assert found["Dice"].arguments == (
        Argument(name="smooth", required=True, description="Added to both sides."),
        Argument(name="name", kind="text", optional=True),
        Argument(name="weights", kind="list", optional=True),
        Argument(name="axes", kind="list", default=[1, 2]),
    )
    assert not found["Dice"].takes_any_argument
    assert found["Bare"].takes_any_argument, "nothing is known of what its base takes"


def test_defaults_give_the_kind_where_no_annotation_does(path: Path) -> None:
    found = entries(path)["defaults"]
    assert kinds(found) == {
        "a": "any", "b": "any", "c": "bool", "d": "int", "e": "list", "f": "int", "g": "any", "h": "any"
    }  # fmt: skip
    assert {argument.name for argument in found.arguments if argument.optional} == {"a", "b", "g", "h"}
    assert not any(argument.required for argument in found.arguments)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("loader", "def f(data_dir, batch_size=32, own=1): ..."),
        ("model", "def f(input_shape, num_classes, own=1): ..."),
        ("loss", "def f(y_true, y_pred, own=1): ..."),
        ("metric", "class f:\n def __init__(self, own=1): ..."),
        ("optimizer", "class f:\n def __init__(self, learning_rate, own=1): ..."),
        ("callback", "class f:\n def __init__(self, own=1): ..."),
    ],
)
def test_what_the_trainer_gives_by_itself_is_not_asked_for(path: Path, kind: ComponentKind, source: str) -> None:
    assert kinds(entries(path, source, kind)["f"]) == {"own": "int"}


def test_reading_executes_nothing(path: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    source = f"""
open({str(trap)!r}, "w").close()

def decorate(function, *_): open({str(trap)!r}, "w").close()

@decorate
def loss(y_true, y_pred, size=open({str(trap)!r}, "w")): ...

class Model(decorate(1)):
    open({str(trap)!r}, "w").close()
"""
    assert set(entries(path, source)) == {"decorate", "loss", "Model"}
    assert not trap.exists()
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"def f(:\n", 1, "Not valid Python: invalid syntax"),
        (b"x = 1\n\ndef f(a):\nreturn a\n", 4, "Not valid Python: expected an indented block"),
        (b"x = '\xff'\n", 1, "Not valid Python"),
        (b"x = 1\0\n", None, "Not valid Python"),
        (b"x = " + b"-" * 100_000 + b"1", None, "Not valid Python"),
        (b"x = " + b"(" * 1000, 1, "Not valid Python: too many nested parentheses"),
    ],
    ids=["bracket", "indentation", "encoding", "zero byte", "deep expression", "deep brackets"],
)
def test_a_file_that_is_no_python_is_refused_with_its_line(
    path: Path, content: bytes, line: int | None, message: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(UserCodeError) as refused:
        read_functions(path, "loss")
    assert message in str(refused.value)
    assert refused.value.file == str(path)
    if line is not None:
        assert refused.value.line == line
        assert str(refused.value).startswith(f"{path}:{line}: ")


@pytest.mark.parametrize("name", ["none.py", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserCodeError, match=r": The file cannot be read: "):
        read_functions(tmp_path / name, "loss")


def test_an_empty_file_defines_nothing(path: Path) -> None:
    assert entries(path, "") == {}


def test_docstrings_of_several_paragraphs_are_read() -> None:
    text = """Give the loss.
    In two lines.

    More.

    Args:
        rate: How much. Note: a colon, and
            a second line.
        *rest: Others.
        size (int, optional): Height: in pixels.

    Returns:
        number: Not an argument.
    """
    assert summary(text) == "Give the loss. In two lines."
    assert argument_texts(text) == {
        "rate": "How much. Note: a colon, and a second line.",
        "rest": "Others.",
        "size": "Height: in pixels.",
    }
    assert (summary(None), argument_texts(None), summary("")) == ("", {}, "")
