"""The project's text as YAML, editable."""

from app.yaml_view.view import YamlView

__all__ = ["YamlView"]
