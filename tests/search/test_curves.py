"""Best-so-far curves: by definition on small runs, against a loop, and on real searches."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.search import best_so_far, searched
from nasgauge.spaces import NB201

TRUTH = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.7, 0.9, 0.8, 0.6]})


def runs_of(*runs, search="s"):
    rows = [(search, i, a, v) for i, run in enumerate(runs) for a, v in run]
    return pd.DataFrame(rows, columns=["search", "seed", "arch", "value"])


def test_the_incumbent_is_the_best_by_value_or_by_accuracy_and_ties_keep_the_first():
    nan = float("nan")
    runs = runs_of([("d", nan), ("a", 1.0), ("b", 1.0), ("c", 2.0)])
    by_value = best_so_far(runs, TRUTH)["value"]
    assert np.isnan(by_value[0]) and by_value[1:].tolist() == [0.7, 0.7, 0.8]
    assert best_so_far(runs, TRUTH, incumbent="accuracy")["value"].tolist() == [0.6, 0.7, 0.9, 0.9]


def test_the_worst_score_is_a_score_and_a_failed_one_is_none():
    nan, worst = float("nan"), -float("inf")
    runs = runs_of([("d", nan), ("a", worst), ("b", worst), ("c", 1.0)])
    by_value = best_so_far(runs, TRUTH)["value"]
    assert np.isnan(by_value[0]) and by_value[1:].tolist() == [0.7, 0.7, 0.8]
    assert best_so_far(runs_of([("a", nan), ("b", nan)]), TRUTH)["value"].isna().all()


@pytest.mark.parametrize("incumbent", ["value", "accuracy"])
@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_medians_and_quantiles_over_seeds_are_those_of_a_loop(incumbent, coverage):
    rng = np.random.default_rng(0)
    truth = pd.DataFrame({"arch": [f"a{i}" for i in range(30)], "seed": 0, "accuracy": rng.random(30)})
    accuracy = truth.set_index("arch")["accuracy"]
    runs = [[(a, float(rng.integers(9))) for a in rng.permutation(truth["arch"])[: 12 + i]] for i in range(5)]
    curves = []
    for run in runs:
        best, curve = None, []
        for arch, value in run:
            worth = value if incumbent == "value" else accuracy[arch]
            if best is None or worth > best[0]:
                best = worth, accuracy[arch]
            curve.append(best[1])
        curves.append(curve[:12])
    table = best_so_far(runs_of(*runs), truth, incumbent=incumbent, coverage=coverage)
    assert table["n_evaluated"].tolist() == list(range(1, 13)) and set(table["n"]) == {5}
    for column, q in (("value", 0.5), ("low", (1 - coverage) / 2), ("high", (1 + coverage) / 2)):
        assert table[column].tolist() == pytest.approx(np.quantile(curves, q, axis=0).tolist())
    assert set(table["best"]) == {accuracy.max()}


def test_searches_are_guided_by_the_score_paired_and_reproducible():
    space = NB201()
    archs = sorted({space.to_str(space.sample(np.random.default_rng(i))) for i in range(60)})
    accuracy = np.random.default_rng(1).random(len(archs))
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    parts = {"exact": accuracy, "inverse": -accuracy}
    scores = pd.concat([pd.DataFrame({"estimator": n, "arch": archs, "seed": 0, "score": s}) for n, s in parts.items()])
    runs = searched(scores, truth, space, budget=30, n_seeds=3)
    assert list(dict.fromkeys(runs["search"])) == [f"{s}, {e}" for s in ("random", "evolution") for e in parts]
    order = {n: g["arch"].tolist() for n, g in runs.groupby("search")}
    assert order["random, exact"] == order["random, inverse"] != order["evolution, exact"]
    pd.testing.assert_frame_equal(runs, searched(scores, truth, space, budget=30, n_seeds=3))
    table = best_so_far(runs, truth).set_index(["search", "n_evaluated"])["value"]
    assert table["random, exact"].is_monotonic_increasing and table["random, inverse"].is_monotonic_decreasing
    alone = searched(scores, truth, space, searches=["random"], estimators=["exact"], budget=5, n_seeds=1)
    assert set(alone["search"]) == {"exact"} and len(alone) == 5


def test_usage_errors():
    runs = runs_of([("a", 1.0)])
    scores = pd.DataFrame({"estimator": "e", "arch": ["a"], "seed": 0, "score": 1.0})
    for call, message in (
        (lambda: best_so_far(runs.drop(columns="value"), TRUTH), "column 'value' of the runs is missing"),
        (lambda: best_so_far(runs_of([("z", 1.0)]), TRUTH), "1 architectures without ground truth, such as 'z'"),
        (lambda: best_so_far(runs, TRUTH, incumbent="valeu"), "unknown incumbent 'valeu'; nearest: value"),
        (lambda: best_so_far(runs, TRUTH, coverage=95), "coverage is 95"),
        (lambda: searched(scores, TRUTH, NB201(), estimators=["x"]), "unknown estimator 'x'"),
        (lambda: searched(scores, TRUTH, NB201(), searches=["exhaustive"]), "evaluates every architecture"),
    ):
        with pytest.raises(UserError, match=message):
            call()
