"""Images of one's own: a tiny ground truth trained on them, and zero-shot proxies evaluated against it.

`python examples/own_images.py FOLDER` writes mine.npz, 28x28 grey images of five classes (a bright line at one of
five heights), and the ground truth into the folder.
"""

import sys
from pathlib import Path

import numpy as np

import nasgauge as ng
from nasgauge.core.usage import check_usage

check_usage(__doc__)

folder, labels = Path(sys.argv[1]), np.arange(300) % 5
images = np.random.default_rng(0).integers(0, 56, (300, 28, 28), dtype="uint8")
images[np.arange(300), 5 * labels + 3] += 150
np.savez(folder / "mine.npz", images=images, labels=labels)
recipe = {"name": "bars", "title": "bars", "space": "nb201", "data": str(folder / "mine.npz"), "n_seeds": 2}
recipe |= {"archs": {"n": 8}, "net": {"channels": 2, "n_cells": 1, "n_stages": 2}}
recipe |= {"split": {"n_train": 100, "n_valid": 100}, "protocol": {"epochs": 2, "batch_size": 20}}
bench = ng.build(recipe, folder / "truth", workers="serial")
scores = ng.ZeroShot(bench, ["n_params", "snip", "naswot"]).scores()
print(ng.judge(scores, benchmark=bench, criteria=["kendall_tau"]))
