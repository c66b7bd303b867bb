"""NDS: the JSON files of "On Network Design Spaces", ResNet.json, ResNeXt-A.json and DARTS.json.

A file is a list of trainings, or an object with lists by how they were drawn, such as {"top": [...], "mid": [...]}. Of
a training, "net" is the network: for residual ones "ds" and "ws", depths and widths stage by stage, with "bot_muls" and
"num_gs" (ResNeXt), which may begin with an entry for the stem; for DARTS "genotype", {"normal": [[operation,
predecessor], ...], "reduce": ...}. "test_ep_top1" is the test error in percent after each epoch, "params" the number of
parameters, "rng_seed" the seed. Depth and width of a DARTS network are not part of the cell and are not represented.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nasgauge.errors import UserError
from nasgauge.official.training import Foreign, Training
from nasgauge.spaces import Arch, DartsNDS, NDSResNet, NDSResNeXtA, get_space

_DATASET = "cifar10"
_WINDOW = 1 << 20  # characters read at a time


def reader(space_name: str) -> Callable[[Path], Iterator[Training | Foreign]]:
    """The reader of the file of that space."""
    arch_of = {"darts-nds": _darts, "nds-resnet": _residual, "nds-resnext-a": _residual}[space_name]

    def read(path: Path) -> Iterator[Training | Foreign]:
        """All trainings in the order of the file; one is held at a time."""
        space, n = get_space(space_name), 0
        for n, content in enumerate(_objects(path), start=1):
            where = f"{path}: training {n}"
            try:
                told = _told(content)
                entries = arch_of(space, content["net"])
            except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
                raise UserError(
                    f"{where}: is no training of NDS {space_name} ({error!r}); name the right file"
                ) from error
            try:
                arch = entries()
                space.validate(arch)
            except UserError as error:
                yield Foreign(f"not in the space: {str(error).rpartition(': ')[2]}")
                continue
            yield Training(arch, _DATASET, **told)
        if not n:
            raise UserError(f"{path}: holds no training; name one of the JSON files of NDS")

    return read


def _told(content: Mapping[str, Any]) -> dict[str, Any]:
    errors = content["test_ep_top1"]
    seed, params = content.get("rng_seed"), content.get("params")
    return {
        "epochs": len(errors),
        "seed": None if seed is None else int(seed),
        "test_accuracy": 1 - errors[-1] / 100,
        "n_params": None if params is None else int(params),
    }


def _residual(space: NDSResNet | NDSResNeXtA, net: Mapping[str, Any]) -> Callable[[], Arch]:
    columns = [net["ds"][-3:], net["ws"][-3:]]
    if len(space.table) == 4:
        columns += [[round(1 / ratio) for ratio in net["bot_muls"][-3:]], net["num_gs"][-3:]]
    stages = list(zip(*columns, strict=True))
    return lambda: tuple(int(entry) for stage in stages for entry in stage)


def _darts(space: DartsNDS, net: Mapping[str, Any]) -> Callable[[], Arch]:
    cells = {name: [(str(op), int(j)) for op, j in net["genotype"][name]] for name in ("normal", "reduce")}
    return lambda: space.from_str(f"Genotype(normal={cells['normal']}, reduce={cells['reduce']})")


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of all lists of the file, one at a time; between them stand brackets, names, colons and commas."""
    decoder, text, at = json.JSONDecoder(), "", 0
    with path.open(encoding="utf-8", errors="replace") as file:
        opened = False
        while True:
            start = _next_object(text, at, opened)
            if start is not None:
                try:
                    content, end = decoder.raw_decode(text, start)
                except json.JSONDecodeError:
                    content = None
                if content is not None:
                    yield content
                    text, at, opened = text[end:], 0, True
                    continue
            more = file.read(_WINDOW)
            if not more:
                if text[at:].strip(" \t\r\n]},") or not opened:
                    raise UserError(f"{path}: breaks off, or is no JSON file of NDS; get it anew")
                return
            text += more


def _next_object(text: str, at: int, opened: bool) -> int | None:
    """Where the next training begins: the first brace, but for that of an object around the lists."""
    start = text.find("{", at)
    if start >= 0 and not opened and not text[:start].strip():
        bracket, brace = text.find("[", start + 1), text.find("{", start + 1)
        if 0 <= bracket < (brace if brace >= 0 else len(text)) and text[start + 1 : bracket].count('"') == 2:
            start = brace  # {"top": [{
    return start if start >= 0 else None
