"""Analyses that read scores and ground truth refuse a table without a column, or of another type, in one line."""

import numpy as np
import pandas as pd
import pytest

import nasgauge as ng
from nasgauge.analyses import ANALYSES
from nasgauge.judging import paired

BENCH = ng.load_benchmark("digits-nb201")
BENCH = BENCH.only(BENCH.archs[:30])
SCORES = pd.DataFrame({"estimator": "e", "arch": BENCH.archs, "seed": 0, "score": np.arange(30.0)})
RECORDS = {
    "complexity": BENCH.complexity,
    "attributes": pd.DataFrame({"arch": BENCH.archs, "latency_ms": np.arange(30.0)}),
    "constraints": "latency_ms < 5",
}
BAD = {
    "no score": ({"scores": SCORES.drop(columns="score")}, "column 'score' is missing"),
    "no seed": ({"scores": SCORES.drop(columns="seed")}, "column 'seed' is missing"),
    "text": ({"scores": SCORES.assign(score="x")}, "'score' contains 'x', which is not a number"),
    "no scores": ({"scores": [1]}, "give a data frame"),
    "no accuracy": ({"truth": BENCH.truth.drop(columns="accuracy")}, "column 'accuracy' is missing"),
    "no truth": ({"truth": [1]}, "give a data frame"),
}
NAMES = [name for name, entry in ANALYSES.items() if set(entry.needs) <= RECORDS.keys()]
UNREAD = {"reliability": {"no score", "no seed", "text"}, "score_histogram": {"no accuracy", "no truth"}}


@pytest.mark.parametrize("name", NAMES)
def test_a_table_that_lacks_what_is_read_is_refused(name):
    for kind, (change, message) in BAD.items():
        if kind in UNREAD.get(name, ()):
            continue
        given = {"scores": SCORES, "truth": BENCH.truth} | change
        with pytest.raises(ng.UserError) as caught:
            ANALYSES[name](given["scores"], given["truth"], BENCH.space, rng=np.random.default_rng(0), records=RECORDS)
        assert message in str(caught.value), kind


@pytest.mark.parametrize(
    ("name", "option"),
    [("top_members", "firsts"), ("best_of_truth", "n_best"), ("operation_use", "n_best")],
)
def test_a_number_in_place_of_a_list_is_refused(name, option):
    with pytest.raises(ng.UserError, match=f"{name}: {option} is 10; give a list"):
        ANALYSES[name](SCORES, BENCH.truth, BENCH.space, rng=np.random.default_rng(0), **{option: 10})


def test_a_seed_in_place_of_a_generator_is_refused():
    both = pd.concat([SCORES, SCORES.assign(estimator="f", score=-SCORES["score"])])
    with pytest.raises(ng.UserError, match="rng is 0; give a generator"):
        paired(both, BENCH.truth, "e", "f", ["kendall_tau"], rng=0)
