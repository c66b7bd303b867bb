"""What synflow does when a convolution is added, whatever that does to the truth (cells of the digits-nb201 truth).

Pairs of architectures of the truth, one step apart, in which a convolution takes the place of a skip, a pooling or of
nothing: how often synflow rises and how often the accuracy does. `python examples/synflow_preference.py [N]`: among the
first N architectures of the table.
"""

import sys

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import load
from nasgauge.estimators.zeroshot import ZeroShot, draw_batches
from nasgauge.images import load_images
from nasgauge.nets import NetOptions

NET = NetOptions(channels=8, n_cells=1, n_stages=1, in_channels=1, n_classes=10, bn_affine=False)


def main() -> None:
    """One line a step: pairs, share in which the truth rises, share in which synflow rises."""
    benchmark = load("digits-nb201")
    if len(sys.argv) > 1:
        benchmark = benchmark.only(benchmark.archs[: int(sys.argv[1])])
    space, rng = benchmark.space, np.random.default_rng(0)
    data = load_images("digits", None, n=4, rng=rng)
    batches = draw_batches(data.images, data.labels, n_batches=1, batch_size=4, rng=rng)
    archs = [space.from_str(name) for name in benchmark.archs]
    scores = ZeroShot(space, ["synflow"], batches, NET).estimate(archs).scores
    table = ANALYSES["operation_bias"](scores, benchmark.truth, space, rng=rng)
    both = [table, table.rename(columns={"from_op": "to_op", "to_op": "from_op"}).assign(
        truth_up=1 - table["truth_up"], score_up=1 - table["score_up"], excess=-table["excess"])]  # fmt: skip
    steps = pd.concat(both, ignore_index=True)
    added = steps[steps["to_op"].str.contains("conv_") & ~steps["from_op"].str.contains("conv_")]
    shown = added.sort_values(["to_op", "from_op"])[["from_op", "to_op", "n", "truth_up", "score_up"]]
    print(shown.round(3).to_string(index=False))
    n = shown["n"].sum()
    shares = [(shown[column] * shown["n"]).sum() / n for column in ("truth_up", "score_up")]
    print(f"all {n} pairs: the truth rises in {shares[0]:.1%}, synflow in {shares[1]:.1%}")


if __name__ == "__main__":
    main()
