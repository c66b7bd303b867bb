"""Files as the authors publish them, against what is known of them from elsewhere; skipped without the data folder."""

import os
from pathlib import Path

import pandas as pd
import pytest

from nasgauge.benchmarks import load
from nasgauge.official.importing import import_file
from nasgauge.spaces import NB201

DATA = Path(os.environ.get("NASGAUGE_DATA", "/nowhere"))
NATS, NB301 = DATA / "official" / "NATS-tss-v1_0-3ffb9-simple", DATA / "official" / "nb301"
needs_nats = pytest.mark.skipif(not NATS.is_dir(), reason="NASGAUGE_DATA has no official/NATS-tss-v1_0-3ffb9-simple")
needs_nb301 = pytest.mark.skipif(not NB301.is_dir(), reason="NASGAUGE_DATA has no official/nb301")
INDEX = (0, 11, 284)


@pytest.fixture(scope="module")
def nats(tmp_path_factory):
    return import_file("nats-bench", NATS, tmp_path_factory.mktemp("nats") / "out").table


@pytest.fixture(scope="module")
def trainings(nats):
    names = pd.read_parquet(DATA / "nas-bench-201" / "architectures.parquet").set_index("arch")["index"]
    rows = pd.read_parquet(nats)
    return rows.assign(index=rows["arch"].map(names))


@needs_nats
def test_the_archive_holds_all_trials_of_its_architectures(trainings):
    assert sorted(trainings["index"].unique()) == list(INDEX)
    counts = trainings.groupby(["index", "dataset", "epochs"]).size().unstack(["dataset", "epochs"])
    for dataset, few in (("cifar10-valid", 2), ("cifar10", 1), ("cifar100", 1), ("imagenet16-120", 1)):
        assert (counts[dataset, 12] == few).all() and (counts[dataset, 200] == 3).all()


@needs_nats
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "imagenet16-120"])
@pytest.mark.parametrize(("split", "epochs"), [("test", 200), ("test", 12), ("valid", 12)])
def test_means_over_trials_are_those_of_the_published_table(trainings, dataset, split, epochs):
    table = pd.read_parquet(DATA / "nas-bench-201" / "accuracy.parquet")
    table = table[(table["dataset"] == dataset) & (table["split"] == split) & (table["epochs"] == epochs)]
    own = "cifar10-valid" if (dataset, split) == ("cifar10", "valid") else dataset
    rows = trainings[(trainings["dataset"] == own) & (trainings["epochs"] == epochs)]
    mean = rows.groupby("index")[f"{split}_accuracy"].mean() * 100
    published = table.set_index("index")["accuracy_percent"].loc[list(INDEX)]
    assert mean.to_numpy() == pytest.approx(published.to_numpy(), abs=5e-5 if epochs == 200 else 6e-3)


@needs_nats
def test_single_trials_are_those_of_the_published_table(trainings):
    table = pd.read_parquet(DATA / "nas-bench-201" / "trials.parquet").set_index(["index", "seed"])
    rows = trainings[(trainings["dataset"] == "cifar10-valid") & (trainings["epochs"] == 200)]
    published = table["cifar10_valid_accuracy_percent"].loc[list(zip(rows["index"], rows["seed"], strict=True))]
    assert len(rows) == 9 and (rows["valid_accuracy"] * 100).to_numpy() == pytest.approx(published.to_numpy(), abs=1e-6)


@needs_nats
def test_sizes_and_times(trainings):
    """FLOPs as published: the multiply-adds of convolutions and classifier, all six edges counted (docs/data.md)."""
    space = NB201()
    sizes = pd.read_parquet(DATA / "nas-bench-201" / "architectures.parquet").set_index("index")
    for index, rows in trainings[trainings["dataset"].isin(["cifar10", "cifar10-valid"])].groupby("index"):
        n = space.op_counts(space.from_str(rows["arch"].iloc[0]))
        assert set(rows["macs"]) == {7_783_050 + 3_932_160 * n["nor_conv_1x1"] + 35_389_440 * n["nor_conv_3x3"]}
        assert set(rows["n_params"]) == {round(sizes["params_million"][index] * 1e6)}
        seconds = rows[(rows["dataset"] == "cifar10-valid") & (rows["epochs"] == 200)]["train_seconds"]
        assert seconds.to_numpy() == pytest.approx(sizes["train_time_seconds_cifar10"][index], rel=1e-6)


@needs_nats
def test_the_authors_spellings_and_ours_choose_the_same(nats):
    one, other = (load({"name": str(nats), "dataset": d, "epochs": 200}) for d in ("ImageNet16-120", "imagenet16-120"))
    pd.testing.assert_frame_equal(one.truth, other.truth)
    assert one.ceiling_measure is None and one.complexity["macs"].notna().all()


@needs_nb301
def test_a_training_of_nas_bench_301(tmp_path):
    [row] = pd.read_parquet(import_file("nb301", NB301, tmp_path / "out").table).to_dict("records")
    told = {key: row[key] for key in ("epochs", "seed", "valid_accuracy", "test_accuracy", "n_params", "train_seconds")}
    assert told == {
        **{"epochs": 1500, "seed": 0, "n_params": 6_369_358, "train_seconds": 365_136.0},
        **{"valid_accuracy": pytest.approx(0.9768), "test_accuracy": pytest.approx(0.9754)},
    }
    assert "('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 1)" in row["arch"]
