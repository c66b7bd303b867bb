"""Means over seeds and checkpoints: what the order of a sum decides is a tie, and small scores stay apart."""

import itertools

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses.toolkit.vectors import mean_scores
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.search.curves import _objective
from nasgauge.spaces import NB201

SPACE = NB201()
VALUES = (0.1, 0.7, 0.31)
ORDERS = list(itertools.permutations(VALUES))
ARCHS = [SPACE.to_str((op, 0, 0, 0, 0, 0)) for op in range(5)] + [SPACE.to_str((0, 1, 0, 0, 0, 0))]
TRUTH = pd.DataFrame({"arch": ARCHS, "iso_class": ARCHS, "seed": 0, "accuracy": 0.5})


def scores_of(rows):
    """A row of scores, one for each seed, for each architecture."""
    table = pd.DataFrame(rows, index=ARCHS[: len(rows)]).rename_axis("arch").reset_index()
    return table.melt("arch", var_name="seed", value_name="score").assign(estimator="e").astype({"seed": int})


def of_config(scores, **words):
    found = estimator_config(words).combine(scores)
    return found.set_index("arch")["score"].to_dict()


def averages(scores, tmp_path):
    """The seeds as epochs in a file, of which three are averaged."""
    table = scores.rename(columns={"seed": "epoch", "score": "mine"})[["arch", "epoch", "mine"]]
    table.to_csv(tmp_path / "x.csv", index=False)
    config = estimator_config({"name": "scores", "file": str(tmp_path / "x.csv"), "averages": [3]})
    found = config.build(RunContext(SPACE)).estimate(list(map(SPACE.from_str, sorted(set(scores["arch"])))))
    rows = found.scores[found.scores["estimator"] == "mine_avg3"]
    return rows.set_index("arch")["score"].to_dict()


MEANS = {
    "ensemble": lambda scores, _: of_config(scores, name="ensemble", of="e"),
    "aggregate": lambda scores, _: of_config(
        scores, name="aggregate", experts=["e"], method="mean_rank", over_seeds="mean"
    ),
    "scores": averages,
    "analyses": lambda scores, _: mean_scores(scores)["e"].to_dict(),
    "search": lambda scores, _: _objective(scores, TRUTH),
}


@pytest.mark.parametrize("name", MEANS)
def test_equal_sums_are_equal_scores_in_whatever_order_they_were_added(name, tmp_path):
    assert len({sum(order) for order in ORDERS}) > 1  # which the sums themselves are not
    found = MEANS[name](scores_of(ORDERS), tmp_path)
    assert len(found) == len(ORDERS) and len(set(found.values())) == 1


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e15])
def test_different_means_stay_different_at_every_scale(name, scale, tmp_path):
    rows = scale * np.array([[1 + i / 1e4, 2.0, 3.0] for i in range(5)])
    found = MEANS[name](scores_of(rows), tmp_path)
    ranked = [found[arch] for arch in ARCHS[:5]]
    assert ranked == sorted(ranked) and len(set(ranked)) == 5
