"""The choices of all loaders: names, types and values are checked by one mechanism, whatever the other choices are."""

import os
from functools import partial

import pytest

from nasgauge.benchmarks import BENCHMARKS, load
from nasgauge.benchmarks.choices import check_choices
from nasgauge.core.dataset_names import DATASET_NAMES, dataset_name
from nasgauge.core.errors import UserError

DATA = os.environ.get("NASGAUGE_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="NASGAUGE_DATA is not set: the published tables are needed")


@pytest.mark.parametrize("name", [*BENCHMARKS, "table.parquet"])
def test_an_unknown_choice_is_named_before_anything_is_read(monkeypatch, name):
    monkeypatch.delenv("NASGAUGE_DATA", raising=False)
    for choice in ("banana", "path", "name_", "", "args", "kwargs"):
        with pytest.raises(UserError, match=rf"benchmark '{name}': unknown option '{choice}'") as raised:
            load({"name": name, choice: 1})
        assert "keyword" not in str(raised.value)


def test_the_nearest_choice_is_named():
    with pytest.raises(UserError, match=r"did you mean 'dataset'\? available: dataset, split, epochs, seeds"):
        load({"name": "nb201", "datset": "cifar10"})
    with pytest.raises(UserError, match="it has no options"):
        load({"name": "nb301", "n": 5})


@pytest.mark.parametrize(
    ("name", "choice", "value", "wanted"),
    [
        ("nb201", "epochs", "200", "a whole number or null"),
        ("nb201", "epochs", 200.5, "a whole number or null"),
        ("nb201", "epochs", True, "a whole number or null"),
        ("nb201", "dataset", 10, "text"),
        ("nb201", "dataset", None, "text"),
        ("nb201", "seeds", ["mean"], "text"),
        ("nb201", "split", {"a": 1}, "text or null"),
        ("nb101", "n", "all", "a whole number or null"),
        ("nb101", "seed", 1.5, "a whole number"),
        ("digits-nb201", "metric", 3, "text"),
        ("table.parquet", "epochs", "x" * 100_000, "a whole number or null"),
    ],
)
def test_a_value_of_another_type(name, choice, value, wanted):
    with pytest.raises(UserError, match=rf"{choice} is .*; give {wanted}$") as raised:
        load({"name": name, choice: value})
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    ("choice", "value"), [("n", 0), ("n", -5), ("n", 10**9), ("n", 10**400), ("seed", -1), ("seed", 2**60)]
)
def test_numbers_out_of_range_are_refused_before_anything_is_read(monkeypatch, choice, value):
    monkeypatch.delenv("NASGAUGE_DATA", raising=False)
    with pytest.raises(UserError, match=rf"benchmark 'nb101': {choice} is .*; give a whole number from"):
        load({"name": "nb101", "view": "nb101-1shot1-3", choice: value})


@pytest.mark.parametrize("spec", [None, [], 5, {}, {"name": None}, {"name": ["nb201"]}, {"dataset": "cifar10"}])
def test_what_names_no_benchmark(spec):
    with pytest.raises(UserError, match=r"^benchmark: give its name"):
        load(spec)


def test_types_that_are_not_plain_are_left_to_the_loader():
    def loader(path, *, cells: list[str] | None = None, factor: float = 1.0): ...

    check_choices("x", partial(loader, "p"), {"cells": ["a"], "factor": 2})
    with pytest.raises(UserError, match="factor is 'a'; give a number"):
        check_choices("x", partial(loader, "p"), {"factor": "a"})


@needs_data
@pytest.mark.parametrize("dataset", ["cifar10", "cifar10-valid", "cifar100", "imagenet16-120"])
def test_every_choice_of_nb201_is_checked_with_trials(dataset):
    base = {"name": "nb201", "seeds": "trials", "dataset": dataset}
    for choice in ({"epochs": 77}, {"epochs": 12}, {"split": "banana"}, {"split": "test"}):
        with pytest.raises(UserError, match=r"omit split and epochs|has only split valid"):
            load({**base, **choice})
    assert len(load({**base, "epochs": 200}).truth) > 15_625


@pytest.mark.long
@needs_data
def test_the_ceiling_says_where_it_measures_something_else():
    for dataset in ("cifar10", "cifar100", "imagenet16-120"):
        for epochs in (12, 200):
            mean = load({"name": "nb201", "dataset": dataset, "epochs": epochs})
            assert (
                "200 epochs" in mean.ceiling_measure and mean.ceiling_measure in mean.provenance["noise ceiling from"]
            ) or (mean.ceiling_measure.removesuffix(", 200 epochs") in mean.provenance["noise ceiling from"])
        assert load({"name": "nb201", "dataset": dataset, "seeds": "trials"}).ceiling_measure is None


@pytest.mark.parametrize(
    "name", [n if n.startswith("digits") else pytest.param(n, marks=needs_data) for n in BENCHMARKS]
)
def test_replicates_that_are_the_truth_measure_the_same(name):
    benchmark = load(name)
    same = benchmark.replicates is None or benchmark.replicates is benchmark.truth
    assert same == (benchmark.ceiling_measure is None)


@pytest.mark.long
@needs_data
def test_one_vocabulary_of_data_sets():
    for spelling in ("ImageNet16-120", "imagenet16_120", "IMAGENET16-120"):
        assert dataset_name(spelling) == "imagenet16-120"
        assert load({"name": "nb201", "dataset": spelling}).provenance["ground truth"].endswith("imagenet16-120")
    assert all(dataset_name(name) == name == name.lower() for name in DATASET_NAMES)
    half = load({"name": "nb201", "dataset": "cifar10-valid", "epochs": 12})
    split = load({"name": "nb201", "dataset": "cifar10", "split": "valid", "epochs": 12})
    assert half.truth.equals(split.truth)
