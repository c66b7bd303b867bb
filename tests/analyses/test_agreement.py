"""The matrix equals tau-b counted pair by pair, and its order follows the truth."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses import ANALYSES
from nasgauge.analyses.agreement import compute, draw
from nasgauge.core.errors import UserError

RNG = np.random.default_rng


def long_table(**vectors):
    rows = [
        (name, f"a{i}", seed, float(v))
        for name, by_seed in vectors.items()
        for seed, vector in by_seed.items()
        for i, v in enumerate(vector)
        if v is not None
    ]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def truth_of(accuracies):
    archs = [f"a{i}" for i in range(len(accuracies))]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracies})


def tau_by_pairs(x, y):
    concordance = ties_x = ties_y = 0
    for i in range(len(x)):
        for j in range(i):
            s, t = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
            concordance += s * t
            ties_x += s != 0
            ties_y += t != 0
    return concordance / (ties_x * ties_y) ** 0.5


def pairs_of(table):
    return {frozenset((a, b)): (tau, n) for a, b, tau, n in table.itertuples(index=False)}


def test_every_pair_equals_the_double_loop():
    rng = RNG(0)
    x, y, t = rng.integers(0, 6, 25), rng.normal(size=25), rng.integers(0, 9, 25) / 10
    found = pairs_of(compute(long_table(x={0: x}, y={0: y}), truth_of(t)))
    for names, (u, v) in {("x", "y"): (x, y), ("x", "truth"): (x, t), ("y", "truth"): (y, t)}.items():
        tau, n = found[frozenset(names)]
        assert tau == pytest.approx(tau_by_pairs(u, v)) and n == 25
    assert len(found) == 3


def test_only_architectures_that_both_have_are_compared():
    found = pairs_of(
        compute(long_table(x={0: [1, 2, 3, 4]}, y={0: [4, None, 3, None]}), truth_of([0.1, 0.2, 0.3, 0.4]))
    )
    assert found[frozenset("xy")] == (-1.0, 2)
    assert found[frozenset(("x", "truth"))] == (1.0, 4)
    assert found[frozenset(("y", "truth"))] == (-1.0, 2)


def test_equal_seeds_are_paired_and_other_seeds_all_with_all():
    x, y = {0: [1, 2, 3], 1: [1, 3, 2]}, {0: [1, 2, 3], 1: [3, 2, 1]}
    paired = pairs_of(compute(long_table(x=x, y=y), truth_of([0.1, 0.2, 0.3])))
    assert paired[frozenset("xy")][0] == pytest.approx((1 - 1 / 3) / 2)
    other = {7: [1, 2, 3], 8: [3, 2, 1]}
    crossed = pairs_of(compute(long_table(x=x, y=other), truth_of([0.1, 0.2, 0.3])))
    assert crossed[frozenset("xy")][0] == pytest.approx((1 - 1 + 1 / 3 - 1 / 3) / 4)


def test_the_worst_scores_are_tied_below_all_others():
    worst = -np.inf
    known = pairs_of(compute(long_table(x={0: [1, 2, 3, 4]}, y={0: [0, 0, 9, 5]}), truth_of([0.1, 0.2, 0.3, 0.4])))
    found = compute(long_table(x={0: [worst, 2, 3, 4]}, y={0: [worst, worst, 9, 5]}), truth_of([0.1, 0.2, 0.3, 0.4]))
    assert pairs_of(found) == known


def test_names_follow_their_agreement_with_the_truth_and_constants_come_last():
    scores = long_table(flat={0: [5, 5, 5, 5]}, bad={0: [4, 3, 2, 1]}, good={0: [1, 2, 3, 4]}, fair={0: [1, 2, 4, 3]})
    table = compute(scores, truth_of([0.1, 0.2, 0.3, 0.4]))
    assert list(dict.fromkeys([*table["a"], *table["b"]])) == ["truth", "good", "fair", "bad", "flat"]
    assert table.loc[table["b"] == "flat", "kendall_tau"].isna().all()
    assert table.loc[table["b"] != "flat", "kendall_tau"].notna().all()


def test_an_estimator_may_not_be_called_truth():
    with pytest.raises(UserError, match="reserved"):
        compute(long_table(truth={0: [1, 2]}), truth_of([0.1, 0.2]))


def test_the_drawing_marks_undefined_pairs_and_shows_odd_names_as_they_are():
    name = "$\\bad$ & <b>"
    table = compute(long_table(**{name: {0: [1, 2, 3]}, "flat": {0: [1, 1, 1]}}), truth_of([0.1, 0.2, 0.3]))
    axes = Figure().add_subplot()
    draw(table, axes)
    texts = [t.get_text() for t in axes.texts]
    assert texts.count("–") == 4 and texts.count("1.00") == 2
    assert axes.get_yticklabels()[1].get_text() == name.replace("$", r"\$")
    axes.figure.canvas.draw()
    assert ANALYSES["agreement"].panels(table)[0][0] == ""
