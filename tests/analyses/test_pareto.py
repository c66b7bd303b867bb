"""Fronts against double loops, with ties; what the levels miss, by hand."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import pareto, pareto_levels
from nasgauge.core.errors import UserError
from nasgauge.search import levels_of


def tables(n=60, seed=0):
    rng = np.random.default_rng(seed)
    archs = [f"a{i:03}" for i in range(n)]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": rng.integers(0, 12, n) / 12})
    scores = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": rng.integers(0, 15, n) * 1.0})
    return scores, truth, pd.DataFrame({"arch": archs, "n_params": rng.integers(1, 15, n), "macs": None})


def front_by_loops(size, value):
    """Points that no other beats: no larger, no worse, and better in one of the two."""
    return {
        a
        for a in size
        if not any(
            size[b] <= size[a] and value[b] >= value[a] and (size[b] < size[a] or value[b] > value[a]) for b in size
        )
    }


@pytest.mark.parametrize("seed", range(5))
def test_fronts_are_those_of_double_loops_with_ties(seed):
    scores, truth, sizes = tables(seed=seed)
    size = sizes.set_index("arch")["n_params"].to_dict()
    accuracy, score = truth.set_index("arch")["accuracy"].to_dict(), scores.set_index("arch")["score"].to_dict()
    table = pareto.compute(scores, truth, complexity=sizes)
    fronts = {name: set(rows["arch"]) for name, rows in table.groupby("front")}
    assert fronts["truth"] == front_by_loops(size, accuracy)
    assert fronts["estimated"] == front_by_loops(size, score)
    assert fronts["inverse"] == front_by_loops({a: -v for a, v in size.items()}, score)
    assert not fronts[""] & (fronts["truth"] | fronts["estimated"] | fronts["inverse"])
    left, level = dict(size), {}
    while left:
        front = front_by_loops(left, {a: score[a] for a in left})
        level |= dict.fromkeys(front, 1 + max(level.values(), default=0))
        left = {a: v for a, v in left.items() if a not in front}
    found = levels_of(np.array(list(size.values()), dtype=float), np.array([score[a] for a in size]))
    assert found.tolist() == [level[a] for a in size]


def test_a_monotone_map_changes_only_the_scores_and_rows_may_come_in_any_order():
    scores, truth, sizes = tables()
    one = pareto.compute(scores, truth, complexity=sizes).drop(columns="score")
    mapped = scores.assign(score=np.exp(scores["score"])).sample(frac=1, random_state=1)
    other = pareto.compute(mapped, truth.sample(frac=1, random_state=2), complexity=sizes).drop(columns="score")
    pd.testing.assert_frame_equal(one, other)


def test_what_the_first_levels_miss():
    archs = list("abcd")
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": [0.2, 0.5, 0.6, 0.9]})
    scores = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": [2.0, 1.0, 4.0, 3.0]})
    sizes = pd.DataFrame({"arch": archs, "n_params": [1, 1, 2, 2], "macs": None})
    table = pareto_levels.compute(scores, truth, complexity=sizes, n_groups=2, n_levels=3)
    assert table["gap"].tolist() == pytest.approx([0.3, 0, 0, 0.3, 0, 0])
    assert table["n_chosen"].tolist() == [1, 2, 2, 1, 2, 2]
    backwards = pareto_levels.compute(
        scores.assign(score=[4.0, 3.0, 2.0, 1.0]), truth, complexity=sizes, n_groups=2, n_levels=1
    )
    assert np.isnan(backwards["gap"].iloc[1]) and backwards["n_chosen"].tolist() == [1, 0]


def test_gaps_never_grow_and_all_levels_leave_none():
    scores, truth, sizes = tables(seed=3)
    table = pareto_levels.compute(scores, truth, complexity=sizes, n_levels=60)
    for _, rows in table.groupby("group"):
        assert (rows["gap"].dropna().diff().dropna() <= 1e-12).all() and rows["gap"].iloc[-1] == 0
    assert table.groupby("group")["n"].first().sum() == 60


def test_missing_scores_one_architecture_and_mistakes():
    scores, truth, sizes = tables()
    for ask in (pareto.compute, pareto_levels.compute):
        assert (ask(scores[:20], truth, complexity=sizes)["n"] <= 20).all()
        assert len(ask(scores[:1], truth, complexity=sizes)) and ask(scores[:0], truth, complexity=sizes).empty
        assert ask(scores, truth, complexity=sizes.assign(n_params=np.nan)).empty
        with pytest.raises(UserError, match="flops"):
            ask(scores, truth, complexity=sizes, by="flops")
