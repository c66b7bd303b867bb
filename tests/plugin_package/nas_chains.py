"""A search space of somebody else, without a network, and a made-up truth: importing this module registers both."""

import itertools
from typing import ClassVar

import numpy as np
import pandas as pd

from nasgauge.benchmarks import BENCHMARKS, Benchmark
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces import SPACES, Graph, Operation, Space

_LENGTH = 4
_DEPTHS = {"mbconv": 3, "attention": 2, "pool": 0, "pass": 0, "zero": -1}
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


def load(*, trainings: int = 2) -> Benchmark:
    """Every chain with accuracies that are made up: deep chains are better, and the string decides the rest."""
    space = Chain()
    rows = []
    for arch in space.enumerate():
        text = space.to_str(arch)
        rng = np.random.default_rng(list(arch))
        of_arch = 0.5 + sum(_DEPTHS[name] for name in space.words(arch)) / 50 + rng.random() / 20
        rows += [(text, text, seed, of_arch + rng.random() / 50) for seed in range(trainings)]
    truth = pd.DataFrame(rows, columns=["arch", "iso_class", "seed", "accuracy"]).astype({"seed": "Int64"})
    provenance = {"truth": "made up", "measure": "nothing", "architectures": "all", "source": "nobody"}
    return Benchmark("chains", space, truth, truth if trainings > 1 else None, provenance, {})


SPACES.register("chains", Chain)
BENCHMARKS.register("chains", load)
