"""The parameter tree: a view of the project's text, row by row."""

from app.config_tree.tree import ConfigTree

__all__ = ["ConfigTree"]
