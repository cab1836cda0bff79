"""Keeps what native libraries say about themselves while they load out of the log."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_CHATTER = re.compile(rb"^(?:WARNING: All log messages before absl|I0000 |To enable the following instructions)")
_NO_DRIVER = re.compile(rb"^E0000 .*(?:cuInit|cuda_platform)")


@contextlib.contextmanager
def without_native_chatter() -> Iterator[None]:
    """Hold back standard error during the block; afterwards pass on what is more than information.

    A missing GPU driver is an error only on a machine that has a GPU.
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
                if not _is_chatter(line):
                    os.write(2, line)


def _is_chatter(line: bytes) -> bool:
    has_gpu = Path("/dev/nvidia0").exists() or os.name == "nt"
    return bool(_CHATTER.match(line)) or (not has_gpu and bool(_NO_DRIVER.match(line)))
