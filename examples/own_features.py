"""A predictor that reads features of one's own beside the architecture, against one without them.

`python examples/own_features.py FOLDER` writes features.csv (here the counts of operations) and the study into the
folder.
"""

import sys
from pathlib import Path

import pandas as pd

import nasgauge as ng
from nasgauge.core.usage import check_usage

check_usage(__doc__)

folder, archs = Path(sys.argv[1]), ng.load_benchmark("digits-nb201").archs
operations = ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", "skip_connect")
counts = pd.DataFrame({name: [arch.count(name) for arch in archs] for name in operations}).assign(arch=archs)
counts.to_csv(folder / "features.csv", index=False)
forest = {"name": "predictor", "encoder": "random_forest", "n_fit": 40}
reading = forest | {"features": str(folder / "features.csv")}
estimators = [forest | {"label": "encoding"}, reading | {"label": "both"}]
estimators += [reading | {"encoder": "scores_forest", "label": "features"}]
study = {"title": "Features", "benchmark": "digits-nb201", "archs": {"n": 300}, "criteria": ["kendall_tau"]}
run = ng.run(study | {"estimators": estimators, "n_bootstrap": 100}, folder / "study", workers="serial")
print(run.values[["estimator", "value", "lower", "upper"]].round(3))
