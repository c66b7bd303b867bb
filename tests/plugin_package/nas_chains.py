"""A search space of somebody else, without a network, and a made-up truth: importing this module registers both."""

import hashlib
import itertools
from typing import ClassVar

import numpy as np
import pandas as pd

from nasgauge.benchmarks import BENCHMARKS, Benchmark
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces import SPACES, Graph, Operation, Space

_LENGTH = 4
_AROUND = "wide>wide"  # what every chain is led around by: two operations that one edge stands for


class Chain(Space):
    """Four operations in a row, and an edge around all of them; strings such as "mbconv>attention>zero>pass"."""

    name = "chains"
    reference = "ning2021evaluating"
    forms = ("identity",)
    operations: ClassVar = {
        "mbconv": Operation(layers=3, pixels=4, is_convolution=True),
        "attention": Operation(layers=2, pixels=31),
        "pool": Operation(pixels=2),
        "pass": Operation(),
        "zero": Operation(is_zero=True),
        "wide": Operation(layers=1, pixels=6, is_convolution=True),
    }
    ops = ("mbconv", "attention", "pool", "pass", "zero")

    def __init__(self, options=ops):
        self.options = tuple(options)

    def __repr__(self):
        return f"Chain({', '.join(self.options)})"

    def sample(self, rng):
        return tuple(int(self.ops.index(self.options[i])) for i in rng.integers(len(self.options), size=_LENGTH))

    def decisions(self):
        return (tuple(map(self.ops.index, self.options)),) * _LENGTH

    def enumerate(self):
        return itertools.product(*self.decisions())

    def neighbours(self, arch):
        choices = self.decisions()
        return [(*arch[:i], o, *arch[i + 1 :]) for i in range(_LENGTH) for o in choices[i] if o != arch[i]]

    def canonical(self, arch, form=None):
        if form not in (None, *self.forms):
            raise unknown_name("canonical form", form, self.forms)
        return arch

    def members(self, arch, form=None):
        return [self.canonical(arch, form)]

    def encode(self, arch):
        return np.eye(len(self.ops))[list(arch)].ravel()

    def to_str(self, arch):
        return ">".join(self.words(arch))

    def from_str(self, text):
        names = text.strip().split(">")
        if len(names) != _LENGTH or not set(names) <= set(self.ops):
            raise UserError(f"arch {text!r} is no chain; expected {_LENGTH} of {', '.join(self.ops)}, joined by '>'")
        return tuple(map(self.ops.index, names))

    def validate(self, arch):
        if len(arch) != _LENGTH or not set(arch) <= set(range(len(self.ops))):
            raise UserError(f"arch {arch} is no chain; expected {_LENGTH} numbers from 0 to {len(self.ops) - 1}")

    def uses(self, arch):
        return tuple(dict.fromkeys(self.words(arch)))

    def words(self, arch):
        return tuple(self.ops[op] for op in arch)

    def op_counts(self, arch, *, live=False):
        """Only those that there are: the edge around a chain is always live, the chain itself unless it holds zero."""
        names = [] if live and "zero" in self.words(arch) else self.words(arch)
        return {name: names.count(name) for name in names} | {"wide": 2}

    def restrict(self, keep):
        for name in keep:
            if name not in self.ops:
                raise unknown_name("operation", name, self.ops)
        return Chain([name for name in self.options if name in keep])

    def graphs(self, arch):
        edges = [(i, i + 1, name) for i, name in enumerate(self.words(arch))]
        dead = range(_LENGTH) if "zero" in self.words(arch) else ()
        nodes = ("in", *map(str, range(1, _LENGTH)), "out")
        around = (0, _LENGTH, _AROUND)
        return {"chain": Graph(nodes, (*edges, around), frozenset(dead), parts={_AROUND: ("wide", "wide")})}


def load(*, seed: int = 0) -> Benchmark:
    """Every chain with an accuracy that is made up: deep chains are better, and the string decides the rest."""
    space = Chain()
    names = [space.to_str(arch) for arch in space.enumerate()]
    depth = np.array([sum(space.operations[name].layers for name in text.split(">")) for text in names])
    noise = [int(hashlib.sha256(f"{text}{seed}".encode()).hexdigest()[:8], 16) / 2**32 for text in names]
    accuracy = 0.5 + depth / 50 + np.array(noise) / 10
    truth = pd.DataFrame({"arch": names, "iso_class": names, "seed": pd.array([0] * len(names), "Int64")})
    provenance = {"truth": "made up", "measure": "nothing", "architectures": f"{len(names):,}", "source": "nobody"}
    return Benchmark("chains", space, truth.assign(accuracy=accuracy), None, provenance, {"n_archs": len(names)})


SPACES.register("chains", Chain)
BENCHMARKS.register("chains", load)
