"""The open project: its text, what is wrong with it, its undo history and its file."""

from app.project.project import Project

__all__ = ["Project"]
