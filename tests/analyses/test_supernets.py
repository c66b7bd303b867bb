"""Planted supernets: scores are the truth plus noise of known size, and a mean that has nothing to do with it."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses import split_spaces, supernet_correlations, supernet_factors, supernet_metrics
from nasgauge.analyses.toolkit.supernet_quality import METRICS
from nasgauge.core.errors import UserError

N = 600
ARCHS = [f"a{i:04d}" for i in range(N)]
NOISE = (0.1, 0.3, 0.6, 1.0, 1.8, 3.0)  # in standard deviations of the truth


def rng(seed=0):
    return np.random.default_rng(seed)


def truth_of(n=N):
    accuracy = stats.norm(0.8, 0.05).ppf((np.arange(n) + 0.5) / n)  # exactly normal, so that tau has a closed form
    return pd.DataFrame(
        {"arch": ARCHS[:n], "iso_class": ARCHS[:n], "seed": 0, "accuracy": rng(9).permutation(accuracy)}
    )


TRUTH = truth_of()


def planted(noise, means, seeds=(0, 1, 2), truth=TRUTH):
    """Scores of supernets by name: truth + N(0, noise sd), moved to a mean by name (and a hundredth of the seed)."""
    true, rows = truth["accuracy"].to_numpy(), []
    for i, (name, size) in enumerate(noise.items()):
        for seed in seeds:
            score = true + rng([i, seed]).normal(0, size * true.std(), len(true)) if size else true.copy()
            score += means[name] + seed / 100 - score.mean()
            rows.append(pd.DataFrame({"estimator": name, "arch": truth["arch"], "seed": seed, "score": score}))
    return pd.concat(rows, ignore_index=True)


def settings_of(chosen):
    rows = [(n, s, float(v)) for n, each in chosen.items() for s, v in each.items() if not isinstance(v, str)]
    return pd.DataFrame(rows, columns=["estimator", "setting", "value"])


def choices_of(chosen):
    rows = [(n, s, v) for n, each in chosen.items() for s, v in each.items() if isinstance(v, str)]
    return pd.DataFrame(rows, columns=["estimator", "setting", "value"])


def ask(analysis, scores, chosen, truth=TRUTH, **options):
    kept = {"settings": settings_of(chosen), "choices": choices_of(chosen)}
    return analysis.compute(scores, truth, **kept, rng=rng(1), **options)


def plain(names):
    """Settings of supernets that differ in their rates alone."""
    return {name: {"lr": i + 1.0, "bn": "batch"} for i, name in enumerate(names)}


def tau_of(noise):
    """Kendall's tau of a normal variable with itself plus independent normal noise."""
    return 2 / np.pi * np.arcsin(1 / np.sqrt(1 + noise**2))


def test_the_metrics_of_a_planted_supernet_are_those_of_its_noise():
    noise = {f"net{i}": size for i, size in enumerate(NOISE)}
    table = ask(supernet_metrics, planted(noise, dict.fromkeys(noise, 0.4)), plain(noise))
    assert len(table) == 3 * len(NOISE) and set(table["kind"]) == {"main"} and set(table["n"]) == {N}
    assert set(table["variant"]) == {"nasws"} and set(table["width"]) == {1e-3}
    for name, rows in table.groupby("estimator"):
        assert np.allclose(rows["kendall_tau"], tau_of(noise[name]), atol=0.05)
        assert np.allclose(rows["sparse_kendall_tau"], rows["kendall_tau"], atol=0.05)
        assert np.allclose(rows["mean_score"], 0.4 + rows["seed"] / 100)
    means = table.groupby("estimator")[["found_accuracy", "surpass_probability"]].mean()
    assert (np.diff(means.to_numpy(), axis=0) < 0).all()  # more noise finds less


def test_metrics_equal_a_plain_loop_with_scipy():
    truth = truth_of(40)
    scores = planted({"net": 0.5}, {"net": 0.1}, seeds=(4,), truth=truth)
    [row] = ask(supernet_metrics, scores, plain(["net"]), truth, n_pool=8, k=2, n_draws=4000).to_dict("records")
    score, true = scores["score"].to_numpy(), truth["accuracy"].to_numpy()
    found, surpass, generator = [], [], rng(7)
    for _ in range(4000):  # other pools, the same expectation
        pool = generator.choice(40, 8, replace=False)
        best = sorted(pool, key=lambda i: -score[i])[:2]
        found.append(true[best].mean())
        surpass.append((sum(t < max(true[best]) for t in true) / 40) ** 2)
    assert row["kendall_tau"] == pytest.approx(stats.kendalltau(score, true).statistic)
    for name, values in (("found_accuracy", found), ("surpass_probability", surpass)):
        assert abs(row[name] - np.mean(values)) < 5 * np.std(values) / np.sqrt(2000)
    whole = ask(supernet_metrics, scores, plain(["net"]), truth)  # a pool of all
    assert whole["found_accuracy"].item() == pytest.approx(true[np.argsort(-score)[:3]].mean())


def test_planted_correlations_are_given_back():
    noise = {f"net{i}": size for i, size in enumerate(NOISE)}
    places = [3, 0, 4, 1, 5, 2]  # of the means: unrelated to the noise
    means = {name: 0.3 + 0.1 * place for name, place in zip(noise, places, strict=True)}
    table = ask(supernet_correlations, planted(noise, means), plain(noise), n_bootstrap=50)
    found = table.set_index(["first", "second"])
    planted_rho = stats.spearmanr(places, -np.array(NOISE)).statistic
    assert abs(planted_rho) < 0.4
    assert found.loc[("mean_score", "kendall_tau"), "spearman"] == pytest.approx(planted_rho, abs=0.03)
    assert found.loc[("mean_score", "found_accuracy"), "spearman"] == pytest.approx(planted_rho, abs=0.1)
    assert found.loc[("kendall_tau", "found_accuracy"), "spearman"] > 0.95
    assert len(table) == 10 and set(table["n"]) == {18} and set(table["n_settings"]) == {6}
    inside = table[["spearman", "pearson"]].to_numpy()
    lower, upper = (table[[f"{name}_{end}" for name in ("spearman", "pearson")]] for end in ("lower", "upper"))
    assert (lower.to_numpy() <= inside + 1e-9).all() and (inside <= upper.to_numpy() + 1e-9).all()


def test_correlations_equal_scipy_over_the_table_of_metrics():
    noise = {f"net{i}": size for i, size in enumerate(NOISE)}
    scores = planted(noise, {name: 0.1 * size for name, size in noise.items()})
    every = ask(supernet_metrics, scores, plain(noise))
    for row in ask(supernet_correlations, scores, plain(noise), n_bootstrap=0).itertuples():
        x, y = every[row.first], every[row.second]
        assert row.pearson == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-9)
        assert row.spearman == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-9)


def test_a_correlation_that_most_draws_have_has_an_interval():
    """Half of the draws of two supernets are one supernet twice; with three seeds each, all have a correlation."""
    noise = {"net0": 0.2, "net1": 1.0}
    means = {"net0": 0.5, "net1": 0.6}
    for seeds, defined in (((0,), False), ((0, 1, 2), True)):
        table = ask(supernet_correlations, planted(noise, means, seeds), plain(noise), n_bootstrap=200)
        row = table.set_index(["first", "second"]).loc[("mean_score", "kendall_tau")]
        assert np.isfinite(row["spearman"])
        assert np.isfinite(row[["spearman_lower", "spearman_upper"]].to_numpy(float)).all() == defined


FACTORS = {
    "base": {"lr": 0.1, "bn": "batch", "flip": "false"},
    "tracked": {"lr": 0.1, "bn": "tracked", "flip": "false"},
    "slow": {"lr": 0.01, "bn": "batch", "flip": "false"},
    "again": {"lr": 0.1, "bn": "batch", "flip": "true"},
}


def test_planted_influences_are_given_back():
    noise = {"base": 1.0, "tracked": 3.0, "slow": 0.3, "again": 1.0}
    scores = planted(noise, {"base": 0.5, "tracked": 0.2, "slow": 0.5, "again": 0.6})
    table = ask(supernet_factors, scores, FACTORS)
    assert set(table["base"]) == {"base"} and set(table["n_seeds"]) == {3}
    tau = table[table["metric"] == "kendall_tau"].set_index("factor")
    for factor, name in (("bn", "tracked"), ("lr", "slow"), ("flip", "again")):
        assert tau.loc[factor, "estimator"] == name
        assert tau.loc[factor, "influence"] == pytest.approx(tau_of(noise[name]) - tau_of(1.0), abs=0.04)
    assert tau.loc["bn", "upper"] < 0 < tau.loc["lr", "lower"]
    assert tau.loc["flip", "lower"] < 0 < tau.loc["flip", "upper"]
    assert tau.loc["bn", ["off", "on"]].tolist() == ["batch", "tracked"]
    assert tau.loc["lr", ["off", "on"]].tolist() == ["0.1", "0.01"]
    means = table[table["metric"] == "mean_score"].set_index("factor")  # seeds move both alike, so it is exact
    expected = {"bn": -0.3, "lr": 0.0, "flip": 0.1}
    for column in ("influence", "lower", "upper"):
        assert np.allclose(means.loc[list(expected), column], list(expected.values()))
    perf = table[table["metric"] == "found_accuracy"].set_index("factor")["influence"]
    assert perf["lr"] > 0 > perf["bn"] and list(dict.fromkeys(table["metric"])) == list(METRICS)


def test_an_influence_is_a_difference_of_the_metrics_of_equal_seeds():
    noise = dict.fromkeys(FACTORS, 0.7)
    scores = planted(noise, dict.fromkeys(FACTORS, 0.5))
    every = ask(supernet_metrics, scores, FACTORS).set_index(["estimator", "seed"])
    for row in ask(supernet_factors, scores, FACTORS).itertuples():
        difference = every.loc[row.estimator, row.metric] - every.loc["base", row.metric]
        assert row.influence == pytest.approx(difference.mean())
        assert row.lower == pytest.approx(difference.mean() - stats.t.ppf(0.975, 2) * stats.sem(difference))
        assert row.value_on - row.value_off == pytest.approx(row.influence)


def test_supernets_that_score_other_architectures_are_compared_on_common_ones():
    scores = planted(dict.fromkeys(FACTORS, 0.7), dict.fromkeys(FACTORS, 0.5))
    part = scores[(scores["estimator"] != "slow") | scores["arch"].isin(ARCHS[:50])]
    table = ask(supernet_factors, part, FACTORS)
    assert dict(zip(table["estimator"], table["n"], strict=True)) == {"tracked": N, "again": N, "slow": 50}
    none = scores[scores["arch"].isin(ARCHS[:50]) == (scores["estimator"] == "slow")]
    assert set(ask(supernet_factors, none, FACTORS)["estimator"]) == {"tracked", "again"}


def factors(chosen, **options):
    scores = planted(dict.fromkeys(chosen, 0.7), dict.fromkeys(chosen, 0.5), seeds=(0,), truth=truth_of(30))
    table = ask(supernet_factors, scores, chosen, truth_of(30), **options)
    return {row.estimator: (row.base, row.factor, row.off, row.on) for row in table.itertuples()}


def test_what_varies_together_is_one_factor_by_all_its_names():
    few = {**FACTORS, "quarter": {"lr": 0.1, "bn": "batch", "flip": "false", "epochs": 400.0, "train_share": 0.25}}
    few = {name: {"epochs": 100.0, "train_share": 1.0} | each for name, each in few.items()}
    assert factors(few)["quarter"] == ("base", "epochs, train_share", "100, 1", "400, 0.25")


def test_a_sampler_stands_for_its_own_options_and_for_nothing_else():
    fair = {**FACTORS["base"], "sampler": "fairnas", "n_samples": 5.0, "sampler_options.live_conv": "false"}
    usual = {name: each | {"sampler": "uniform", "n_samples": 1.0} for name, each in FACTORS.items()}
    assert factors({**usual, "fair": fair})["fair"] == ("base", "sampler", "uniform", "fairnas")
    both = factors({**usual, "fair": fair | {"bn": "tracked"}})
    assert both["fair"] == ("base", "bn, sampler", "batch, uniform", "tracked, fairnas")


def test_of_supernets_that_differ_it_is_never_said_that_they_do_not():
    assert factors(FACTORS | {"twice": FACTORS["base"]})["twice"][1] == "nothing"
    chosen = FACTORS | {"other": {"lr": 0.1, "bn": "batch"}}
    assert factors(chosen)["other"] == ("base", "flip", "false", "–")
    scores = planted(dict.fromkeys(FACTORS, 0.7), dict.fromkeys(FACTORS, 0.5), truth=truth_of(30))
    numbers = supernet_factors.compute(scores, truth_of(30), settings=settings_of(FACTORS), base="base", rng=rng())
    assert set(numbers["factor"]) == {"lr, not recorded", "not recorded"}


def test_the_base_is_the_one_that_most_others_differ_from_in_one_factor_or_the_one_asked_for():
    assert {base for base, *_ in factors(FACTORS).values()} == {"base"}
    asked = factors(FACTORS, base="slow")
    assert asked["base"] == ("slow", "lr", "0.01", "0.1") and asked["tracked"][1] == "bn, lr"
    with pytest.raises(UserError, match="unknown base of supernet_factors 'nowhere'"):
        factors(FACTORS, base="nowhere")


def test_kinds_of_score_are_not_mixed():
    chosen = {f"{name}{kind}": each for name, each in FACTORS.items() for kind in ("", "_loss")}
    found = factors(chosen)
    assert found["slow"][0] == "base" and found["slow_loss"][0] == "base_loss"
    scores = planted(dict.fromkeys(chosen, 0.7), dict.fromkeys(chosen, 0.5))
    assert set(ask(supernet_correlations, scores, chosen, n_bootstrap=0)["n"]) == {12}


def test_influences_over_several_spaces_are_means_with_an_interval_over_them():
    rows = {"metric": "found_accuracy", "kind": "main", "factor": "bn", "off": "batch", "on": "tracked"}
    rows |= {"base": "plain", "estimator": "running"}
    tables = {f"s{i}": pd.DataFrame([{**rows, "influence": x}]) for i, x in enumerate((0.1, 0.3, -0.1))}
    [row] = supernet_factors.over_spaces(tables).to_dict("records")
    assert row["influence"] == pytest.approx(0.1) and (row["n_spaces"], row["n_same"]) == (3, 2)
    assert (row["base"], row["estimator"]) == ("plain", "running")
    assert row["upper"] - row["influence"] == pytest.approx(stats.t.ppf(0.975, 2) * 0.2 / np.sqrt(3))
    with pytest.raises(UserError, match="no table to join"):
        supernet_factors.over_spaces({})


@pytest.mark.parametrize("analysis", [supernet_metrics, supernet_correlations, supernet_factors])
def test_senseless_options_are_refused(analysis):
    scores = planted({"net": 1.0}, {"net": 0.5}, truth=truth_of(30))
    for option, message in (({"k": 0}, "k is 0"), ({"variant": "none"}, "unknown variant"), ({"width": 0}, "width")):
        two = pd.concat([scores, scores.assign(estimator="other")])
        with pytest.raises(UserError, match=message):
            ask(analysis, two, plain(["net", "other"]), truth_of(30), **option)


@pytest.mark.parametrize("analysis", [supernet_metrics, supernet_correlations, supernet_factors])
def test_what_is_undefined_is_said_in_the_drawing(analysis):
    scores = planted({"net": 1.0}, {"net": 0.5}, truth=truth_of(30)).assign(score=0.1)
    table = ask(analysis, pd.concat([scores, scores.assign(estimator="other")]), plain(["net", "other"]), truth_of(30))
    undefined = {"supernet_metrics": "no supernet", "supernet_correlations": "fewer", "supernet_factors": "undefined"}
    for label, rows in analysis.ANALYSIS.panels(table):
        axes = Figure().add_subplot()
        analysis.ANALYSIS.draw(rows, axes)
        said = [text.get_text() for text in axes.texts]
        if label not in ("mean_score", "found_accuracy", "surpass_probability"):
            assert said and undefined[analysis.ANALYSIS.name] in said[0]


def parts_of(noise_within, noise_of_all, between):
    """A supernet of all, whose scores also differ by part, and one of each of three parts; and their settings."""
    true = TRUTH["accuracy"].to_numpy()
    part = np.arange(N) % 3
    rows, chosen = [], {"whole": {"epochs": 9.0, "picking": "ordinal", "without": "nothing"}}
    for seed in (0, 1, 2):
        noise = rng([3, seed]).normal(0, true.std(), N)
        score = true + noise_of_all * noise + between * part
        rows.append(pd.DataFrame({"estimator": "whole", "arch": TRUTH["arch"], "seed": seed, "score": score}))
        for i in range(3):
            own = true + noise_within * noise
            table = pd.DataFrame({"estimator": f"part{i}", "arch": TRUTH["arch"], "seed": seed, "score": own})
            rows.append(table[part == i])
    chosen |= {f"part{i}": {"epochs": 9.0, "picking": "disabled", "without": f"all but {i}"} for i in range(3)}
    return pd.concat(rows, ignore_index=True), chosen


def test_supernets_of_parts_are_compared_with_the_whole_within_each_part():
    scores, chosen = parts_of(0.5, 1.5, between=0.3)
    table = ask(split_spaces, scores, chosen)
    found = table[table["metric"] == "kendall_tau"].set_index("role")
    assert found.loc["split", "within"] == pytest.approx(tau_of(0.5), abs=0.05)
    assert found.loc["whole", "within"] == pytest.approx(tau_of(1.5), abs=0.05)
    assert found.loc["whole", "whole"] < found.loc["whole", "within"] - 0.2  # what differs between parts misleads
    assert np.isnan(found.loc["split", "whole"]) and found.loc["split", "parts"] == "part0, part1, part2"
    assert set(table["n"]) == {N} and set(table["n_parts"]) == {3} and set(table["n_seeds"]) == {3}
    part = scores[(scores["estimator"] == "whole") & (scores["seed"] == 0)].merge(TRUTH[["arch", "accuracy"]])
    by_hand = [stats.kendalltau(part["score"][i::3], part["accuracy"][i::3]).statistic for i in range(3)]
    one = ask(split_spaces, scores[scores["seed"] == 0], chosen)
    assert one[(one["metric"] == "kendall_tau") & (one["role"] == "whole")]["within"].item() == pytest.approx(
        np.mean(by_hand)
    )


def test_parts_that_share_architectures_or_differ_otherwise_are_no_split():
    scores, chosen = parts_of(0.5, 1.5, between=0.3)
    more = scores[scores["estimator"] == "whole"].iloc[:1].assign(estimator="part0")
    more = pd.concat([more.assign(arch="a0001", seed=seed) for seed in (0, 1, 2)])
    assert ask(split_spaces, pd.concat([scores, more]), chosen).empty
    other = {name: each | {"epochs": float(i)} for i, (name, each) in enumerate(chosen.items())}
    assert ask(split_spaces, scores, other).empty
    few = scores[(scores["estimator"] != "part2") | scores["arch"].isin(ARCHS[:27])]  # nine architectures
    assert set(ask(split_spaces, few, chosen)["parts"]) == {"part0, part1"}
