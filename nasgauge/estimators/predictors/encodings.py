"""Architectures as what models read: words at places, and graphs whose edges carry operations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from nasgauge.estimators.predictors.not_scored import NotScored
from nasgauge.spaces import Arch, Graph, Space


@dataclass(frozen=True)
class Words:
    """The words that a model has learned, per place of the encoding."""

    places: tuple[dict[str, int], ...]

    @classmethod
    def of(cls, space: Space, archs: Sequence[Arch]) -> "Words":
        """Those of these architectures, numbered in the space's own order, that of its encoding's entries."""
        places = zip(*(zip(arch, space.words(arch), strict=True) for arch in archs), strict=True)
        return cls(tuple({word: i for i, (_, word) in enumerate(sorted(set(place)))} for place in places))

    def codes(self, space: Space, arch: Arch) -> list[int]:
        """The number of the word at each place; NotScored for one that was not learned."""
        found = []
        for place, (known, word) in enumerate(zip(self.places, space.words(arch), strict=True), start=1):
            if word not in known:
                raise NotScored(f"{word!r} at place {place} was in no training architecture")
            found.append(known[word])
        return found


@dataclass(frozen=True)
class Graphs:
    """Cells of many architectures as one graph. Nodes and edges of all cells are counted through.

    source, target: (n_edges,) nodes; tokens, owner: (n_tokens,) the parts of the operations' names and the edges that
    they belong to; inputs: (n_inputs,) nodes where information enters; outputs, cell_of: (n_outputs,) nodes where it
    leaves, and the number of their cell; n_cells an architecture has equally many.
    """

    n_nodes: int
    n_archs: int
    n_cells: int
    source: torch.Tensor
    target: torch.Tensor
    tokens: torch.Tensor
    owner: torch.Tensor
    inputs: torch.Tensor
    outputs: torch.Tensor
    cell_of: torch.Tensor

    def to(self, device: str | torch.device) -> "Graphs":
        """The same graphs on another device."""
        return replace(self, **{k: v.to(device) for k, v in vars(self).items() if isinstance(v, torch.Tensor)})


def tokens_of(graph: Graph) -> list[list[str]]:
    """The parts of each edge's label, or that of the node it enters; none for a dead edge."""
    last = len(graph.nodes) - 1
    found = []
    for i, (_, target, label) in enumerate(graph.edges):
        name = label or ("out" if target == last else graph.nodes[target])
        found.append([] if i in graph.dead else name.split("-"))
    return found


def vocabulary(space: Space, archs: Sequence[Arch]) -> dict[str, int]:
    """All parts of operations' names in these architectures, in alphabetical order."""
    names = {
        token
        for arch in archs
        for graph in space.graphs(arch).values()
        for tokens in tokens_of(graph)
        for token in tokens
    }
    return {name: i for i, name in enumerate(sorted(names))}


def graphs_of(space: Space, archs: Sequence[Arch], known: dict[str, int]) -> Graphs:
    """The architectures as one graph; NotScored for a part of an operation's name that was not learned.

    Edges that carry nothing are left out, so architectures that differ in dead parts alone are the same graph.
    """
    lists: dict[str, list[int]] = {name: [] for name in ("source", "target", "tokens", "owner", "inputs", "outputs")}
    cell_of: list[int] = []
    n_nodes, n_cells = 0, 0
    for number, arch in enumerate(archs):
        cells = list(space.graphs(arch).values())
        n_cells = len(cells)
        for k, graph in enumerate(cells):
            for (source, target, _), tokens in zip(graph.edges, tokens_of(graph), strict=True):
                if not tokens:
                    continue
                for token in tokens:
                    if token not in known:
                        raise NotScored(f"operation {token!r} was in no training architecture")
                lists["owner"] += [len(lists["source"])] * len(tokens)
                lists["tokens"] += [known[token] for token in tokens]
                lists["source"].append(n_nodes + source)
                lists["target"].append(n_nodes + target)
            lists["inputs"] += [n_nodes + node for node in graph.inputs]
            ends = graph.outputs or (len(graph.nodes) - 1,)
            lists["outputs"] += [n_nodes + node for node in ends]
            cell_of += [number * n_cells + k] * len(ends)
            n_nodes += len(graph.nodes)
    tensors = {name: torch.as_tensor(np.array(values, dtype="int64")) for name, values in lists.items()}
    return Graphs(n_nodes, len(archs), n_cells, **tensors, cell_of=torch.as_tensor(np.array(cell_of, dtype="int64")))
