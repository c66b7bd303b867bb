"""The significance matrix of all pairs: enough draws that a difference can be significant."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.judging import judge_scores
from nasgauge.report import of_verdict, with_differences


def test_a_clear_difference_is_significant_among_many_pairs():
    rng = np.random.default_rng(0)
    archs = [f"a{i}" for i in range(60)]
    truth = pd.DataFrame({"arch": archs, "accuracy": rng.permutation(np.linspace(0.1, 0.9, 60))})
    noise = {f"e{i}": truth["accuracy"] * (i % 2) + 0.05 * rng.normal(size=60) for i in range(10)}
    scores = pd.DataFrame({"arch": archs, **noise})
    verdict = judge_scores(scores, truth=truth, criteria=["kendall_tau"], n_bootstrap=100)
    table = with_differences(of_verdict(verdict, title="t"), n_bootstrap=100).records["paired"]
    assert len(table) == 45
    apart = table["estimator"].str[1:].astype(int) % 2 != table["rival"].str[1:].astype(int) % 2
    assert (table.loc[apart, "p_adjusted"] < 0.05).all()
    assert (table.loc[~apart, "p_adjusted"] >= 0.05).mean() > 0.8


def halves(score, truth):
    """Whether the better half by score is better."""
    return float(truth[score > np.median(score)].mean() - truth[score <= np.median(score)].mean())


@pytest.mark.parametrize("criterion", [halves, {"name": "sparse_kendall_tau_aw_nas", "width": 0.05}, "BR@10"])
def test_pairs_are_compared_by_any_criterion_of_the_report(criterion):
    truth = pd.DataFrame({"arch": [f"a{i}" for i in range(30)], "accuracy": np.linspace(0.1, 0.9, 30)})
    scores = pd.DataFrame({"arch": truth["arch"], "up": truth["accuracy"], "down": -truth["accuracy"]})
    verdict = judge_scores(scores, truth=truth, criteria=[criterion], n_bootstrap=20)
    row = with_differences(of_verdict(verdict, title="t"), n_bootstrap=20).records["paired"].iloc[0]
    assert row["estimator"] == "up" and row["difference"] > 0 and row["criterion"] == verdict.criteria[0].name
