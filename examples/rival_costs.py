"""What the passes of the published rivals cost on networks of digits-nb201, in forward and backward passes.

python examples/rival_costs.py [ARCHITECTURES]    # processor seconds, 64 digits, median over architectures
"""

import sys
import time

import numpy as np
import torch

from nasgauge.benchmarks import load
from nasgauge.estimators.zeroshot import draw_batches, record_of
from nasgauge.images import load_images
from nasgauge.nets import NetOptions, build

PASSES = {  # pass -> the proxies that live on it
    "gradients": "one forward and backward pass",
    "cells": "az_expressivity, az_progressivity, az_trainability",
    "health": "intrain",
    "information": "vkdnw, vkdnw_single",
    "channel_correlations": "meco, meco_opt",
    "n_patterns": "swap",
    "codes": "linear_regions",
    "ntk": "ntk_condition",
    "jacobian": "jacob_cov",
}


def main() -> None:
    """A Markdown table."""
    torch.set_num_threads(1)
    benchmark, rng = load("digits-nb201"), np.random.default_rng(0)
    data = load_images("digits", None, n=64, rng=rng)
    [(x, y)] = draw_batches(data.images, data.labels, n_batches=1, batch_size=64, rng=rng)
    x = x.contiguous(memory_format=torch.channels_last)
    chosen = rng.permutation(benchmark.archs)[: int(sys.argv[1]) if len(sys.argv) > 1 else 12]
    ratios: dict[str, list[float]] = {name: [] for name in PASSES}
    for arch in chosen:
        options = NetOptions(**{**benchmark.training.net, "in_channels": 1, "skip_dead": False})
        net = build(benchmark.space, benchmark.space.from_str(arch), options, generators=[torch.Generator()])
        net = net.to(memory_format=torch.channels_last)
        spent = {}
        for name in PASSES:
            record_of(net, x, y, {name})  # once to warm up
            start = time.process_time()
            for _ in range(3):
                record_of(net, x, y, {name})
            spent[name] = time.process_time() - start
        for name, seconds in spent.items():
            ratios[name].append(seconds / spent["gradients"])
    print("| pass | of | cost |\n|---|---|---|")
    for name, proxies in PASSES.items():
        print(f"| `{name}` | {proxies} | {np.median(ratios[name]):.1f} |")


if __name__ == "__main__":
    main()
