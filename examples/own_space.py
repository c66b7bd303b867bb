"""A space of 81 one-dimensional convolution cells: ground truth built for it on digits, and proxies judged by it.

python examples/own_space.py FOLDER [N]   (N of the cells, all if absent)
"""

import itertools
import sys
from functools import partial

from torch import nn

import nasgauge as ng
from nasgauge.core.usage import check_usage

check_usage(__doc__)

OPS = {"conv": lambda: nn.Conv1d(8, 8, 3, padding=1), "pool": lambda: nn.AvgPool1d(3, 1, 1), "skip": nn.Identity}


def network(words, options):
    """Digits as eight channels of eight pixels, four operations in a row, and a classifier."""
    cell = [layer for word in words for layer in (OPS[word](), nn.BatchNorm1d(8), nn.ReLU())]
    head = nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, options.n_classes)
    return nn.Sequential(nn.Flatten(1, 2), *cell, *head)


ng.space_from("cells81", {words: partial(network, words) for words in itertools.product(OPS, repeat=4)})
recipe = {"name": "cells81", "title": "81 cells", "space": "cells81", "data": "digits", "n_seeds": 2}
recipe |= {"archs": {"n": int(sys.argv[2]) if len(sys.argv) > 2 else 81}, "split": {"n_train": 600, "n_valid": 200}}
bench = ng.build(recipe | {"protocol": {"epochs": 3}}, sys.argv[1], workers="serial")
print(ng.judge(ng.ZeroShot(bench, ["snip", "synflow", "n_params"]).scores(), benchmark=bench, criteria=["kendall_tau"]))
