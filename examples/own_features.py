"""A predictor that reads features of one's own beside the architecture, against one without them.

`python examples/own_features.py FOLDER` writes features.csv (here the counts of operations) and the study into the
folder.
"""

import sys
from pathlib import Path

import pandas as pd

from nasgauge import benchmarks
from nasgauge.studies.run import run_text

folder, archs = Path(sys.argv[1]), benchmarks.load("digits-nb201").archs
operations = ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3", "skip_connect")
counts = pd.DataFrame({name: [arch.count(name) for arch in archs] for name in operations})
counts.assign(arch=archs).to_csv(folder / "features.csv", index=False)
study = """title = "features"\nbenchmark = "digits-nb201"\narchs = { n = 300 }\nn_bootstrap = 100
estimators = [{ name = "predictor", encoder = "random_forest", n_fit = 40, label = "encoding" },
{ name = "predictor", encoder = "random_forest", n_fit = 40, label = "both", features = "features.csv" },
{ name = "predictor", encoder = "scores_forest", n_fit = 40, label = "features", features = "features.csv" }]"""
found = run_text(study, folder / "study", where="study", folder=folder, workers="serial")
print(found.values.query("criterion == 'kendall_tau'")[["estimator", "value", "lower", "upper"]].round(3))
