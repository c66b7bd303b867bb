"""Break-even: where planted curves cross, by hand, within the interval, and beyond what was measured."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasgauge.analyses.break_even import break_even_of, compute
from nasgauge.core.errors import UserError

SIZES = (10, 20, 40, 80)


def planted(seed, noise, rival=0.6, n=300, n_draws=2, n_seeds=2):
    """Predictors whose noise decreases with the size of the training set, and an estimator of constant noise."""
    draw = np.random.default_rng(seed)
    archs, z = [f"a{i:04}" for i in range(n)], draw.normal(size=n)
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": 1 / (1 + np.exp(-z))})
    scores = [pd.DataFrame({"estimator": "rival", "arch": archs, "seed": 0, "score": z + rival * draw.normal(size=n)})]
    lessons = []
    for d in range(n_draws):
        order = draw.permutation(archs)
        for size in SIZES:
            name = f"mlp-{size}-{d}"
            for s in range(n_seeds):
                score = z + noise[size] * draw.normal(size=n)
                scores.append(pd.DataFrame({"estimator": name, "arch": archs, "seed": s, "score": score}))
                lessons += [(name, "mlp", "", d, s, 0, arch) for arch in order[:size]]
    columns = ["estimator", "kind", "signal", "draw", "seed", "stage", "arch"]
    return pd.concat(scores, ignore_index=True), truth, pd.DataFrame(lessons, columns=columns)


def asked(scores, truth, lessons, **options):
    return compute(scores, truth, lessons=lessons, rng=np.random.default_rng(0), **{"n_bootstrap": 60} | options)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([1, 1, 1, 1], 10),
        ([-1, 1, 1, 1], 10 * 2**0.5),
        ([-1, 3, 1, 1], 10 * 2**0.25),
        ([-1, -1, -3, 1], 40 * 2**0.75),
        ([0, 1, 1, 1], 10),  # equal is not better, but the crossing is there
        ([1, -1, 1, 1], 20 * 2**0.5),  # from which on it stays
        ([1, 1, 1, -1], np.inf),
        ([-1, -1, -1, -1], np.inf),
        ([np.nan, 1, 1, 1], 20),
        ([1, 1, 1, np.nan], np.inf),
    ],
)
def test_where_a_curve_crosses(differences, expected):
    assert break_even_of(np.array(SIZES), np.array([differences], dtype=float))[0] == pytest.approx(expected)


def test_differences_are_means_over_runs_outside_their_training_sets():
    scores, truth, lessons = planted(0, dict(zip(SIZES, (1.5, 0.9, 0.5, 0.3), strict=True)), n=120)
    table = asked(scores, truth, lessons).set_index("n_seen")
    accuracy = truth.set_index("arch")["accuracy"]
    wide = {key: part.set_index("arch")["score"] for key, part in scores.groupby(["estimator", "seed"])}
    for size in SIZES:
        gaps = []
        for d in (0, 1):
            seen = lessons.loc[lessons["estimator"] == f"mlp-{size}-{d}", "arch"].unique()
            unseen = accuracy.index.difference(seen)
            other = stats.kendalltau(wide["rival", 0][unseen], accuracy[unseen]).statistic
            gaps += [
                stats.kendalltau(wide[f"mlp-{size}-{d}", s][unseen], accuracy[unseen]).statistic - other for s in (0, 1)
            ]
        assert table.loc[size, "difference"] == pytest.approx(np.mean(gaps)) and table.loc[size, "n"] == 120 - size
    value = break_even_of(np.array(SIZES), table["difference"].to_numpy()[None])[0]
    assert table["break_even"].unique() == pytest.approx([value])
    assert table["n_draws"].unique().tolist() == [2] == table["n_seeds"].unique().tolist()


@pytest.mark.long
def test_a_planted_break_even_is_covered():
    """Noise of .6 is reached between 20 and 40: tau = 2 / pi arcsin(1 / sqrt(1 + sd^2)), interpolated."""
    noise = dict(zip(SIZES, (1.6, 0.9, 0.45, 0.3), strict=True))
    tau = [2 / np.pi * np.arcsin(1 / np.sqrt(1 + sd**2)) for sd in (*noise.values(), 0.6)]
    crossing = break_even_of(np.array(SIZES), np.array([tau[:-1]]) - tau[-1])[0]
    assert 20 < crossing < 40
    n_covered = 0
    for seed in range(15):
        row = asked(*planted(seed, noise, n=150, n_draws=1, n_seeds=1)).iloc[0]
        n_covered += row["break_even_lower"] <= crossing <= row["break_even_upper"]
        assert row["p_reached"] > 0.7
    assert n_covered >= 12


def test_at_once_and_beyond_what_was_measured():
    good, bad = (dict.fromkeys(SIZES, sd) for sd in (0.1, 3.0))
    at_once = asked(*planted(0, good)).iloc[0]
    assert at_once[["break_even", "break_even_upper", "significant_from"]].tolist() == [10, 10, 10]
    never = asked(*planted(0, bad)).iloc[0]
    assert never["p_reached"] == 0 and never[["break_even", "break_even_upper", "significant_from"]].isna().all()
    equal = asked(*planted(1, dict.fromkeys(SIZES, 0.6))).iloc[0]
    assert 0 < equal["p_reached"] < 1 and np.isnan(equal["significant_from"])


def test_intervals_hold_the_variation_of_training_sets():
    scores, truth, lessons = planted(0, dict.fromkeys(SIZES, 0.6), n_draws=4, n_seeds=1)
    widths = []
    for spread in (0.0, 2.0):
        moved = scores.copy()
        for d, name in ((d, f"mlp-{size}-{d}") for d in range(4) for size in SIZES):
            rows = (moved["estimator"] == name).to_numpy()
            noise = np.random.default_rng([d, 7]).normal(size=rows.sum())
            moved.loc[rows, "score"] += spread * (d % 2) * noise
        table = asked(moved, truth, lessons)
        widths.append((table["upper"] - table["lower"]).mean())
    assert widths[1] > 1.5 * widths[0]


def test_a_criterion_of_which_less_is_better_constant_scores_and_nothing_to_compare():
    scores, truth, lessons = planted(0, dict.fromkeys(SIZES, 0.1), n=100)
    lower = asked(scores, truth, lessons, criterion={"name": "regret_at", "count": 5})
    assert (lower["difference"] >= 0).all() and lower["criterion"].unique() == ["regret_at"]
    flat = scores.assign(score=scores["score"].where(scores["estimator"] != "rival", 1.0))
    table = asked(flat, truth, lessons)
    assert table[["difference", "lower", "p_reached", "break_even"]].isna().all().all() and len(table) == len(SIZES)
    assert asked(scores[scores["estimator"] != "rival"], truth, lessons).empty
    assert asked(scores[scores["estimator"] == "rival"], truth, lessons).empty
    with pytest.raises(UserError, match="at least one is needed"):
        asked(scores, truth, lessons, n_bootstrap=0)
