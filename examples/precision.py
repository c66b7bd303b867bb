"""How far scores in float32 are from those in float64, bfloat16 from float32, and one memory layout from the other.

Every proxy on every space: the largest relative difference over a few random architectures, on digits, whose margins
are flat. `python examples/precision.py [ARCHITECTURES [SPACE ...]]`.
"""

import sys

import numpy as np
import pandas as pd

from nasgauge.estimators.zeroshot import PROXIES, ZeroShot, draw_batches
from nasgauge.images import load_images
from nasgauge.nets import NetOptions
from nasgauge.spaces import SPACES, get_space

NET = NetOptions(channels=8, n_cells=1, n_stages=2, in_channels=1, bn_affine=False, depth_divisor=8)
EXACT = ("relu", "n_params", "macs", "n_convs", "random")


def scores(name: str, n: int, **options) -> pd.Series:
    """Scores of `n` random architectures of a space, by proxy and architecture; missing ones are absent."""
    space, rng = get_space(name), np.random.default_rng(0)
    data = load_images("digits", None, n=64, rng=np.random.default_rng(0))
    batches = draw_batches(data.images, data.labels, n_batches=2, batch_size=32, rng=np.random.default_rng(0))
    archs = [space.sample(rng) for _ in range(n)]
    proxies = [proxy for proxy in PROXIES if proxy not in EXACT]
    found = ZeroShot(space, proxies, batches, NET, **options).estimate(archs)
    return found.scores.set_index(["estimator", "arch"])["score"]


def differences(a: pd.Series, b: pd.Series) -> pd.Series:
    """The largest |a - b| / |b| of every proxy; infinite where only one of them has a score."""
    a, b = a.align(b)
    relative = ((a - b).abs() / b.abs().clip(lower=np.finfo(float).tiny)).fillna(np.inf)
    return relative.groupby("estimator").max()


def printed(table: pd.DataFrame) -> None:
    """As Markdown; "none" where one of the two has no score."""
    print("| | " + " | ".join(table.columns) + " |")
    print("|---" * (len(table.columns) + 1) + "|")
    for proxy, row in table.iterrows():
        print(f"| {proxy} | " + " | ".join(f"{value:.0e}" if np.isfinite(value) else "none" for value in row) + " |")


def main() -> None:
    """Markdown tables of float32 against float64 and bfloat16 against float32, and one line on the layouts."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    spaces = sys.argv[2:] or list(SPACES)
    columns, coarse, layouts = {}, {}, {}
    for name in spaces:
        exact, single = scores(name, n, precision="float64"), scores(name, n, precision="float32")
        columns[name] = differences(single, exact)
        coarse[name] = differences(scores(name, n, precision="bfloat16"), single)
        layouts[name] = differences(scores(name, n, precision="float64", channels_last=False), exact).max()
    printed(pd.DataFrame(columns))
    print("\nbfloat16 against float32:\n")
    printed(pd.DataFrame(coarse))
    print("\nlayouts, float64: " + ", ".join(f"{name} {value:.0e}" for name, value in layouts.items()))


if __name__ == "__main__":
    main()
