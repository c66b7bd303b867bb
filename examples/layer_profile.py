"""Why snip likes cells without skips: its growth from the last convolution to the first, with and without one.

The chain of three 3x3 convolutions and the same with a skip from the input to the output of the cell, in the network of
NAS-Bench-201 (16 channels, five cells a stage). `python examples/layer_profile.py [FIGURE.png]`.
"""

import sys

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from nasgauge.estimators.zeroshot import ZeroShot, draw_batches, layer_profile
from nasgauge.images import load_images
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201

CHAIN = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_3x3~2|"
CELLS = {"without skip": CHAIN, "with skip": CHAIN.replace("+|none~0|none~1|nor", "+|skip_connect~0|none~1|nor")}
NET = NetOptions(channels=16, n_cells=5, n_stages=3, in_channels=1, n_classes=10, bn_affine=False)
PROXIES = ("snip", "grad_norm", "fisher")


def profiles(seed: int = 0) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The profile of both cells, and their scores, on one batch of 64 digits."""
    space, rng = NB201(), np.random.default_rng(seed)
    data = load_images("digits", None, n=64, rng=rng)
    batches = draw_batches(data.images, data.labels, n_batches=1, batch_size=64, rng=rng)
    found = {}
    for name, text in CELLS.items():
        generator = torch.Generator().manual_seed(seed)
        found[name] = layer_profile(build(space, space.from_str(text), NET, generators=[generator]), *batches[0])
    estimator = ZeroShot(space, PROXIES, batches, NET, seed=seed)
    scores = estimator.estimate([space.from_str(text) for text in CELLS.values()]).scores
    names = {text: name for name, text in CELLS.items()}
    return found, scores.assign(cell=scores["arch"].map(names)).pivot(index="cell", columns="estimator", values="score")


def in_cells(profile: pd.DataFrame) -> pd.DataFrame:
    """The convolutions of the searched cells."""
    return profile[profile["name"].str.contains(".ops.", regex=False) & (profile["kind"] == "weights")]


def draw(found: dict[str, pd.DataFrame], path: str) -> None:
    """Logarithm of snip by layer, and dashed the batch variance before the normalisations."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    for (name, table), colour in zip(found.items(), ("#D55E00", "#0072B2"), strict=True):
        weights, norms = table[table["kind"] == "weights"], table[table["kind"] == "norm"]
        left.semilogy(weights["layer"], weights["snip"], "o-", color=colour, markersize=2.5, label=f"snip {name}")
        right.semilogy(norms["layer"], norms["batch_variance"], "--", color=colour, alpha=0.7, linewidth=0.9)
    left.set(xlabel="layer, from the input on", ylabel="snip of the layer")
    right.set_ylabel("batch variance (dashed)")
    left.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=140)


def main() -> None:
    """Growth of snip in the cells, and the proxies' scores."""
    found, scores = profiles()
    for name, profile in found.items():
        snip = in_cells(profile)["snip"]
        first, last = snip.iloc[0], snip.iloc[-1]
        print(f"{name}: snip {last:.3g} in the last convolution, {first:.3g} in the first: x {first / last:.3g}")
    print(scores.map("{:.4g}".format).to_string())
    if len(sys.argv) > 1:
        draw(found, sys.argv[1])


if __name__ == "__main__":
    main()
