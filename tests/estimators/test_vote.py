"""Votes: double loops, ties, cycles, missing ballots, and a size that must fit."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators import estimator_config, vote
from nasgauge.estimators.combinations import METHODS, borda, copeland
from nasgauge.estimators.zeroshot import PROXIES
from nasgauge.spaces import SPACES, get_space
from nasgauge.studies import run as running


def table(**columns):
    wide = pd.DataFrame(columns, index=[f"arch{i}" for i in range(len(next(iter(columns.values()))))])
    long = wide.rename_axis("arch").reset_index().melt("arch", var_name="estimator", value_name="score").dropna()
    return long.assign(seed=0)


def naive_copeland(votes):
    n = votes.shape[1]
    scores = []
    for i in range(n):
        beaten = 0.0
        for j in range(n):
            if i != j:
                margin = sum((v[i] > v[j]) - (v[i] < v[j]) for v in votes.tolist())
                beaten += 1.0 if margin > 0 else 0.5 if margin == 0 else 0.0
        scores.append(beaten)
    return scores


def naive_borda(votes):
    n = votes.shape[1]
    return [
        np.mean([sum((v[i] > v[j]) + 0.5 * (v[i] == v[j]) for j in range(n) if j != i) for v in votes.tolist()])
        for i in range(n)
    ]


@pytest.mark.parametrize("experts", [1, 2, 3, 4])
@pytest.mark.parametrize("levels", [2, 1000])  # two levels: nearly all pairs are tied
def test_against_double_loops(experts, levels):
    votes = np.random.default_rng(experts).integers(levels, size=(experts, 40)).astype(float)
    assert copeland(votes).tolist() == naive_copeland(votes)
    np.testing.assert_allclose(borda(votes), naive_borda(votes))
    for method in (copeland, borda):
        assert method(votes).sum() == pytest.approx(40 * 39 / 2)


def test_a_cycle_of_majorities_is_a_tie_whatever_the_order_of_rows():
    scores = table(a=[3.0, 2, 1], b=[1.0, 3, 2], c=[2.0, 1, 3])  # 0 beats 1 beats 2 beats 0
    assert vote(scores, ["a", "b", "c"])["score"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("method", METHODS)
def test_row_order_and_monotone_maps_do_not_matter(method):
    rng = np.random.default_rng(0)
    columns = {e: rng.normal(size=30) for e in "abc"}
    first = vote(table(**columns), list("abc"), method=method)
    bent = table(**{e: np.exp(v) for e, v in columns.items()}).sample(frac=1, random_state=1)
    assert vote(bent, list("cab"), method=method).equals(first)


def test_an_architecture_without_every_ballot_is_missing_and_takes_no_part():
    scores = table(a=[1.0, 2, 3, 4], b=[1.0, 2, np.nan, 3], other=[np.nan, 1, 1, 1])
    result = vote(scores, ["a", "b"], name="ab")
    assert dict(zip(result["arch"], result["score"], strict=True)) == {"arch0": 0, "arch1": 1, "arch3": 2}
    assert set(result["estimator"]) == {"ab"}


def test_seeds_vote_apart():
    both = pd.concat([table(a=[1.0, 2]), table(a=[2.0, 1]).assign(seed=7)])
    result = vote(both, ["a"])
    assert result.set_index(["seed", "arch"])["score"].to_dict() == {
        (0, "arch0"): 0, (0, "arch1"): 1, (7, "arch0"): 1, (7, "arch1"): 0
    }  # fmt: skip


def test_nobody_has_every_ballot():
    assert len(vote(table(a=[1.0, np.nan], b=[np.nan, 1.0]), ["a", "b"])) == 0


def test_mistakes_of_the_user():
    scores = table(snip=[1.0, 2])
    for experts, method, message in [
        (["snipp"], "copeland", "nearest: snip"),
        ([], "copeland", "no experts"),
        (["snip", "snip"], "copeland", "named twice"),
        (["snip"], "majority", "unknown way to vote"),
    ]:
        with pytest.raises(UserError, match=message):
            vote(scores, experts, method=method)


def test_as_many_as_the_whole_space_in_bounded_memory():
    import tracemalloc

    votes = np.random.default_rng(0).normal(size=(3, 6000))
    tracemalloc.start()
    scores = copeland(votes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert scores.sum() == 6000 * 5999 / 2
    assert peak < 6000 * 6000  # less than one byte a pair


PAPER = {  # Ning et al. 2021, the caption of Table A9
    "nb101": {"relu_logdet", "grasp", "plain"},
    "nb201": {"relu_logdet", "jacob_cov", "synflow"},
    "darts": {"plain", "grasp", "relu_logdet"},
}


@pytest.mark.parametrize("name", SPACES)
def test_the_experts_of_the_paper_are_those_of_the_space_or_are_refused_in_one_line(name):
    config = estimator_config({"name": "vote", "experts": "ning2021"})
    known = PAPER.get("nb101" if name.startswith("nb101") else name)
    if known is None:
        with pytest.raises(
            UserError, match=f"experts = 'ning2021' names none for {name}, only for nb101, .*list the"
        ) as told:
            config.in_space(get_space(name))
        assert "\n" not in str(told.value)
        return
    found = config.in_space(get_space(name))
    assert set(found.experts) == known and {need.name for need in found.dependencies()} == known
    assert found.in_space(get_space("nds-resnet")) is found  # a list is what it is in every space
    assert known <= set(PROXIES)


def test_experts_of_no_space_and_unknown_names_of_lists_are_refused():
    with pytest.raises(UserError, match="experts = 'ning2021' needs a search space"):
        estimator_config({"name": "vote", "experts": "ning2021"}).dependencies()
    with pytest.raises(UserError, match="'experts'"):
        estimator_config({"name": "vote", "experts": "ning2020"})


STUDY = """
title = "votes"
benchmark = "{benchmark}"
archs = {{ n = 6 }}
n_bootstrap = 10
[[estimators]]
name = "zeroshot"
proxies = ["relu_logdet", "jacob_cov", "synflow"]
batch_size = 8
[[estimators]]
name = "vote"
experts = "ning2021"
[[estimators]]
name = "vote"
label = "listed"
experts = ["relu_logdet", "jacob_cov", "synflow"]
"""


def test_a_study_votes_with_the_experts_of_its_space(tmp_path):
    run = running.run_text(STUDY.format(benchmark="digits-nb201"), tmp_path / "a", where="x", workers="serial")
    scores = running.Run.load(run.folder).scores.pivot(index="arch", columns="estimator", values="score")
    assert scores["vote"].equals(scores["listed"].rename("vote")) and scores["vote"].nunique() > 2
    for benchmark, says in (("digits-resnet", "names none for nds-resnet"), ("digits-darts", "'plain'")):
        with pytest.raises(UserError, match=says):
            running.run_text(STUDY.format(benchmark=benchmark), tmp_path / "b", where="x", workers="serial")
