"""What this process and this machine use: CPU, memory, GPU."""

from __future__ import annotations

import contextlib
from typing import Any

import psutil

from trainer.runs.events import ResourcesMeasured


class ResourceProbe:
    """Measures on demand; cheap enough for once a second."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        psutil.cpu_percent()
        self._gpu = _first_gpu()

    def measure(self) -> ResourcesMeasured:
        """The figures now; CPU since the last call."""
        gpu = self._gpu_figures()
        return ResourcesMeasured(
            cpu_percent=psutil.cpu_percent(),
            memory_bytes=self._process.memory_info().rss,
            machine_memory_bytes=psutil.virtual_memory().total,
            gpu_percent=gpu[0] if gpu else None,
            gpu_memory_bytes=gpu[1] if gpu else None,
            gpu_total_memory_bytes=gpu[2] if gpu else None,
        )

    def _gpu_figures(self) -> tuple[float, int, int] | None:
        if self._gpu is None:
            return None
        import pynvml

        with contextlib.suppress(pynvml.NVMLError):
            memory = pynvml.nvmlDeviceGetMemoryInfo(self._gpu)
            return float(pynvml.nvmlDeviceGetUtilizationRates(self._gpu).gpu), int(memory.used), int(memory.total)
        return None


def _first_gpu() -> Any:
    import pynvml

    try:
        pynvml.nvmlInit()
        return pynvml.nvmlDeviceGetHandleByIndex(0)
    except pynvml.NVMLError:
        return None
