"""A component: the one shape for everything a person can choose by name."""

from __future__ import annotations

from typing import Any

from pydantic import Field, JsonValue, field_validator, model_validator
from pydantic_core import PydanticCustomError

from trainer.config.fields import Section


class Component(Section):
    """A loader, model, loss, metric, optimizer or callback, built in or from a user's file.

    `Adam` is short for `{name: Adam}`.
    """

    name: str = Field(
        "", title="Name", description="Name of the built-in object, or of the function or class in the file."
    )
    file: str | None = Field(
        None, title="File", description="Your Python file that defines it; empty for a built-in one."
    )
    arguments: dict[str, JsonValue] = Field(
        default_factory=dict, title="Arguments", description="Values for its arguments, by name."
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_bare_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("file", mode="before")
    @classmethod
    def _accept_empty_file(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("arguments", mode="before")
    @classmethod
    def _accept_no_arguments(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="after")
    def _need_a_name(self) -> Component:
        if not self.name and not self.file:
            raise PydanticCustomError("name_missing", "Give the name of what to use")
        return self
