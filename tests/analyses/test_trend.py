"""Criteria over epochs against loops with SciPy and against values worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.trend import compute, cubes, draw, places
from nasgauge.core.errors import UserError
from nasgauge.core.rounding import steady

NO_SCORES = pd.DataFrame({"estimator": [], "arch": [], "seed": [], "score": []})


def truth_of(accuracies):
    rows = {"arch": [f"a{i:03d}" for i in range(len(accuracies))], "seed": 0, "accuracy": accuracies}
    return pd.DataFrame(rows).assign(iso_class=lambda t: t["arch"])


def checkpoint_scores(rng, n=60, epochs=(0, 1, 5, 100), seeds=(0, 1, 2), names=("net", "other")):
    return pd.DataFrame(
        [(name, f"a{i:03d}", s, e, rng.normal()) for name in names for i in range(n) for s in seeds for e in epochs],
        columns=["estimator", "arch", "seed", "epoch", "score"],
    )


def test_every_value_equals_a_loop_over_estimators_epochs_and_seeds():
    rng = np.random.default_rng(0)
    truth, rows = truth_of(rng.normal(size=60)), checkpoint_scores(rng)
    rows["score"] = 1 / (1 + np.exp(-rows["score"]))  # between 0 and 1, as accuracies are
    table = compute(NO_SCORES, truth, checkpoint_scores=rows)
    accuracy = dict(zip(truth["arch"], truth["accuracy"], strict=True))
    best = {a for a, x in accuracy.items() if sum(y > x for y in accuracy.values()) < 3}
    for (name, epoch), part in rows.groupby(["estimator", "epoch"]):
        tau, precision, mean = [], [], []
        for _, one in part.groupby("seed"):
            tau.append(stats.kendalltau(one["score"], one["arch"].map(accuracy)).statistic)
            precision.append(len(best & set(one.nlargest(3, "score")["arch"])) / 3)
            mean.append(one["score"].sum() / 60)
        found = table[(table["estimator"] == name) & (table["epoch"] == epoch)].set_index("panel")
        for panel, values in (("Kendall's tau-b", tau), ("Precision at the top 5%", precision)):
            expected = [np.mean(values), min(values), max(values), 60, 3]
            assert np.allclose(found.loc[panel, ["value", "low", "high", "n", "n_seeds"]].astype(float), expected)
        assert np.isclose(found.loc[found["criterion"] == "mean_score", "value"].item(), np.mean(mean))
    assert table["panel"].nunique() == 7 + 1 and len(table) == 2 * 4 * 8


def test_mean_scores_are_given_for_accuracies_and_negated_losses_alone():
    rows = checkpoint_scores(np.random.default_rng(3), names=("net",))
    truth = truth_of(np.arange(60) / 60)
    panels = {}
    for unit, score in {"accuracy": 0.5, "loss": -2.0, "count": 370.0}.items():
        table = compute(NO_SCORES, truth, checkpoint_scores=rows.assign(score=score + rows["score"] / 1e3))
        panels[unit] = set(table.loc[table["criterion"] == "mean_score", "panel"])
    expected = {"accuracy": {"Mean score, between 0 and 1"}, "loss": {"Mean score, between -10 and 0"}, "count": set()}
    assert panels == expected


def test_typed_tables_with_results_worked_out_by_hand():
    truth = truth_of([0.1, 0.2, 0.3, 0.4])
    rows = pd.DataFrame(
        [("net", f"a00{i}", 0, 7, s) for i, s in enumerate([0.1, 0.3, 0.2, 0.4])]
        + [("net", f"a00{i}", 1, 7, s) for i, s in enumerate([0.4, 0.3, 0.2, 0.1])],
        columns=["estimator", "arch", "seed", "epoch", "score"],
    )
    criteria = ["kendall_tau", {"name": "best_rank_at", "count": 1}, {"name": "worst_rank_at", "count": 2}]
    table = compute(NO_SCORES, truth, checkpoint_scores=rows, criteria=criteria).set_index("panel")
    assert np.allclose(
        table.loc["Kendall's tau-b", ["value", "low", "high"]].astype(float), [(2 / 3 - 1) / 2, -1, 2 / 3]
    )
    assert table.loc["Best true rank of the selected 1", ["value", "low", "high"]].tolist() == [0.625, 0.25, 1.0]
    assert table.loc["Worst true rank of the selected 2", ["value", "low", "high"]].tolist() == [0.875, 0.75, 1.0]
    mean = table[table["criterion"] == "mean_score"]
    assert mean["value"].tolist() == [0.25] and mean.index.tolist() == ["Mean score, between 0 and 1"]
    assert mean["at"].isna().all()


def test_only_architectures_that_all_seeds_scored_and_the_truth_holds():
    rows = checkpoint_scores(np.random.default_rng(1), n=10, epochs=(3, 9), seeds=(0, 1), names=("net",))
    rows = rows[~((rows["arch"] == "a009") & (rows["seed"] == 1) & (rows["epoch"] == 9))]
    table = compute(NO_SCORES, truth_of(np.arange(10) / 10).iloc[1:], checkpoint_scores=rows)
    assert table.groupby("epoch")["n"].unique().map(list).to_dict() == {3: [9], 9: [8]}
    alone = compute(NO_SCORES, truth_of(np.arange(10) / 10), checkpoint_scores=rows[rows["epoch"] == 3][:1])
    assert alone.loc[alone["criterion"] == "kendall_tau", "value"].isna().all() and set(alone["n"]) == {1}


def test_a_seed_without_a_checkpoint_is_left_out_there():
    rows = checkpoint_scores(np.random.default_rng(8), n=10, epochs=(3, 9), seeds=(0, 1), names=("net",))
    table = compute(
        NO_SCORES, truth_of(np.arange(10)), checkpoint_scores=rows[(rows["seed"] == 0) | (rows["epoch"] == 3)]
    )
    assert table.groupby("epoch")[["n", "n_seeds"]].max().to_dict("index") == {
        3: {"n": 10, "n_seeds": 2},
        9: {"n": 10, "n_seeds": 1},
    }


def test_a_constant_seed_leaves_the_criteria_undefined_but_not_the_mean():
    rows = checkpoint_scores(np.random.default_rng(2), n=8, epochs=(0,), seeds=(0, 1), names=("net",))
    rows.loc[rows["seed"] == 1, "score"] = 0.1
    table = compute(NO_SCORES, truth_of(np.arange(8) / 8), checkpoint_scores=rows)
    judged = table["criterion"] != "mean_score"
    assert table.loc[judged, ["value", "low", "high"]].isna().all(axis=None) and table["value"].notna().sum() == 1
    draw(table[table["criterion"] == "kendall_tau"], Figure().add_subplot())


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(3)
    truth, rows = truth_of(rng.normal(size=30)), checkpoint_scores(rng, n=30)
    scores = rows[rows["epoch"] == 100].drop(columns="epoch")
    one = compute(scores, truth, checkpoint_scores=rows)
    shuffled = [t.sample(frac=1, random_state=4) for t in (scores, truth, rows)]
    pd.testing.assert_frame_equal(one, compute(*shuffled[:2], checkpoint_scores=shuffled[2]))


def test_places_go_by_agreement_then_undefined_ones_by_name():
    truth = truth_of([0.1, 0.2, 0.3])
    rows = [("good", [1, 2, 3]), ("bad", [3, 2, 1]), ("flat", [1, 1, 1]), ("fair", [1, 3, 2])]
    scores = pd.DataFrame(
        [(name, f"a00{i}", 0, float(s)) for name, each in rows for i, s in enumerate(each)],
        columns=["estimator", "arch", "seed", "score"],
    )
    names = ["unknown", "flat", "bad", "fair", "good"]
    assert places(names, scores, truth) == {"good": 1, "fair": 2, "bad": 3, "flat": 4, "unknown": 5}


def test_cubes_hold_every_score_at_its_place():
    rows = checkpoint_scores(np.random.default_rng(5), n=4, epochs=(9, 2), seeds=(7, 3), names=("net",))
    ((name, epochs, cube),) = cubes(rows, pd.Index(["a003", "a001"]))
    assert name == "net" and epochs.tolist() == [2, 9] and cube.shape == (2, 2, 2)
    for row in rows[rows["arch"] == "a001"].itertuples():
        assert cube[1, [3, 7].index(row.seed), [2, 9].index(row.epoch)] == row.score


def test_steady_keeps_what_differs_and_joins_what_rounding_parted():
    values = np.array([0.0, -0.25, 1e-30, 3e40, 0.1 + 0.2, 0.3, 0.3 + 1e-9, np.nan])
    found = steady(values)
    assert np.allclose(found, values, rtol=1e-12, atol=0, equal_nan=True) and found[4] == found[5] != found[6]


@pytest.mark.long
@pytest.mark.parametrize("epochs", [(0, 1, 5, 100), (0,), (3,), (0, 4, 90), (10, 20, 30), tuple(range(1, 600, 2))])
def test_every_panel_can_be_drawn(epochs):
    names = tuple(f"net_{i}" for i in range(11))
    rows = checkpoint_scores(np.random.default_rng(6), n=6, epochs=epochs, seeds=(0, 1), names=names)
    table = compute(NO_SCORES, truth_of(np.arange(6) / 6), checkpoint_scores=rows, criteria=["kendall_tau"])
    axes = Figure().add_subplot()
    draw(table[table["criterion"] == "kendall_tau"], axes)
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == sorted(names)[:8]  # no scores: by name
    assert axes.get_legend().get_title().get_text() == "best 8 of 11 estimators"
    drawn = axes.lines[0].get_xdata()
    assert drawn[0] == epochs[0] and drawn[-1] == epochs[-1] and len(drawn) <= 200


def test_an_estimator_of_a_late_place_takes_a_style_that_is_free():
    rows = {"epoch": 1, "criterion": "kendall_tau", "value": 0.5, "low": 0.4, "high": 0.6}
    axes = Figure().add_subplot()
    draw(pd.DataFrame({"estimator": ["a", "b", "c"], "place": [1, 9, 17], **rows}), axes)
    assert len({line.get_color() for line in axes.lines}) == 3


def test_nothing_scored_is_an_empty_table_and_a_drawing_that_says_so():
    rows = checkpoint_scores(np.random.default_rng(7), n=3)
    for some in (rows[:0], rows.assign(arch="elsewhere")[:1]):
        table = compute(NO_SCORES, truth_of([0.1, 0.2, 0.3]), checkpoint_scores=some)
        assert table.empty and {"estimator", "value", "n", "panel"} <= set(table.columns)
    axes = Figure().add_subplot()
    draw(table, axes)
    assert "no checkpoint" in axes.texts[0].get_text()


def test_a_criterion_that_does_not_exist_is_refused():
    with pytest.raises(UserError, match="kendal"):
        compute(NO_SCORES, truth_of([0.1]), checkpoint_scores=NO_SCORES.assign(epoch=[]), criteria=["kendal"])
