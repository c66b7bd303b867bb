"""Valid official files of every kind, small, as the layouts prescribe; the hostile tests start from them."""

import bz2
import importlib.util
import json
import pickle
import tarfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def sibling(name):
    spec = importlib.util.spec_from_file_location(f"{name}_builders", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


nats, nb101, jsons = sibling("test_nats"), sibling("test_nb101"), sibling("test_nb301_nds")


def nats_content(i=0):
    return {"12": nats.results(i, 12), "200": nats.results(i, 200)}


def nats_file(path, contents):
    """The single file of the archive."""
    entries = {i: content for i, content in enumerate(contents)}
    whole = {"meta_archs": [], "arch2infos": entries, "evaluated_indexes": set(entries)}
    path.write_bytes(bz2.compress(pickle.dumps(whole, protocol=4)))
    return path


def nats_folder(folder, contents):
    folder.mkdir()
    for i, content in enumerate(contents):
        (folder / f"{i:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(content, protocol=4)))
    return folder


def nats_tar(path, contents, mode="w"):
    with tarfile.open(path, mode) as archive:
        archive.add(nats_folder(path.parent / f"{path.stem}-folder", contents), "NATS-tss")
    return path


def nb201_file(path, contents, container):
    entries = {i: {"less": content["12"], "full": content["200"]} for i, content in enumerate(contents)}
    return nats.pth(path, {"meta_archs": [], "arch2infos": entries, "total_archs": len(entries)}, container=container)


def nb101_file(path, n=3, **changed):
    """`n` trainings of one cell; what is `changed` is that of the last one."""
    matrix, operations, _ = nb101.cell(0)
    plain = {"epochs": 108, "valid": 0.91, "test": 0.9, "n_params": 1000}
    records = [plain | {"test": 0.9 + i / 100} for i in range(n - 1)] + [plain | changed]
    return nb101.written(path, *(nb101.record("h", matrix=matrix, operations=operations, **r) for r in records))


def nb301_folder(folder, texts):
    folder.mkdir()
    for i, text in enumerate(texts):
        (folder / f"results_{i}.json").write_text(text)
    return folder


def nds_training(kind, i=0):
    if kind == "nds-darts":
        arch = jsons.NDS_DARTS.sample(np.random.default_rng(i))
        cells = {
            name: [[jsons.NDS_DARTS.ops[op], source] for pair in jsons.terms(arch, start) for op, source in pair]
            for start, name in ((0, "normal"), (16, "reduce"))
        }
        net = {"depth": 8, "width": 32, "genotype": {**cells, "normal_concat": [2, 3, 4, 5]}}
        return {"net": net, "params": 10, "flops": 20, "rng_seed": 1, "test_ep_top1": [50.0, 10.0 + i]}
    space = {"nds-resnet": jsons.NDSResNet(), "nds-resnext-a": jsons.NDSResNeXtA()}[kind]
    return jsons.residual(space, space.sample(np.random.default_rng(i)))


NDS = ("nds-resnet", "nds-resnext-a", "nds-darts")
VALID = {  # name of a layout -> (kind, builder of a file in a folder)
    "nats-folder": ("nats-bench", lambda to: nats_folder(to / "NATS", [nats_content(0), nats_content(1)])),
    "nats-tar": ("nats-bench", lambda to: nats_tar(to / "NATS.tar", [nats_content(0), nats_content(1)])),
    "nats-tar-gz": ("nats-bench", lambda to: nats_tar(to / "N.tar.gz", [nats_content(0), nats_content(1)], "w:gz")),
    "nats-tar-bz2": ("nats-bench", lambda to: nats_tar(to / "N.tar.bz2", [nats_content(0), nats_content(1)], "w:bz2")),
    "nats-tar-xz": ("nats-bench", lambda to: nats_tar(to / "N.tar.xz", [nats_content(0), nats_content(1)], "w:xz")),
    "nats-file": ("nats-bench", lambda to: nats_file(to / "NATS.pickle.pbz2", [nats_content(0), nats_content(1)])),
    "nb201-zip": ("nb201", lambda to: nb201_file(to / "NAS.pth", [nats_content(0), nats_content(1)], "zip")),
    "nb201-legacy": ("nb201", lambda to: nb201_file(to / "NAS.pth", [nats_content(0), nats_content(1)], "legacy")),
    "nb101": ("nb101", lambda to: nb101_file(to / "nasbench.tfrecord")),
    "nb301": ("nb301", lambda to: nb301_folder(to / "nb301", [jsons.result(jsons.two_inputs(i)) for i in range(2)])),
    **{
        kind: (kind, lambda to, kind=kind: _written(to / f"{kind}.json", [nds_training(kind, i) for i in range(3)]))
        for kind in NDS
    },
}
FOLDERS = ("nats-folder", "nb301")
FILES = tuple(name for name in VALID if name not in FOLDERS)


def _written(path, content):
    path.write_text(json.dumps(content))
    return path
