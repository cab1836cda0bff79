"""Keeps what native libraries say about themselves out of the log and off the screen.

Run as a program, it passes on standard input to standard error without it.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_CHATTER = re.compile(
    rb"^(?:WARNING: All log messages before absl|I0000 |To enable the following instructions: "
    rb"|W0000 .*(?:computation placer already registered|Skipping the delay kernel, measurement accuracy will be "
    rb"|Could not find TensorRT|Error in PredictCost\(\) for the op)"
    rb"|E0000 .*(?:Unable to register cu|oneDNN supports )|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: I )"
)
"""Of warnings only those that nobody can do anything about: others tell of memory, or of a GPU that is not used."""
_NO_DRIVER = re.compile(rb"^E0000 .*(?:cuInit|cuda_platform|cuda_diagnostics)")
_BEGINNING = re.compile(rb"^(?:W|WARNING: .*|[IWE]0.*|To .*|\d{1,4}|\d{4}-[\d-]*|\d{4}-\d\d-\d\d [\d:.]*(?:: .*)?)?$")
"""What chatter may begin like, while the rest of the line is still to come."""
_PATIENCE_S = 2.0
_CHUNK_BYTES = 65536


@contextlib.contextmanager
def without_native_chatter() -> Iterator[None]:
    """Hold back standard error during the block; afterwards pass on what is more than information.

    A missing GPU driver is an error only on a machine that has a GPU, and where it is not hidden from this process.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not is_chatter(line):
                    os.write(2, line)


@contextlib.contextmanager
def chatter_left_out() -> Iterator[None]:
    """Pass on at once what is written to standard error during the block, by whomever, without chatter.

    A process of its own does that, so that the last words of one that crashes are seen as well.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    program = _start_filter()
    assert program.stdin is not None
    os.dup2(program.stdin.fileno(), 2)
    program.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        # A process that was started inside may still write; the filter ends when that does.
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(_PATIENCE_S)


def _start_filter() -> subprocess.Popen[bytes]:
    """Start this file as a program that Ctrl+C does not reach, as this one may have more to say when it stops."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=os.name != "nt",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def is_chatter(line: bytes) -> bool:
    """Whether a line only says what a native library thinks of itself."""
    is_hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    has_gpu = not is_hidden and (Path("/dev/nvidia0").exists() or os.name == "nt")
    return bool(_CHATTER.match(line)) or (not has_gpu and bool(_NO_DRIVER.match(line)))


def pass_on(source: int, target: int) -> None:
    """Copy from one file descriptor to another until the end, without chatter.

    Whatever cannot be the beginning of chatter is passed on before its line ends, such as a line of progress.
    """
    pending, is_begun = b"", False
    while chunk := os.read(source, _CHUNK_BYTES):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            if is_begun or not is_chatter(line):
                os.write(target, line + b"\n")
            is_begun = False
        if pending and (is_begun or not _BEGINNING.match(pending)):
            os.write(target, pending)
            pending, is_begun = b"", True
    os.write(target, pending)


if __name__ == "__main__":
    pass_on(0, 2)
