"""Networks that turn an encoding into one score an architecture."""

from typing import final

import torch
from torch import nn

from nasgauge.estimators.predictors.encodings import Graphs


@final
class MLP(nn.Module):
    """Three layers on a vector: (n, n_features) -> (n,)."""

    def __init__(self, n_features: int, width: int = 200) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x).squeeze(1)


@final
class LSTM(nn.Module):
    """One recurrent layer over the words at the places, an embedding a place and word: codes (n, n_places) -> (n,)."""

    def __init__(self, n_words: list[int], width: int = 100) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(n, width) for n in n_words)
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        steps = torch.stack([e(codes[:, i]) for i, e in enumerate(self.embeddings)], dim=1)  # (n, n_places, width)
        _, (last, _) = self.lstm(steps)
        return self.head(last[0]).squeeze(1)


@final
class GATES(nn.Module):
    """Information that flows along the graph and is gated by the operations it passes: `Graphs` -> (n_archs,).

    x_i <- relu(x_i S + sum over edges (j, i) of sigmoid(o_e G) * (x_j W)), layer by layer, with weights S, G, W of each
    layer and o_e the mean of the embeddings of the parts of the operation's name. Input nodes start with a learned
    vector and all others with another, so nodes are told apart by their connections alone: isomorphic graphs have one
    score. An architecture is the concatenation of the means over the output nodes of its cells.

    Reference: ning2020gates, as ning2020surgery describes it; the propagation by layers is ours.
    """

    def __init__(self, n_tokens: int, n_cells: int, width: int = 64, n_layers: int = 5) -> None:
        super().__init__()
        self.operation = nn.Embedding(n_tokens, width)
        self.start = nn.Parameter(torch.randn(2, width))
        self.gate = nn.ModuleList(nn.Linear(width, width) for _ in range(n_layers))
        self.pass_on = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(n_layers))
        self.keep = nn.ModuleList(nn.Linear(width, width) for _ in range(n_layers))
        self.head = nn.Sequential(nn.Linear(n_cells * width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, g: Graphs) -> torch.Tensor:
        width = self.start.shape[1]
        parts = self.operation(g.tokens)
        counts = torch.bincount(g.owner, minlength=len(g.source)).clamp(min=1)
        operation = parts.new_zeros(len(g.source), width).index_add(0, g.owner, parts) / counts[:, None]
        is_input = torch.zeros(g.n_nodes, dtype=torch.bool).index_fill(0, g.inputs, True)
        x = torch.where(is_input[:, None], self.start[0], self.start[1])  # (n_nodes, width)
        for gate, pass_on, keep in zip(self.gate, self.pass_on, self.keep, strict=True):
            message = torch.sigmoid(gate(operation)) * pass_on(x)[g.source]  # (n_edges, width)
            x = torch.relu(keep(x).index_add(0, g.target, message))
        n = torch.bincount(g.cell_of, minlength=g.n_archs * g.n_cells)
        cells = x.new_zeros(g.n_archs * g.n_cells, width).index_add(0, g.cell_of, x[g.outputs]) / n[:, None]
        return self.head(cells.view(g.n_archs, -1)).squeeze(1)
