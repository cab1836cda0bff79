"""The schema for editors: they complete keys and mark mistakes in the YAML as one types."""

from __future__ import annotations

from typing import Any

from trainer.config.component import Component
from trainer.config.config import Config


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a configuration; a component may also be written as its bare name."""
    schema = Config.model_json_schema()
    component = schema["$defs"][Component.__name__]
    schema["$defs"][Component.__name__] = {
        "title": component["title"],
        "description": component["description"],
        "anyOf": [
            {"type": "string"},
            {key: component[key] for key in component if key not in ("title", "description")},
        ],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "ModelGardener configuration",
    }
