"""The noise ceiling is that of the architectures that are judged, whatever is judged and wherever it is shown."""

import dataclasses
import os
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from nasgauge.benchmarks import load
from nasgauge.core.tables import CEILING, check
from nasgauge.judging import judge, noise_ceiling, noise_ceilings, with_ceilings
from nasgauge.report.ceilings import ceiling_sets, shared_ceiling
from nasgauge.report.criteria_table import ceiling_rows

NAN = float("nan")


def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def truth():
    """60 architectures that differ clearly and 60 that differ by less than the noise of a training."""
    draw = np.random.default_rng(3)
    level = np.concatenate([np.linspace(0.3, 0.8, 60), 0.85 + 0.001 * draw.random(60)])
    archs = [f"a{i:03}" for i in range(120)]
    rows = [(a, a, s, x + 0.01 * draw.normal()) for a, x in zip(archs, level, strict=True) for s in range(4)]
    return pd.DataFrame(rows, columns=["arch", "iso_class", "seed", "accuracy"])


def scores(archs, estimator="guess"):
    draw = np.random.default_rng(len(archs))
    return pd.DataFrame({"estimator": estimator, "arch": archs, "seed": 0, "score": draw.normal(size=len(archs))})


def test_a_subset_has_the_ceiling_of_the_subset(truth):
    archs = truth["arch"].unique()
    whole = noise_ceilings(scores(archs), truth, truth, ["kendall_tau"], n_bootstrap=20, rng=rng())
    best = noise_ceilings(scores(archs[60:]), truth, truth, ["kendall_tau"], n_bootstrap=20, rng=rng())
    own = noise_ceiling(truth[truth["arch"].isin(archs[60:])], ["kendall_tau"], n_bootstrap=20, rng=rng())
    assert (
        best[["value", "lower", "upper", "n"]].values.tolist() == own[["value", "lower", "upper", "n"]].values.tolist()
    )
    assert whole["value"].item() > 0.7 > 0.5 > best["value"].item()
    assert (whole["n"].item(), best["n"].item()) == (120, 60)


def test_each_estimator_has_its_own_and_equal_sets_share_one(truth):
    archs = truth["arch"].unique()
    table = pd.concat([scores(archs, "all"), scores(archs[60:], "best"), scores(archs[60:][::-1], "also best")])
    found = noise_ceilings(table, truth, truth, ["kendall_tau"], n_bootstrap=20, rng=rng())
    assert found["estimator"].tolist() == ["all", "best", "also best"]
    assert found["archs"].tolist() == [0, 1, 1] and found["n"].tolist() == [120, 60, 60]
    alone = noise_ceilings(scores(archs[60:], "best"), truth, truth, ["kendall_tau"], n_bootstrap=20, rng=rng())
    columns = ["value", "lower", "upper"]
    assert found[columns].iloc[1].tolist() == alone[columns].iloc[0].tolist()  # whoever else is judged


def test_what_failed_or_was_not_measured_does_not_count_in_the_ceiling(truth):
    archs = truth["arch"].unique()
    table = scores(archs)
    table.loc[:59, "score"] = NAN
    left_out = noise_ceilings(table, truth, truth, ["kendall_tau"], n_bootstrap=0, rng=rng())
    ranked = noise_ceilings(table, truth, truth, ["kendall_tau"], missing="last", n_bootstrap=0, rng=rng())
    assert (left_out["n"].item(), ranked["n"].item()) == (60, 120)
    assert left_out["value"].item() < ranked["value"].item()


def test_another_quantity_has_no_ceiling_of_accuracy(truth):
    archs = truth["arch"].unique()
    criteria = ["kendall_tau", {"name": "best_accuracy_at", "count": 5}, {"name": "regret_at", "count": 5}]
    other = truth.assign(accuracy=truth["accuracy"] - 0.1)
    options = {"n_bootstrap": 0, "rng": rng()}
    same = noise_ceilings(scores(archs), truth, truth, criteria, **options)
    apart = noise_ceilings(scores(archs), truth, other, criteria, same_quantity=False, **options)
    assert same["criterion"].tolist() == ["kendall_tau", "best_accuracy_at", "regret_at"]
    assert apart["criterion"].tolist() == ["kendall_tau"]


def test_many_sets_keep_their_values_and_are_shown_as_a_range(truth):
    archs = truth["arch"].unique()
    table = pd.concat([scores(archs[i:], f"from {i}") for i in range(7)])
    found = noise_ceilings(table, truth, truth, ["kendall_tau"], n_bootstrap=20, rng=rng())
    assert found["value"].notna().all() and found["archs"].nunique() == 7
    [spanning] = ceiling_sets(found)
    assert spanning.n == (114, 120) and len(spanning.names) == 7
    few = found[found["archs"] < 3]
    assert [one.label(alone=False) for one in ceiling_sets(few)] == [f"noise ceiling, n = {n}" for n in (120, 119, 118)]


def test_a_figure_draws_a_ceiling_only_where_it_belongs_to_all_that_is_drawn(truth):
    archs = truth["arch"].unique()
    table = pd.concat([scores(archs, "all"), scores(archs[60:], "best")])
    found = noise_ceilings(table, truth, truth, ["kendall_tau"], n_bootstrap=0, rng=rng())
    key = ("kendall_tau", None)
    drawn = pd.DataFrame({"estimator": ["all", "all"], "n": [120, 120]})
    assert shared_ceiling(found, drawn, key) == found["value"].iloc[0]
    assert shared_ceiling(found, drawn.assign(estimator="best", n=60), key) == found["value"].iloc[1]
    assert shared_ceiling(found, drawn.assign(estimator=["all", "best"], n=[120, 60]), key) is None
    assert shared_ceiling(found, drawn.assign(n=60), key) is None  # drawn over other architectures than judged
    assert shared_ceiling(found, drawn.drop(columns="estimator"), key) is None
    assert shared_ceiling(found.head(1), drawn.drop(columns="estimator"), key) == found["value"].iloc[0]
    assert shared_ceiling(found, drawn, ("pearson_r", None)) is None


def test_downloads_name_the_estimators_of_each_ceiling(truth):
    archs = truth["arch"].unique()
    table = pd.concat([scores(archs, "a"), scores(archs, "b"), scores(archs[60:], "c")])
    values = judge(table, truth, ["kendall_tau"], n_bootstrap=0, rng=rng())
    rows = with_ceilings(values, noise_ceilings(table, truth, truth, ["kendall_tau"], n_bootstrap=0, rng=rng()))
    assert rows["estimator"].tolist() == ["a", "b", "c", "noise_ceiling", "noise_ceiling"]
    assert rows["ceiling_of"].tolist() == ["", "", "", "a; b", "c"]
    assert rows["n"].tolist() == [120, 120, 60, 120, 60]


def test_the_page_says_what_another_quantity_is(bundle_of_a_subset):
    [row] = ceiling_rows(dataclasses.replace(bundle_of_a_subset, ceiling_measure="validation accuracy"))
    undefined = [cell.undefined for cell in row.cells if cell.undefined]
    assert any("validation accuracy" in text for text in undefined)


@pytest.fixture
def bundle_of_a_subset(truth):
    from nasgauge.report import Bundle

    archs = truth["arch"].unique()[60:]
    criteria = ["kendall_tau", {"name": "best_accuracy_at", "count": 5}]
    table = scores(archs)
    values = judge(table, truth, criteria, n_bootstrap=0, rng=rng())
    ceiling = noise_ceilings(table, truth, truth, criteria, same_quantity=False, n_bootstrap=0, rng=rng())
    return Bundle(title="t", values=values, truth=truth, scores=table, ceiling=check(ceiling, CEILING))


@pytest.mark.parametrize("name", ["digits-nb201"])
def test_the_best_of_an_embedded_truth_can_hardly_be_told_apart(name):
    benchmark = load(name)
    best = benchmark.truth.groupby("arch")["accuracy"].mean().nlargest(60).index
    half = benchmark.truth[benchmark.truth["seed"] < 3].groupby("arch")["accuracy"].mean()
    table = pd.DataFrame({"estimator": "three trainings", "arch": best, "seed": 0, "score": half[best].to_numpy()})
    options = {"n_bootstrap": 0, "rng": rng()}
    found = noise_ceilings(table, benchmark.truth, benchmark.replicates, ["kendall_tau"], **options)
    wide = benchmark.truth.pivot(index="arch", columns="seed", values="accuracy").loc[best].to_numpy()
    halves = [(first, [s for s in range(6) if s not in first]) for first in combinations(range(6), 3)]
    known = np.mean([kendalltau(wide[:, a].mean(1).round(12), wide[:, b].mean(1).round(12))[0] for a, b in halves])
    assert found["n"].item() == 60 and found["value"].item() == pytest.approx(known, abs=1e-12)
    whole = noise_ceiling(benchmark.replicates, ["kendall_tau"], **options)
    assert whole["value"].item() > 0.8 and known < 0.1


def test_a_page_of_failed_and_of_worst_scores(bundle_of_a_subset):
    from nasgauge.report import render

    table = bundle_of_a_subset.scores.copy()
    table.loc[:4, "score"], table.loc[5:9, "score"] = NAN, -np.inf
    values = judge(table, bundle_of_a_subset.truth, ["kendall_tau"], n_bootstrap=0, rng=rng())
    bundle = dataclasses.replace(bundle_of_a_subset, scores=table, values=values)
    assert len(bundle.measured) == 55 and np.isfinite(bundle.measured["score"]).all()
    assert (bundle.measured["score"].nsmallest(5).index == bundle.measured.index[:5]).all()
    text = render(bundle)
    assert "Infinity" not in text and '"score":[null' in text


def test_one_worst_seed_is_enough_to_be_the_worst_in_the_mean():
    from nasgauge.report import Bundle

    archs, seeds = list("abc"), [0, 1, 2]
    table = pd.DataFrame({"estimator": "e", "arch": archs * 3, "seed": np.repeat(seeds, 3), "score": 0.0})
    table["score"] = [-np.inf, 0.0, 1.0, 9.0, 0.0, 1.0, 9.0, 0.0, 1.0]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": [0.1, 0.2, 0.3]})
    values = judge(table, truth, ["kendall_tau"], n_bootstrap=0, rng=rng())
    means = Bundle(title="t", values=values, truth=truth, scores=table).measured.groupby("arch")["score"].mean()
    assert means.idxmin() == "a"


def test_the_explorer_compares_ranks_among_the_same_architectures(truth, bundle_of_a_subset):
    import json

    from nasgauge.report.explorer import explorer

    data = json.loads(explorer(bundle_of_a_subset, rng=rng()))
    one = data["estimators"]["guess"]
    assert data["n"] == 120 and one["n"] == 60 and data["is_fraction"]
    scored = [i for i, rank in enumerate(one["rank"]) if rank is not None]
    assert sorted(one["truth_rank"][i] for i in scored) == list(range(1, 61))
    other = dataclasses.replace(bundle_of_a_subset, truth=truth.assign(accuracy=-100 * truth["accuracy"]))
    assert not json.loads(explorer(other, rng=rng()))["is_fraction"]


@pytest.mark.parametrize("name", ["pareto", "pareto_levels", "search_quality", "search_regret", "top_cells"])
def test_figures_write_percent_only_where_the_truth_is_a_fraction(name):
    from matplotlib.figure import Figure

    from nasgauge.analyses import ANALYSES
    from nasgauge.spaces import NB201

    space, draw = NB201(), np.random.default_rng(0)
    archs = sorted({space.to_str(space.sample(draw)) for _ in range(40)})
    accuracy = draw.random(len(archs))
    table = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": draw.random(len(archs))})
    sizes = pd.DataFrame({"arch": archs, "n_params": draw.integers(1, 99, len(archs)), "macs": None})
    for factor in (1.0, -3.0):
        known = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": factor * accuracy})
        rows = ANALYSES[name](table, known, space, rng=rng(), records={"complexity": sizes})
        axes = Figure(figsize=(4, 4)).add_subplot()
        ANALYSES[name].draw(ANALYSES[name].panels(rows)[0][1], axes, space)
        said = " ".join([axes.get_xlabel(), axes.get_ylabel(), *(text.get_text() for text in axes.texts)])
        assert ("%" in said) == (factor > 0)


@pytest.mark.skipif(not os.environ.get("NASGAUGE_DATA"), reason="NASGAUGE_DATA is not set: no real NAS-Bench-201 table")
def test_the_hundred_best_of_nasbench201_and_no_ceiling_of_accuracy_from_another_split(tmp_path):
    from nasgauge.judging import judge_scores

    truth = load({"name": "nb201"}).truth
    best = truth.nlargest(100, "accuracy")
    draw = np.random.default_rng(0)
    table = pd.DataFrame({"arch": best["arch"], "noisy": best["accuracy"] + 0.01 * draw.normal(size=100)})
    table.to_csv(tmp_path / "scores.csv", index=False)
    criteria = ["kendall_tau", {"name": "best_accuracy_at", "count": 5}]
    verdict = judge_scores(tmp_path / "scores.csv", benchmark="nb201", criteria=criteria, n_bootstrap=0)
    assert "validation accuracy" in verdict.ceiling_measure
    assert verdict.ceiling["criterion"].tolist() == ["kendall_tau"] and verdict.ceiling["n"].item() == 100
    assert verdict.ceiling["value"].item() < 0.5  # over all cells it is above .9
    assert verdict.values["value"].notna().all()
