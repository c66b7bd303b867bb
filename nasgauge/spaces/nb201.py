"""NAS-Bench-201: a cell of four nodes, one of five operations on each of its six edges (15,625 encodings).

Dong & Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.
"""

import itertools
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces.space import Arch, Graph, Operation, Space, one_changed

OPERATIONS = {
    "none": Operation(is_zero=True),
    "skip_connect": Operation(),
    "nor_conv_1x1": Operation(layers=1, is_convolution=True),
    "nor_conv_3x3": Operation(layers=1, pixels=2, is_convolution=True),
    "avg_pool_3x3": Operation(pixels=2),
}
OPS = tuple(OPERATIONS)
NONE, SKIP, CONV1, CONV3, POOL = range(5)
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # (source, target), the order of the official string
N_NODES = 4
_PARAMS = {NONE: 0, SKIP: 0, CONV1: 28_000, CONV3: 243_040, POOL: 0}  # per edge of the official network


@final
class NB201(Space):
    """The NAS-Bench-201 cell. An architecture is a tuple of six indices into `OPS`, one an edge of `EDGES`.

    `choices` are the operations that sampling and mutation may use; `restrict` narrows them. Classes are always those
    of the whole space, so an architecture keeps its class when the space is restricted.

    >>> space = NB201()
    >>> arch = space.from_str("|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|none~1|none~2|")
    >>> arch
    (3, 0, 4, 1, 0, 0)
    >>> space.op_counts(arch, live=True)["skip_connect"], space.op_counts(arch, live=True)["nor_conv_3x3"]
    (1, 0)
    """

    name = "nb201"
    reference = "dong2020nasbench201"
    may_be_disconnected = True
    forms = ("paper", "functional")
    ops = OPS
    operations = OPERATIONS

    def __init__(self, choices: tuple[int, ...] = tuple(range(len(OPS)))) -> None:
        self.choices = choices
        self.options = tuple(OPS[c] for c in choices)

    def __repr__(self) -> str:
        return f"NB201({', '.join(OPS[c] for c in self.choices)})"

    def sample(self, rng: np.random.Generator) -> Arch:
        return tuple(int(self.choices[i]) for i in rng.integers(len(self.choices), size=len(EDGES)))

    def neighbours(self, arch: Arch) -> list[Arch]:
        return one_changed(arch, self.decisions())

    def canonical(self, arch: Arch, form: str | None = None) -> Arch:
        """The member of the class with the fewest parameters, the first in official order among equals.

        Forms: "paper" (6,466 classes: the string of Ning et al. 2020, appendix B.1, with its quirk, see `paper_string`)
        and "functional" (4,930 classes: dead parts removed, sums through skips flattened).
        """
        form = form or self.forms[0]
        if form not in self.forms:
            raise unknown_name("canonical form", form, self.forms)
        return _representatives(form)[arch]

    def members(self, arch: Arch, form: str | None = None) -> list[Arch]:
        """In official order; under "paper" 1 to 275 of them, and of the whole space also where it is restricted."""
        representative = self.canonical(arch, form)
        return list(_classes(form or self.forms[0])[representative])

    def encode(self, arch: Arch) -> np.ndarray:
        """One-hot, edge by edge: 30 numbers."""
        return np.eye(len(OPS))[list(arch)].ravel()

    def to_str(self, arch: Arch) -> str:
        cells = [
            "|" + "|".join(f"{OPS[op]}~{s}" for op, (s, t) in zip(arch, EDGES, strict=True) if t == node) + "|"
            for node in range(1, N_NODES)
        ]
        return "+".join(cells)

    def from_str(self, text: str) -> Arch:
        return _parse(text)

    def validate(self, arch: Arch) -> None:
        """UserError unless there is a known operation for each edge."""
        if len(arch) != len(EDGES):
            raise UserError(f"arch {arch} has {len(arch)} entries; an architecture has {len(EDGES)}")
        for entry, op in enumerate(arch):
            if op not in range(len(OPS)):
                raise UserError(f"arch {arch}: entry {entry} is {op!r}; expected 0 to {len(OPS) - 1}")

    def uses(self, arch: Arch) -> tuple[str, ...]:
        return tuple(name for name, n in self.op_counts(arch).items() if n)

    def words(self, arch: Arch) -> tuple[str, ...]:
        """The operation of each edge."""
        return tuple(OPS[op] for op in arch)

    def op_counts(self, arch: Arch, *, live: bool = False) -> dict[str, int]:
        edges = live_edges(arch) if live else range(len(EDGES))
        used = [arch[e] for e in edges]
        return {name: used.count(i) for i, name in enumerate(OPS)}

    def restrict(self, keep: Collection[str]) -> "NB201":
        for name in keep:
            if name not in OPS:
                raise unknown_name("operation", name, OPS)
        if not keep:
            raise UserError("restrict: no operation is kept; name at least one of " + ", ".join(OPS))
        return NB201(tuple(c for c in self.choices if OPS[c] in set(keep)))

    def graphs(self, arch: Arch) -> dict[str, Graph]:
        edges = tuple((s, t, OPS[op]) for op, (s, t) in zip(arch, EDGES, strict=True))
        return {"cell": Graph(("in", "1", "2", "out"), edges, frozenset(range(len(EDGES))) - set(live_edges(arch)))}

    def decisions(self) -> tuple[tuple[int, ...], ...]:
        return (self.choices,) * len(EDGES)

    def enumerate(self) -> Iterator[Arch]:
        """All architectures that `choices` allow, in lexicographic order of their tuples."""
        return itertools.product(self.choices, repeat=len(EDGES))


def live_edges(arch: Arch) -> tuple[int, ...]:
    """Indices of the edges on a path from input to output that no `none` interrupts.

    >>> live_edges((3, 0, 4, 1, 0, 0))
    (3,)
    """
    reached = {0}
    for edge, (s, t) in enumerate(EDGES):
        if arch[edge] != NONE and s in reached:
            reached.add(t)
    needed = {N_NODES - 1}
    for edge, (s, t) in reversed(tuple(enumerate(EDGES))):
        if arch[edge] != NONE and t in needed:
            needed.add(s)
    return tuple(e for e, (s, t) in enumerate(EDGES) if arch[e] != NONE and s in reached and t in needed)


def paper_string(arch: Arch) -> str:
    """The canonical string of "A Surgery of the Neural Architecture Evaluators", appendix B.1: 6,466 distinct ones.

    A node is the sorted sum of its incoming terms. A skip passes its source on, `none` and an edge from a node equal
    to "#" give "#", any other operation labels the bracketed source. The quirk that makes the number: a node whose
    several inputs are all dead reads "#+#", which later edges no longer recognise as dead.
    """
    node = ["x"]
    for target in range(1, N_NODES):
        terms = []
        for edge, (s, t) in enumerate(EDGES):
            if t != target:
                continue
            op = arch[edge]
            dead = op == NONE or node[s] == "#"
            terms.append("#" if dead else node[s] if op == SKIP else f"[{node[s]}]{op}")
        node.append("+".join(sorted(terms)))
    return node[-1]


def functional_string(arch: Arch) -> str:
    """A string equal for cells that compute the same function up to isomorphism: 4,930 distinct ones.

    A node is a multiset of terms: a skip contributes its source's terms, `none` and dead sources nothing, any other
    operation one term that labels its source. That pooling is linear and so distributes over sums is not used.
    """
    node: list[tuple[str, ...]] = [("x",)]
    for target in range(1, N_NODES):
        terms: list[str] = []
        for edge, (s, t) in enumerate(EDGES):
            op = arch[edge]
            if t != target or op == NONE or not node[s]:
                continue
            terms += node[s] if op == SKIP else [f"[{'+'.join(node[s])}]{op}"]
        node.append(tuple(sorted(terms)))
    return "+".join(node[-1])


@lru_cache(maxsize=2)
def _representatives(form: str) -> dict[Arch, Arch]:
    string = {"paper": paper_string, "functional": functional_string}[form]
    archs = list(itertools.product(range(len(OPS)), repeat=len(EDGES)))
    strings = [string(a) for a in archs]
    best: dict[str, Arch] = {}
    for text, arch in sorted(
        zip(strings, archs, strict=True), key=lambda pair: (sum(_PARAMS[o] for o in pair[1]), pair[1])
    ):
        best.setdefault(text, arch)
    return {arch: best[text] for text, arch in zip(strings, archs, strict=True)}


@lru_cache(maxsize=2)
def _classes(form: str) -> dict[Arch, list[Arch]]:
    classes: dict[Arch, list[Arch]] = {}
    for arch, representative in _representatives(form).items():
        classes.setdefault(representative, []).append(arch)
    return classes


_NODE = re.compile(r"\|(?:[^|+]+\|)+")


def _parse(text: str) -> Arch:
    nodes = [node.strip() for node in text.split("+")]
    if len(nodes) != N_NODES - 1 or not all(_NODE.fullmatch(n) for n in nodes):
        raise UserError(
            f"arch {text!r} is not a valid NAS-Bench-201 cell; expected |op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
        )
    arch = []
    for target, part in enumerate(nodes, start=1):
        sources = part.strip("|").split("|")
        if len(sources) != target:
            raise UserError(f"arch {text!r}: node {target} has {len(sources)} inputs, expected {target}")
        for source, edge in enumerate(sources):
            name, index = (part.strip() for part in edge.partition("~")[::2])
            if index != str(source):
                raise UserError(f"arch {text!r}: node {target}, input {source} reads {edge!r}, expected <op>~{source}")
            if name not in OPS:
                raise UserError(f"arch {text!r}: node {target}, input {source}: {unknown_name('operation', name, OPS)}")
            arch.append(OPS.index(name))
    return tuple(arch)
