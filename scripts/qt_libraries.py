"""Checks that the system libraries Qt needs on Linux are there; names the missing ones, or installs them.

Standard library only: the launcher runs this before anything else. The lists are what `ldd` says of PySide6's
libQt6Gui, libQt6DBus and plugins/platforms/libqxcb.so, less what every system has.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """A shared library and the package that brings it, per package manager."""

    file: str
    apt: str
    dnf: str
    pacman: str
    zypper: str


# Without these no Qt program starts, not even one that draws on no screen.
ALWAYS_NEEDED = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd", "libglvnd"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd", "libglvnd"),
    Library("libX11.so.6", "libx11-6", "libX11", "libx11", "libX11-6"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus", "libdbus-1-3"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig", "fontconfig"),
    Library("libfreetype.so.6", "libfreetype6", "freetype", "freetype2", "libfreetype6"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2", "libglib-2_0-0"),
    Library("libgthread-2.0.so.0", "libglib2.0-0", "glib2", "glib2", "libgthread-2_0-0"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon", "libxkbcommon0"),
    Library("libz.so.1", "zlib1g", "zlib", "zlib", "libz1"),
    Library("libzstd.so.1", "libzstd1", "libzstd", "zstd", "libzstd1"),
)

# Needed to open a window on X11, which is also what most Wayland desktops give.
NEEDED_ON_X11 = (
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11", "libX11-xcb1"),
    Library("libxcb.so.1", "libxcb1", "libxcb", "libxcb", "libxcb1"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor", "libxcb-cursor0"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm", "libxcb-icccm4"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image", "libxcb-image0"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms", "libxcb-keysyms1"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb", "libxcb-randr0"),
    Library("libxcb-render.so.0", "libxcb-render0", "libxcb", "libxcb", "libxcb-render0"),
    Library(
        "libxcb-render-util.so.0",
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
        "libxcb-render-util0",
    ),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb", "libxcb-shape0"),
    Library("libxcb-shm.so.0", "libxcb-shm0", "libxcb", "libxcb", "libxcb-shm0"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb", "libxcb", "libxcb-sync1"),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util", "xcb-util", "libxcb-util1"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb", "libxcb", "libxcb-xfixes0"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb", "libxcb-xkb1"),
    Library(
        "libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11", "libxkbcommon-x11-0"
    ),
)

# Command name, the words that install, the field of Library with its package names.
PACKAGE_MANAGERS = (
    ("apt-get", "apt-get install -y --no-install-recommends", "apt"),
    ("dnf", "dnf install -y", "dnf"),
    ("pacman", "pacman -S --needed --noconfirm", "pacman"),
    ("zypper", "zypper --non-interactive install", "zypper"),
)


def missing(libraries: Sequence[Library]) -> list[Library]:
    """Gives those of the libraries that the system's loader cannot load."""
    return [library for library in libraries if not _loads(library.file)]


def _loads(file: str) -> bool:
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


def install_command(libraries: Sequence[Library]) -> str | None:
    """Gives the command that installs the libraries here, or None if no known package manager is found."""
    for program, words, field in PACKAGE_MANAGERS:
        if shutil.which(program):
            return f"{words} {' '.join(sorted({getattr(library, field) for library in libraries}))}"
    return None


def message(libraries: Sequence[Library], purpose: str) -> str:
    """Gives what to tell a person whose system lacks some libraries."""
    names = ", ".join(library.file for library in libraries)
    command = install_command(libraries)
    advice = f"Install them with:\n  sudo {command}" if command else "Install them with your system's package manager."
    return f"gardener: {purpose} needs system libraries that are missing: {names}\n{advice}"


def install_with_apt(libraries: Sequence[Library]) -> None:
    """Installs the libraries' Debian packages; a failure shows in apt's own output and in the next check."""
    packages = sorted({library.apt for library in libraries})
    print(f"Installing system libraries for Qt: {' '.join(packages)}", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *arguments], env=environment, stdout=sys.stderr, check=False)


def main(purpose: str) -> int:
    """Checks for a purpose, "window" or "test"; gives 0 when Qt can start for it."""
    absent = missing(ALWAYS_NEEDED + NEEDED_ON_X11)
    may_install = os.geteuid() == 0 and (purpose == "test" or os.environ.get("CI") == "true")
    if absent and may_install and shutil.which("apt-get"):
        install_with_apt(absent)
        absent = missing(absent)
    if purpose == "test":  # tests draw on no screen
        absent = [library for library in absent if library in ALWAYS_NEEDED]
    if absent:
        print(message(absent, "the window" if purpose == "window" else "the test run"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "window"))
