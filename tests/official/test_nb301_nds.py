"""NAS-Bench-301 folders and NDS files written in their layouts: round trip, damage, what is foreign."""

import json

import numpy as np
import pytest

from nasgauge.errors import UserError
from nasgauge.official import KINDS, Foreign, Training, json_lists
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
    with pytest.raises(UserError, match="holds no results_"):
        list(KINDS["nb301"].read(tmp_path))
    file = tmp_path / "results_0.json"
    with pytest.raises(UserError, match="is no folder"):
        file.write_text("{}")
        list(KINDS["nb301"].read(file))
    for text in ("{", "{}", "[]", result(two_inputs(0))[:-30]):
        file.write_text(text)
        with pytest.raises(UserError, match=r"results_0\.json: is no result of NAS-Bench-301"):
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
        (whole[: len(whole) // 2], "breaks off"),
        ("", "breaks off, or is no JSON"),
        ("hello", "breaks off, or is no JSON"),
        ("[]", r"breaks off, or is no JSON|holds no training"),
        (json.dumps([{"net": {}}]), "training 1: is no training of NDS nds-resnet"),
        (json.dumps([{"lr": 0.1, "wd": 1e-4}]), "training 1: is no training"),
    ]:
        path.write_text(text)
        with pytest.raises(UserError, match=says):
            list(KINDS["nds-resnet"].read(path))
    with pytest.raises(UserError, match="name the right file"):
        path.write_text(json.dumps([residual(space, arch)]))
        list(KINDS["nds-resnext-a"].read(path))
