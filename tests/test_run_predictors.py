"""Predictors in a study: they see the drawn architectures and nothing else, and what they cost is told."""

import numpy as np
import pytest

from nasgauge.benchmarks import load
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.store import Store
from nasgauge.report.gallery import exhibits
from nasgauge.studies import run as running
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study

STUDY = """
title = "learned"
benchmark = "digits-nb201"
archs = { n = 60, seed = 3 }
seeds = [0, 1]
n_bootstrap = 20
criteria = ["kendall_tau"]
"""
ENTRY = """
[[estimators]]
name = "predictor"
encoder = "%s"
n_fit = %d
draw = %d
judged = "%s"
epochs = 5
label = "%s"
"""
TREES = ENTRY.replace("epochs = 5\n", "")  # of encoders that are no networks
BARE = ENTRY.replace('label = "%s"\n', "")
BARE_TREES = TREES.replace('label = "%s"\n', "")
PROXIES = """
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "n_convs"]
net = { channels = 4, n_cells = 1, n_stages = 1 }
seeds = [0]

[[estimators]]
name = "vote"
experts = ["n_params", "n_convs"]
"""
READERS = """
[[estimators]]
name = "predictor"
encoder = "scores_forest"
features = ["vote", "n_convs"]
n_fit = 20
label = "reader"

[[estimators]]
name = "predictor"
encoder = "random_forest"
signal = "n_params"
n_fit = 40
label = "pupil"
"""


def run(text, folder):
    return running.run_text(text, folder, where="s.toml", workers="serial").bundle()


def test_a_study_learns_from_the_draw_and_judges_the_unseen(tmp_path, without_a_page):
    text = STUDY + ENTRY % ("gates", 20, 0, "all", "seer") + BARE_TREES % ("random_forest", 20, 1, "unseen")
    bundle = run(text, tmp_path / "s")
    n = bundle.values.set_index("estimator")["n"]
    forest = "random_forest on unseen-20/1"
    assert n["seer"] == 60 and n[forest] == 40
    assert set(bundle.scores["seed"]) == {0, 1} and bundle.errors.empty
    lessons = bundle.records["lessons"].groupby(["estimator", "seed"])["arch"].agg(set)
    assert lessons[forest, 0] == lessons[forest, 1] != lessons["seer", 0] and len(lessons[forest, 0]) == 20
    assert not lessons[forest, 0] & set(bundle.scores.loc[bundle.scores["estimator"] == forest, "arch"])
    spent = bundle.records["expenses"].set_index("estimator")
    seconds = bundle.truth.groupby("arch")["train_seconds"].sum()  # six trainings
    assert (spent.loc[["seer", forest], "n_trained"] == 20).all()
    assert spent.loc[forest, "truth_seconds"] == pytest.approx(seconds[list(lessons[forest, 0])].sum())
    assert (spent["total_seconds"] > 0).all() and spent.loc["truth", "n_trained"] == 60


@pytest.mark.long
def test_stages_are_estimators_that_share_what_they_learned_first(tmp_path, without_ink):
    entry = BARE_TREES % ("random_forest", 8, 0, "all")
    whole = run(STUDY + entry + "stages = [0, 1, 2]\n", tmp_path / "s")
    name = "random_forest-8/0"
    stages = [f"{name} stage {i}" for i in range(3)]
    assert set(whole.values["estimator"]) == set(stages)
    lessons = whole.records["lessons"]
    for seed in (0, 1):
        sets = [set(lessons[(lessons["estimator"] == s) & (lessons["seed"] == seed)]["arch"]) for s in stages]
        assert [len(s) for s in sets] == [8, 16, 24] and sets[0] < sets[1] < sets[2]
    assert lessons.groupby("estimator")["stage"].max().tolist() == [0, 1, 2]
    assert set(lessons["kind"]) == {"random_forest, stages of 8"}
    spent = whole.records["expenses"].set_index("estimator")
    assert spent.loc[stages, "n_trained"].tolist() == [8, 16, 24]
    assert spent.loc[stages, "fit_seconds"].is_monotonic_increasing
    alone = run(STUDY + entry + "stages = [2]\n", tmp_path / "alone")
    of = [b.scores.set_index(["estimator", "seed", "arch"])["score"].loc[stages[2]] for b in (whole, alone)]
    assert of[0].equals(of[1])


@pytest.mark.long
def test_scores_and_votes_of_others_are_read_and_learned_from(tmp_path, without_a_page):
    """Readers come after what they read, a vote among it, and a pupil learns from scores alone."""
    bundle = run(STUDY + PROXIES + READERS, tmp_path / "s")
    spent = bundle.records["expenses"].set_index("estimator")
    assert spent.loc["pupil", "n_trained"] == 0 and spent.loc["reader", "n_trained"] == 20
    assert spent.loc["pupil", "truth_seconds"] == 0 and spent.loc["pupil", "other_seconds"] > 0
    store = Store.existing(tmp_path / "s")
    shared = store.read("shared_costs").assign(seconds=lambda rows: rows["arch_seconds"] * rows["n"])
    shared = shared[shared["estimator"] == "n_convs"]["seconds"].sum()  # the network and its counts, both once
    assert spent.loc["vote", "total_seconds"] == pytest.approx(
        spent.loc[["n_params", "n_convs"], "total_seconds"].sum() - shared, rel=1e-9
    )
    assert spent.loc["reader", "other_seconds"] == pytest.approx(  # scores of n_convs, read twice, are measured once
        spent.loc["vote", "total_seconds"], rel=1e-9
    )
    scores = bundle.scores.pivot_table(index="arch", columns="estimator", values="score")
    lessons = bundle.records["lessons"].set_index("estimator")
    assert set(lessons.loc["pupil", "signal"]) == {"n_params"} and set(lessons.loc["reader", "signal"]) == {""}
    assert "signal_cleaning" in exhibits(bundle, rng=np.random.default_rng(0))
    assert scores["pupil"].corr(scores["n_params"], method="kendall") > 0.7
    groups = scores.groupby(["vote", "n_convs"])["reader"]
    assert groups.nunique().max() == 1 and len(groups) > 5  # a function of what it reads, and not a constant
    study = parse(STUDY + PROXIES + READERS, Study, "s")
    levels = {t.estimator: t.level for t in Plan.of(study).tasks}
    assert levels == {0: 1, 2: 2, 3: 2}


@pytest.mark.long
def test_an_interrupted_study_of_readers_is_resumed(tmp_path, without_a_page):
    first = run(STUDY + PROXIES + READERS, tmp_path / "s")
    parts = sorted((tmp_path / "s" / "parts" / "scores").glob("*.parquet"))
    for part in parts[::2]:
        part.unlink()
    again = run(STUDY + PROXIES + READERS, tmp_path / "s")
    keys = ["estimator", "arch", "seed"]
    one, other = (b.scores.sort_values(keys)[[*keys, "score"]].to_numpy().tolist() for b in (first, again))
    assert len(parts) > 3 and one == other


def test_a_draw_by_seed_is_that_of_the_seeds_number(tmp_path, without_a_page):
    entry = TREES.replace("draw = %d", "draw = %s")
    kinds = {"seeds": '"by_seed"', "none": "0", "one": "1"}
    text = STUDY + "".join(entry % ("random_forest", 20, draw, "all", name) for name, draw in kinds.items())
    bundle = run(text, tmp_path / "s")
    lessons = bundle.records["lessons"].groupby(["estimator", "seed"])["arch"].agg(frozenset)
    assert lessons["seeds", 0] == lessons["none", 0] == lessons["none", 1]
    assert lessons["seeds", 1] == lessons["one", 0] != lessons["none", 0]
    assert bundle.records["lessons"].set_index(["estimator", "seed"]).loc[("seeds", 1), "draw"].unique() == [1]


def test_a_predictor_may_see_the_first_trainings_alone(tmp_path, without_a_page):
    text = STUDY + TREES % ("random_forest", 20, 0, "all", "one") + "n_trainings = 1\n"
    text += TREES % ("random_forest", 20, 0, "all", "six")
    spent = run(text, tmp_path / "s").records["expenses"].set_index("estimator")
    truth = load("digits-nb201").truth
    assert truth["seed"].nunique() == 6
    assert 3 * spent.loc["one", "truth_seconds"] < spent.loc["six", "truth_seconds"]
    assert spent.loc["one", "n_trained"] == spent.loc["six", "n_trained"] == 20


@pytest.mark.parametrize(
    "entry, says",
    [
        (BARE % ("gates", 61, 0, "all"), "60 architectures; 61 for training"),
        (BARE % ("gates", 1, 0, "all"), "'n_fit' must be at least 2"),
        (
            (BARE % ("gates", 20, 0, "all")).replace("draw = 0", 'draw = "seed"'),
            "'draw' must be a whole number or 'by_seed', got 'seed'",
        ),
        (BARE % ("gate", 20, 0, "all"), "unknown encoder"),
        (BARE % ("gates", 20, 0, "some"), "unknown judged 'some'"),
        (BARE % ("gates", 20, 0, "all") * 2, "stands twice"),
        (BARE % ("gates", 20, 0, "all") + "stages = [3]\n", "60 architectures; 80 for training"),
        (BARE % ("gates", 20, 0, "all") + "stages = [1, 0]\n", "in ascending order"),
        (BARE % ("gates", 20, 0, "all") + 'choose = "evolutoin"\n', "nearest: evolution"),
        (BARE % ("gates", 20, 0, "all") + 'choose = "random"\nn_candidates = 10\n', "give at least n_fit"),
        (BARE % ("gates", 20, 0, "all") + "n_candidates = 30\n", "remove n_candidates"),
        (BARE % ("gates", 20, 0, "all") + "n_trainings = 0\n", "'n_trainings' must be at least 1"),
        (BARE % ("gates", 20, 0, "all") + "n_trainings = 7\n", "has fewer of some architecture"),
        (BARE % ("gates", 20, 0, "all") + 'signal = "synflow"\n', "must stand above"),
        (BARE % ("gates", 20, 0, "all") + 'features = ["synflow"]\n', "must stand above"),
        (BARE % ("scores_mlp", 20, 0, "all"), "reads scores of other estimators"),
        (BARE % ("gates", 20, 0, "all") + "each = { draw = [1, 2] }\n", "also stands outside"),
        (BARE % ("gates", 20, 0, "all") + "each = { lr = 0.1 }\n", "must have a list"),
        (BARE % ("gates", 20, 0, "all") + "each = 3\n", "must be a table of lists"),
    ],
)
def test_mistakes_are_told_before_any_work(tmp_path, entry, says):
    with pytest.raises(UserError, match=says):
        run(STUDY + entry, tmp_path / "s")
    assert not list(tmp_path.glob("s/parts/*"))


def test_each_stands_for_all_combinations():
    text = (
        STUDY + '[[estimators]]\nname = "predictor"\nepochs = 3\neach = { encoder = ["mlp", "lstm"], n_fit = [5, 9] }\n'
    )
    found = [spec.options for spec in parse(text, Study, "s").estimators]
    pairs = [("mlp", 5), ("mlp", 9), ("lstm", 5), ("lstm", 9)]
    assert found == [{"epochs": 3, "encoder": encoder, "n_fit": n} for encoder, n in pairs]
