"""The conditions under which a part was computed, which results may depend on: they are kept inside every part."""

import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.core.threads import n_threads
from nasgauge.core.work import engine

Conditions = Mapping[str, str]
FORMAT = 1  # of what a folder holds; raised when older versions could not read it
_PACKAGES = ("nasgauge", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "torch", "matplotlib")
_DECISIVE = ("python", "nasgauge", "numpy", "torch", "device", "instructions")  # engines, threads: equal bits
_EXTENSIONS = ("fma", "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve", "bf16")


def conditions(device: str) -> dict[str, str]:
    """Those of this process: the kind of workers, threads, versions, the device, by its title, and the instructions of
    the processor, by which libraries choose how they sum."""
    versions = {name: _version(name) for name in ("nasgauge", "numpy", "torch")}
    kind = {"engine": engine(), "threads": str(n_threads()), "python": _python()}
    return {**kind, **versions, "device": device, "instructions": instructions()}


def differences(parts: Iterable[Conditions], now: Conditions) -> str:
    """In one phrase what differs of the decisive conditions of finished parts; "" where nothing does.

    A condition that a part does not record is not compared.

    >>> differences([{"torch": "2.10"}, {"torch": "2.11"}], {"torch": "2.11", "python": "3.11"})
    'torch 2.11 instead of 2.10 (1 part)'
    """
    found = Counter(
        (name, part[name]) for part in parts for name in _DECISIVE if name in part and part[name] != now.get(name)
    )
    phrases = [
        f"{name} {now.get(name, 'unknown')} instead of {there} ({n:,} part{'s' * (n > 1)})"
        for (name, there), n in sorted(found.items(), key=lambda item: _DECISIVE.index(item[0][0]))
    ]
    return "; ".join(phrases)


def mixture(parts: Iterable[Conditions]) -> str:
    """In one phrase the decisive conditions that parts do not share, with the number of each; "" where they agree.

    >>> mixture([{"torch": "2.10"}, {"torch": "2.11"}, {"torch": "2.11"}])
    'torch 2.10 (1 part), 2.11 (2 parts)'
    """
    parts = list(parts)
    phrases = []
    for name in _DECISIVE:
        counts = Counter(part[name] for part in parts if name in part)
        if len(counts) > 1:
            each = (f"{value} ({n:,} part{'s' * (n > 1)})" for value, n in sorted(counts.items()))
            phrases.append(f"{name} {', '.join(each)}")
    return "; ".join(phrases)


def common(parts: Iterable[Conditions]) -> dict[str, str]:
    """The conditions that all parts share.

    >>> common([{"torch": "2.10", "python": "3.11"}, {"torch": "2.11", "python": "3.11"}])
    {'python': '3.11'}
    """
    shared = [set(part.items()) for part in parts]
    return dict(sorted(set.intersection(*shared))) if shared else {}


def check_conditions(
    where: object, groups: Iterable[tuple[Iterable[Conditions], Conditions]], tell: Callable[[str], None], strict: bool
) -> None:
    """Say in one line under which other conditions finished parts were computed; UserError instead with `strict`.

    groups: of parts that are done alike, the conditions of each, and those under which such parts would be done now.
    """
    phrases = (differences(parts, now) for parts, now in groups)
    found = "; ".join(dict.fromkeys(phrase for phrase in phrases if phrase))
    if found and strict:
        raise UserError(
            f"{where}: finished tasks were computed under other conditions ({found}); restore those, leave out "
            "--strict, or choose another folder with --out"
        )
    if found:
        tell(f"{where}: resumes what was computed under other conditions: now {found}")


def environment() -> dict[str, Any]:
    """The environment of a folder's first run: versions, system, processor, cores."""
    return {
        "format": FORMAT,
        "python": _python(),
        "packages": {package: _version(package) for package in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
    }


def processor() -> str:
    """The model of this machine's processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


@cache
def instructions() -> str:
    """The extensions of this processor's instructions that decide how sums and convolutions are computed."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                return " ".join(name for name in _EXTENSIONS if name in line.partition(":")[2].split()) or "basic"
    return platform.machine() or "unknown"


def _python() -> str:
    return sys.version.split()[0]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed as a package"
