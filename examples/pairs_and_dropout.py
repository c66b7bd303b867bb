"""What do the public code's few random pairs and its dropout change, against all pairs and none?

78 cells of the real NAS-Bench-201 (needs $NASGAUGE_DATA), hinge loss, one seed a draw. The public code of Ning et al.
2020 (walkerning/aw_nas) draws 4 random pairs an architecture and epoch where nasgauge takes all, and drops a tenth of
the hidden units above the encoding. Differences are to all pairs without dropout, on the same draws.

    python examples/pairs_and_dropout.py 12 [STEPS]    (200 of each network if not given)
"""

import sys

import numpy as np
import torch
from torch import nn

from nasgauge.benchmarks import load
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.predictors import ScoreFeatures, get_encoder
from nasgauge.spaces import NB201
from nasgauge.studies.training_sets import drawn

MARGIN, N_PAIRS, DROPOUT = 0.1, 4, 0.1
VARIANTS = {
    "all pairs": (None, 0.0),
    "all pairs, dropout": (None, DROPOUT),
    "random pairs": (N_PAIRS, 0.0),
    "random pairs, dropout": (N_PAIRS, DROPOUT),
}


def learned(
    encoder: str,
    archs: list,
    accuracy: torch.Tensor,
    n_pairs: int | None,
    dropout: float,
    all_archs: list,
    n_steps: int,
) -> np.ndarray:
    """Scores of all architectures by a network that learned which of two architectures is better."""
    model = get_encoder(encoder).make()
    model.space, model.features = NB201(), ScoreFeatures()
    model.learn_words(archs)
    torch.manual_seed(20)
    network = model.make()
    layers = [(layer, nn.Dropout(dropout)) if isinstance(layer, nn.ReLU) else (layer,) for layer in network.head]
    network.head = nn.Sequential(*(layer for group in layers for layer in group))
    better, worse = torch.nonzero(accuracy[:, None] > accuracy, as_tuple=True)
    adam = torch.optim.Adam(network.parameters(), lr=1e-3)
    x, nothing = model.read(archs), torch.empty(len(archs), 0)
    for _ in range(n_steps):
        kept = slice(None) if n_pairs is None else torch.randperm(len(better))[: n_pairs * len(archs)]
        score = network(x, nothing)
        loss = (MARGIN - (score[better[kept]] - score[worse[kept]])).clamp(min=0).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    network.eval()
    with torch.no_grad():
        return network(model.read(all_archs), torch.empty(len(all_archs), 0)).numpy()


def main(n_draws: int, n_steps: int = 200) -> None:
    """KD of each encoder and variant: mean over draws, and the difference to the first with its standard error."""
    torch.set_num_threads(1)
    benchmark, space = load("nb201"), NB201()
    truth = benchmark.truth.set_index("arch")["accuracy"]
    all_archs = [space.from_str(name) for name in truth.index]
    for encoder in ("lstm", "mlp", "gates"):
        taus: dict[str, list[float]] = {name: [] for name in VARIANTS}
        for draw in range(n_draws):
            names = drawn(benchmark, 78, draw, benchmark.truth)["arch"]
            archs, accuracy = [space.from_str(n) for n in names], torch.tensor(truth[names].tolist())
            for name, (n_pairs, dropout) in VARIANTS.items():
                score = learned(encoder, archs, accuracy, n_pairs, dropout, all_archs, n_steps)
                taus[name].append(kendall_tau(score, truth.to_numpy()))
        for name, values in taus.items():
            more = np.array(values) - taus["all pairs"]
            error = more.std(ddof=1) / np.sqrt(n_draws)
            print(f"{encoder}, {name}: {np.mean(values):.3f}, difference {more.mean():+.3f} ± {error:.3f}", flush=True)


if __name__ == "__main__":
    check_usage(__doc__)
    main(*map(int, sys.argv[1:]))
