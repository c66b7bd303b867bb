"""A space of 81 one-dimensional convolution cells: ground truth built for it on digits, and proxies judged by it.

python examples/own_space.py DIR [N]   (N of the cells, all if absent)
"""

import itertools
import sys
from functools import partial
from pathlib import Path

from torch import nn

from nasgauge.benchmarks.building.build import build_text
from nasgauge.nets import space_from
from nasgauge.studies.run import run_text

OPS = {"conv": lambda: nn.Conv1d(8, 8, 3, padding=1), "pool": lambda: nn.AvgPool1d(3, 1, 1), "skip": nn.Identity}


def network(words, options):
    """Digits as eight channels of eight pixels, four operations in a row, and a classifier."""
    cell = [layer for word in words for layer in (OPS[word](), nn.BatchNorm1d(8), nn.ReLU())]
    return nn.Sequential(
        nn.Flatten(1, 2), *cell, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, options.n_classes)
    )


space_from("cells81", {words: partial(network, words) for words in itertools.product(OPS, repeat=4)})
folder, n = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 81
RECIPE = f"""name = "cells81"\ntitle = "81 cells"\nspace = "cells81"\ndata = "digits"\nimage_size = 8\nn_seeds = 2
archs = {{ n = {n} }}\nsplit = {{ n_train = 600, n_valid = 200 }}\nprotocol = {{ epochs = {1 + n // 20} }}"""
build_text(RECIPE, folder / "truth", where="recipe", workers="serial")
STUDY = f"""title = "81 cells"\nbenchmark = {{ name = "{folder}/truth/cells81.parquet" }}\nn_bootstrap = 100
[[estimators]]\nname = "zeroshot"\nproxies = ["snip", "synflow", "n_params"]"""
bundle = run_text(STUDY, folder / "study", where="study", workers="serial").bundle()
print(bundle.values.query("criterion == 'kendall_tau'")[["estimator", "value", "lower", "upper", "n"]].to_string())
