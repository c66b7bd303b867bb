"""What an estimator cost, by hand: its own seconds, the truth it saw, and those that it needs."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.store import Store
from nasgauge.estimators import Dependency
from nasgauge.studies import run as running
from nasgauge.studies.costs import expenses

TRUTH = pd.DataFrame({"arch": list("aabbcc"), "seed": [0, 1] * 3, "accuracy": 0.5, "train_seconds": 10.0})


def scores(**seeds):
    """Scores of a, b, c by name, with so many seeds."""
    rows = [(name, arch, seed, 1.0) for name, n in seeds.items() for seed in range(n) for arch in "abc"]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def costs(*rows):
    return pd.DataFrame(list(rows))


def spent(table, rows, needs=None, owners=None, truth=TRUTH, shared=None):
    owners = owners or {name: i for i, name in enumerate(table["estimator"].unique())}
    return expenses(rows, table, truth, needs or {}, owners, shared=shared).set_index("estimator")


def test_own_seconds_are_summed_over_pieces_and_averaged_over_seeds():
    """Two seeds, each measured in pieces of two and one architecture."""
    rows = costs(
        *({"estimator": "proxy", "arch_seconds": s, "n": n} for s, n in ((1.0, 2), (4.0, 1), (2.0, 2), (2.0, 1)))
    )
    row = spent(scores(proxy=2), rows).loc["proxy"]
    assert (row["n_scored"], row["score_seconds"], row["total_seconds"]) == (3, (2 + 4 + 4 + 2) / 2, 6.0)
    assert row["n_trained"] == row["fit_seconds"] == row["truth_seconds"] == row["other_seconds"] == 0


def test_the_truth_costs_all_its_trainings():
    row = spent(scores(p=1), None).loc["truth"]
    assert (row["n_trained"], row["truth_seconds"], row["total_seconds"]) == (3, 60.0, 60.0)
    assert np.isnan(spent(scores(p=1), None, truth=TRUTH.drop(columns="train_seconds")).loc["truth", "total_seconds"])


def test_a_predictor_pays_for_the_truth_that_it_saw_and_says_when_it_is_not_told():
    row = {"estimator": "told", "arch_seconds": 0.5, "n": 3, "fit_seconds": 7.0, "n_trained": 2, "n_learned": 2}
    rows = costs({**row, "truth_seconds": 40.0}, {**row, "estimator": "not", "truth_seconds": np.nan},
                 {"estimator": "proxy", "arch_seconds": 1.0, "n": 3})  # fmt: skip
    table = spent(scores(told=1, **{"not": 1}, proxy=1), rows)
    assert table.loc["told", "total_seconds"] == 1.5 + 7 + 40 and table.loc["told", "n_trained"] == 2
    assert np.isnan(table.loc["not", "total_seconds"]) and table.loc["not", "fit_seconds"] == 7
    assert table.loc["proxy", "total_seconds"] == 3 and table.loc["proxy", "truth_seconds"] == 0


NET = [
    {"estimator": name, "arch_seconds": s, "n": 3, "fit_seconds": 100.0}
    for name, s in (("net", 2.0), ("net_loss", 1.0))
]
OWNERS = {"net": 0, "net_loss": 0, "x": 1, "y": 2}


@pytest.mark.parametrize(
    "needs, n_seeds, other",
    [
        ([Dependency("net", "none")], 1, 100),
        ([Dependency("net")], 1, 106),
        ([Dependency("net"), Dependency("net_loss")], 1, 109),  # one training for both
        ([Dependency("net", every_seed=True)], 3, 318),
        ([Dependency("net", "learned", every_seed=True)], 3, 3 * (100 + 6 / 3)),  # one of three architectures
    ],
)
def test_what_others_cost(needs, n_seeds, other):
    rows = costs(*NET * n_seeds, {"estimator": "x", "arch_seconds": 1.0, "n": 3, "n_learned": 1})
    table = spent(scores(net=n_seeds, net_loss=n_seeds, x=1), rows, {"x": needs}, OWNERS)
    assert table.loc["x", "other_seconds"] == pytest.approx(other)
    assert table.loc["x", "total_seconds"] == pytest.approx(other + 3)


def test_what_others_need_is_charged_too():
    needs = {"x": [Dependency("net")], "y": [Dependency("x")]}
    rows = costs(*NET, {"estimator": "x", "arch_seconds": 1.0, "n": 3})
    table = spent(scores(net=1, net_loss=1, x=1, y=1), rows, needs, OWNERS)
    assert table.loc["y", "other_seconds"] == 3 + 106  # what x cost, and what x needed
    absent = spent(scores(x=1), rows, needs, OWNERS)  # all scores of net failed: nobody knows what it would have cost
    assert np.isnan(absent.loc["x", "total_seconds"])


def test_what_is_needed_along_two_ways_is_charged_once():
    needs = {
        "x": [Dependency("net")],
        "y": [Dependency("x"), Dependency("net")],
        "z": [Dependency("x"), Dependency("y")],
    }
    owners = OWNERS | {"z": 3}
    rows = costs(*NET, {"estimator": "x", "arch_seconds": 1.0, "n": 3})
    table = spent(scores(net=1, net_loss=1, x=1, y=1, z=1), rows, needs, owners)
    assert table.loc["y", "other_seconds"] == table.loc["z", "other_seconds"] == 3 + 106


def test_a_training_is_charged_up_to_the_checkpoint_that_is_needed():
    log = pd.DataFrame({"estimator": "net", "seed": 0, "epoch": [1, 2, 3, 4], "train_seconds": [4.0, 2.0, 2.0, 2.0]})
    rows = costs(*NET, {"estimator": "x", "arch_seconds": 1.0, "n": 3})
    for need, other in ((Dependency("net", "none", epoch=2), 60), (Dependency("net_loss", epoch=1), 40 + 3),
                        (Dependency("net", "none", epoch=0), 0), (Dependency("net", "none"), 100)):  # fmt: skip
        table = expenses(rows, scores(net=1, net_loss=1, x=1), TRUTH, {"x": [need]}, OWNERS, log)
        assert table.set_index("estimator").loc["x", "other_seconds"] == pytest.approx(other)


def test_a_training_of_which_no_seconds_are_logged_is_charged_as_a_whole():
    log = pd.DataFrame({"estimator": "net", "seed": 0, "epoch": [1, 2], "train_seconds": 0.0})
    rows = costs(*NET, {"estimator": "x", "arch_seconds": 1.0, "n": 3})
    needs = {"x": [Dependency("net", "none", epoch=1)]}
    for silent in (log, log.assign(estimator="other")):
        table = expenses(rows, scores(net=1, net_loss=1, x=1), TRUTH, needs, OWNERS | {"other": 9}, silent)
        assert table.set_index("estimator").loc["x", "other_seconds"] == 100


# Building takes 1 s, the pass that a and b share 4 s, that of c 2 s; a, b and c take 0.25, 0.5 and 0.125 s besides.
TERMS = {
    "a": (("build", "pass"), 0.25),
    "b": (("build", "pass"), 0.5),
    "c": (("build", "other"), 0.125),
    "d": ((), 3.0),
}
SECONDS = {"build": 1.0, "pass": 4.0, "other": 2.0}


def measured(n=3, terms=TERMS):
    """Rows of COSTS and SHARED_COSTS of one piece of work."""
    alone = {name: own + sum(SECONDS[work] for work in works) for name, (works, own) in terms.items()}
    works = [(name, work) for name, (needed, _) in terms.items() for work in needed]
    return (
        pd.DataFrame([{"estimator": name, "arch_seconds": seconds, "n": n} for name, seconds in alone.items()]),
        pd.DataFrame([{"estimator": e, "work": w, "arch_seconds": SECONDS[w], "n": n} for e, w in works]),
    )


ENTRY = dict.fromkeys(TERMS, 0) | {"x": 1, "y": 2}


@pytest.mark.parametrize(
    "names, seconds",
    [("a", 5.25), ("ab", 5.75), ("ac", 7.375), ("abc", 1 + 4 + 2 + 0.875), ("abcd", 10.875), ("d", 3), ("cd", 6.125)],
)
def test_a_combination_pays_once_for_what_its_terms_share(names, seconds):
    (first, shared), (second, more) = measured(2), measured(1)
    costs, shared = pd.concat([first, second]), pd.concat([shared, more])
    needs = {"x": [Dependency(name) for name in names], "y": [Dependency("x"), Dependency(names[0])]}
    table = spent(scores(a=1, b=1, c=1, d=1, x=1, y=1), costs, needs, ENTRY, shared=shared)
    assert table.loc["x", "other_seconds"] == table.loc["y", "total_seconds"] == pytest.approx(3 * seconds)
    assert not table["n_added"].any() and table.loc["a", "total_seconds"] == pytest.approx(3 * 5.25)
    twice = [pd.concat([one, one]) for one in (costs, shared)]
    of_two = spent(scores(a=2, b=2, c=2, d=2, x=2, y=2), twice[0], needs, ENTRY, shared=twice[1])
    assert of_two.loc["x", "other_seconds"] == pytest.approx(3 * seconds)  # the mean over seeds


def test_what_is_learned_from_pays_for_the_share_of_the_passes_that_it_used():
    costs, shared = measured()
    own = pd.DataFrame([{"estimator": "x", "arch_seconds": 0.0, "n": 3, "n_learned": 1, "fit_seconds": 7.0}])
    needs = {"x": [Dependency("a", "learned"), Dependency("b", "learned")]}
    table = spent(scores(a=1, b=1, c=1, d=1, x=1), pd.concat([costs, own]), needs, ENTRY, shared=shared)
    assert table.loc["x", "other_seconds"] == pytest.approx(5.75)
    needs = {"x": [Dependency("a", "learned"), Dependency("b")]}  # all passes, but a's own seconds for one
    table = spent(scores(a=1, b=1, c=1, d=1, x=1), pd.concat([costs, own]), needs, ENTRY, shared=shared)
    assert table.loc["x", "other_seconds"] == pytest.approx(3 * 5.5 + 0.25)


def test_two_entries_share_nothing():
    costs, shared = measured(terms={name: TERMS[name] for name in "ab"})
    needs = {"x": [Dependency("a"), Dependency("b")]}
    table = spent(scores(a=1, b=1, x=1), costs, needs, {"a": 0, "b": 3, "x": 1}, shared=shared)
    assert table.loc["x", "other_seconds"] == pytest.approx(3 * (5.25 + 5.5)) and not table["n_added"].any()


@pytest.mark.parametrize("there", ["nothing", "the second piece", "no table"])
def test_where_the_shared_work_was_not_recorded_costs_are_added_and_it_is_said(there):
    (first, shared), (second, _) = measured(2), measured(1)
    shared = {"nothing": shared[:0], "the second piece": shared, "no table": None}[there]
    needs = {"x": [Dependency("a"), Dependency("b")], "y": [Dependency("a")]}
    table = spent(scores(a=1, b=1, c=1, d=1, x=1, y=1), pd.concat([first, second]), needs, ENTRY, shared=shared)
    assert table.loc["x", "other_seconds"] == pytest.approx(3 * (5.25 + 5.5))
    assert table["n_added"].tolist() == [2 * (name == "x") for name in table.index]


def test_a_training_alone_is_no_score_that_is_added():
    needs = {"x": [Dependency("net", "none"), Dependency("net_loss")]}
    table = spent(scores(net=1, net_loss=1, x=1), costs(*NET), needs, OWNERS)
    assert table.loc["x", "other_seconds"] == 103 and not table["n_added"].any()


STUDY = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 22 }
n_bootstrap = 1
criteria = ["kendall_tau"]
[[estimators]]
name = "zeroshot"
proxies = ["snip", "grad_norm", "n_params"]
batch_size = 8
net = { channels = 4, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "aggregate"
experts = ["snip", "grad_norm", "n_params"]
"""


def test_a_study_charges_passes_once_and_folders_without_them_are_read_and_say_so(tmp_path, without_a_page):
    """The study's two pieces of work; those of an earlier version have neither the table nor its digest."""
    made = running.run_text(STUDY, tmp_path, where="x.toml", workers="serial")
    store = Store.existing(tmp_path)
    costs, shared = (store.read(name).assign(seconds=lambda t: t["arch_seconds"] * t["n"]) for name in
                     ("costs", "shared_costs"))  # fmt: skip
    alone = costs["seconds"].sum()
    parts = shared.groupby("work")["seconds"].sum() / shared.groupby("work")["estimator"].nunique()
    row = made.records["expenses"].set_index("estimator").loc["aggregate"]
    assert row["total_seconds"] == pytest.approx(alone - shared["seconds"].sum() + parts.sum()) and row["n_added"] == 0
    assert row["total_seconds"] < alone and not [note for note in made.bundle().notes if "Costs of" in note]
    for file in [*(tmp_path / "parts" / "shared_costs").iterdir(), *(tmp_path / "digests").iterdir()]:
        file.unlink()
    earlier = running.Run.load(tmp_path)
    row = earlier.records["expenses"].set_index("estimator").loc["aggregate"]
    assert row["total_seconds"] == pytest.approx(alone) and row["n_added"] == 3
    [note] = [note for note in earlier.bundle().notes if "Costs of" in note]
    assert note == "Costs of aggregate are sums over scores of one entry, whose shared work is not recorded."
