"""Aggregated ranks: double loops, ties, the worst score, seeds, missing scores; and the forms of cwi by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators import aggregate, cwi, estimator_config
from nasgauge.estimators.aggregation import AGGREGATIONS
from nasgauge.estimators.cwi import FORMS


def table(seed=0, **columns):
    n = len(next(iter(columns.values())))
    wide = pd.DataFrame(columns, index=[f"arch{i:02d}" for i in range(n)])
    long = wide.rename_axis("arch").reset_index().melt("arch", var_name="estimator", value_name="score").dropna()
    return long.assign(seed=seed)


def share(values, i):
    """The rank of values[i] over their number, counted one by one."""
    return (sum(v < values[i] for v in values) + (sum(v == values[i] for v in values) + 1) / 2) / len(values)


BY_HAND = {
    "log_rank": lambda ranks, weights: sum(w * math.log(r) for r, w in zip(ranks, weights, strict=True)),
    "mean_rank": lambda ranks, weights: np.average(ranks, weights=weights),
    "least_rank": lambda ranks, weights: min(r**w for r, w in zip(ranks, weights, strict=True)),
}


@pytest.mark.parametrize("method", AGGREGATIONS)
@pytest.mark.parametrize("levels", [2, 1000])
def test_against_loops_with_ties_and_the_worst_score(method, levels):
    rng = np.random.default_rng(levels)
    columns = {e: rng.integers(levels, size=25).astype(float) for e in "abc"}
    columns["b"][[3, 8]] = -np.inf
    found = aggregate(table(**columns), list("abc"), method=method, weights=[1, 2, 0.5])
    expected = [BY_HAND[method]([share(columns[e], i) for e in "abc"], [1, 2, 0.5]) for i in range(25)]
    np.testing.assert_allclose(found.sort_values("arch")["score"], expected)


@pytest.mark.parametrize("method", AGGREGATIONS)
def test_row_order_and_monotone_maps_do_not_matter(method):
    columns = {e: np.random.default_rng(ord(e)).normal(size=30) for e in "abc"}
    first = aggregate(table(**columns), list("abc"), method=method)
    bent = table(**{e: np.exp(v) for e, v in columns.items()}).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(aggregate(bent, list("cab"), method=method), first)


def test_seeds_are_ranked_each_or_by_their_means_and_the_incomplete_take_no_part():
    scores = pd.concat([table(0, a=[1.0, 2, 9, 0]), table(1, a=[5.0, 0, np.nan, 1])])
    each = aggregate(scores, ["a"], method="mean_rank")
    assert each[each["seed"] == 0]["score"].tolist() == [0.5, 0.75, 1.0, 0.25]
    assert each[each["seed"] == 1]["arch"].tolist() == ["arch00", "arch01", "arch03"]
    mean = aggregate(scores, ["a"], method="mean_rank", seeds="mean")
    assert mean["seed"].tolist() == [0] * 3
    assert mean.set_index("arch")["score"].round(3).to_dict() == {"arch00": 1.0, "arch01": 0.667, "arch03": 0.333}


def test_mistakes_of_the_user():
    scores = table(snip=[1.0, 2])
    for words, message in [
        ({"experts": ["snipp"]}, "nearest: snip"),
        ({"experts": []}, "no experts"),
        ({"experts": ["snip"], "method": "bordda"}, "unknown aggregation"),
        ({"experts": ["snip"], "weights": [1, 2]}, "one positive number per expert"),
        ({"experts": ["snip"], "weights": [-1]}, "one positive number per expert"),
        ({"experts": ["snip"], "seeds": "all"}, "unknown treatment of seeds"),
    ]:
        with pytest.raises(UserError, match=message):
            aggregate(scores, **words)
    with pytest.raises(UserError, match="unknown form"):
        cwi(scores, form="h0")


def terms(n=20, seed=0):
    rng = np.random.default_rng(seed)
    found = {
        "n_live_params": rng.integers(100, 200, n).astype(float),
        "jacobian_whiteness": -rng.exponential(2, n),
        "identity_path": rng.integers(2, size=n).astype(float),
        "n_blocks": rng.integers(6, size=n).astype(float),
        "receptive_field_entropy": -rng.exponential(1, n),
        "embedding_spectrum": -rng.exponential(1, n).clip(max=5),
        "gradient_flatness": rng.normal(size=n),
    }
    found["jacobian_whiteness"][4] = -np.inf
    return found


def rank_by_hand(t, i):
    whiteness = [-max(-w - math.log(3), 0) for w in t["jacobian_whiteness"]]
    ranks = share(t["n_live_params"], i), share(whiteness, i), share(t["identity_path"], i)
    return math.log(ranks[0]) + math.log(ranks[1]) + math.log(ranks[2]) / 2


def spread_by_hand(t, i):
    value = {name: values[i] for name, values in t.items()}
    deficit = (
        math.log(max(math.exp(-value["jacobian_whiteness"]), 3) / 3) if value["jacobian_whiteness"] > -1e9 else math.inf
    )
    penalty = 0 if value["identity_path"] or value["n_blocks"] < 2 else math.log(value["n_blocks"])
    field = min(value["receptive_field_entropy"], math.log(1 / 2))
    total = math.log(share(t["n_live_params"], i)) - 0.8 * deficit - 0.28 * penalty + field
    return total + value["embedding_spectrum"] / 2, deficit, penalty, value


def flat_by_hand(t, i):
    total, _, penalty, value = spread_by_hand(t, i)
    flat = math.log(share(t["gradient_flatness"], i)) if value["n_blocks"] >= 2 else 0
    return total - (0.4 - 0.28) * penalty + 0.3 * flat


def absolute_by_hand(t, i):
    _, deficit, penalty, value = spread_by_hand(t, i)
    rest = value["receptive_field_entropy"] / 2 + 0.3 * value["embedding_spectrum"]
    return math.log(value["n_live_params"]) - deficit / 2 - 0.28 * penalty + rest


def effective_by_hand(t, i):
    """The log of a product: parameters times the square root of four shares in (0, 1]."""
    value = {name: values[i] for name, values in t.items()}
    bridged = value["identity_path"] or value["n_blocks"] < 2
    shares = (
        math.exp(value["jacobian_whiteness"]) * math.exp(value["receptive_field_entropy"])
        * math.exp(value["embedding_spectrum"]) * (1 if bridged else 1 / math.sqrt(value["n_blocks"]))
    )  # fmt: skip
    return math.log(value["n_live_params"]) + (math.log(shares) / 2 if shares else -math.inf)


FORMS_BY_HAND = {
    "effective": effective_by_hand,
    "rank": rank_by_hand, "spread": lambda t, i: spread_by_hand(t, i)[0], "flat": flat_by_hand,
    "absolute": absolute_by_hand,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_are_what_the_page_says(form):
    t = terms()
    found = cwi(table(**t), form=form).sort_values("arch")["score"].to_numpy()
    np.testing.assert_allclose(found, [FORMS_BY_HAND[form](t, i) for i in range(20)], rtol=1e-9)
    if form != "rank":
        assert found[4] == -np.inf


def test_forms_without_ranks_score_an_architecture_alone():
    t = terms()
    for form in FORMS:
        whole, part = (cwi(table(**{k: v[:n] for k, v in t.items()}), form=form).sort_values("arch") for n in (20, 10))
        same = np.allclose(whole["score"][:10], part["score"][:10])
        assert same == (form in ("absolute", "effective")), form


def test_a_study_names_what_it_needs_of_which_label():
    config = estimator_config({"name": "cwi", "of": "he", "label": "mine"})
    assert config.names() == ("mine",)
    assert [need.name for need in config.dependencies()] == [f"{name} (he)" for name in FORMS["effective"].proxies]
    assert all(need.every_seed for need in config.dependencies())
    scores = table(**{f"{name} (he)": values for name, values in terms().items()})
    assert set(config.combine(scores)["estimator"]) == {"mine"}
    weighted = estimator_config({"name": "aggregate", "experts": ["a", "b"], "weights": [1, 0.5]})
    assert weighted.combine(table(a=[1.0, 2], b=[2.0, 1]))["score"].tolist() == pytest.approx(
        [math.log(0.5), math.log(0.5) / 2]
    )
