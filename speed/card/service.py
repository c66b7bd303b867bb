"""CUDA's multi-process service: the kernels of several processes run at the same time on one card.

Without it a card gives its time to one process after the other. The service is a daemon of the user; it serves the
processes whose environment names its folder, and changes no setting of the card.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory

CONTROL = "nvidia-cuda-mps-control"
_TRIAL = "import torch; torch.ones(2, device='cuda').sum().item()"
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/nvidia/bin", "/usr/bin", "/opt/nvidia/bin"))


@contextmanager
def service(device: str) -> Iterator[Mapping[str, str]]:
    """The variables with which a process is served, as long as the context lasts; none where there is no service."""
    control = shutil.which(CONTROL, path=_PLACES)
    if not device.startswith("cuda") or control is None:
        yield {}
        return
    with TemporaryDirectory(prefix="mps-") as folder:
        variables = {"CUDA_MPS_PIPE_DIRECTORY": folder, "CUDA_MPS_LOG_DIRECTORY": folder}
        here = {**os.environ, **variables}
        subprocess.run([control, "-d"], env=here, capture_output=True, text=True, timeout=20)
        try:
            tried = subprocess.run([sys.executable, "-c", _TRIAL], env=here, capture_output=True, timeout=60)
            yield variables if tried.returncode == 0 else {}
        finally:
            subprocess.run([control], input="quit\n", env=here, capture_output=True, text=True, timeout=60)


def enter(variables: Mapping[str, str]) -> None:
    """What a worker process does first."""
    os.environ.update(variables)
