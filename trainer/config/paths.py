"""Paths in a configuration are relative to its file; a run stores them absolute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.describe import all_settings
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate
from trainer.config.yaml_editor import lookup


def resolve(path: str, base_dir: Path) -> Path:
    """An absolute path, with `~` expanded and relative ones taken from `base_dir`."""
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:  # `~name` of nobody is a folder that happens to be called so
        expanded = Path(path)
    return (base_dir / expanded).absolute()


def with_absolute_paths(config: Config, base_dir: Path) -> Config:
    """The same configuration with every path absolute, so that it works from any folder."""
    values = config.to_dict()
    changes: dict[str, Any] = {}
    for key, setting in all_settings().items():
        value = lookup(values, key)
        if setting.picker and value:
            changes[key] = str(resolve(value, base_dir))
        elif setting.kind in ("component", "components") and value:
            changes[key] = _with_absolute_files(value, base_dir)
    return validate(with_overrides(values, changes))


def _with_absolute_files(value: Any, base_dir: Path) -> Any:
    """The same component or list of them; also in the arguments, where a component has a name, a file and arguments."""
    if isinstance(value, list):
        return [_with_absolute_files(item, base_dir) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _with_absolute_files(item, base_dir) for name, item in value.items()}
    if isinstance(value.get("file"), str) and value["file"] and set(value) <= set(Component.model_fields):
        changed["file"] = str(resolve(value["file"], base_dir))
    return changed
