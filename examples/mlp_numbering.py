"""How much does an MLP on one number a place depend on which number stands for which operation? (needs $NASGAUGE_DATA)

78 cells of the real NAS-Bench-201 (three draws), hinge loss; 20 numberings of the operations, the same at each place.
"""

import numpy as np
import torch

from nasgauge.benchmarks import load
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.predictors.losses import hinge
from nasgauge.estimators.predictors.networks import MLP
from nasgauge.families import Learning
from nasgauge.spaces import NB201
from nasgauge.teaching import seen_of


def main() -> None:
    """Least, median and greatest KD over the numberings, for each draw."""
    torch.set_num_threads(1)
    benchmark, space = load("nb201"), NB201()
    accuracy = benchmark.truth.set_index("arch")["accuracy"]
    codes = np.array([space.from_str(name) for name in accuracy.index])  # (n, 6)
    place = {name: i for i, name in enumerate(accuracy.index)}
    for draw in range(3):
        rows = [place[name] for name in seen_of(benchmark, Learning(78, draw))["arch"]]
        found = []
        for seed in range(20):
            number = np.random.default_rng(seed).permutation(5)
            x = torch.tensor(number[codes], dtype=torch.float32)
            torch.manual_seed(20)
            network = MLP(6)
            adam = torch.optim.Adam(network.parameters(), lr=1e-3)
            target = torch.tensor(accuracy.to_numpy()[rows].tolist())
            for _ in range(200):
                loss = hinge(network(x[rows]), target)
                adam.zero_grad()
                loss.backward()
                adam.step()
            with torch.no_grad():
                found.append(kendall_tau(network(x).numpy(), accuracy.to_numpy()))
        print(f"draw {draw + 1}: {min(found):.3f} to {max(found):.3f}, median {np.median(found):.3f}")


if __name__ == "__main__":
    main()
