"""Planted supernets: who is compared with whom, on which architectures, by which member; values worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.pruning import ANALYSIS, compute, draw
from nasgauge.core.errors import UserError

N = 40
ARCHS = [f"a{i:02d}" for i in range(N)]
INSIDE = ARCHS[:24]
TRUTH = pd.DataFrame({"arch": ARCHS, "iso_class": ARCHS, "seed": 0, "accuracy": np.random.default_rng(9).random(N)})
ACCURACY = TRUTH.set_index("arch")["accuracy"]


def scores_of(estimator, archs, noise, seeds=(0, 1, 2), epoch=9, shift=0.0):
    rng = np.random.default_rng([len(estimator), epoch])
    rows = [(estimator, a, s, epoch, shift + ACCURACY[a] + noise * rng.normal()) for s in seeds for a in archs]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "epoch", "score"])


FULL, PART = scores_of("full", ARCHS, 0.5), scores_of("part", INSIDE, 0.1, shift=0.25)


def described(**changed):
    """Tables SETTINGS and CHOICES of full and part, equal but for what is changed or added."""
    each = {"full": {"without": "nothing"}, "part": {"without": "skip"}}
    each = {name: {"bn": "batch", **each.get(name, {}), **changed.get(name, {})} for name in {**each, **changed}}
    rows = [(name, setting, value) for name, own in each.items() for setting, value in own.items()]
    settings = [(*row[:2], float(row[2])) for row in rows if not isinstance(row[2], str)]
    settings += [(name, "epochs", 9.0) for name in each]
    columns = ["estimator", "setting", "value"]
    choices = [row for row in rows if isinstance(row[2], str)]
    return {"settings": pd.DataFrame(settings, columns=columns), "choices": pd.DataFrame(choices, columns=columns)}


def asked(*scores, truth=TRUTH, n_bootstrap=20, **options):
    tables = described() | options
    return compute(None, truth, checkpoint_scores=pd.concat(scores), n_bootstrap=n_bootstrap,
                   rng=np.random.default_rng(0), **tables)  # fmt: skip


def at(table, criterion, count=None):
    rows = table[(table["criterion"] == criterion) & (table["at"].isna() if count is None else table["at"] == count)]
    assert len(rows) == 1
    return rows.iloc[0]


def by_hand(scores, archs, function):
    """Mean over the seeds of a function of (scores, accuracies) of these architectures."""
    seeds = [part.set_index("arch")["score"][archs].to_numpy() for _, part in scores.groupby("seed")]
    return np.mean([function(score, ACCURACY[archs].to_numpy()) for score in seeds])


def tau(score, true):
    return stats.kendalltau(score, true).statistic


def best(k):
    return lambda score, true: true[np.argsort(-score)[:k]].max()


CRITERIA = [("mean_score", None, lambda score, true: score.mean()), ("kendall_tau", None, tau),
            ("best_accuracy_at", 1, best(1)), ("best_accuracy_at", 10, best(10))]  # fmt: skip


@pytest.mark.parametrize(("criterion", "count", "function"), CRITERIA)
def test_the_three_columns_are_those_of_a_plain_loop(criterion, count, function):
    row = at(asked(FULL, PART), criterion, count)
    assert row["full_full"] == pytest.approx(by_hand(FULL, ARCHS, function))
    assert row["full_sub"] == pytest.approx(by_hand(FULL, INSIDE, function))
    assert row["sub_sub"] == pytest.approx(by_hand(PART, INSIDE, function))
    assert row["difference"] == pytest.approx(row["sub_sub"] - row["full_sub"])
    counts = ["n_full", "n", "n_by_member", "n_left_out", "n_seeds", "n_seeds_full", "epoch"]
    assert row[counts].tolist() == [N, len(INSIDE), 0, 0, 3, 3, 9]
    assert row[["without", "kind", "restricted", "unrestricted"]].tolist() == ["skip", "accuracy", "part", "full"]


def test_a_planted_difference_lies_in_its_interval_and_zero_does_not():
    row = at(asked(FULL, PART, n_bootstrap=200), "kendall_tau")
    assert 0 < row["lower"] < row["difference"] < row["upper"]
    same = at(asked(FULL, scores_of("full", INSIDE, 0.5).assign(estimator="part"), n_bootstrap=200), "mean_score")
    assert same["lower"] < 0 < same["upper"]


def test_the_difference_is_paired_by_architecture_and_seed():
    copy = FULL[FULL["arch"].isin(INSIDE)].assign(estimator="part", score=lambda t: t["score"] + 1)
    table = asked(FULL, copy)
    moved = at(table, "mean_score")
    assert moved[["difference", "lower", "upper"]].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert moved["full_sub_lower"] < moved["full_sub"] < moved["full_sub_upper"]
    assert at(table, "kendall_tau")[["difference", "lower", "upper"]].tolist() == [0.0, 0.0, 0.0]


def test_seeds_are_drawn_too_and_on_their_own_where_they_are_others():
    flat = pd.concat([scores_of(n, a, 0.0) for n, a in (("full", ARCHS), ("part", INSIDE))])
    by_seed = flat.assign(score=flat["score"] + flat["seed"])  # without draws of seeds no interval this wide
    row = at(asked(by_seed, n_bootstrap=200), "mean_score")
    assert row["sub_sub_upper"] - row["sub_sub_lower"] > 1 and row["lower"] == row["upper"] == 0
    others = by_seed.assign(seed=by_seed["seed"] + 5 * (by_seed["estimator"] == "part"))
    row = at(asked(others, n_bootstrap=200), "mean_score")
    assert row["lower"] < -0.5 and row["upper"] > 0.5 and abs(row["difference"]) < 1e-9


def test_seeds_that_both_have_are_compared_and_no_other():
    """Full has 0, 1, 2, the restricted one 1, 2, 5: its values inside and the difference are those of 1 and 2."""
    part = scores_of("part", INSIDE, 0.1, seeds=(1, 2, 5), shift=0.25)
    table = asked(FULL, part, n_bootstrap=50)
    common = {name: scores[scores["seed"].isin((1, 2))] for name, scores in (("full", FULL), ("part", part))}
    for criterion, count, function in CRITERIA:
        row = at(table, criterion, count)
        inside, sub = (by_hand(common[name], INSIDE, function) for name in ("full", "part"))
        assert row["sub_sub"] == pytest.approx(sub) and row["difference"] == pytest.approx(sub - inside)
        assert row["full_full"] == pytest.approx(by_hand(FULL, ARCHS, function))
        assert row[["n_seeds", "n_seeds_full"]].tolist() == [2, 3]
    tilted = [scores.assign(score=scores["score"] + 9 * scores["seed"]) for scores in (FULL, part)]
    row = at(asked(*tilted, n_bootstrap=200), "mean_score")  # paired: what a seed adds to both is no difference
    assert row["upper"] - row["lower"] < 1 < row["sub_sub_upper"] - row["sub_sub_lower"]


def test_a_class_is_compared_by_the_member_that_lies_inside():
    moved = INSIDE[:6]
    stand_ins = pd.DataFrame({"estimator": "part", "arch": moved, "member": [f"m{a}" for a in moved]})
    worst = FULL.assign(score=FULL["score"].where(~FULL["arch"].isin(moved), -9.0))  # of the representatives
    members = FULL[FULL["arch"].isin(moved)].assign(member=lambda t: "m" + t["arch"])
    foreign = members.assign(member="another member", score=99.0)
    options = {"stand_ins": stand_ins, "member_scores": pd.concat([members, foreign])}
    table = asked(worst, PART, **options)
    row = at(table, "kendall_tau")
    assert row["full_sub"] == pytest.approx(by_hand(FULL, INSIDE, tau)) and row["n_by_member"] == 6
    assert row["full_full"] == pytest.approx(by_hand(worst, ARCHS, tau)) and row["n"] == len(INSIDE)
    assert "Up to 6 classes are scored by a member other" in ANALYSIS.note(table)


def test_without_the_score_of_that_member_a_class_is_left_out_and_counted():
    moved = INSIDE[:6]
    stand_ins = pd.DataFrame({"estimator": "part", "arch": moved, "member": [f"m{a}" for a in moved]})
    two = FULL[FULL["arch"].isin(moved[:2])].assign(member=lambda t: "m" + t["arch"])
    for members, n in ((None, 18), (two, 20), (two[two["seed"] > 0], 18)):
        table = asked(FULL, PART, stand_ins=stand_ins, member_scores=members)
        row = at(table, "kendall_tau")
        assert (row["n"], row["n_left_out"], row["n_by_member"]) == (n, 24 - n, n - 18)
        assert row["full_sub"] == pytest.approx(by_hand(FULL, INSIDE[24 - n :], tau) if n == 18 else row["full_sub"])
        assert f"Up to {24 - n} classes are left out" in ANALYSIS.note(table)
    lost = stand_ins.assign(member="x")
    everything = PART[PART["arch"].isin(moved)]
    assert asked(FULL, everything, stand_ins=lost).empty


def test_architectures_that_a_seed_lacks_or_the_truth_does_not_hold_do_not_count():
    gone = PART[~((PART["seed"] == 1) & (PART["arch"] == INSIDE[0]))]
    few = FULL[~((FULL["seed"] == 2) & (FULL["arch"] == INSIDE[1]))]
    row = at(asked(few, gone, truth=TRUTH[TRUTH["arch"] != INSIDE[2]]), "kendall_tau")
    assert (row["n"], row["n_left_out"], row["n_full"]) == (21, 1, 38)
    assert row["sub_sub"] == pytest.approx(by_hand(PART, INSIDE[3:], tau))


def test_ties_are_expectations_and_what_is_undefined_is_nan():
    tied = PART.assign(score=1.0 * PART["arch"].isin(INSIDE[:2]))
    row = at(asked(FULL, tied), "best_accuracy_at", 1)
    assert row["sub_sub"] == pytest.approx(ACCURACY[INSIDE[:2]].mean())
    table = asked(FULL, PART.assign(score=1.0))
    undefined = table[table["criterion"] != "mean_score"]
    assert undefined[["sub_sub", "difference", "lower", "upper"]].isna().all(axis=None)
    assert undefined["full_sub"].notna().all() and at(table, "mean_score")["sub_sub"] == 1.0
    few = asked(FULL, PART[PART["arch"].isin(INSIDE[:5])])
    assert np.isnan(at(few, "best_accuracy_at", 10)["sub_sub"]) and at(few, "best_accuracy_at", 1)["n"] == 5


@pytest.mark.parametrize(
    "changed",
    [{"part": {"bn": "tracked"}}, {"part": {"lr": 0.1}}, {"part": {"without": "nothing"}}, {"full": {"without": "x"}},
     {"part": {"sampler_options.n_samples": "3"}}],
)  # fmt: skip
def test_only_supernets_that_are_otherwise_equal_are_compared(changed):
    assert asked(FULL, PART, **described(**changed)).empty


def test_the_number_of_architectures_of_a_step_may_follow_from_the_operations():
    fair = described(full={"n_samples": 5.0}, part={"n_samples": 4.0})
    assert len(asked(FULL, PART, **fair)) == 4


def test_kinds_of_score_and_removals_are_compared_each_with_its_own():
    names = {f"{n}{kind}": {"without": w} for n, w in (("full", "nothing"), ("part", "skip"), ("other", "pool"))
             for kind in ("", "_loss")}  # fmt: skip
    parts = [scores_of(name, ARCHS if "full" in name else INSIDE, 0.3) for name in names]
    table = asked(*parts, **described(**names))
    found = table[["kind", "without", "restricted", "unrestricted"]].drop_duplicates().values.tolist()
    assert found == [
        ["accuracy", "pool", "other", "full"],
        ["accuracy", "skip", "part", "full"],
        ["loss", "pool", "other_loss", "full_loss"],
        ["loss", "skip", "part_loss", "full_loss"],
    ]
    assert len(ANALYSIS.panels(table)) == 8


def test_epochs_that_both_have_are_compared_and_the_last_is_drawn():
    early = [scores_of("full", ARCHS, 0.9, epoch=2), scores_of("part", INSIDE, 0.9, epoch=2)]
    table = asked(FULL, PART, *early, scores_of("part", INSIDE, 0.9, epoch=4))
    assert table["epoch"].unique().tolist() == [2, 9]
    axes = Figure().add_subplot()
    rows = table[table["criterion"] == "kendall_tau"]
    draw(rows, axes)
    assert [line.get_xdata()[0] for line in axes.lines] == rows[rows["epoch"] == 9][["full_sub", "sub_sub"]].values[
        0
    ].tolist()
    assert axes.get_yticklabels()[0].get_text() == "skip  (24)"


def test_a_monotone_map_of_the_scores_moves_only_their_mean():
    rows = pd.concat([FULL, PART])
    one, other = asked(rows), asked(rows.assign(score=np.exp(rows["score"])))
    ranks = one["criterion"] != "mean_score"
    pd.testing.assert_frame_equal(one[ranks], other[ranks])
    assert (one.loc[~ranks, "sub_sub"] != other.loc[~ranks, "sub_sub"]).all()


def test_the_order_of_rows_decides_nothing():
    shuffled = {name: table[::-1] for name, table in described().items()}
    pd.testing.assert_frame_equal(asked(FULL, PART), asked(PART[::-1], FULL[::-1], truth=TRUTH[::-1], **shuffled))


def test_undefined_throughout_the_drawing_says_so():
    table = asked(FULL, PART.assign(score=1.0))
    axes = Figure().add_subplot()
    draw(table[table["criterion"] == "kendall_tau"], axes)
    assert "undefined" in axes.texts[0].get_text()


@pytest.mark.parametrize("options", [{"n_bootstrap": 0}, {"confidence": 1.0}])
def test_senseless_options_are_refused(options):
    with pytest.raises(UserError, match="pruning: n_bootstrap"):
        asked(FULL, PART, **options)
