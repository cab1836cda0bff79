"""Texts of the Help menu."""

from __future__ import annotations

import html

from trainer import __version__


def about_text() -> str:
    """Version and licence, as rich text."""
    return (
        f"<h3>ModelGardener {__version__}</h3>"
        "<p>Trains deep networks by pointing and clicking, from one YAML file.</p>"
        "<p>MIT licence. Icons by Lucide (ISC licence).</p>"
    )


def shortcuts_text(pairs: list[tuple[str, str]]) -> str:
    """A table of actions and shortcuts, as rich text."""
    pages = [("Train page", "Ctrl+1"), ("Runs page", "Ctrl+2"), ("Search", "Ctrl+F")]
    rows = "".join(
        f"<tr><td>{html.escape(text)}</td><td>&nbsp;&nbsp;&nbsp;</td><td><b>{html.escape(keys)}</b></td></tr>"
        for text, keys in [*pairs, *pages]
    )
    return f"<table>{rows}</table>"
