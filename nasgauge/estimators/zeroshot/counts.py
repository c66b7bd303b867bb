"""Baselines that count, and one that guesses: what a proxy must beat to be worth its name."""

import hashlib

import numpy as np

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record, Unmeasurable


def relu(record: Record) -> float:
    """How many ReLUs fire in one forward pass of the network, modules or functions, those on dead branches included.

    ReLU6 and leaky ReLU count too. Unmeasurable where the network calls anything else that may be an activation. Range
    0, 1, ... Reference: Ning et al. 2021.
    """
    return float(record.n_relu)


def n_params(record: Record) -> float:
    """Trainable parameters of the whole network. Range 1, 2, ... Reference: Ning et al. 2021."""
    return float(record.counts.n_params)


def n_live_params(record: Record) -> float:
    """Trainable parameters that the logits are computed from: those of dead branches do not count.

    An edge that leads nowhere is left out; one that starts at an empty node is, if the network leaves it out
    (`skip_dead`). Range 0, 1, ... Reference: Ning et al. 2021.
    """
    return float(record.n_live)


def n_blocks(record: Record) -> float:
    """Blocks that give an output of the shape of their input, as `blocks.BlockWatch` finds them. Range 0, 1, ..."""
    return float(len(record.identity.cosines))


def macs(record: Record) -> float:
    """Multiply-accumulates of the whole network for one image, by the rules of `nets.count`.

    Unmeasurable for recurrent networks. Range 1, 2, ... Reference: Ning et al. 2021.
    """
    if isinstance(record.counts.macs, Unmeasurable):
        raise record.counts.macs.alone()
    return float(record.counts.macs)


def n_convs(record: Record) -> float:
    """Convolutions of the cell on edges that information crosses, or, of a network without a cell, those that it calls.

    Range 0, 1, ... Reference: Ning et al. 2021.
    """
    if isinstance(record.counts.n_convs, Unmeasurable):
        raise record.counts.n_convs.alone()
    return float(record.counts.n_convs)


def random(record: Record) -> float:
    """A uniform number in [0, 1) from the seed and the architecture's string: the same wherever it is computed."""
    digest = np.frombuffer(hashlib.sha256(record.arch.encode()).digest(), dtype=np.uint32)
    return float(np.random.default_rng([record.seed, *map(int, digest)]).random())


_COUNTS = frozenset({"counts"})
_NING = "ning2021evaluating"
PROXIES = (
    Proxy("relu", relu, frozenset({"n_relu"}), _NING, "number of ReLUs that fire", data_free=True),
    Proxy("n_params", n_params, _COUNTS, _NING, "number of parameters", data_free=True),
    Proxy("n_live_params", n_live_params, frozenset({"n_live"}), _NING, "parameters on live paths", data_free=True),
    Proxy("n_blocks", n_blocks, frozenset({"identity"}), _NING, "blocks that keep the shape", data_free=True),
    Proxy("macs", macs, _COUNTS, _NING, "multiply-accumulates of one image", data_free=True),
    Proxy("n_convs", n_convs, _COUNTS, _NING, "convolutions on live edges", data_free=True),
    Proxy("random", random, frozenset(), _NING, "a seeded random number", data_free=True),
)
