"""Sub-spaces by hand, with two seeds; what a search finds where its budget pays for everything."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import found_in_training, search_regret, sub_space
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.core.errors import UserError
from nasgauge.criteria import kendall_tau
from nasgauge.spaces import NB201

SPACE = NB201()
RNG = np.random.default_rng(0)
ARCHS = sorted({SPACE.to_str(SPACE.sample(RNG)) for _ in range(30)})
TRUTH = pd.DataFrame({"arch": ARCHS, "iso_class": ARCHS, "seed": 0, "accuracy": RNG.permutation(len(ARCHS)) / 100})


def scored(names, **columns):
    keys = pd.MultiIndex.from_product([names, ARCHS, (0, 1)], names=["estimator", "arch", "seed"])
    table = keys.to_frame(index=False).assign(**columns)
    return table.assign(score=np.random.default_rng(1).random(len(table)))


def test_each_seed_is_judged_on_the_sub_space_of_its_number_and_wider_ones_are_compared():
    scores = scored(["full", "half", "tenth", "tenth_loss", "full_loss", "n_params"])
    lists = {("half", 0): ARCHS[:14], ("half", 1): ARCHS[8:20], ("tenth", 0): ARCHS[:6], ("tenth", 1): ARCHS[10:14]}
    chosen = pd.DataFrame(
        [(n, s, a) for (n, s), archs in lists.items() for a in archs], columns=["estimator", "seed", "arch"]
    )
    log = pd.DataFrame({"estimator": ["full", "half", "tenth"], "seed": 0, "epoch": 1, "train_loss": 1.0})
    table = sub_space.compute(scores, TRUTH, training_archs=chosen, training_log=log)
    assert table[["sub_space", "estimator"]].values.tolist() == [
        ["half", "half"], ["half", "full"], ["tenth", "tenth"], ["tenth", "full"], ["tenth", "half"],
        ["tenth", "tenth_loss"], ["tenth", "full_loss"],
    ]  # fmt: skip
    accuracy = TRUTH.set_index("arch")["accuracy"]

    def taus(name):
        of = scores[scores["estimator"] == name].pivot(index="arch", columns="seed", values="score")
        return [kendall_tau(of.loc[lists["tenth", s], s], accuracy[lists["tenth", s]]) for s in (0, 1)]

    row = table.query("sub_space == 'tenth' and estimator == 'full'").iloc[0]
    assert row[["kendall_tau", "low", "high"]].tolist() == pytest.approx(mean_interval(taus("full")))
    gains = np.subtract(taus("tenth"), taus("full"))
    assert row[["gain", "gain_low", "gain_high"]].tolist() == pytest.approx(mean_interval(gains))
    whole = scores.query("estimator == 'full'").pivot(index="arch", columns="seed", values="score")
    best = [whole[s].nlargest(10).index for s in (0, 1)]
    assert row["top_10"] == pytest.approx(np.mean([accuracy[b].max() for b in best]))
    assert row["top_1"] == pytest.approx(np.mean([accuracy[b[0]] for b in best]))
    inside = np.mean([whole.loc[lists["tenth", s], s].mean() for s in (0, 1)])
    assert (row["n"], row["n_seeds"], row["mean_score"]) == (6, 2, pytest.approx(inside))


@pytest.mark.parametrize(("without", "others"), [("nothing", ["full"]), ("none", []), (None, ["full"])])
def test_a_supernet_without_some_operations_is_not_wider(without, others):
    scores = scored(["full", "half"])
    chosen = pd.DataFrame([("half", s, a) for s in (0, 1) for a in ARCHS[:9]], columns=["estimator", "seed", "arch"])
    log = pd.DataFrame({"estimator": ["full", "half"], "seed": 0, "epoch": 1, "train_loss": 1.0})
    rows = [("full", "without", without), ("full", "bn", "batch"), ("half", "without", "nothing")]
    choices = None if without is None else pd.DataFrame(rows, columns=["estimator", "setting", "value"])
    table = sub_space.compute(scores, TRUTH, training_archs=chosen, training_log=log, choices=choices)
    assert table["estimator"].tolist() == ["half", *others]
    assert "choices" in sub_space.ANALYSIS.takes


def test_a_search_that_can_evaluate_everything_finds_the_best_scores():
    records = scored(["net"], epoch=5)
    population = pd.DataFrame({"estimator": "net", "seed": 0, "epoch": 5, "arch": ARCHS[:1], "score": 0.5})
    table = found_in_training.compute(
        records[:0].drop(columns="epoch"), TRUTH, SPACE, checkpoint_scores=records, populations=population, n_found=3,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    accuracy = TRUTH.set_index("arch")["accuracy"]
    best = [accuracy[records[records["seed"] == s].nlargest(3, "score")["arch"]] for s in (0, 1)]
    values = table.set_index("quantity")["value"]
    assert values["mean"] == pytest.approx(np.mean([b.mean() for b in best]))
    assert values["max"] == pytest.approx(np.mean([b.max() for b in best]))


def test_an_architecture_s_neighbours_are_looked_up_once_for_all_searches():
    """Of all checkpoints, supernets and seeds that scored the same architectures."""
    asked = []

    class Counting(NB201):
        def neighbours(self, arch):
            asked.append(arch)
            return super().neighbours(arch)

    records = pd.concat([scored(["net", "other"], epoch=epoch) for epoch in (1, 2)])
    population = pd.DataFrame({"estimator": "net", "seed": 0, "epoch": 1, "arch": ARCHS[:1], "score": 0.5})
    table = found_in_training.compute(
        records[:0].drop(columns="epoch"), TRUTH, Counting(), checkpoint_scores=records, populations=population,
        n_found=3, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert found_in_training.ANALYSIS.limit == search_regret.ANALYSIS.limit is not None
    assert len(table) == 2 * 2 * 2 and 0 < len(asked) == len(set(asked)) <= len(ARCHS)


def test_without_a_controller_there_is_nothing_to_compare_and_options_are_checked():
    records = scored(["net"], epoch=5)
    ask = {"checkpoint_scores": records, "rng": np.random.default_rng(0)}
    assert found_in_training.compute(records.drop(columns="epoch"), TRUTH, SPACE, **ask).empty
    with pytest.raises(UserError, match="budget is 0"):
        found_in_training.compute(records.drop(columns="epoch"), TRUTH, SPACE, budget=0, **ask)


def test_intervals_over_seeds_are_student_s():
    from scipy.stats import ttest_1samp

    values = [0.1, 0.4, 0.3, 0.35]
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((np.mean(values), interval.low, interval.high))
    assert np.isnan(mean_interval([0.5])[1:]).all() and np.isnan(mean_interval([0.5, np.nan])).all()
