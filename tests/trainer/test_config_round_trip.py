"""Whatever configuration there can be: it survives being written, read and edited."""

from __future__ import annotations

import functools
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainer.config.config import Config
from trainer.config.describe import Setting, all_settings
from trainer.config.document import load_text, resolved_yaml
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate
from trainer.config.yaml_editor import REMOVE, dump_yaml, edit_yaml
from trainer.config.yaml_reader import parse_yaml

few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    ["on", "null", "1e3", "12:30", "a: b", "a #b", ":x", "?x", "- a", "x\ny", "'", '"', "C:\\n", "\u2028", "\ufeff"]
)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)
components = st.fixed_dictionaries(
    {"name": texts, "file": st.none() | texts, "arguments": st.dictionaries(texts, plain, max_size=2)}
)


def numbers(row: Setting) -> st.SearchStrategy[Any]:
    if row.kind == "int":
        return st.integers(int(row.minimum or 0), int(row.maximum or 10**9))
    return st.floats(
        row.minimum,
        row.maximum,
        exclude_min=row.exclusive_minimum,
        exclude_max=row.exclusive_maximum,
        allow_nan=False,
        allow_infinity=False,
    )


def values_of(row: Setting) -> st.SearchStrategy[Any]:
    kinds: dict[str, Any] = {
        "bool": st.booleans,
        "int": lambda: numbers(row),
        "float": lambda: numbers(row),
        "text": lambda: texts,
        "choice": lambda: st.sampled_from(row.choices),
        "size": lambda: st.lists(st.integers(1, 8192), min_size=2, max_size=2),
        "component": lambda: components,
        "components": lambda: st.lists(components, max_size=2),
    }
    own: st.SearchStrategy[Any] = kinds[row.kind]()
    return own | st.none() if row.optional else own


@functools.cache
def changes() -> st.SearchStrategy[dict[str, Any]]:
    rows = [row for row in all_settings().values() if row.kind != "section"]
    one = st.sampled_from(rows).flatmap(lambda row: st.tuples(st.just(row.key), values_of(row)))
    return st.lists(one, max_size=5).map(dict)


def configurations() -> st.SearchStrategy[Config]:
    return changes().map(lambda chosen: validate(with_overrides(Config().to_dict(), chosen)))


@few
@given(configurations())
def test_a_configuration_written_and_read_is_the_same(config: Config) -> None:
    assert load_text(resolved_yaml(config)).require() == config
    assert load_text(dump_yaml(config.to_changes())).require() == config
    assert load_text(json.dumps(config.to_dict())).require() == config
    assert load_text(f"config = {config.to_dict()!r}").require() == config


@few
@given(st.dictionaries(texts, plain, max_size=4))
def test_plain_values_written_and_read_are_the_same(values: dict[str, Any]) -> None:
    read = parse_yaml(dump_yaml(values)).values
    assert json.dumps(read, sort_keys=True) == json.dumps(values, sort_keys=True)


@few
@given(configurations(), changes())
def test_edits_one_after_another_give_the_configuration_they_describe(config: Config, chosen: dict[str, Any]) -> None:
    text = "# mine\n" + dump_yaml(config.to_changes()) if config.to_changes() else ""
    edited = text
    for key, value in chosen.items():
        edited = edit_yaml(edited, {key: value})
    assert load_text(edited).require() == validate(with_overrides(config.to_dict(), chosen))
    for key in chosen:
        edited = edit_yaml(edited, {key: REMOVE})
    defaults = {key: all_settings()[key].default for key in chosen}
    assert load_text(edited).require() == validate(with_overrides(config.to_dict(), defaults))
    assert edited.startswith("# mine\n" if text else "")


@few
@given(st.text(max_size=200) | st.text("{}[]:,-#&*!|>'\"%@`? \n\tab1.e", max_size=60))
def test_no_text_makes_reading_fail_with_anything_but_problems(text: str) -> None:
    loaded = load_text(text)
    assert (loaded.config is None) == bool(loaded.problems)
    assert all(problem.message for problem in loaded.problems)
