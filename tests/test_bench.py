"""`bench build`: tables with the declared columns, resumption, growth, and mistakes."""

import json
import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses.toolkit.pairs import pairs_of
from nasgauge.benchmarks import embedded
from nasgauge.benchmarks.building import build as bench
from nasgauge.benchmarks.building.build import train_arch
from nasgauge.benchmarks.building.publishing import measured_facts
from nasgauge.benchmarks.building.recipe import Recipe, RecipeSample
from nasgauge.benchmarks.building.sample import chosen_archs
from nasgauge.benchmarks.building.training import Outcome
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.tables import TRAININGS, check
from nasgauge.images import load_images
from nasgauge.nets import NetOptions, complexity
from nasgauge.spaces import NB201, SPACES, get_space

RECIPE = """
name = "tiny"
title = "tiny networks on digits"
space = "nb201"
data = "digits"
image_size = 8
n_seeds = 2
[archs]
n = 3
[split]
n_train = 200
n_valid = 100
[net]
channels = 2
n_cells = 1
n_stages = 1
[protocol]
epochs = 1
batch_size = 50
"""


def build(text, out):
    return bench.build_text(text, out, where="tiny.toml", workers="serial")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "tiny"
    return out, build(RECIPE, out)


def test_one_row_an_architecture_and_seed(built):
    _, table = built
    check(table, TRAININGS)
    assert len(table) == 6 and table["arch"].nunique() == 3
    assert table["test_accuracy"].between(0, 1).all() and (table["test_loss"] > 0).all()
    space = NB201()
    for row in table.itertuples():
        cost = complexity(space, space.from_str(row.arch), NetOptions(2, 1, 1, in_channels=1), image_size=8)
        assert (row.n_params, row.macs) == (cost.n_params, cost.macs)


def test_what_it_wrote_is_a_benchmark_with_its_own_facts(built):
    out, table = built
    benchmark = embedded.from_files(out / "tiny.parquet")
    assert benchmark.facts["n_archs"] == 3 and benchmark.facts["n_seeds"] == 2
    assert benchmark.facts["kendall_tau_between_halves"] == pytest.approx(
        measured_facts(table)["kendall_tau_between_halves"], abs=1e-4
    )
    mean = benchmark.truth.groupby("arch")["accuracy"].mean()
    np.testing.assert_allclose(mean, table.groupby("arch")["test_accuracy"].mean(), atol=1e-6)


def test_resuming_trains_nothing_twice_and_gives_the_same_table(built, tmp_path):
    out, table = built
    for kept in list((out / "parts" / "trainings").glob("*.parquet"))[:2]:
        (tmp_path / "t" / "parts" / "trainings").mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / "parts" / "trainings" / kept.name).write_bytes(kept.read_bytes())
    (tmp_path / "t" / "study.toml").write_text(RECIPE)
    calls = []
    again = bench.build_text(
        RECIPE, tmp_path / "t", where="x", workers="serial", progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(2, 3), (3, 3)]
    columns = [c for c in table if c != "train_seconds"]
    pd.testing.assert_frame_equal(again[columns], table[columns])


def test_a_larger_benchmark_keeps_the_architectures_of_the_smaller_one():
    space = NB201()
    assert chosen_archs(space, RecipeSample(n=50))[:20] == chosen_archs(space, RecipeSample(n=20))
    assert len({space.canonical(a) for a in chosen_archs(space, RecipeSample(form="paper"))}) == 6_466


def test_a_larger_benchmark_reuses_the_table_of_the_smaller_one_to_the_bit(built, tmp_path, monkeypatch):
    out, _ = built
    larger = RECIPE.replace("n = 3", "n = 4").replace("tiny networks", "more tiny networks")
    whole = build(larger, tmp_path / "whole")
    trained = []
    monkeypatch.setattr(
        bench, "train_arch", lambda space, arch, *rest: trained.append(arch) or train_arch(space, arch, *rest)
    )
    options = {"where": "tiny.toml", "workers": "serial", "reuse": out / "tiny.parquet"}
    grown = bench.build_text(larger, tmp_path / "grown", **options)
    assert len(trained) == 1
    files = [pd.read_parquet(tmp_path / name / "tiny.parquet") for name in ("whole", "grown")]
    columns = [column for column in whole if column != "train_seconds"]
    pd.testing.assert_frame_equal(files[0][columns], files[1][columns], check_exact=True)
    assert grown["arch"].tolist() == whole["arch"].tolist()
    again = bench.build_text(RECIPE, tmp_path / "fewer", **(options | {"reuse": tmp_path / "grown" / "tiny.parquet"}))
    assert len(trained) == 1 and again["arch"].nunique() == 3
    assert bench.build_text(larger, tmp_path / "grown", **options)["arch"].nunique() == 4  # what is done stays


def test_a_table_that_is_older_than_a_key_of_the_protocol_is_reused(built, tmp_path):
    (tmp_path / "old.parquet").write_bytes((built[0] / "tiny.parquet").read_bytes())
    record = json.loads((built[0] / "tiny.json").read_text())
    del record["recipe"]["protocol"]["test_stride"]
    (tmp_path / "old.json").write_text(json.dumps(record))
    options = {"where": "tiny.toml", "workers": "serial", "reuse": tmp_path / "old.parquet"}
    assert bench.build_text(RECIPE, tmp_path / "t", **options)["arch"].nunique() == 3
    with pytest.raises(UserError, match="trained otherwise: protocol"):
        other = RECIPE.replace("epochs = 1", "epochs = 1\ntest_stride = 2")
        bench.build_text(other, tmp_path / "u", **options)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("epochs = 1", "epochs = 2", r"trained otherwise: protocol = \{'epochs': 1.*in the recipe \{'epochs': 2"),
        ("n_seeds = 2", "n_seeds = 3", "trained otherwise: n_seeds = 2, in the recipe 3"),
        ("channels = 2", "channels = 3", "trained otherwise: net"),
    ],
)
def test_a_table_of_another_recipe_is_not_reused(built, tmp_path, old, new, says):
    options = {"where": "tiny.toml", "workers": "serial", "reuse": built[0] / "tiny.parquet"}
    with pytest.raises(UserError, match=says):
        bench.build_text(RECIPE.replace(old, new), tmp_path / "t", **options)
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("facts", ['"recipe": 3', '"recipes": {}', '"recipe": {}, "conditions": []'])
def test_a_table_without_its_recipe_is_not_reused(built, tmp_path, facts):
    (tmp_path / "old.parquet").write_bytes((built[0] / "tiny.parquet").read_bytes())
    (tmp_path / "old.json").write_text(f'{{"space": "nb201", {facts}}}')
    with pytest.raises(UserError, match="do not contain its recipe; build it again, or leave out --reuse"):
        options = {"where": "tiny.toml", "workers": "serial", "reuse": tmp_path / "old.parquet"}
        bench.build_text(RECIPE, tmp_path / "t", **options)


@pytest.mark.parametrize("name", list(SPACES))
def test_variants_form_pairs_one_mutation_apart(name):
    space = get_space(name)
    alone, more = (chosen_archs(space, RecipeSample(n=12, variants=k)) for k in (0, 8))
    assert more[:12] == alone and len(more) > 12
    assert len({space.canonical(arch) for arch in more}) == len(more)
    pairs = pairs_of(space, pd.Index([space.to_str(arch) for arch in more]))
    if set(space.words(more[0])) & set(space.operations):
        pairs = pairs[pairs["from_op"].isin(space.operations)]
    assert set(range(12, len(more))) <= {*pairs["a"], *pairs["b"]}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("n = 3", "n = 3\nvariants = 4", "variants = 4 of 3 classes; give at most that many"),
        ("n = 3", "n = 7000", "nb201 has 6466 classes"),
        ("n_train = 200", "n_train = 1697", "leaves no test image"),
        ("batch_size = 50", "batch_size = 201", "is more than the 200 training images"),
        ("image_size = 8", "image_size = 32", "has 8 pixels a side"),
        ("epochs = 1", "epoch = 1", "unknown key 'epoch'; nearest: epochs"),
        ('space = "nb201"', 'space = "nb2001"', "unknown search space 'nb2001'; nearest: nb201"),
        ('data = "digits"', 'data = "digits"\ndevice = "cudda"', r"tiny\.toml: device 'cudda' is not available here"),
        ("[net]", "[net]\nreplicas = 2", "replicas is decided by n_seeds; leave it out"),
        ("[net]", "[net]\nn_classes = 5", "n_classes is decided by the images; leave it out"),
        ("[protocol]", "[protocol]\nzero_init_residual = true", "zero_init_residual needs residual blocks"),
        ("batch_size = 50", "batch_size = 50\nmomentum = 0", r"\[protocol\]: momentum is 0, .* set nesterov = false"),
        ("[net]", "[net]\ndepth_divisor = 2", "depth_divisor means nothing in networks of nb201"),
        ("n = 3", 'n = 3\nform = "papers"', "unknown canonical form 'papers'; nearest: paper"),
    ],
)
def test_mistakes_in_a_recipe_are_told_before_anything_is_written(tmp_path, old, new, says):
    assert old in RECIPE
    with pytest.raises(UserError, match=says):
        build(RECIPE.replace(old, new), tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_files_of_a_benchmark_that_are_missing(tmp_path):
    with pytest.raises(UserError, match="is missing"):
        embedded.from_files(tmp_path / "none.parquet")


def test_ones_own_colour_images_in_the_official_batches(tmp_path):
    folder = tmp_path / "batches"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(1, 6):
        batch = {"data": rng.integers(0, 256, (12, 3072), dtype=np.uint8), "labels": [*range(10), 0, 1]}
        (folder / f"data_batch_{i}").write_bytes(pickle.dumps(batch))
    text = RECIPE.replace('data = "digits"', f'data = "cifar10"\ndata_path = "{folder}"')
    for old, new in (("image_size = 8", "image_size = 32"), ("200", "40"), ("n_valid = 100", "n_valid = 10")):
        text = text.replace(old, new)
    text = text.replace("batch_size = 50", "batch_size = 20\nshift = 4\nflip = true").replace("n = 3", "n = 2")
    table = build(text, tmp_path / "own")
    assert len(table) == 4
    stem = 27 * 2 + 2 * 2  # three colours in, scale and shift
    assert (table["n_params"] >= stem).all()


@pytest.mark.parametrize(("device", "seconds"), [("cpu", 0.0), ("cuda", 0.2), ("mps:0", 0.2)])
def test_seconds_are_of_the_processor_on_the_cpu_and_of_the_wall_elsewhere(monkeypatch, device, seconds):
    """Each of two seeds is charged half of a training that waits for its device for 0.4 seconds."""
    used, clock = [], SimpleNamespace(wall=7.0, perf_counter=lambda: clock.wall, process_time=lambda: 3.0)

    def waiting(*args, device):
        used.append(device)
        clock.wall += 0.4
        return [Outcome(0.5, 1.0, 0.5, 1.0)] * 2

    monkeypatch.setattr(bench, "device_named", lambda name, where: device)
    monkeypatch.setattr(bench, "train", waiting)
    monkeypatch.setattr(bench, "time", clock)
    recipe = parse(RECIPE, Recipe, "tiny.toml")
    table = bench.train_arch(NB201(), (3,) * 6, recipe, load_images("digits", None))
    assert table["train_seconds"].tolist() == pytest.approx([seconds] * 2) and used == [device]


def test_a_training_that_diverges_has_no_loss_and_is_published(tmp_path, monkeypatch):
    """Whatever its parts say: no number, infinity, or more than 32 bits can tell."""
    losses = iter([float("nan"), float("inf"), 1e39, 2.0])
    monkeypatch.setattr(bench, "train", lambda *a, **k: [Outcome(0.1, x, 0.1, x) for x in (next(losses), next(losses))])
    table = build(RECIPE.replace("n = 3", "n = 2"), tmp_path / "d")
    for found in (table, pd.read_parquet(tmp_path / "d" / "tiny.parquet")):
        assert found["test_loss"].isna().tolist() == found["valid_loss"].isna().tolist() == [True, True, True, False]
    benchmark = embedded.from_files(tmp_path / "d" / "tiny.parquet")
    assert set(benchmark.truth["accuracy"]) == {0.1}


def test_halves_of_one_architecture_have_no_tau(tmp_path):
    build(RECIPE.replace("n = 3", "n = 1"), tmp_path / "one")
    text = (tmp_path / "one" / "tiny.json").read_text()
    assert "NaN" not in text and "kendall_tau_between_halves" not in text
    reliability = embedded.from_files(tmp_path / "one" / "tiny.parquet").provenance["reliability"]
    assert reliability == "undefined: the halves of the seeds rank nothing"
