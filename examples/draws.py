"""How far do three draws of training cells speak? Kendall's tau of predictors over many draws, and published values.

78 cells of the real NAS-Bench-201 (needs $NASGAUGE_DATA), three training seeds a draw as in Table A1 of "A Surgery of
the Neural Architecture Evaluators", judged on all 15,625. p: how often means would be farther apart than ours and the
published one if there were no difference (Welch's t-test).

    python examples/draws.py 30 [EPOCHS]    (200 of each predictor if not given)
"""

import sys

import numpy as np
import torch
from scipy.stats import ttest_ind

from nasgauge.benchmarks import load
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.predictors import Predictor, Training
from nasgauge.spaces import NB201
from nasgauge.studies.published import published_values
from nasgauge.studies.training_sets import drawn

KINDS = {"lstm": "hinge", "lstm mse": "mse", "mlp": "hinge", "random_forest": "mse", "gates": "hinge"}
SEEDS = (20, 2020, 202020)


def main(n_draws: int, epochs: int = 200) -> None:
    """A line a kind of predictor: mean, standard deviation and range over draws, and the published ones."""
    torch.set_num_threads(1)
    benchmark, space = load("nb201"), NB201()
    accuracy = benchmark.truth.set_index("arch")["accuracy"]
    archs = [space.from_str(name) for name in accuracy.index]
    table = published_values("ning2020-nb201-predictors")
    for kind, loss in KINDS.items():
        untrained = [Predictor(space, kind.split()[0], Training(loss, epochs=epochs), seed=seed) for seed in SEEDS]
        taus = []
        for draw in range(n_draws):
            seen = drawn(benchmark, 78, draw, benchmark.truth)
            scores = [p.fit(seen).values(archs) for p in untrained]
            taus.append(np.mean([kendall_tau(score, accuracy.to_numpy()) for score in scores]))
        theirs = table[table["estimator"].str.startswith(f"{kind}-78/")]["value"]
        print(
            f"{kind}: {np.mean(taus):.3f} ± {np.std(taus, ddof=1):.3f}, {min(taus):.3f} to {max(taus):.3f}; published "
            f"{theirs.mean():.3f} ± {theirs.std():.3f}, p = {ttest_ind(taus, theirs, equal_var=False).pvalue:.2g}",
            flush=True,
        )


if __name__ == "__main__":
    check_usage(__doc__)
    main(*map(int, sys.argv[1:]))
