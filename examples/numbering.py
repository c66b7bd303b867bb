"""How much do an MLP and a random forest on one number a place depend on which number stands for which operation?

78 cells of the real NAS-Bench-201 (needs $NASGAUGE_DATA); the space's own order, the alphabetical one, and
20 random ones, each the same at every place. The MLP has the ranking loss.

    python examples/numbering.py [STEPS [DRAWS]]    (200 of each MLP and three draws if not given)
"""

import sys
from functools import partial

import numpy as np
import torch
from sklearn.ensemble import RandomForestRegressor

from nasgauge.benchmarks import load
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.predictors.losses import hinge
from nasgauge.estimators.predictors.networks import MLP
from nasgauge.spaces import NB201
from nasgauge.studies.training_sets import drawn


def by_mlp(codes: np.ndarray, accuracy: np.ndarray, rows: list[int], n_steps: int) -> np.ndarray:
    """Scores (n,) of an MLP that learned the order of the rows."""
    torch.manual_seed(20)
    x, nothing = torch.tensor(codes, dtype=torch.float32), torch.empty(len(codes), 0)
    network, target = MLP(codes.shape[1]), torch.tensor(accuracy[rows].tolist())
    adam = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(n_steps):
        loss = hinge(network(x[rows], nothing[rows]), target)
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        return network(x, nothing).numpy()


def by_forest(codes: np.ndarray, accuracy: np.ndarray, rows: list[int]) -> np.ndarray:
    """Scores (n,) of a random forest that learned from the rows."""
    return RandomForestRegressor(100, random_state=20).fit(codes[rows], accuracy[rows]).predict(codes)


def main(n_steps: int = 200, n_draws: int = 3) -> None:
    """KD in the space's order, in the alphabetical one, and least, median and greatest over the random ones."""
    torch.set_num_threads(1)
    benchmark, space = load("nb201"), NB201()
    accuracy = benchmark.truth.set_index("arch")["accuracy"]
    codes = np.array([space.from_str(name) for name in accuracy.index])  # (n, 6)
    alphabetical = np.argsort(np.argsort(space.ops))
    numberings = [np.arange(5), alphabetical, *(np.random.default_rng(seed).permutation(5) for seed in range(20))]
    for name, model in {"MLP": partial(by_mlp, n_steps=n_steps), "random forest": by_forest}.items():
        for draw in range(n_draws):
            chosen = drawn(benchmark, 78, draw, benchmark.truth)["arch"]
            rows = accuracy.index.get_indexer(chosen).tolist()
            scores = (model(number[codes], accuracy.to_numpy(), rows) for number in numberings)
            own, alphabet, *others = (kendall_tau(score, accuracy.to_numpy()) for score in scores)
            print(
                f"{name}, draw {draw + 1}: {own:.3f}, alphabetical {alphabet:.3f}, "
                f"others {min(others):.3f} to {max(others):.3f}, median {np.median(others):.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
