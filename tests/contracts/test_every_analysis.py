"""Laws that every analysis obeys: pure, indifferent to row order, drawable, honest about n."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses import ANALYSES
from nasgauge.spaces import NB201

NAMES = sorted(ANALYSES)
SPACE = NB201()


def tables(n=30, n_seeds=3):
    rng = np.random.default_rng(0)
    archs = sorted({SPACE.to_str(SPACE.sample(rng)) for _ in range(n)})
    truth = pd.DataFrame(
        [(a, a, seed, rng.integers(0, 40) / 40) for a in archs for seed in range(n_seeds)],
        columns=["arch", "iso_class", "seed", "accuracy"],
    )
    scores = pd.DataFrame(
        [(e, a, seed, float(rng.normal())) for e in ("x", "y") for a in archs for seed in (0, 1)],
        columns=["estimator", "arch", "seed", "score"],
    )
    constant = pd.DataFrame({"estimator": "flat", "arch": archs[:20], "seed": 0, "score": 1.0})
    return pd.concat([scores, constant], ignore_index=True), truth


def ask(name, scores, truth):
    return ANALYSES[name](scores, truth, SPACE, rng=np.random.default_rng(5))


@pytest.mark.parametrize("name", NAMES)
def test_the_entry_says_what_it_asks_and_what_the_paper_found(name):
    entry = ANALYSES[name]
    assert entry.question.endswith("?") and entry.paper_finding.endswith(".") and "2021" in entry.paper_finding
    assert entry.figure == "" or entry.figure.startswith("Fig. ")


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_its_tables_alone_and_repeats_itself(name):
    scores, truth = tables()
    before = scores.copy(), truth.copy()
    first, second = ask(name, scores, truth), ask(name, scores, truth)
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(scores, before[0])
    pd.testing.assert_frame_equal(truth, before[1])


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_does_not_matter(name):
    scores, truth = tables()
    shuffled = scores.sample(frac=1, random_state=1), truth.sample(frac=1, random_state=2)
    one, other = ask(name, scores, truth), ask(name, *shuffled)
    keys = [c for c in one.columns if one[c].dtype.kind not in "f"] or list(one.columns)
    one, other = (t.sort_values(keys).reset_index(drop=True) for t in (one, other))
    pd.testing.assert_frame_equal(one, other, check_dtype=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_monotone_map_of_the_scores_changes_no_rank_table(name):
    if name == "score_histogram":
        pytest.skip("it shows the scores themselves")
    scores, truth = tables()
    scores = scores[scores["seed"] == 0]
    mapped = scores.assign(score=np.exp(scores["score"]))
    one, other = (ask(name, s, truth).drop(columns="score", errors="ignore") for s in (scores, mapped))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_its_n_and_holds_no_empty_text(name):
    table = ask(name, *tables())
    assert (table["n"] > 0).all()
    assert len(table) and not table.select_dtypes(exclude="number").isna().any().any()


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_can_be_drawn(name):
    for _, rows in ANALYSES[name].panels(ask(name, *tables())):
        axes = Figure(figsize=ANALYSES[name].size).add_subplot()
        ANALYSES[name].draw(rows, axes, SPACE)
        axes.figure.canvas.draw()
        assert axes.has_data()


@pytest.mark.parametrize("name", NAMES)
def test_no_scores_at_all_is_no_error(name):
    scores, truth = tables()
    assert isinstance(ask(name, scores[:0], truth), pd.DataFrame)
