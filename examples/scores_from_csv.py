"""One-shot scores of another program in a study: three seeds and ten epochs from a CSV, their trend and a report.

`python examples/scores_from_csv.py FOLDER` writes supernet.csv (here made up: the ground truth with noise that
decreases with the epoch) and the study into the folder.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.analyses import ANALYSES
from nasgauge.studies.run import run_text

folder, truth = Path(sys.argv[1]), benchmarks.load("digits-nb201").truth
truth = truth.groupby("arch", as_index=False)["accuracy"].mean()
table = truth.merge(pd.DataFrame({"seed": range(3)}), how="cross").merge(pd.DataFrame({"epoch": range(1, 11)}), "cross")
table["valid"] = table.pop("accuracy") + np.random.default_rng(0).normal(size=len(table)) / (5 * table["epoch"])
table.to_csv(folder / "supernet.csv", index=False)
study = """title = "mine"\nbenchmark = "digits-nb201"\narchs = { n = 200 }\nn_bootstrap = 100
estimators = [{ name = "scores", file = "supernet.csv", label = "mine" }, { name = "ensemble", of = "mine" }]"""
found = run_text(study, folder / "study", where="study", folder=folder, workers="serial")
trend = ANALYSES["trend"].compute(found.scores, found.truth, checkpoint_scores=found.records["checkpoint_scores"])
print(trend.query("criterion == 'kendall_tau'").pivot(index="epoch", columns="estimator", values="value").round(3))
print(found.report())
