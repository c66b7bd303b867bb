"""How many trainings a predictor needs to outperform a proxy: python examples/predictor_break_even.py DIR [N]"""

import sys
from pathlib import Path

import numpy as np

from nasgauge.analyses.break_even import compute as break_even
from nasgauge.studies.run import run_text

STUDY = """
title = "Break-even of a random forest"
benchmark = "digits-nb201"
archs = { n = 120 }
criteria = ["kendall_tau"]
n_bootstrap = 50
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "relu_logdet"]
batch_size = 16
net = { channels = 8, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "predictor"
encoder = "random_forest"
features = ["n_params"]
each = { n_fit = [10, 20, 40], draw = [0, 1] }
"""


def main(out: str, n: str = "120") -> None:
    """Run the study of N architectures in folder DIR; print at which size the predictor passes each estimator."""
    run = run_text(STUDY.replace("n = 120", f"n = {n}"), Path(out), where="break-even", workers="serial")
    table = break_even(run.scores, run.truth, lessons=run.records["lessons"], rng=np.random.default_rng(0))
    shown = ["kind", "estimator", "break_even", "break_even_lower", "break_even_upper", "p_reached", "significant_from"]
    print(table[shown].drop_duplicates().round(2).to_string(index=False, na_rep="beyond"))


if __name__ == "__main__":
    main(*sys.argv[1:])
