"""A proxy of one's own, judged along with shipped ones on the embedded benchmark: python examples/own_proxy.py"""

import numpy as np

from nasgauge.benchmarks import load
from nasgauge.estimators.zeroshot import Record, ZeroShot, draw_batches
from nasgauge.images import load_images
from nasgauge.judging import judge
from nasgauge.nets import NetOptions


def grad_max(record: Record) -> float:
    """Largest absolute weight gradient; range [0, inf)."""
    return max(float(g.abs().max()) for g in record.gradients.weights)


def main() -> None:
    """Score 60 architectures and print Kendall's tau with its interval."""
    benchmark = load("digits-nb201").sample_classes(60, rng=np.random.default_rng(0))
    space, data = benchmark.space, load_images("digits")
    batches = draw_batches(data.images, data.labels, n_batches=1, batch_size=64, rng=np.random.default_rng(0))
    net = NetOptions(channels=8, n_cells=1, n_stages=1, in_channels=1, bn_affine=False)
    estimator = ZeroShot(space, ["snip", grad_max], batches, net=net)
    scores = estimator.estimate([space.from_str(a) for a in benchmark.archs]).scores
    values = judge(scores, benchmark.truth, ["kendall_tau"], n_bootstrap=200, rng=np.random.default_rng(0))
    print(values[["estimator", "value", "lower", "upper", "n"]].round(3).to_string(index=False))


if __name__ == "__main__":
    main()
