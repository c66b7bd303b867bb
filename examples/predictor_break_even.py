"""How many trainings a predictor needs to outperform a proxy: python examples/predictor_break_even.py FOLDER [N]

Prints, of a study of N architectures, from which size of the training set on the predictor passes each estimator.
"""

import sys

import nasgauge as ng
from nasgauge.core.usage import check_usage

check_usage(__doc__)

proxies = {"name": "zeroshot", "proxies": ["n_params", "relu_logdet"], "batch_size": 16}
forest = {"name": "predictor", "encoder": "random_forest", "features": ["n_params"]}
forest |= {"each": {"n_fit": [10, 20, 40], "draw": [0, 1]}}
study = {"title": "Break-even", "benchmark": "digits-nb201", "criteria": ["kendall_tau"], "n_bootstrap": 50}
study |= {"archs": {"n": int(sys.argv[2]) if len(sys.argv) > 2 else 120}, "estimators": [proxies, forest]}
table = ng.run(study, sys.argv[1], workers="serial").evaluation().analysis("break_even")
shown = ["kind", "estimator", "break_even", "break_even_lower", "break_even_upper", "p_reached", "significant_from"]
print(table[shown].drop_duplicates().round(2).to_string(index=False, na_rep="beyond"))
