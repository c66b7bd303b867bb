"""Use of operations by the best architectures, against counts written out here."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses.operation_use import compute
from nasgauge.core.errors import UserError
from nasgauge.spaces import NB201

SPACE = NB201()
RNG = np.random.default_rng(0)
ARCHS = sorted({SPACE.to_str(SPACE.sample(RNG)) for _ in range(60)})
TRUTH = pd.DataFrame({"arch": ARCHS, "iso_class": ARCHS, "seed": 0, "accuracy": RNG.permutation(len(ARCHS)) / 100})


def scores(name, archs):
    return pd.DataFrame({"estimator": name, "arch": archs, "seed": 0, "score": 1.0})


def test_usage_and_share_equal_counts_in_the_strings_of_the_best():
    table = compute(scores("e", ARCHS), TRUTH, SPACE, n_best=(10, 25))
    order = TRUTH.sort_values("accuracy", ascending=False)["arch"]
    for row in table.itertuples():
        best = order[: row.n_best]
        words = [arch.replace("+", "").strip("|").replace("||", "|").split("|") for arch in best]
        names = [[word.partition("~")[0] for word in cell] for cell in words]
        assert row.usage == pytest.approx(np.mean([row.operation in cell for cell in names]))
        assert row.share == pytest.approx(sum(cell.count(row.operation) for cell in names) / (6 * row.n_best))
    assert set(table["n_best"]) == {10, 25, len(ARCHS)} and set(table["operation"]) == set(SPACE.ops)


def test_each_set_of_scored_architectures_is_one_space():
    part = [arch for arch in ARCHS if "none" not in arch]
    both = pd.concat([scores("full", ARCHS), scores("again", ARCHS), scores("no_none", part)])
    table = compute(both, TRUTH, SPACE, n_best=(3,))
    assert set(table["subset_of"]) == {"again", "no_none"}
    lacking = pd.concat([both, scores("failed", ARCHS[1:])])  # failed on one
    pd.testing.assert_frame_equal(table, compute(lacking, TRUTH, SPACE, n_best=(3,)))
    of_part = table[table["subset_of"] == "no_none"]
    assert "none" not in set(of_part["operation"]) and set(of_part["n"]) == {len(part)}


def test_ties_at_the_border_count_by_their_chance():
    archs = [
        "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    ]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": 0.5})
    table = compute(scores("e", archs), truth, SPACE, n_best=(1,)).query("n_best == 1").set_index("operation")
    assert table["usage"].to_dict() == {"none": 1.0, "nor_conv_3x3": 0.5, "skip_connect": 0.5}


def test_without_a_space_there_is_nothing_to_count_and_senseless_sizes_are_refused():
    assert compute(scores("e", ARCHS), TRUTH).empty
    with pytest.raises(UserError, match="operation_use"):
        compute(scores("e", ARCHS), TRUTH, SPACE, n_best=(0,))
