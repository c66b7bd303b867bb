"""Is the loss of a supernet less smooth than that of a stand-alone network? Yu et al. 2021, Fig. 7, on digits.

The loss of training images around the trained weights, in two random directions normalised by filter (Li et al. 2018):
of a network trained alone, of the same architecture as a path of a supernet, and of the supernet, the mean over 300
random paths. Curvature: mean second derivative of the best quadratic surface; roughness: share of the variance of the
loss that such a surface leaves; means over the pairs of directions. `python examples/landscape.py [FIGURE.png [EPOCHS
[PATHS]]]`.
"""

import sys
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn.functional import cross_entropy

from nasgauge.benchmarks import load
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.nets import Landscape, loss_landscape

TRUTH = load("digits-nb201")
ARCH = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
N_IMAGES, N_DIRECTIONS = 256, 3


def trained(label: str, epochs: int, **keys: object):
    """A supernet of all cells, or with the sampler `subset` of one: that cell's network, trained alone."""
    config = {"name": "oneshot", "label": label, "epochs": epochs, "net": {"skip_dead": True}, "split_seed": 0, **keys}
    made = estimator_config(config).build(RunContext(TRUTH.space, training=TRUTH.training))
    made.train()
    return made, made.trained(epochs).eval()


def surfaces(made, net, paths) -> list[Landscape]:
    """Of the mean loss of the paths, for several pairs of directions."""
    rows = made.split.train[:N_IMAGES]
    x, y = made.data.images[rows], made.data.labels[rows]

    def loss() -> torch.Tensor:
        return torch.stack([cross_entropy(logits, y) for logits in net.each(x, paths)]).mean()

    n = 11 if len(paths) < 100 else 7
    return [loss_landscape(net, loss, seed=seed, radius=0.6, n=n) for seed in range(N_DIRECTIONS)]


def main(figure: str | None = None, epochs: str = "60", n_paths: str = "300") -> None:
    """Train, print, draw."""
    space, rng = TRUTH.space, np.random.default_rng(0)
    arch = space.from_str(ARCH)
    alone = trained("alone", int(epochs), sampler="subset", sampler_options={"archs": [ARCH]})
    shared = trained("supernet", int(epochs))
    paths = [space.sample(rng) for _ in range(int(n_paths))]
    found = {
        "stand-alone network": partial(surfaces, *alone)([arch]),
        "path of the supernet": partial(surfaces, *shared)([arch]),
        f"supernet, {len(paths)} paths": partial(surfaces, *shared)(paths),
    }
    for name, each in found.items():
        loss, curvature, roughness = (
            np.array(values) for values in zip(*((s.loss.min(), s.curvature, s.roughness) for s in each), strict=True)
        )
        print(f"{name:<24} loss {loss.min():.3f}  curvature {curvature.mean():.3f}  roughness {roughness.mean():.4f}")
    if figure is not None:
        picture = Figure(figsize=(9, 3), layout="constrained")
        for ax, (name, each) in zip(picture.subplots(1, 3), found.items(), strict=True):
            lines = ax.contour(each[0].at, each[0].at, each[0].loss.T, levels=12)
            ax.clabel(lines, fontsize=6)
            ax.set_title(name, fontsize=9)
        picture.savefig(figure, dpi=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
