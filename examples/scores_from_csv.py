"""One-shot scores of another program in a study: three seeds and ten epochs from a CSV, their trend and a report.

`python examples/scores_from_csv.py FOLDER` writes supernet.csv (here made up: the ground truth with noise that
decreases with the epoch) and the study into the folder.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import nasgauge as ng
from nasgauge.core.usage import check_usage

check_usage(__doc__)

folder, truth = Path(sys.argv[1]), ng.load_benchmark("digits-nb201").truth.groupby("arch")["accuracy"].mean()
keys = pd.MultiIndex.from_product([truth.index, range(3), range(1, 11)], names=["arch", "seed", "epoch"])
table = keys.to_frame(index=False)
table["valid"] = table["arch"].map(truth) + np.random.default_rng(0).normal(size=len(table)) / (5 * table["epoch"])
table.to_csv(folder / "supernet.csv", index=False)
mine = {"name": "scores", "file": str(folder / "supernet.csv"), "label": "mine"}
study = {"title": "mine", "benchmark": "digits-nb201", "archs": {"n": 200}, "n_bootstrap": 100}
run = ng.run(study | {"estimators": [mine, {"name": "ensemble", "of": "mine"}]}, folder / "study", workers="serial")
trend = run.evaluation().analysis("trend").query("criterion == 'kendall_tau'")
print(trend.pivot(index="epoch", columns="estimator", values="value").round(3), run.report(), sep="\n")
