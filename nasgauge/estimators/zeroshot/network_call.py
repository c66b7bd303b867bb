"""A function of the network itself: it sees what the passes see, and leaves no trace."""

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from nasgauge.estimators.zeroshot.inputs import Batch
from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.substitute import undisturbed

_NUMPY_SEEDS = 2**32


def called_alone(
    function: Callable[[torch.nn.Module, Batch], Any], net: torch.nn.Module, batch: Batch, seed: int
) -> Any:
    """What `function(network, (images, labels))` returns.

    It is given copies, so that it may train, register hooks and replace modules; no parameter has a gradient yet.
    As in the passes, the network is in training mode, normalises by the batch at hand and drops nothing out. The global
    generators of torch, NumPy and Python start from `seed` and are put back, as are the mode of gradients and the
    default type. Unmeasurable where the network cannot be copied; what the function raises is passed on.
    """
    try:
        own = copy.deepcopy(net)
    except Exception as error:
        raise Unmeasurable(f"the network cannot be copied ({type(error).__name__}: {error})") from error
    own.zero_grad(set_to_none=True)
    with _seeded(seed, batch[0].device), undisturbed(own), torch.enable_grad():
        return function(own, tuple(part.clone() for part in batch))


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    python, numpy, default = random.getstate(), np.random.get_state(), torch.get_default_dtype()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % _NUMPY_SEEDS)
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
            torch.set_default_dtype(default)
