"""What is random in an epoch comes from its number and the seed alone, so that training can be taken up anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch


class Purpose(IntEnum):
    """What is drawn beside a training, each from a stream of its own (`own_stream`)."""

    PROBED_ARCHS = 1
    WORD_FREQUENCIES = 2
    LANDSCAPE_ARCHS = 3
    LANDSCAPE_DIRECTIONS = 4


def sampling_stream(seed: int, n_before: int = 0) -> np.random.Generator:
    """The stream of a training's sampler; n_before: epochs that its first weights have been trained for."""
    return np.random.default_rng([seed, n_before])


def own_stream(seed: int, purpose: Purpose) -> np.random.Generator:
    """A stream that neither a sampler of this seed, whatever its weights start from, nor another purpose has."""
    return np.random.default_rng([seed, 0, purpose])


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
