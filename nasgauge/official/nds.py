"""NDS: the JSON files of "On Network Design Spaces", ResNet.json, ResNet_rng1.json, ResNeXt-A.json, DARTS.json, ...

A file is a list of trainings, or an object with lists by how they were drawn, such as {"top": [...], "mid": [...]}. Of
a training, "net" is the network: for residual ones "block_type", "ds" and "ws", depths and widths stage by stage, with
"bot_muls" and "num_gs" (ResNeXt), which may begin with an entry for the stem; for DARTS "genotype", {"normal":
[[operation, predecessor], ...], "reduce": ...}. "test_ep_top1" is the test error in percent after each epoch and
"min_test_top1" the smallest of them, which is the error that the authors report in all their figures, and that Ning et
al. 2021 take for the truth; so do we. "params" and "flops" (multiply-adds) are plain counts, "rng_seed" the seed,
"optim" the learning rate and weight decay. Depth and width of a DARTS network are not part of the cell and are not
represented: of cells trained twice, those with another setting than the first are left out.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.official.json_lists import objects
from nasgauge.official.opened import kind_of, listed, told_with
from nasgauge.official.training import (
    MAX_MACS,
    MAX_PARAMS,
    MAX_SEED,
    Foreign,
    Settings,
    Training,
    fraction,
    number,
    optional,
    whole,
)
from nasgauge.spaces import Arch, DartsNDS, NDSResNet, NDSResNeXtA, get_space

_IMAGENET, _SWEEP = "_in", "_lr-wd"  # in names of files: another data set; learning rates and weight decays at random
_BLOCKS = {"nds-resnet": "res_basic", "nds-resnext-a": "res_bottleneck"}


def reader(space_name: str) -> Callable[[Path], Iterator[Training | Foreign]]:
    """The reader of the files of that space."""

    def read(path: Path) -> Iterator[Training | Foreign]:
        """All trainings in the order of the file (a folder's files by name); one is held at a time."""
        settings, n = Settings(), 0
        for file in _files(path):
            if _SWEEP in file.stem:
                raise UserError(
                    f"{file}: its learning rates and weight decays were drawn at random, so its accuracies do not "
                    "compare architectures alone; name a file without lr-wd"
                )
            dataset = "imagenet" if file.stem.endswith(_IMAGENET) else "cifar10"
            for i, content in enumerate(objects(file), start=1):
                n += 1
                with told_with(
                    f"{file}: training {i}: is not a training of NDS {space_name}", "name the file of that space"
                ):
                    found = _training(content, space_name, dataset, settings)
                yield found
        if not n:
            raise UserError(f"{path}: contains no trainings; name the JSON files of NDS")

    return read


def _files(path: Path) -> list[Path]:
    if kind_of(path) == "file":
        return [path]
    files = [file for file in listed(path) if file.suffix == ".json"]
    if not files:
        raise UserError(
            f"{path}: contains no .json; name the NDS files of one space, or a folder that contains only these"
        )
    return files


def _training(content: Mapping[str, Any], space_name: str, dataset: str, settings: Settings) -> Training | Foreign:
    space, net = get_space(space_name), content["net"]
    entries = _darts(space, net) if space_name == "darts-nds" else _residual(space, net)
    numbers = _numbers(content)
    try:
        arch = entries()
        space.validate(arch)
    except UserError as error:
        return Foreign(f"not in the space: {str(error).rpartition(': ')[2][:120]}")
    setting = [net.get(key) for key in ("depth", "width", "aux", "drop_prob")], content.get("optim")
    return settings.checked((arch, dataset), setting) or Training(arch, dataset, **numbers)


def _numbers(content: Mapping[str, Any]) -> dict[str, Any]:
    errors = [fraction(error, "a test error") for error in content["test_ep_top1"]]
    if not errors:
        raise ValueError("no test error after any epoch")
    smallest = content.get("min_test_top1")
    return {
        "epochs": len(errors),
        "seed": optional(content.get("rng_seed"), lambda seed: whole(seed, "rng_seed", 0, MAX_SEED)),
        "test_accuracy": 1 - (min(errors) if smallest is None else fraction(smallest, "min_test_top1")),
        "n_params": optional(content.get("params"), lambda n: whole(n, "params", 1, MAX_PARAMS)),
        "macs": optional(content.get("flops"), lambda n: whole(n, "flops", 0, MAX_MACS)),
    }


def _residual(space: NDSResNet | NDSResNeXtA, net: Mapping[str, Any]) -> Callable[[], Arch]:
    block = str(net.get("block_type") or _BLOCKS[space.name])
    if not block.startswith(_BLOCKS[space.name]):
        raise ValueError(f"its blocks are {block[:40]!r}")
    if len(space.table) == 2 and (net.get("bot_muls") or net.get("num_gs")):
        raise ValueError("its blocks are bottlenecks")
    columns = [_stages(net["ds"]), _stages(net["ws"])]
    if len(space.table) == 4:
        ratios = [1 / number(ratio, "a bottleneck ratio", 1e-3, 1e3) for ratio in _stages(net["bot_muls"])]
        columns += [ratios, _stages(net["num_gs"])]
    arch = tuple(
        whole(entry, "an entry of a stage", 0, 1 << 20) for stage in zip(*columns, strict=True) for entry in stage
    )
    return lambda: arch


def _stages(values: list[Any]) -> list[Any]:
    """The entries of three stages, without that of the stem."""
    if len(values) not in (3, 4):
        raise ValueError(f"it has {len(values)} stages, where networks for CIFAR have a stem and three")
    return values[-3:]


def _darts(space: DartsNDS, net: Mapping[str, Any]) -> Callable[[], Arch]:
    cells = net["genotype"]
    parts = [f"{name}={[(str(op)[:60], int(j)) for op, j in cells[name]]}" for name in ("normal", "reduce")]
    parts += [f"{key}={[int(i) for i in cells[key]]}" for key in ("normal_concat", "reduce_concat") if key in cells]
    return lambda: space.from_str(f"Genotype({', '.join(parts)})")
