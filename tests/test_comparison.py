"""What the report says besides values: who is separated from whom, and what is left without disconnected cells."""

import numpy as np
import pandas as pd

from nasgauge.judging import judge
from nasgauge.judging.comparison import compared
from nasgauge.spaces import NB201, NDSResNet, is_connected

OPTIONS = {"missing": "omit", "n_bootstrap": 100, "confidence": 0.95}


def tables(space, n=400, noise=(0.3, 0.35, 3.0)):
    rng = np.random.default_rng(0)
    archs = sorted({space.to_str(space.sample(rng)) for _ in range(n)})
    accuracy = rng.normal(size=len(archs))
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    parts = [
        pd.DataFrame(
            {"estimator": name, "arch": archs, "seed": 0, "score": accuracy + sd * rng.normal(size=len(archs))}
        )
        for name, sd in zip("xyz", noise, strict=True)
    ]
    return pd.concat(parts, ignore_index=True), truth


def test_the_order_is_partial():
    table = compared(*tables(NB201()), NB201(), ["kendall_tau"], **OPTIONS)["contest"].set_index("estimator")
    assert table.loc[["x", "y"], "n_ahead_of"].tolist() == [1, 1]  # of z; of each other they are not separated
    assert table.loc["z", ["n_ahead_of", "n_behind"]].tolist() == [0, 2]
    assert table["n_ahead_of"].sum() == table["n_behind"].sum()


def test_connected_architectures_alone_are_judged_as_such():
    space = NB201()
    scores, truth = tables(space)
    found = compared(scores, truth, space, ["spearman_rho", "kendall_tau"], **OPTIONS)["connected"]
    whole = [a for a in truth["arch"] if is_connected(space, space.from_str(a))]
    assert 0 < len(whole) < len(truth) and (found["n"] == len(whole)).all()
    kept, of = scores[scores["arch"].isin(whole)], truth[truth["arch"].isin(whole)]
    expected = judge(kept, of, ["kendall_tau"], n_bootstrap=0, rng=np.random.default_rng(0))
    assert found["value"].tolist() == expected["value"].tolist()


def test_where_all_are_connected_or_nothing_is_known_there_is_no_such_table():
    for space in (NDSResNet(), None):
        scores, truth = tables(NDSResNet(), n=30)
        assert compared(scores, truth, space, ["kendall_tau"], **OPTIONS)["connected"].empty
