"""What is pointed out and what is not: sentinels among scores, trainings that are one training twice."""

import os

import numpy as np
import pandas as pd
import pytest

from nasgauge.benchmarks import BENCHMARKS, load
from nasgauge.judging.scorefiles import equal_trainings, likely_sentinels, truth_file
from nasgauge.spaces import NB201

N = 1000
EMBEDDED = [name for name in BENCHMARKS if name.startswith("digits")]
needs_data = pytest.mark.skipif(
    not os.environ.get("NASGAUGE_DATA"), reason="NASGAUGE_DATA is not set: nas-bench-201/*.parquet are needed"
)


def scored(score, archs=None):
    archs = [f"a{i}" for i in range(len(score))] if archs is None else archs
    return pd.DataFrame({"estimator": "s", "arch": archs, "seed": 0, "score": np.asarray(score, float)})


def draw():
    return np.random.default_rng(0)


HONEST = {
    "a normal distribution": lambda: draw().normal(size=N),
    "synflow over forty powers of ten": lambda: 10 ** draw().uniform(-5, 35, N),
    "the same, negative": lambda: -(10 ** draw().uniform(-5, 35, N)),
    "a wide lognormal distribution": lambda: np.exp(10 * draw().normal(size=N)),
    "a Cauchy distribution": lambda: draw().standard_cauchy(N),
    "counts": lambda: draw().integers(0, 7, N),
    "yes and no": lambda: draw().integers(0, 2, N),
    "accuracies of 1,000 images": lambda: draw().beta(50, 10, N).round(3),
    "accuracies, a tenth at chance": lambda: np.where(draw().random(N) < 0.1, 0.1, draw().beta(50, 10, N).round(3)),
    "powers of ten": lambda: 10.0 ** draw().integers(0, 20, N),
    "powers of ten, large ones rare": lambda: 10.0 ** draw().geometric(0.3, N),
    "powers of two": lambda: 2.0 ** draw().poisson(3, N),
    "ranks": lambda: np.arange(N),
    "one outlier alone": lambda: np.concatenate([[-1e8], draw().normal(size=N)]),
    "a constant": lambda: np.ones(N),
    "three scores": lambda: [0, 0, 1],
    "minus infinity": lambda: np.concatenate([[-np.inf] * 9, draw().normal(size=N)]),
    "failures": lambda: np.concatenate([[np.nan] * 9, draw().normal(size=N)]),
}


@pytest.mark.parametrize("name", HONEST)
def test_no_false_alarm(name):
    assert likely_sentinels(scored(HONEST[name]())) == []


@pytest.mark.parametrize("name", EMBEDDED)
@pytest.mark.parametrize("column", ["n_params", "macs"])
def test_no_false_alarm_about_sizes(name, column):
    assert likely_sentinels(scored(load(name).complexity[column])) == []


@pytest.mark.parametrize(
    ("value", "n", "others"),
    [
        (-1e8, 2, "a normal distribution"),
        (-104110, 5, "a normal distribution"),
        (-1, 3, "accuracies of 1,000 images"),
        (1e9, 4, "a normal distribution"),
        (0, 30, "a wide lognormal distribution"),
        (-1e8, 20, "synflow over forty powers of ten"),
        (-999, 2, "counts"),
        (0, 10, "a Cauchy distribution"),
    ],
)
def test_a_value_that_several_architectures_share_is_pointed_out(value, n, others):
    score = np.asarray(HONEST[others](), float)
    score[:n] = value
    (note,) = likely_sentinels(scored(score))
    assert note.startswith(f"'s': {n} architectures have the score {value:.6g}")
    assert "leave these cells empty" in note and "-inf" in note


def test_two_sentinels_are_both_pointed_out_and_seeds_count_once():
    score = draw().normal(size=N)
    score[:2], score[2:5] = -1e8, -1e9
    assert len(likely_sentinels(scored(score))) == 2
    twice = pd.concat([scored(score), scored(score).assign(seed=1)])
    assert "2 architectures have the score -1e+08" in likely_sentinels(twice)[1]
    alone = np.concatenate([[-1e8], draw().normal(size=N)])
    assert likely_sentinels(pd.concat([scored(alone), scored(alone).assign(seed=1)])) == []


def test_disconnected_cells_are_counted():
    space, rng = NB201(), draw()
    whole = [(3, *a[1:3], 3, *a[4:]) for a in (space.sample(rng) for _ in range(300))]
    cut = [(*a[:3], 0, 0, 0) for a in (space.sample(rng) for _ in range(60))]
    archs = list(dict.fromkeys(space.to_str(a) for a in whole + cut))
    n = sum(text.endswith("|none~0|none~1|none~2|") for text in archs)
    score = draw().normal(size=len(archs))
    score[-n:] = 0
    (note,) = likely_sentinels(scored(score, archs), space)
    assert note.startswith(f"'s': {n} architectures ({n} of them disconnected) have the score 0")


def trained(accuracy):
    """A truth of (architectures, seeds)."""
    n, n_seeds = np.shape(accuracy)
    archs = [f"a{i}" for i in range(n)]
    table = pd.DataFrame({"arch": np.repeat(archs, n_seeds), "iso_class": "x", "seed": [*range(n_seeds)] * n})
    return table.assign(accuracy=np.ravel(accuracy), seed=table["seed"].astype("Int64"))


def test_a_copied_training_is_pointed_out():
    accuracy = 0.9 + 0.01 * draw().normal(size=(40, 3))
    assert equal_trainings(trained(accuracy)) == []
    accuracy[:, 2] = accuracy[:, 0]
    (note,) = equal_trainings(trained(accuracy))
    assert "seeds 0 and 2 have the same accuracy for 40 of 40 architectures" in note and "noise ceiling" in note


def test_a_single_copy_is_pointed_out_where_numbers_are_fine():
    accuracy = 0.9 + 0.01 * draw().normal(size=(40, 2))
    accuracy[7, 1] = accuracy[7, 0]
    assert "for 1 of 40" in equal_trainings(trained(accuracy))[0]


@pytest.mark.parametrize("n_images", [100, 1_000, 10_000])
def test_ties_by_chance_are_not_pointed_out(n_images):
    rng = draw()
    level = rng.uniform(0.85, 0.95, size=(500, 1))
    assert equal_trainings(trained(rng.binomial(n_images, np.repeat(level, 3, axis=1)) / n_images)) == []


@pytest.mark.parametrize("name", EMBEDDED)
@pytest.mark.parametrize("metric", ["test_accuracy", "valid_accuracy"])
def test_no_training_of_ours_is_a_copy(name, metric):
    assert equal_trainings(load({"name": name, "metric": metric}).truth) == []


@needs_data
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "imagenet16-120"])
def test_no_false_alarm_about_published_trials(dataset):
    assert equal_trainings(load({"name": "nb201", "dataset": dataset}).replicates) == []


def test_a_truth_file_brings_the_note(file):
    told = truth_file(file(arch=["a", "a", "b", "b"], seed=[0, 1, 0, 1], accuracy=[0.9, 0.9, 0.8, 0.8]))
    assert "seeds 0 and 1 have the same accuracy for 2 of 2" in told.notes[0]
