"""Predictors beside the scores that they learned from: by hand, by a plain loop, and at the edges."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.signal_cleaning import compute, draw
from nasgauge.core.errors import UserError

ARCHS = [f"a{i:02d}" for i in range(30)]
TRUTH = pd.DataFrame({"arch": ARCHS, "iso_class": ARCHS, "seed": 0, "accuracy": np.arange(30) / 30})


def scores_of(noise, seeds=(0, 1)):
    """Scores that are the accuracy and noise of that size, by name."""
    rng = np.random.default_rng(0)
    rows = [
        (name, arch, seed, accuracy + size * rng.normal())
        for name, size in noise.items()
        for seed in seeds
        for arch, accuracy in zip(ARCHS, TRUTH["accuracy"], strict=True)
    ]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def lessons_of(*runs, seeds=(0, 1)):
    """(estimator, kind, signal, draw, n) -> n lessons for each seed."""
    rows = [
        (name, kind, signal, draw, seed, 0, arch)
        for name, kind, signal, draw, n in runs
        for seed in seeds
        for arch in ARCHS[draw : draw + n]
    ]
    return pd.DataFrame(rows, columns=["estimator", "kind", "signal", "draw", "seed", "stage", "arch"])


def test_values_are_those_of_a_plain_loop_and_draws_are_pooled():
    scores = scores_of({"shot": 0.3, "p0": 0.1, "p1": 0.5, "truthful": 0.1})
    lessons = lessons_of(("p0", "mlp", "shot", 0, 5), ("p1", "mlp", "shot", 1, 5), ("truthful", "mlp 2", "", 0, 5))
    table = compute(scores, TRUTH, lessons=lessons, criteria=["kendall_tau"])
    signal = scores[scores["estimator"] == "shot"].groupby("arch")["score"].mean()
    of_signal = stats.kendalltau(signal, TRUTH["accuracy"]).statistic
    taus = [
        stats.kendalltau(part["score"], TRUTH["accuracy"]).statistic
        for name in ("p0", "p1")
        for _, part in scores[scores["estimator"] == name].groupby("seed")
    ]
    [row] = table.to_dict("records")
    assert (row["kind"], row["signal"], row["n_seen"], row["n_runs"], row["n"]) == ("mlp", "shot", 5, 4, 30)
    assert np.allclose([row[c] for c in ("signal_value", "value", "low", "high")],
                       [of_signal, np.mean(taus), min(taus), max(taus)])  # fmt: skip
    assert row["n_better"] == sum(tau > of_signal for tau in taus) == 2


def test_lower_is_better_where_the_criterion_says_so_and_equal_is_not_better():
    scores = scores_of({"shot": 1.0, "good": 0.0}, seeds=(0,))
    copy = scores[scores["estimator"] == "shot"].assign(estimator="copy")
    lessons = lessons_of(("good", "g", "shot", 0, 4), ("copy", "c", "shot", 0, 4), seeds=(0,))
    table = compute(pd.concat([scores, copy]), TRUTH, lessons=lessons, criteria=[{"name": "best_rank_at", "count": 1}])
    better = table.set_index("kind")["n_better"]
    assert better["g"] == 1 and better["c"] == 0
    assert table.set_index("kind")["value"]["g"] < table["signal_value"].iloc[0]


def test_both_are_judged_on_what_both_scored():
    scores = scores_of({"shot": 0.3, "pupil": 0.3}, seeds=(0,))
    scores = scores[~((scores["estimator"] == "pupil") & scores["arch"].isin(ARCHS[:5]))]
    scores = scores[~((scores["estimator"] == "shot") & scores["arch"].isin(ARCHS[25:]))]
    table = compute(
        scores, TRUTH, lessons=lessons_of(("pupil", "p", "shot", 0, 5), seeds=(0,)), criteria=["kendall_tau"]
    )
    signal = scores[(scores["estimator"] == "shot") & scores["arch"].isin(ARCHS[5:25])]["score"]
    expected = stats.kendalltau(signal, TRUTH["accuracy"][5:25]).statistic
    assert table["n"].item() == 20 and table["signal_value"].item() == pytest.approx(expected)


def test_nothing_to_clean_is_an_empty_table_and_a_drawing_that_says_so():
    scores, lessons = scores_of({"p": 0.1}), lessons_of(("p", "mlp", "", 0, 5))
    for some in (lessons, lessons[:0], lessons.assign(signal="gone")):
        assert compute(scores, TRUTH, lessons=some).empty
    axes = Figure().add_subplot()
    draw(compute(scores, TRUTH, lessons=lessons), axes)
    assert "no predictor was fitted to scores" in axes.texts[0].get_text()
    with pytest.raises(UserError, match="reserved"):
        compute(scores_of({"truth": 0.1}), TRUTH, lessons=lessons_of(("truth", "t", "truth", 0, 5)))


def test_every_panel_has_a_line_for_the_predictor_and_one_for_its_signal():
    scores = scores_of({"shot": 0.3, "p5": 0.2, "p9": 0.1})
    lessons = lessons_of(("p5", "mlp", "shot", 0, 5), ("p9", "mlp", "shot", 0, 9))
    table = compute(scores, TRUTH, lessons=lessons)
    assert table["panel"].nunique() == 3
    for _, rows in table.groupby("panel"):
        axes = Figure(figsize=(3.4, 3.2)).add_subplot()
        draw(rows, axes)
        axes.figure.draw_without_rendering()
        assert [list(line.get_xdata()) for line in axes.lines] == [[5.0, 9.0], [0.0, 1.0]]
        assert axes.get_legend().get_title().get_text() == "dashed: the scores it was fitted to"
