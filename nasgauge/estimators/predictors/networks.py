"""Networks that turn an encoding, and the scores of other estimators, into one score per architecture."""

from itertools import pairwise
from typing import final

import torch
from torch import nn

from nasgauge.estimators.predictors.encodings import Graphs

_HIDDEN = (200, 200, 200)


def head(n_inputs: int) -> nn.Sequential:
    """What stands on every encoding: three hidden layers of 200, (n, n_inputs) -> (n, 1).

    Reference: ning2020gates, public code, without its dropout.
    """
    sizes = (n_inputs, *_HIDDEN)
    hidden = [(nn.Linear(a, b), nn.ReLU()) for a, b in pairwise(sizes)]
    return nn.Sequential(*(layer for pair in hidden for layer in pair), nn.Linear(_HIDDEN[-1], 1))


@final
class MLP(nn.Module):
    """The head on a vector: (n, n_features), (n, n_score_features) -> (n,)."""

    def __init__(self, n_features: int, n_score_features: int = 0) -> None:
        super().__init__()
        self.head = head(n_features + n_score_features)

    def forward(self, x: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        return self.head(torch.cat([x, features], dim=1)).squeeze(1)


@final
class LSTM(nn.Module):
    """One recurrent layer over the words at the places, an embedding a word: the same at every place.

    Numbers of words (n, n_places), (n, n_score_features) -> (n,). Sizes of the public code of ning2020gates.
    """

    def __init__(self, n_words: int, n_score_features: int = 0, *, width: int = 100) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_words, width)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.head = head(width + n_score_features)

    def forward(self, words: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        _, (last, _) = self.lstm(self.embedding(words))
        return self.head(torch.cat([last[0], features], dim=1)).squeeze(1)


@final
class GATES(nn.Module):
    """Information that flows along the graph and is gated by the operations it passes.

    `Graphs`, (n_archs, n_score_features) -> (n_archs,). In each of five layers, with its own weights W and G,

        x_i <- x_i W + sum over edges (j, i) of sigmoid(o_e G) * (x_j W),   relu between layers

    o_e: the mean of the embeddings of the parts of the operation's name. Input nodes start with a learned vector and
    all others with another, so nodes are told apart by their connections alone: isomorphic graphs have one score. An
    architecture is the concatenation of the means over the output nodes of its cells.

    Reference: ning2020gates. Sizes (48, 96, five times 128) of its public code, which keeps x_i at the input alone;
    kept everywhere, graphs longer than five edges have a score too.
    """

    def __init__(
        self, n_tokens: int, n_cells: int, n_score_features: int = 0, *, n_embedding: int = 48, n_start: int = 96,
        width: int = 128, n_layers: int = 5,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes = [n_start, *[width] * n_layers]
        self.operation = nn.Embedding(n_tokens, n_embedding)
        self.start = nn.Parameter(torch.randn(2, n_start))
        self.gate = nn.ModuleList(nn.Linear(n_embedding, width) for _ in range(n_layers))
        self.pass_on = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairwise(sizes))
        self.head = head(n_cells * width + n_score_features)

    def forward(self, g: Graphs, features: torch.Tensor) -> torch.Tensor:
        parts = self.operation(g.tokens)
        n_parts = _numbers(g.owner, len(g.source)).clamp(min=1)
        operation = parts.new_zeros(len(g.source), parts.shape[1]).index_add(0, g.owner, parts) / n_parts[:, None]
        is_input = torch.zeros(g.n_nodes, dtype=torch.bool, device=g.inputs.device).index_fill(0, g.inputs, True)
        x = torch.where(is_input[:, None], self.start[0], self.start[1])  # (n_nodes, width)
        for i, (gate, pass_on) in enumerate(zip(self.gate, self.pass_on, strict=True)):
            x = pass_on(torch.relu(x) if i else x)
            x = x.index_add(0, g.target, torch.sigmoid(gate(operation)) * x[g.source])  # messages: (n_edges, width)
        n_outputs = _numbers(g.cell_of, g.n_archs * g.n_cells)
        cells = x.new_zeros(g.n_archs * g.n_cells, x.shape[1]).index_add(0, g.cell_of, x[g.outputs])
        cells = (cells / n_outputs[:, None]).view(g.n_archs, -1)
        return self.head(torch.cat([cells, features], dim=1)).squeeze(1)


def _numbers(group: torch.Tensor, n: int) -> torch.Tensor:
    """How many members each of n groups has (n,), from the members' groups."""
    return torch.zeros(n, dtype=torch.int64, device=group.device).index_add(0, group, torch.ones_like(group))
