"""Which truth a learned estimator gets to see: a random draw, then stage by stage what it asks for itself."""

import numpy as np
import pandas as pd

from nasgauge.benchmarks import Benchmark
from nasgauge.estimators import Estimator
from nasgauge.families import Learning
from nasgauge.spaces import get_space


def seen_of(benchmark: Benchmark, learning: Learning) -> pd.DataFrame:
    """The truth (table TRUTH) of the first architectures that an estimator may learn from; the draw decides which."""
    archs, _ = benchmark.split(learning.n_fit, 0, rng=np.random.default_rng(learning.draw))
    return benchmark.only(archs).truth


def taught(estimator: Estimator, benchmark: Benchmark, learning: Learning, *, seed: int) -> Estimator:
    """The estimator that learned from a random draw and, in each further stage, from what it took for the best.

    In a stage it scores architectures of the benchmark that it has not seen: all of them, or `n_candidates` random
    ones; the truth of the n_fit with the highest scores (equal ones in alphabetical order) is paid for, and it learns
    anew from all that it has seen.

    Reference: ning2020surgery, Fig. A1.
    """
    seen = seen_of(benchmark, learning)
    fitted = estimator.fit(seen, rng=np.random.default_rng(seed))
    for stage in range(1, learning.stage + 1):
        pool = sorted(set(benchmark.archs) - set(seen["arch"]))
        if learning.n_candidates is not None:
            rng = np.random.default_rng([learning.draw, seed, stage])
            pool = [pool[i] for i in sorted(rng.permutation(len(pool))[: learning.n_candidates])]
        seen = pd.concat([seen, benchmark.only(_best(fitted, benchmark, pool, learning.n_fit)).truth])
        fitted = estimator.fit(seen, rng=np.random.default_rng(seed))
    return fitted


def _best(fitted: Estimator, benchmark: Benchmark, pool: list[str], n: int) -> list[str]:
    space = get_space(benchmark.space)
    scores = fitted.estimate([space.from_str(name) for name in pool]).scores
    return scores.sort_values(["score", "arch"], ascending=[False, True])["arch"].head(n).tolist()
