"""What does regression need: does a predictor find the scale of accuracies within 200 steps of Adam?

78 cells of the real NAS-Bench-201 (needs $NASGAUGE_DATA; three draws), mean squared error; targets are accuracies as
fractions, or standardised ones as in nasgauge, or fractions whose mean the network is given from the start.

    python examples/regression_scale.py [STEPS]    (200 of each network if not given)
"""

import sys

import torch

from nasgauge.benchmarks import load
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.predictors import ScoreFeatures, get_encoder
from nasgauge.spaces import NB201
from nasgauge.studies.training_sets import drawn


def learned(encoder: str, archs: list, all_archs: list, target: torch.Tensor, n_steps: int) -> torch.Tensor:
    """Scores of all architectures by a network that was fitted to the targets (n,) as they are."""
    model = get_encoder(encoder).make()
    model.space, model.features = NB201(), ScoreFeatures()
    model.learn_words(archs)
    torch.manual_seed(20)
    network = model.make()
    adam = torch.optim.Adam(network.parameters(), lr=1e-3)
    x, nothing = model.read(archs), torch.empty(len(archs), 0)
    for _ in range(n_steps):
        loss = ((network(x, nothing) - target) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        return network(model.read(all_archs), torch.empty(len(all_archs), 0))


def main(n_steps: int = 200) -> None:
    """KD of each encoder and scale, draw by draw."""
    torch.set_num_threads(1)
    benchmark, space = load("nb201"), NB201()
    accuracy = benchmark.truth.set_index("arch")["accuracy"]
    all_archs = [space.from_str(name) for name in accuracy.index]
    for encoder in ("mlp", "lstm", "gates"):
        found: dict[str, list[str]] = {"fractions": [], "fractions less their mean": [], "standardised": []}
        for draw in range(3):
            names = drawn(benchmark, 78, draw, benchmark.truth)["arch"]
            target = torch.tensor(accuracy[names].tolist())
            centred = target - target.mean()
            scales = zip(found, (target, centred, centred / centred.std(correction=0)), strict=True)
            for name, values in scales:
                score = learned(encoder, [space.from_str(n) for n in names], all_archs, values, n_steps)
                found[name].append(f"{kendall_tau(score.numpy(), accuracy.to_numpy()):.3f}")
        for name, taus in found.items():
            print(f"{encoder}, {name}: {', '.join(taus)}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
