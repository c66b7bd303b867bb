"""Who is best: shares of wins and paired differences, against SciPy's bootstrap and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasgauge.core.errors import UserError
from nasgauge.criteria import kendall_tau
from nasgauge.judging import contest, judge


def rng():
    return np.random.default_rng(7)


def tables(n=80, noise=(0.5, 0.6, 3.0)):
    draw = np.random.default_rng(1)
    archs = [f"a{i:03}" for i in range(n)]
    accuracy = draw.normal(size=n)
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    parts = [
        pd.DataFrame({"estimator": name, "arch": archs, "seed": 0, "score": accuracy + sd * draw.normal(size=n)})
        for name, sd in zip("xyz", noise, strict=True)
    ]
    return pd.concat(parts, ignore_index=True), truth


def test_values_are_those_of_judge_and_gaps_are_differences():
    scores, truth = tables()
    table = contest(scores, truth, n_bootstrap=50, rng=rng())
    known = judge(scores, truth, ["kendall_tau"], n_bootstrap=0, rng=rng()).set_index("estimator")["value"]
    assert table["value"].tolist() == sorted(known, reverse=True)
    assert np.allclose(table["behind"], table["value"].max() - table["value"])
    assert table.iloc[0][["behind", "behind_lower", "behind_upper"]].tolist() == [0, 0, 0]
    assert table["p_best"].sum() == pytest.approx(1)


def test_intervals_and_shares_are_those_of_a_paired_bootstrap():
    scores, truth = tables()
    x, y, z = (scores[scores["estimator"] == name]["score"].to_numpy() for name in "xyz")
    accuracy = truth["accuracy"].to_numpy()

    def gap(a, b, t):
        return kendall_tau(a, t) - kendall_tau(b, t)

    found = contest(scores, truth, n_bootstrap=300, rng=rng()).set_index("estimator")
    for name, other in (("y", y), ("z", z)):
        known = stats.bootstrap(
            (x, other, accuracy), gap, paired=True, vectorized=False, n_resamples=300, method="percentile", rng=rng()
        )
        assert found.loc[name, "behind_lower"] == pytest.approx(known.confidence_interval.low)
        assert found.loc[name, "behind_upper"] == pytest.approx(known.confidence_interval.high)
    at, wins = rng(), np.zeros(3)
    for _ in range(300):
        rows = at.integers(0, 80, 80)
        taus = np.array([kendall_tau(s[rows], accuracy[rows]) for s in (x, y, z)])
        wins += (taus == taus.max()) / (taus == taus.max()).sum()
    assert found.loc[list("xyz"), "p_best"].to_numpy() == pytest.approx(wins / 300)


def test_twins_share_the_wins_and_are_not_separated():
    scores, truth = tables()
    twin = scores[scores["estimator"] == "x"].assign(estimator="w")
    table = contest(pd.concat([scores, twin]), truth, n_bootstrap=40, rng=rng()).set_index("estimator")
    assert table.loc["w", "p_best"] == table.loc["x", "p_best"] > 0.2
    assert table.index[:2].tolist() == ["w", "x"] and table.loc["x", "behind_upper"] == 0


def test_a_criterion_of_which_less_is_better():
    scores, truth = tables()
    spec = {"name": "best_rank_at", "fraction": 0.1}
    table = contest(scores, truth, spec, n_bootstrap=40, rng=rng())
    assert table["value"].is_monotonic_increasing and (table["behind"] >= 0).all()
    assert table["behind"].iloc[-1] == pytest.approx(table["value"].max() - table["value"].min())


def test_constant_scores_are_undefined_and_never_win():
    scores, truth = tables()
    flat = scores[scores["estimator"] == "x"].assign(estimator="flat", score=1.0)
    table = contest(pd.concat([flat, scores]), truth, n_bootstrap=20, rng=rng())
    last = table.iloc[-1]
    assert last["estimator"] == "flat" and last["p_best"] == 0
    assert last[["value", "behind", "behind_lower"]].isna().all()
    alone = contest(flat, truth, n_bootstrap=20, rng=rng()).iloc[0]
    assert alone[["value", "behind", "behind_lower", "behind_upper"]].isna().all()


def test_missing_scores_count_as_in_judge():
    scores, truth = tables()
    fewer = scores.assign(score=scores["score"].where(scores.index >= 5))
    table = contest(fewer, truth, n_bootstrap=20, rng=rng()).set_index("estimator")
    assert table.loc["x", "n"] == 75 and table.loc["y", "n"] == 80
    ranked = contest(fewer, truth, missing="last", n_bootstrap=20, rng=rng()).set_index("estimator")
    assert ranked.loc["x", "n"] == 80 and ranked.loc["x", "value"] < table.loc["x", "value"]
    with pytest.raises(UserError, match="no ground truth"):
        contest(scores.assign(arch="no " + scores["arch"]), truth, rng=rng())
