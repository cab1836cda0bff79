"""What a check found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        name: Of the check, for programs.
        title: Of the check, for a person.
        outcome: `fail` means that training cannot go well like this.
        text: What was found, in one sentence.
        advice: What to do; empty where nothing is to be done.
    """

    name: str
    title: str
    outcome: Outcome
    text: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)


def worst_of(findings: Sequence[Finding]) -> Outcome:
    """The worst outcome; `pass` without findings."""
    outcomes = {finding.outcome for finding in findings}
    return "fail" if "fail" in outcomes else "warn" if "warn" in outcomes else "pass"
