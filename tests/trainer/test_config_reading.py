from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from trainer.config.config import Config
from trainer.config.document import load_file, load_text
from trainer.config.yaml_reader import MAX_BYTES, parse_yaml
from trainer.errors import ConfigError

BOMB = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)
UNREADABLE = {
    "a list": ("- a\n- b\n", "Expected settings as 'key: value' lines"),
    "a word": ("hello", "Expected settings as 'key: value' lines"),
    "a number": ("5", "Expected settings as 'key: value' lines"),
    "null": ("null", "Expected settings as 'key: value' lines"),
    "unclosed": ("data: {batch_size: 3", "Not valid YAML"),
    "nonsense": ("asdf %% @@ ]] :: {{\n" * 10, "Not valid YAML"),
    "a tab as indentation": ("data:\n\tbatch_size: 3\n", "Indent with spaces"),
    "two documents": ("data: {}\n---\ndata: {}\n", "Not valid YAML"),
    "two keys alike": (
        "data:\n  batch_size: 3\n  batch_size: 4\n",
        "'batch_size' stands here a second time, after line 2",
    ),
    "a list as key": ("[a, b]: 1\n", "Expected a plain word as key"),
    "a Python object": ("a: !!python/object/apply:os.system [exit]\n", "no such setting"),
    "an unknown tag": ("project: {name: !secret x}\n", "Not valid YAML"),
    "deep brackets": ("a: " + "[" * 100_000, "nested more than 20 levels deep"),
    "deep braces": ("{a: " * 100_000, "nested more than 20 levels deep"),
    "deep dashes": ("- " * 100_000, "nested more than 20 levels deep"),
    "deep lines": ("".join(" " * depth + "a:\n" for depth in range(900)), "nested more than 20 levels deep"),
    "an alias bomb": (BOMB, "more than 20,000 values"),
    "an alias of itself": ("a: &a {b: *a}\n", "nested more than 20 levels deep"),
    "many keys": ("".join(f"k{i}: v\n" for i in range(90_000)), "more than 20,000 values"),
    "many items": ("a: [" + "1," * 450_000 + "]", "more than 20,000 values"),
    "five megabytes": ("x: [1, 2, 3]\n" * 400_000, "at most 1,000,000"),
    "one long word": ("a" * 900_000, "Expected settings as 'key: value' lines"),
    "only colons": (":" * 900_000, "Not valid YAML"),
    "binary": (bytes(range(1, 256)).decode("latin1"), "control character"),
    "a zero byte": ("a: \0\n", "The file is not text"),
    "a control character": ("project:\n  name: \x01\n", "control character (code 1)"),
    "a huge number": ("training: {epochs: " + "9" * 5000 + "}", "a number of more than 300 digits"),
    "a huge hexadecimal number": ("training: {epochs: 0x" + "f" * 5000 + "}", "a number of more than 300 digits"),
    "half a character": ('project: {name: "\\ud800"}', "Not valid YAML"),
    "a call in a dictionary": ("config = {'data': __import__('os')}", "Expected only texts, numbers"),
    "a list as a dictionary's key": ("config = {[]: 3}", "Expected only texts, numbers"),
    "bytes in a dictionary": ("config = {'project': {'name': b'x'}}", "Expected only texts, numbers"),
    "a set": ("config = {'a'}", "words as keys"),
    "numbers as a dictionary's keys": ("config = {'a': {1: 2}}", "words as keys"),
    "a deep dictionary": ("config = " + "{'a': " * 500 + "1" + "}" * 500, "Not a plain Python dictionary"),
    "a deep expression": ("config = {'a': " + "-" * 100_000 + "1}", "Not a plain Python dictionary"),
    "a sum of much": ("config = {'a': " + "1+" * 200_000 + "1}", "Not a plain Python dictionary"),
    "a huge number in a dictionary": ("config = {'a': 0x" + "f" * 5000 + "}", "a number of more than 300 digits"),
    "statements after a dictionary": ("config = {'data': {}}\nprint(1)", "Not a plain Python dictionary"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_configuration_gives_one_clear_message_fast(name: str) -> None:
    text, message = UNREADABLE[name]
    started = time.process_time()
    loaded = load_text(text)
    spent_s = time.process_time() - started
    assert loaded.config is None
    assert len(loaded.problems) == 1
    assert message in loaded.problems[0].message
    assert "\n" not in loaded.problems[0].message
    assert len(loaded.problems[0].message) < 250
    assert spent_s < 2


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a tab as indentation", 2),
        ("two keys alike", 3),
        ("a control character", 2),
        ("deep lines", 22),
        ("many keys", 10_000),
        ("statements after a dictionary", 2),
        ("unclosed", 1),
    ],
)
def test_the_message_names_the_line(name: str, line: int) -> None:
    assert load_text(UNREADABLE[name][0]).problems[0].line == line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00data", "The file is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "The file is not UTF-8 text"),
        (b"x" * (MAX_BYTES + 1), f"The file holds {MAX_BYTES + 1:,} bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_its_path(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load_file(path)
    (line,) = refused.value.lines()
    assert line.startswith(f"{path}: {message}")


def test_a_missing_file_and_a_folder_are_refused_with_their_path(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ConfigError) as refused:
            load_file(path)
        assert refused.value.lines()[0].startswith(f"{path}: The file cannot be read: ")


@pytest.mark.parametrize(
    "content",
    [
        b"data:\n  batch_size: 8\n  train_dir: caf\xc3\xa9\n",
        b"data:\r\n  batch_size: 8\r\n  train_dir: caf\xc3\xa9\r\n",
        b"\xef\xbb\xbfdata:\n  batch_size: 8\n  train_dir: caf\xc3\xa9",
        b"---\ndata: {batch_size: 8,\n  train_dir: 'caf\xc3\xa9'}  # here\n...\n",
    ],
    ids=["plain", "windows", "byte order mark", "braces"],
)
def test_every_way_to_write_a_file_means_the_same(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    assert load_file(path).require().to_changes() == {"data": {"batch_size": 8, "train_dir": "café"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E-3", 0.001),
        ("1.0e-4", 0.0001),
        (".5", 0.5),
        ("5.", 5.0),
        ("-7", -7),
        ("0x10", 16),
        ("1_000", 1000),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("2020-01-01", "2020-01-01"),
        ("010", "010"),
        ("'5'", "5"),
        ("1e", "1e"),
        ("[1, [a, {b: 2}]]", [1, ["a", {"b": 2}]]),
    ],
)
def test_scalars_are_read_as_yaml_1_2_has_them(text: str, value: object) -> None:
    read = parse_yaml(f"value: {text}").values["value"]
    assert (type(read), read) == (type(value), value)


def test_each_key_knows_its_line() -> None:
    lines = parse_yaml("# c\ndata:\n\n  batch_size: 3\ntraining: {metrics: [\n  AUC,\n  {name: F1}]}\n").lines
    assert lines == {
        "data": 2,
        "data.batch_size": 4,
        "training": 5,
        "training.metrics": 5,
        "training.metrics.0": 6,
        "training.metrics.1": 7,
        "training.metrics.1.name": 7,
    }


@pytest.mark.parametrize(
    "text",
    [
        "config = {'data': {'val_dir': None, 'shuffle': False, 'image_size': (64, 48)}}",
        "# 1\n\n# 2\nconfig = {\n 'data': {\n 'val_dir': None,  # 3\n 'shuffle': False, 'image_size': [64, 48],}}",
        "{'data': {'val_dir': None, 'shuffle': False, 'image_size': [64, 48]}}",
        '{"data": {"val_dir": null, "shuffle": false, "image_size": [64, 48]}}',
        '{\n\t"data": {\n\t\t"val_dir": null,\n\t\t"shuffle": false, "image_size": [64, 48]\n\t}\n}\n',
    ],
    ids=["assignment", "with comments", "bare dictionary", "JSON", "JSON with tabs"],
)
def test_a_python_dictionary_and_json_are_configurations(text: str) -> None:
    config = load_text(text).require()
    assert config.data.val_dir is None
    assert config.to_changes() == {"data": {"shuffle": False, "image_size": [64, 48]}}


def test_json_with_escaped_characters_is_read_as_json_means_it() -> None:
    name = "Füße 猫 😀 a/b"
    text = json.dumps({"project": {"name": name}}).replace("/", "\\/")
    assert load_text(text).require().project.name == name


def test_a_text_about_none_stays_a_text_in_yaml() -> None:
    assert load_text("{project: {name: None}}").require().project.name == "None"


def test_nothing_is_executed_while_reading(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for text in (
        f"config = {{'a': open({str(trap)!r}, 'w')}}",
        f"a: !!python/object/apply:builtins.open [{str(trap)!r}, w]",
        f"a: !!python/name:builtins.open {trap}",
    ):
        assert load_text(text).config is None
    assert not trap.exists()


def test_no_text_at_all_is_the_default_configuration() -> None:
    assert load_text("").require() == Config()
