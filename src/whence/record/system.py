"""How busy the machine and this process are: CPU, memory, NVIDIA GPUs."""

from __future__ import annotations

import os
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.record.environment import memory_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["System"]

_STAT = Path("/proc/stat")
_STATM = Path("/proc/self/statm")

_IDLE = (3, 4)
"""Where idle time and time spent waiting for disks stand in the first line of ``/proc/stat``."""

_TIMES = 8
"""Times there that exclude one another: those of guests, which follow, are in user's already."""

_PERCENT = 100.0


class System:
    """Reads what the system tells; shares of time are those since the reading before.

    On Linux it reads ``/proc`` (see proc(5)); elsewhere it asks psutil, if that is installed.
    GPUs are asked through ``pynvml`` (nvidia-ml-py), if that is installed and a driver answers.

    ==============================  ======================================================
    metric                          what it is
    ==============================  ======================================================
    system/cpu_percent              of all processors of the machine, 0 to 100
    system/memory_percent           of the machine's memory, 0 to 100: what no program could get
    system/process_cpu_percent      of this process; 100 is one whole processor
    system/process_memory_bytes     resident memory of this process
    system/gpu_N_percent            share of time in which the GPU did anything
    system/gpu_N_memory_bytes       of all programs on the GPU
    system/gpu_N_power_watts        drawn by the GPU
    system/gpu_N_celsius            the GPU's temperature
    ==============================  ======================================================
    """

    def __init__(self) -> None:
        self._psutil = None if _STAT.exists() else _imported("psutil")
        self._nvml = _imported("pynvml")
        self._gpus: list[Callable[[], dict[str, float]]] | None = None
        self._busy = self._machine_times()
        self._own = time.process_time(), time.monotonic()

    def values(self) -> dict[str, float]:
        """Return metric -> value, those that the system tells."""
        if self._gpus is None:  # not before: a driver may take seconds to wake up
            self._gpus = _gpus(self._nvml)
        found = {**self._machine(), **self._process()}
        for number, gpu in enumerate(self._gpus):
            found |= {f"system/gpu_{number}_{name}": value for name, value in gpu().items()}
        return found

    def _machine(self) -> dict[str, float]:
        found: dict[str, float] = {}
        before, self._busy = self._busy, self._machine_times()
        if before is not None and self._busy is not None and self._busy[1] > before[1]:
            share = (self._busy[0] - before[0]) / (self._busy[1] - before[1])
            found["system/cpu_percent"] = min(max(share, 0.0), 1.0) * _PERCENT
        if self._psutil is not None:
            found["system/memory_percent"] = float(self._psutil.virtual_memory().percent)
            return found
        total, free = memory_bytes("MemTotal"), memory_bytes("MemAvailable")
        if total and free is not None:
            found["system/memory_percent"] = (1 - free / total) * _PERCENT
        return found

    def _process(self) -> dict[str, float]:
        before, self._own = self._own, (time.process_time(), time.monotonic())
        passed = self._own[1] - before[1]
        found: dict[str, float] = {}
        if passed > 0:
            used = self._own[0] - before[0]
            found["system/process_cpu_percent"] = used / passed * _PERCENT
        if self._psutil is not None:
            found["system/process_memory_bytes"] = float(self._psutil.Process().memory_info().rss)
        elif _STATM.exists():
            pages = int(_STATM.read_text("ascii").split()[1])
            found["system/process_memory_bytes"] = float(pages * os.sysconf("SC_PAGE_SIZE"))
        return found

    def _machine_times(self) -> tuple[float, float] | None:
        """Return how long the processors were busy, and in all, in any one unit."""
        if self._psutil is not None:
            told = self._psutil.cpu_times()
            return sum(told) - told.idle, sum(told)
        if not _STAT.exists():
            return None
        with _STAT.open("rb") as file:  # the first line: the rest grows with the processors
            times = [int(one) for one in file.readline().split()[1 : _TIMES + 1]]
        return sum(times) - sum(times[place] for place in _IDLE), sum(times)


def _gpus(nvml: Any) -> list[Callable[[], dict[str, float]]]:  # noqa: ANN401 - an untyped library
    """Return what reads each of the GPUs of NVIDIA's driver; none if it does not answer."""
    if nvml is None:
        return []
    try:
        nvml.nvmlInit()
        handles = [nvml.nvmlDeviceGetHandleByIndex(number)
                   for number in range(nvml.nvmlDeviceGetCount())]  # fmt: skip
    except nvml.NVMLError:
        return []
    return [lambda handle=handle: _gpu(nvml, handle) for handle in handles]  # type: ignore[misc] # mypy cannot tell the type of a lambda's default


def _gpu(nvml: Any, handle: object) -> dict[str, float]:  # noqa: ANN401 - an untyped library
    ask: dict[str, Callable[[], float]] = {
        "percent": lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu,
        "memory_bytes": lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used,
        "power_watts": lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1_000,  # told in milliwatts
        "celsius": lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
    }
    found: dict[str, float] = {}
    for name, one in ask.items():
        try:
            found[name] = float(one())
        except nvml.NVMLError:  # not every GPU tells everything
            continue
    return found


def _imported(package: str) -> Any:  # noqa: ANN401 - a module, of which nothing is typed here
    try:
        return import_module(package)
    except ImportError:
        return None
