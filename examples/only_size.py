"""Do proxies rank beyond what the size of the architectures explains: python examples/only_size.py [N]"""

import sys

import numpy as np

from nasgauge.analyses.beyond_size import compute as beyond_size
from nasgauge.benchmarks import load
from nasgauge.estimators.zeroshot import ZeroShot, draw_batches
from nasgauge.images import load_images
from nasgauge.nets import NetOptions


def main(n: str = "100") -> None:
    """Score N architectures of digits-nb201; print correlations as they are, within bands of size, and given size."""
    benchmark = load("digits-nb201").sample_classes(int(n), rng=np.random.default_rng(0))
    space, data = benchmark.space, load_images("digits")
    batches = draw_batches(data.images, data.labels, n_batches=1, batch_size=32, rng=np.random.default_rng(0))
    net = NetOptions(channels=8, n_cells=1, n_stages=1, in_channels=1)
    estimator = ZeroShot(space, ["relu_logdet", "synflow"], batches, net=net)
    scores = estimator.estimate([space.from_str(arch) for arch in benchmark.archs]).scores
    table = beyond_size(scores, benchmark.truth, complexity=benchmark.complexity, rng=np.random.default_rng(0))
    print(table[["estimator", "quantity", "value", "lower", "upper"]].round(3).to_string())


if __name__ == "__main__":
    main(*sys.argv[1:])
