"""NAS-Bench-301 folders and NDS files written in their layouts: round trip, damage, what is foreign."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from nasgauge.benchmarks import load
from nasgauge.cli import app
from nasgauge.core.errors import UserError
from nasgauge.official import KINDS, Foreign, Training, json_lists
from nasgauge.official.importing import import_file
from nasgauge.spaces import Darts, DartsNDS, NDSResNet, NDSResNeXtA

DARTS, NDS_DARTS = Darts(), DartsNDS()
PREFIX = "NetworkSelectorDatasetInfo:darts:"


def terms(arch, start):
    """(operation, predecessor) of the eight terms of a cell, node by node."""
    pairs = [(arch[i + 1], arch[i]) for i in range(start, start + 16, 2)]
    return [pairs[i : i + 2] for i in range(0, 8, 2)]


def config(arch, space=DARTS):
    found = {}
    for start, name in ((0, "normal"), (16, "reduce")):
        first = 0
        for node, pair in enumerate(terms(arch, start), start=2):
            sources = sorted(source for _, source in pair)
            for op, source in pair:
                found[f"{PREFIX}edge_{name}_{first + source}"] = space.ops[op]
            if node > 2:
                found[f"{PREFIX}inputs_node_{name}_{node}"] = "_".join(map(str, sources))
            first += node
    return found


def two_inputs(seed):
    """A cell whose first nodes read both inputs, as every cell of NAS-Bench-301 does."""
    return DARTS.sample(np.random.default_rng(seed))


def result(arch, **changed):
    content = {
        "budget": 98, "test_accuracy": 93.25, "runtime": 77.5,
        "optimized_hyperparamater_config": config(arch),
        "info": [{"val_accuracy": 91.5, "model_parameters": 1_500_000}],
    }  # fmt: skip
    return json.dumps({**content, **changed})


def test_nb301_round_trip_over_folders(tmp_path):
    for folder, seeds in (("de", (0, 1)), ("rs", (2, 0))):
        (tmp_path / folder).mkdir()
        for i, seed in enumerate(seeds):
            text = result(two_inputs(seed), runtime=7.5 + 10 * i)  # the second training of cell 0 took longer
            (tmp_path / folder / f"results_{i}.json").write_text(text)
    found = list(KINDS["nb301"].read(tmp_path))
    expected = [
        (two_inputs(seed), trial, 7.5 + 10 * i) for seed, trial, i in ((0, 0, 0), (1, 0, 1), (2, 0, 0), (0, 1, 1))
    ]
    assert found == [Training(a, "cifar10", 98, t, 0.915, 0.9325, 1_500_000, s) for a, t, s in expected]


def test_nb301_damage(tmp_path):
    with pytest.raises(UserError, match="contains no results_"):
        list(KINDS["nb301"].read(tmp_path))
    file = tmp_path / "results_0.json"
    with pytest.raises(UserError, match="is not a folder"):
        file.write_text("{}")
        list(KINDS["nb301"].read(file))
    for text in ("{", "{}", "[]", result(two_inputs(0))[:-30]):
        file.write_text(text)
        with pytest.raises(UserError, match=r"results_0\.json: is not a result of NAS-Bench-301"):
            list(KINDS["nb301"].read(tmp_path))
    strange = config(two_inputs(0))
    strange[next(k for k in strange if "edge_normal" in k)] = "conv_7x7"
    file.write_text(result(two_inputs(0), optimized_hyperparamater_config=strange))
    [found] = KINDS["nb301"].read(tmp_path)
    assert isinstance(found, Foreign)


def stages(space, arch):
    n = len(space.table)
    return [arch[i : i + n] for i in range(0, 3 * n, n)]


def residual(space, arch, *, with_stem=False, seed=5):
    columns = list(zip(*stages(space, arch), strict=True))
    stem = [1] if with_stem else []
    net = {"ds": [*stem, *columns[0]], "ws": [*([16] if with_stem else []), *columns[1]]}
    if len(columns) == 4:
        net |= {"bot_muls": [*stem, *(1 / d for d in columns[2])], "num_gs": [*stem, *columns[3]]}
    return {
        "net": net,
        "params": 123456.0,
        "flops": 1e8,
        "rng_seed": seed,
        "test_ep_top1": [60.0, 6.5, 7.5],
        "min_test_top1": 6.5,
    }


@pytest.mark.parametrize(("kind", "space"), [("nds-resnet", NDSResNet()), ("nds-resnext-a", NDSResNeXtA())])
@pytest.mark.parametrize("with_stem", [False, True])
@pytest.mark.parametrize("layout", ["list", "object"])
def test_nds_residual_networks(tmp_path, monkeypatch, kind, space, with_stem, layout):
    monkeypatch.setattr(json_lists, "_WINDOW", 97)  # so that no training stands in one window
    rng = np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(7)]
    contents = [residual(space, a, with_stem=with_stem) for a in archs]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(contents if layout == "list" else {"top": contents[:3], "mid": contents[3:]}, indent=1))
    expected = [Training(a, "cifar10", 3, 5, None, 0.935, 123_456, None, 100_000_000) for a in archs]
    assert list(KINDS[kind].read(path)) == expected


def test_nds_darts(tmp_path):
    rng = np.random.default_rng(0)
    archs = [NDS_DARTS.sample(rng) for _ in range(4)]
    contents = []
    for arch in archs:
        cells = {
            name: [[NDS_DARTS.ops[op], source] for pair in terms(arch, start) for op, source in pair]
            for start, name in ((0, "normal"), (16, "reduce"))
        }
        net = {"depth": 8, "width": 32, "aux": False, "genotype": {**cells, "normal_concat": [2, 3, 4, 5]}}
        contents.append({"net": net, "params": 10, "test_ep_top1": [10.0]})
    (tmp_path / "x.json").write_text(json.dumps({"all": contents}))
    found = list(KINDS["nds-darts"].read(tmp_path / "x.json"))
    assert [t.arch for t in found] == archs and {(t.epochs, t.seed, t.test_accuracy) for t in found} == {(1, None, 0.9)}


def test_nds_foreign_and_damaged_files(tmp_path):
    space, path = NDSResNet(), tmp_path / "x.json"
    arch = space.sample(np.random.default_rng(0))
    strange = residual(space, (5, *arch[1:]))
    path.write_text(json.dumps([strange, residual(space, arch)]))
    first, second = KINDS["nds-resnet"].read(path)
    assert isinstance(first, Foreign) and "depth 5 is none of" in first.why and second.arch == arch
    whole = json.dumps([residual(space, arch)] * 3)
    for text, says in [
        (whole[: len(whole) // 2], "is truncated"),
        ("", "is truncated, or is not a JSON"),
        ("hello", "is truncated, or is not a JSON"),
        ("[]", r"is truncated, or is not a JSON|contains no training"),
        (json.dumps([{"net": {}}]), "training 1: is not a training of NDS nds-resnet"),
        (json.dumps([{"lr": 0.1, "wd": 1e-4}]), "training 1: is not a training"),
    ]:
        path.write_text(text)
        with pytest.raises(UserError, match=says):
            list(KINDS["nds-resnet"].read(path))
    with pytest.raises(UserError, match="name the file of that space"):
        path.write_text(json.dumps([residual(space, arch)]))
        list(KINDS["nds-resnext-a"].read(path))


def test_nb301_results_that_are_there_twice_or_of_another_network(tmp_path):
    for i, changed in enumerate(({}, {}, {"runtime": 80.0})):  # the same file twice, then another run
        (tmp_path / f"results_{i}.json").write_text(result(two_inputs(0), **changed))
    larger = {**config(two_inputs(0)), f"{PREFIX}layers": 20}
    (tmp_path / "results_3.json").write_text(
        result(two_inputs(0), optimized_hyperparamater_config=larger, runtime=90.0)
    )
    first, again, other, foreign = KINDS["nb301"].read(tmp_path)
    assert first == again and (first.seed, other.seed) == (0, 1)
    assert isinstance(foreign, Foreign) and "another size" in foreign.why


def nds_file(path, *seeds, errors=(60.0, 7.5), **changed):
    space = NDSResNet()
    archs = [space.sample(np.random.default_rng(i)) for i in range(3)]
    contents = [
        {**residual(space, arch, seed=seed), "test_ep_top1": list(errors), "min_test_top1": min(errors) + i, **changed}
        for seed in seeds
        for i, arch in enumerate(archs)
    ]
    path.write_text(json.dumps(contents))
    return path


def test_nds_takes_the_smallest_error_which_the_authors_report(tmp_path):
    [first, *_] = KINDS["nds-resnet"].read(nds_file(tmp_path / "x.json", 1, errors=(60.0, 6.5, 7.5)))
    assert first.test_accuracy == 0.935 and first.epochs == 3
    content = json.loads((tmp_path / "x.json").read_text())[0]
    del content["min_test_top1"]
    (tmp_path / "x.json").write_text(json.dumps([content]))
    [same] = KINDS["nds-resnet"].read(tmp_path / "x.json")
    assert same.test_accuracy == 0.935


def test_nds_files_of_several_seeds_are_joined(tmp_path):
    for seed in (1, 2, 3):
        nds_file(tmp_path / f"ResNet_rng{seed}.json", seed, errors=(60.0, 7.0 + seed / 10))
    paths = [tmp_path / f"ResNet_rng{seed}.json" for seed in (3, 1, 2)]
    by_folder, by_paths = (
        import_file("nds-resnet", tmp_path, tmp_path / "a"),
        import_file("nds-resnet", paths, tmp_path / "b"),
    )
    tables = [pd.read_parquet(found.table) for found in (by_folder, by_paths)]
    for table in tables:
        assert table.groupby("arch")["seed"].apply(sorted).tolist() == [[1, 2, 3]] * 3
        assert (table["macs"] == 100_000_000).all()
    columns = ["arch", "seed", "test_accuracy"]
    assert (
        tables[0].sort_values(columns)[columns].to_numpy().tolist()
        == tables[1].sort_values(columns)[columns].to_numpy().tolist()
    )
    benchmark = load(str(by_paths.table))
    assert benchmark.replicates is not None and benchmark.ceiling_measure is None
    assert json.loads(by_paths.table.with_suffix(".json").read_text())["source"] == ", ".join(p.name for p in paths)


def test_a_repeated_training_does_not_end_the_import(tmp_path):
    """ResNet_reruns.json repeats architectures; a copied file repeats trainings."""
    rerun = json.loads(nds_file(tmp_path / "x.json", 1, 1).read_text())
    for content in rerun[3:]:
        content["min_test_top1"] += 0.25
    (tmp_path / "ResNet_reruns.json").write_text(json.dumps({"top": rerun[:3], "mid": rerun[3:]}))
    copied = nds_file(tmp_path / "copy.json", 1)
    found = import_file("nds-resnet", [tmp_path / "ResNet_reruns.json", copied], tmp_path / "out")
    assert (found.n_trainings, found.n_archs, found.n_repeats, found.n_renumbered) == (6, 3, 3, 3)
    table = pd.read_parquet(found.table)
    assert not table.duplicated(["arch", "seed"]).any() and table["seed"].value_counts().to_dict() == {1: 3, 0: 3}
    words = [
        "bench",
        "import",
        "nds-resnet",
        str(tmp_path / "ResNet_reruns.json"),
        str(copied),
        "--out",
        str(tmp_path / "o"),
    ]
    output = CliRunner().invoke(app, words).output
    assert "duplicate trainings: 3" in output and "same architecture and seed with different results: 3" in output
    with pytest.raises(UserError, match="is named twice"):
        import_file("nds-resnet", [copied, tmp_path / "." / "copy.json"], tmp_path / "p")


def test_files_of_nds_that_are_something_else(tmp_path):
    with pytest.raises(UserError, match="learning rates and weight decays were drawn at random"):
        list(KINDS["nds-resnet"].read(nds_file(tmp_path / "ResNet_lr-wd.json", 1)))
    others = {
        "Vanilla.json": {"block_type": "double_plain_block"},
        "ResNet-B.json": {"bot_muls": [1, 1, 1, 1]},
        "ResNet_in.json": {"ds": [1, 2, 2, 2, 2], "ws": [16, 16, 16, 16, 16]},
    }
    for name, net in others.items():
        contents = json.loads(nds_file(tmp_path / name, 1).read_text())
        contents[0]["net"] |= net
        (tmp_path / name).write_text(json.dumps(contents))
        with pytest.raises(UserError, match="is not a training of NDS nds-resnet"):
            list(KINDS["nds-resnet"].read(tmp_path / name))
    found = KINDS["nds-resnet"].read(nds_file(tmp_path / "Name_in.json", 1))
    assert {training.dataset for training in found} == {"imagenet"}
    cells = [nds_darts(0, depth=depth) for depth in (8, 8, 11)]
    (tmp_path / "DARTS.json").write_text(json.dumps(cells))
    one, same, other = KINDS["nds-darts"].read(tmp_path / "DARTS.json")
    assert one == same and isinstance(other, Foreign) and "another size" in other.why


def nds_darts(i, **net):
    arch = NDS_DARTS.sample(np.random.default_rng(i))
    cells = {
        name: [[NDS_DARTS.ops[op], source] for pair in terms(arch, start) for op, source in pair]
        for start, name in ((0, "normal"), (16, "reduce"))
    }
    return {"net": {**net, "genotype": {**cells, "normal_concat": [2, 3, 4, 5]}}, "test_ep_top1": [10.0], "rng_seed": 1}
