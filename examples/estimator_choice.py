"""The choice set of docs/estimator.md: 400 isomorphism classes of NAS-Bench-201 on CIFAR-10 (needs $NASGAUGE_DATA).

    python examples/estimator_choice.py scores.csv [N] [SEED ...] [--small] [--flatness]

Measures the terms of CWI on the first N classes, one after the other, and goes on where it was ended; then prints
Kendall's tau and precision at 5% of every form, and of its terms. --small: networks of 8 channels and 2 cells per
stage. --flatness: also the gradients of the weights, which the form "flat" needs.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks import load
from nasgauge.criteria import kendall_tau, precision_at_top
from nasgauge.estimators.cwi import FORMS, cwi
from nasgauge.estimators.zeroshot import ZeroShot
from nasgauge.estimators.zeroshot.drawn import batches
from nasgauge.nets import NetOptions

CHOICE = 2026  # seed of the draw


def choice_set():
    """The benchmark reduced to 400 classes, one architecture of each, in the order of the draw."""
    whole = load({"name": "nb201", "dataset": "cifar10"}).in_classes("paper")
    chosen = whole.sample_classes(400, rng=np.random.default_rng(CHOICE))
    order = np.random.default_rng(CHOICE).permutation(400)
    return chosen, [sorted(chosen.archs)[i] for i in order]


def measured(path: Path, space, archs, seeds, proxies, size) -> pd.DataFrame:
    """The scores of all architectures and seeds; those that the file lacks are measured and added to it."""
    for seed in seeds:
        shape, images = batches("cifar10", "$NASGAUGE_DATA/cifar10", "", 1, 32, seed)
        net = NetOptions(**size, **shape, bn_affine=False, skip_dead=True)
        estimator = ZeroShot(space, proxies, images, net, init="kaiming_normal", seed=seed)
        known = pd.read_csv(path) if path.exists() else pd.DataFrame({"arch": [], "seed": []})
        known = set(zip(known["arch"], known["seed"], strict=True))
        for arch in archs:
            if (arch, seed) not in known:
                found = estimator.estimate([space.from_str(arch)])
                for error in found.errors["error"]:
                    print(f"{arch}: {error}")
                found.scores.to_csv(path, mode="a", header=not path.exists(), index=False)
    return pd.read_csv(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("n", type=int, nargs="?", default=400)
    parser.add_argument("seeds", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--flatness", action="store_true")
    options = parser.parse_args()
    benchmark, archs = choice_set()
    names = {name for form in FORMS.values() for name in form.proxies}
    names -= set() if options.flatness else {"gradient_flatness"}
    size = {"channels": 8, "n_cells": 2} if options.small else {}
    scores = measured(options.file, benchmark.space, archs[: options.n], options.seeds, sorted(names), size)
    forms = [cwi(scores, form=name, name=f"cwi, {name}") for name, form in FORMS.items() if names >= set(form.proxies)]
    truth = benchmark.truth.set_index("arch")["accuracy"]
    for name, rows in pd.concat([*forms, scores]).groupby("estimator", sort=False):
        means = rows.groupby("arch")["score"].mean()
        accuracy = truth[means.index].to_numpy()
        tau, top = kendall_tau(means.to_numpy(), accuracy), precision_at_top(means.to_numpy(), accuracy, fraction=0.05)
        print(f"{name:28} KD {tau:.3f}  P@5% {top:.3f}  n {len(means)}")


if __name__ == "__main__":
    main()
