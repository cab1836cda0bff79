"""Stands in for `main.py` where a test is about what the window does with a command's answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.training import quick_job


def answer_commands(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> Path:
    """Let the window's small jobs run this Python program; gives its path."""
    path = folder / "fake_main.py"
    path.write_text(program, encoding="utf-8")
    monkeypatch.setattr(quick_job, "_MAIN", path)
    return path
