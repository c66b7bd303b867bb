"""A planted liking for one operation is found in its steps alone; pairs and shares are those of double loops."""

import itertools
import os

import numpy as np
import pandas as pd
import pytest

from nasgauge import benchmarks
from nasgauge.analyses.operation_bias import compute, pairs_of
from nasgauge.core.errors import UserError
from nasgauge.spaces import NB201, get_space

SPACE = NB201()
POOL, N_SEEDS = "avg_pool_3x3", 20
CELLS = list(itertools.product(range(5), repeat=3))
ARCHS = [SPACE.to_str((a, b, c, 3, 1, 2)) for a, b, c in CELLS]  # 125 cells, 1,500 pairs


def tables(strength, seed):
    """Truth: convolutions and skips help; scores: the truth, noise, and so much more for every pooling."""
    draw = np.random.default_rng(seed)
    gain = np.array([-1.0, 0.6, 0.5, 1.0, 0.1])
    accuracy = np.array([gain[list(cell)].sum() for cell in CELLS]) + draw.normal(size=len(CELLS))
    score = accuracy + draw.normal(size=len(CELLS)) + strength * np.array([cell.count(4) for cell in CELLS])
    truth = pd.DataFrame({"arch": ARCHS, "iso_class": ARCHS, "seed": 0, "accuracy": accuracy})
    return pd.DataFrame({"estimator": "e", "arch": ARCHS, "seed": 0, "score": score}), truth


def sure(table):
    return table[(table["excess_lower"] > 0) | (table["excess_upper"] < 0)]


@pytest.mark.parametrize("strength", [1.5, -1.5])
def test_a_planted_liking_is_found_in_every_step_of_that_operation_with_its_sign(strength):
    others = 0
    for seed in range(N_SEEDS):
        table = compute(*tables(strength, seed), SPACE, rng=np.random.default_rng(seed))
        assert len(table) == 10 and (table["n"] == 75).all()
        found = sure(table)
        own = found[(found["from_op"] == POOL) | (found["to_op"] == POOL)]
        towards = np.where(own["to_op"] == POOL, own["excess"], -own["excess"])
        assert len(own) == 4 and (np.sign(towards) == np.sign(strength)).all()
        others += len(found) - len(own)
    assert others <= 13  # of 120 steps at 95%: more have a probability of 1%


def test_noise_alone_is_found_no_oftener_than_the_level_says():
    n_found, drawn = 0, []
    for seed in range(N_SEEDS):
        table = compute(*tables(0.0, 100 + seed), SPACE, rng=np.random.default_rng(seed))
        n_found += len(sure(table))
        drawn.append((table["truth_up"] - 0.5).abs().mean() - (table["score_up"] - 0.5).abs().mean())
    assert n_found <= 18  # of 200 steps at 95%: more have a probability of 1%
    assert np.mean(drawn) > 0.02  # the plain shares, in contrast, are drawn towards a half


def test_pairs_are_those_one_step_apart():
    rng = np.random.default_rng(0)
    for name in ("nb201", "nds-resnext-a", "nb101-1shot1-1", "darts"):
        space = get_space(name)
        first = [space.sample(rng) for _ in range(3)]
        archs = sorted({space.to_str(b) for a in first for b in (a, *space.neighbours(a)[:25])})
        found = {frozenset(pair) for pair in pairs_of(space, pd.Index(archs))[["a", "b"]].itertuples(index=False)}
        words = [space.words(space.from_str(text)) for text in archs]
        expected = {
            frozenset((i, j))
            for i, j in itertools.combinations(range(len(archs)), 2)
            if sum(a != b for a, b in zip(words[i], words[j], strict=True)) == 1
        }
        assert found == expected and len(found) > 20


@pytest.mark.long
def test_shares_are_those_of_loops_over_the_real_table():
    if not os.environ.get("NASGAUGE_DATA"):
        pytest.skip("NASGAUGE_DATA is not set: nas-bench-201/accuracy.parquet is needed")
    truth = benchmarks.load("nb201").truth
    accuracy = truth.set_index("arch")["accuracy"].to_dict()
    draw = np.random.default_rng(1)
    score = {a: accuracy[a] + 0.05 * draw.normal() for a in sorted(accuracy)}
    scores = pd.DataFrame({"estimator": "e", "arch": list(score), "seed": 0, "score": list(score.values())})
    table = compute(scores, truth, SPACE, n_bootstrap=2, rng=np.random.default_rng(0))
    assert len(table) == 10 and (table["n"] == 18_750).all()  # 6 edges and 5^5 rests, as published
    for row in (table.iloc[0], table.iloc[7]):
        a, b = SPACE.ops.index(row["from_op"]), SPACE.ops.index(row["to_op"])
        truth_up = score_up = 0.0
        for edge in range(6):
            for rest in itertools.product(range(5), repeat=5):
                low, high = (SPACE.to_str((*rest[:edge], op, *rest[edge:])) for op in (a, b))
                truth_up += (accuracy[high] > accuracy[low]) + (accuracy[high] == accuracy[low]) / 2
                score_up += (score[high] > score[low]) + (score[high] == score[low]) / 2
        assert row["truth_up"] == pytest.approx(truth_up / 18_750)
        assert row["score_up"] == pytest.approx(score_up / 18_750)


def test_degenerate_tables():
    scores, truth = tables(0.0, 0)
    rng = np.random.default_rng(0)
    assert compute(scores, truth, None, rng=rng).empty
    assert compute(scores[:1], truth, SPACE, rng=rng).empty
    assert compute(scores, truth, SPACE, least=10_000, rng=rng).empty
    flat = compute(scores.assign(score=1.0), truth, SPACE, rng=rng)
    assert (flat["score_up"] == 0.5).all() and (flat["excess"] == 0).all()
    with pytest.raises(UserError, match="at least 0 pairs"):
        compute(scores, truth, SPACE, least=0, rng=rng)
