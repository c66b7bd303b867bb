"""What an estimator cost, by hand: its own seconds, the truth it saw, and those that it needs."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.estimators import Dependency
from nasgauge.studies.costs import expenses

TRUTH = pd.DataFrame({"arch": list("aabbcc"), "seed": [0, 1] * 3, "accuracy": 0.5, "train_seconds": 10.0})


def scores(**seeds):
    """Scores of a, b, c by name, with so many seeds."""
    rows = [(name, arch, seed, 1.0) for name, n in seeds.items() for seed in range(n) for arch in "abc"]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def costs(*rows):
    return pd.DataFrame(list(rows))


def spent(table, rows, needs=None, owners=None, truth=TRUTH):
    owners = owners or {name: i for i, name in enumerate(table["estimator"].unique())}
    return expenses(rows, table, truth, needs or {}, owners).set_index("estimator")


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
