"""The data of the explorer: ranks with ties as everywhere else."""

import json

import numpy as np
import pandas as pd

from nasgauge.judging import judge_scores
from nasgauge.report import of_verdict
from nasgauge.report.explorer import explorer


def test_the_last_bit_of_a_mean_over_trainings_breaks_no_tie():
    rows = {"arch": list("aaabbbccc"), "seed": [0, 1, 2] * 3}
    truth = pd.DataFrame({**rows, "accuracy": [0.1, 0.2, 0.3, 0.3, 0.2, 0.1, 0.5, 0.6, 0.7]})
    scores = pd.DataFrame({"arch": list("abc"), "mine": [1.0, 2.0, 3.0]})
    bundle = of_verdict(judge_scores(scores, truth=truth, criteria=["kendall_tau"], n_bootstrap=5), title="t")
    data = json.loads(explorer(bundle, rng=np.random.default_rng(0)))
    assert data["truth_rank"] == data["estimators"]["mine"]["truth_rank"] == [2.5, 2.5, 1]
