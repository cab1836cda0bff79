"""A configuration as it stands in a file: its text, its values, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.config.config import Config
from trainer.config.migrations import migrate
from trainer.config.validate import validate
from trainer.config.yaml_editor import dump_yaml
from trainer.config.yaml_reader import MAX_BYTES, parse_yaml
from trainer.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """What became of a text.

    Attributes:
        values: Plain values after migration; empty if the text could not be read at all.
        config: The validated configuration, or `None` while there are problems.
        problems: What is wrong, in the order of the file.
        notes: What migration moved or dropped.
        lines: Line of each dotted key of the text, and of the settings that its keys became.
    """

    values: dict[str, Any]
    config: Config | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)

    def require(self, path: Path | None = None) -> Config:
        """The configuration.

        Raises:
            ConfigError: There are problems.
        """
        if self.config is None:
            raise ConfigError(self.problems, path)
        return self.config


def load_text(text: str) -> LoadedConfig:
    """Read, migrate and validate a text. Never raises: what is wrong is in `problems`."""
    try:
        parsed = parse_yaml(text)
    except ConfigError as error:
        return LoadedConfig({}, None, error.problems)
    migrated = migrate(parsed.values)
    values, notes = migrated.values, migrated.notes
    lines = {key: parsed.lines[old] for key, old in migrated.moved.items() if old in parsed.lines} | parsed.lines
    try:
        config = validate(values, lines)
    except ConfigError as error:
        return LoadedConfig(values, None, error.problems, notes, lines)
    return LoadedConfig(values, config, (), notes, lines)


def read_config_text(path: Path) -> str:
    """Text of a configuration file.

    Raises:
        ConfigError: The file cannot be read, is too large or is no text.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            size = path.stat().st_size
            raise _unreadable(path, f"The file holds {size:,} bytes; a configuration holds at most {MAX_BYTES:,}.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, f"The file cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "The file is not UTF-8 text. Expected a YAML file.") from error


def load_file(path: Path) -> LoadedConfig:
    """Read, migrate and validate a file.

    Raises:
        ConfigError: The file cannot be read at all. Problems inside it are in the result.
    """
    return load_text(read_config_text(path))


def resolved_yaml(config: Config) -> str:
    """Every setting with its value, as the `config.yaml` of a run folder."""
    return dump_yaml(config.to_dict())


def _unreadable(path: Path, message: str) -> ConfigError:
    return ConfigError((Problem("", message),), path)
