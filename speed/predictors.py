"""Learning from 78 cells of NAS-Bench-201 and ranking all 15,625, for every encoder; beside GATES, one graph at a time.

    python speed/predictors.py

The truth is planted, so nothing need be downloaded. One thread.
"""

import time

import numpy as np
import pandas as pd
import torch

from nasgauge.estimators.predictors import ENCODERS, Predictor, ScoreFeatures
from nasgauge.spaces import NB201


def main() -> None:
    """Seconds to learn and to rank, and the ratio of ranking one by one to ranking together."""
    torch.set_num_threads(1)
    space, rng = NB201(), np.random.default_rng(0)
    archs = list(space.enumerate())
    chosen = [archs[i] for i in rng.permutation(len(archs))[:78]]
    names = [space.to_str(arch) for arch in chosen]
    accuracy = [0.5 + 0.05 * sum(op == 3 for op in arch) + 0.01 * rng.normal() for arch in chosen]
    seen = pd.DataFrame({"arch": names, "iso_class": names, "seed": 0, "accuracy": accuracy})
    counts = pd.DataFrame({"arch": [space.to_str(arch) for arch in archs], "score": [sum(arch) for arch in archs]})
    given = ScoreFeatures.of(counts.assign(estimator="sum", seed=0), ["sum"])
    for encoder in ENCODERS:
        start = time.perf_counter()
        features = given if ENCODERS[encoder].reads == "scores" else ScoreFeatures()
        predictor = Predictor(space, encoder, features=features).fit(seen)
        learned = time.perf_counter()
        predictor.estimate(archs)
        ranked = time.perf_counter()
        print(f"{encoder:23s} learn {learned - start:6.2f} s, rank all {ranked - learned:6.2f} s", flush=True)
        if encoder == "gates":
            some = archs[:500]
            start = time.perf_counter()
            predictor.model.score(some)
            together = time.perf_counter() - start
            start = time.perf_counter()
            for arch in some:
                predictor.model.score([arch])
            print(f"{'':23s} one by one / together: {(time.perf_counter() - start) / together:.1f}")


if __name__ == "__main__":
    main()
