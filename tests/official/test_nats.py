"""NATS-Bench and NAS-Bench-201 files written in their layouts: round trip, damage, and pickles that try to run code."""

import bz2
import io
import os
import pickle
import tarfile
import tracemalloc
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from typer.testing import CliRunner

from nasgauge.cli import app
from nasgauge.core.errors import UserError
from nasgauge.official import KINDS, Foreign, Training
from nasgauge.spaces import NB201

SPACE = NB201()
TRIALS = {  # data set -> (seeds, names of evaluations)
    "cifar10-valid": ((777, 888), ("x-valid", "ori-test")),
    "cifar10": ((777,), ("ori-test",)),
    "cifar100": ((777,), ("ori-test", "x-valid", "x-test")),
}


def trial(dataset, seed, epochs, names, percent):
    """The state of one trial as the authors' code writes it; names of epochs are strings of their own."""
    return {
        "name": "infer.tiny",
        "net_state_dict": None,
        "train_acc1es": {i: 10.0 + i for i in range(epochs)},
        "train_times": {i: 1.5 for i in range(epochs)},
        "arch_config": {"channel": 16, "num_cells": 5},
        "params": np.float64(1.073466),
        "flop": 153.27,
        "seed": seed,
        "epochs": epochs,
        "eval_names": list(names),
        "eval_acc1es": {f"{name}@{epochs - 1}": percent + k for k, name in enumerate(names)},
    }


def results(i, epochs):
    arch = SPACE.sample(np.random.default_rng(i))
    trials = {
        (dataset, seed): trial(dataset, seed, epochs, names, 50.0 + i % 40 + seed / 1000)
        for dataset, (seeds, names) in TRIALS.items()
        for seed in seeds
    }
    return {"arch_index": i, "arch_str": SPACE.to_str(arch), "all_results": OrderedDict(trials), "dataset_seed": {}}


def expected(i, epochs):
    arch = SPACE.sample(np.random.default_rng(i))
    for dataset, (seeds, names) in TRIALS.items():
        for seed in seeds:
            percent = {name: 50.0 + i % 40 + seed / 1000 + k for k, name in enumerate(names)}
            valid, test = percent.get("x-valid"), percent.get("x-test", percent["ori-test"])
            yield Training(arch, dataset, epochs, seed, None if valid is None else valid / 100, test / 100,
                           1_073_466, 1.5 * epochs, 153_270_000)  # fmt: skip


def nats_folder(folder, n=3):
    folder.mkdir()
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps({"meta_archs": []})))
    for i in range(n):
        content = {"12": results(i, 12), "200": results(i, 200)}
        (folder / f"{i:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(content, protocol=4)))
    return folder


def entries(n):
    return {i: {"less": results(i, 12), "full": results(i, 200)} for i in range(n)}


def pth(path, content, *, container="zip", protocol=2):
    if container == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=protocol))
            archive.writestr("archive/version", "3\n")
    else:
        parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, content, []]
        path.write_bytes(b"".join(pickle.dumps(part, protocol=protocol) for part in parts))
    return path


def table_file(path, n=3, **options):
    content = {"meta_archs": [], "total_archs": n, "arch2infos": entries(n), "evaluated_indexes": list(range(n))}
    return pth(path, content, **options)


def read(kind, path):
    return list(KINDS[kind].read(path))


def in_order(n):
    return [t for i in range(n) for epochs in (12, 200) for t in expected(i, epochs)]


def test_a_folder_of_nats_bench(tmp_path):
    assert read("nats-bench", nats_folder(tmp_path / "NATS")) == in_order(3)


def test_a_tar_of_nats_bench(tmp_path):
    with tarfile.open(tmp_path / "NATS.tar", "w") as archive:
        archive.add(nats_folder(tmp_path / "NATS"), "NATS-tss")
    assert sorted(map(repr, read("nats-bench", tmp_path / "NATS.tar"))) == sorted(map(repr, in_order(3)))


@pytest.mark.parametrize("container", ["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_the_file_of_nas_bench_201(tmp_path, container, protocol):
    path = table_file(tmp_path / "NAS-Bench-201.pth", container=container, protocol=protocol)
    assert read("nb201", path) == in_order(3)


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_architectures(tmp_path):
    peaks = []
    for n in (20, 200):
        path = table_file(tmp_path / f"{n}.pth", n, container="legacy")
        tracemalloc.start()
        assert sum(1 for _ in KINDS["nb201"].read(path)) == 8 * n
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    each = path.stat().st_size / 200
    assert (
        peaks[1] - peaks[0] < 180 * each / 4
    )  # names alone are kept: an architecture in memory takes several times `each`


def test_another_search_space_is_foreign(tmp_path):
    content = {"12": {**results(0, 12), "arch_str": "64:64:64:64:64"}}
    folder = tmp_path / "sss"
    folder.mkdir()
    (folder / "000000.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(content)))
    [found] = read("nats-bench", folder)
    assert isinstance(found, Foreign) and "another search space" in found.why


class Attack:
    """What a pickle may try: call `function` with `arguments` when it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def attacks(marker):
    yield Attack(os.system, f"touch {marker}")
    yield Attack(eval, f"open({str(marker)!r}, 'w').close()")
    yield Attack(open, str(marker), "w")
    yield Attack(getattr(io, "open"), str(marker), "w")  # noqa: B009


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("kind", ["nats-bench", "nb201-zip", "nb201-legacy", "nb201-inside"])
def test_a_malicious_pickle_does_not_run(tmp_path, kind, which):
    marker = tmp_path / "marker"
    attack = list(attacks(marker))[which]
    if kind == "nats-bench":
        path = nats_folder(tmp_path / "NATS", 1)
        bad = {"12": {**results(1, 12), "dataset_seed": attack}}
        (path / "000001.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(bad)))
    elif kind == "nb201-inside":
        infos = entries(2)
        infos[1]["full"]["all_results"][("cifar10", 777)]["net_state_dict"] = attack
        path = pth(tmp_path / "bad.pth", {"arch2infos": infos})
    else:
        path = pth(tmp_path / "bad.pth", attack, container=kind.removeprefix("nb201-"))
    name = "nats-bench" if kind == "nats-bench" else "nb201"
    with pytest.raises(UserError, match=r"requests \w+\.\w+, which no benchmark file needs; it was not executed"):
        read(name, path)
    result = CliRunner().invoke(app, ["bench", "import", name, str(path), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, UserError) and not marker.exists()
    pickle.loads(pickle.dumps(Attack(os.system, f"touch {marker}")))
    assert marker.exists()  # the same content does run where pickles are trusted


def test_damaged_and_foreign_files(tmp_path):
    whole = table_file(tmp_path / "whole.pth", container="legacy").read_bytes()
    for cut in (0, 10, 40, len(whole) // 2, len(whole) - 300):
        (tmp_path / "cut.pth").write_bytes(whole[:cut])
        with pytest.raises(UserError, match=r"cut\.pth"):
            read("nb201", tmp_path / "cut.pth")
    for content in (b"no pickle at all", b"\x80\x02}q\x00."):
        (tmp_path / "other.pth").write_bytes(content)
        with pytest.raises(UserError, match=r"other\.pth"):
            read("nb201", tmp_path / "other.pth")
    folder = nats_folder(tmp_path / "NATS", 2)
    packed = (folder / "000001.pickle.pbz2").read_bytes()
    for content in (packed[: len(packed) // 2], bz2.compress(b"nothing"), bz2.compress(pickle.dumps([1]))):
        (folder / "000001.pickle.pbz2").write_bytes(content)
        with pytest.raises(UserError, match="000001"):
            read("nats-bench", folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="contains no file NNNNNN"):
        read("nats-bench", tmp_path / "empty")
    (tmp_path / "x.tar").write_bytes(b"no tar")
    with pytest.raises(UserError, match="is not a tar archive"):
        read("nats-bench", tmp_path / "x.tar")
    without = {"12": {k: v for k, v in results(0, 12).items() if k != "arch_str"}}
    (tmp_path / "empty" / "000000.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(without)))
    with pytest.raises(UserError, match="lacks arch_str"):
        read("nats-bench", tmp_path / "empty")
