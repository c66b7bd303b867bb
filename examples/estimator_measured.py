"""The terms and forms of CWI (docs/estimator.md) on a sample of a real benchmark, one network after the other.

    python examples/estimator_measured.py choice FILE [N]   # of the 400 classes of NAS-Bench-201 that it was chosen on
    python examples/estimator_measured.py nb101 FILE [N]    # of 10,000 cells of NAS-Bench-101; 16 channels
    python examples/estimator_measured.py nb301 FILE [N]    # of the DARTS cells that a surrogate was asked for

Needs $NASGAUGE_DATA. Scores are rows of FILE (CSV); what stands there is not measured again. --seeds 0 1; --small: 8
channels and 2 cells per stage; --data: other images; --without gradient_flatness: a term less, and the forms that read
it. Prints Kendall's tau and precision at 5% of the forms and of the terms, means over the seeds.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.criteria import kendall_tau, precision_at_top
from nasgauge.estimators.cwi import FORMS, cwi
from nasgauge.estimators.zeroshot import ZeroShot
from nasgauge.estimators.zeroshot.drawn import batches
from nasgauge.nets import NetOptions

CHOICE = 2026  # seed of the draw
SIZES = {
    "choice": {"bn_affine": False, "skip_dead": True},
    "nb101": {"n_cells": 3},
    "nb301": {"n_cells": 2},
}


def sample(name):
    """The benchmark, and its architectures in the order in which they are measured."""
    if name == "nb301":
        return benchmarks.load("nb301"), benchmarks.load("nb301").archs
    if name == "nb101":
        found = benchmarks.load({"name": "nb101"})
        return found, found.archs
    whole = benchmarks.load({"name": "nb201", "dataset": "cifar10"}).in_classes("paper")
    n = min(400, whole.truth["iso_class"].nunique())
    found = whole.sample_classes(n, rng=np.random.default_rng(CHOICE))
    archs = sorted(found.archs)
    return found, [archs[i] for i in np.random.default_rng(CHOICE).permutation(n)]


def measured(path, space, archs, proxies, net, options) -> pd.DataFrame:
    """The scores of all architectures and seeds; those that the file lacks are measured and added to it."""
    for seed in options.seeds:
        shape, images = batches(options.data, options.data_path, "", 1, 32, seed)
        estimator = ZeroShot(space, proxies, images, NetOptions(**net, **shape), init="kaiming_normal", seed=seed)
        known = pd.read_csv(path) if path.exists() else pd.DataFrame({"arch": [], "seed": []})
        known = set(zip(known["arch"], known["seed"], strict=True))
        for arch in archs:
            if (arch, seed) not in known:
                found = estimator.estimate([space.from_str(arch)])
                for row in found.errors.itertuples():
                    print(f"{row.estimator} of {arch}: {row.error}")
                found.scores.to_csv(path, mode="a", header=not path.exists(), index=False)
    return pd.read_csv(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sample", choices=SIZES)
    parser.add_argument("file", type=Path)
    parser.add_argument("n", type=int, nargs="?")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--without", nargs="+", default=[])
    options = parser.parse_args()
    options.data_path = "$NASGAUGE_DATA/cifar10" if options.data == "cifar10" else None
    benchmark, archs = sample(options.sample)
    names = {name for form in FORMS.values() for name in form.proxies} - set(options.without)
    net = SIZES[options.sample] | ({"channels": 8, "n_cells": 2} if options.small else {})
    scores = measured(options.file, benchmark.space, archs[: options.n], sorted(names), net, options)
    forms = [cwi(scores, form=name, name=f"cwi, {name}") for name, form in FORMS.items() if names >= set(form.proxies)]
    truth = benchmark.truth.groupby("arch")["accuracy"].mean()
    for name, rows in pd.concat([*forms, scores]).groupby("estimator", sort=False):
        means = rows.groupby("arch")["score"].mean()
        if means.nunique() > 1:
            pair = means.to_numpy(), truth[means.index].to_numpy()
            tau, top = kendall_tau(*pair), precision_at_top(*pair, fraction=0.05)
            print(f"{name:24} KD {tau:.3f}  P@5% {top:.3f}  n {len(means)}")


if __name__ == "__main__":
    main()
