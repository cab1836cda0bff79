"""What is generated from the schema and committed is what the schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.describe import Setting, all_settings
from trainer.config.document import load_file
from trainer.config.json_schema import json_schema
from trainer.config.reference import generated_files, reference_markdown

ROWS = [row for row in all_settings().values() if row.kind != "section"]


@pytest.mark.parametrize("path", generated_files(), ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path, repository: Path) -> None:
    assert path.is_relative_to(repository)
    assert path.read_bytes().decode() == generated_files()[path], "run: python -m trainer.config.reference"


def test_the_default_configuration_is_the_default(repository: Path) -> None:
    loaded = load_file(repository / "resources" / "default_config.yaml")
    assert loaded.require() == Config()
    assert loaded.values == Config().to_dict()


def resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return node


def schema_of(row: Setting) -> dict[str, Any]:
    schema = json_schema()
    node: dict[str, Any] = schema
    for part in row.key.split("."):
        node = resolved(schema, node)["properties"][part]
    return node


def test_an_editor_knows_each_setting_with_its_tooltip_and_default() -> None:
    for row in ROWS:
        node = schema_of(row)
        assert (node["title"], node["description"]) == (row.title, row.description)
        default = node["default"]
        if row.kind == "component" and default:
            default = Component(**default).model_dump()
        assert default == row.default, row.key


def test_an_editor_offers_the_choices() -> None:
    for row in ROWS:
        if row.kind == "choice":
            node = schema_of(row)
            assert tuple(node["enum"] if "enum" in node else [node["const"]]) == row.choices, row.key


def test_an_editor_knows_the_bounds() -> None:
    names = {False: ("minimum", "maximum"), True: ("exclusiveMinimum", "exclusiveMaximum")}
    for row in ROWS:
        if row.kind in ("int", "float"):
            node = schema_of(row)
            node = next((choice for choice in node.get("anyOf", []) if choice.get("type") != "null"), node)
            assert node.get(names[row.exclusive_minimum][0]) == row.minimum, row.key
            assert node.get(names[row.exclusive_maximum][1]) == row.maximum, row.key


def test_an_editor_refuses_unknown_keys_and_accepts_bare_names() -> None:
    schema = json_schema()
    for name, definition in schema["$defs"].items():
        if name not in ("Component", "JsonValue"):
            assert definition["additionalProperties"] is False, name
    bare, long = schema["$defs"]["Component"]["anyOf"]
    assert bare == {"type": "string"}
    assert set(long["properties"]) == {"name", "file", "arguments"}
    assert schema["additionalProperties"] is False


def test_the_default_configuration_fits_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the package jsonschema")
    jsonschema.validate(Config().to_dict(), json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"training": {"epochs": 0}}, json_schema())


def test_the_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_the_reference_explains_every_setting() -> None:
    page = reference_markdown()
    for row in all_settings().values():
        assert row.description in page, row.key
        if row.kind == "section":
            assert f"# `{row.key}`\n" in page
        else:
            section = page.partition(f"# `{row.key.rpartition('.')[0]}`\n")[2].partition("\n#")[0]
            assert f"\n| `{row.name}` |" in section, row.key
