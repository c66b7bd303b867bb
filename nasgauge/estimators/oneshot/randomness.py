"""What is random in an epoch comes from its number and the seed alone, so that training can be taken up anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch


class EpochSeeds(NamedTuple):
    """Seeds of an epoch's order of images, of its augmentation, and of its dropout."""

    order: int
    augmentation: int
    dropout: int


def epoch_seeds(seed: int, epoch: int) -> EpochSeeds:
    """Three seeds for the epoch with this number, independent of each other and of other epochs'."""
    return EpochSeeds(*np.random.SeedSequence((seed, epoch)).generate_state(3, np.uint64).tolist())


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Torch's global generators, of the CPU and of `device`, seeded inside and put back as they were afterwards."""
    on_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_cuda else []):
        torch.random.default_generator.manual_seed(seed)
        if on_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
