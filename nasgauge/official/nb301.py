"""NAS-Bench-301: a folder of trainings, one results_*.json each, in sub-folders by the optimiser that proposed them.

The configuration (key "optimized_hyperparamater_config", as the authors spell it) has the operation of every edge that
is there, "NetworkSelectorDatasetInfo:darts:edge_normal_0" to 13 and "...reduce_...", and the two inputs of the nodes 3
to 5, "...inputs_node_normal_3": "0_2". Node 2 has the inputs 0 and 1. The edges into node 2 are 0 and 1, into node 3
those from 2 to 4, and so on. "test_accuracy" and "validation_accuracy" are percent; "budget" is the number of epochs,
"info" may hold "train_time" and "model_parameters" (millions).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasgauge.errors import UserError
from nasgauge.official.training import Foreign, Training
from nasgauge.spaces import Arch, Darts

_SPACE = Darts()
_PREFIX = "NetworkSelectorDatasetInfo:darts:"
_DATASET = "cifar10"
_FIRST_EDGE = {2: 0, 3: 2, 4: 5, 5: 9}  # number of a node's edge from input 0


def read(path: Path) -> Iterator[Training | Foreign]:
    """All trainings, folder by folder in the order of names; several of one architecture are numbered as seeds."""
    if not path.is_dir():
        raise UserError(f"{path}: is no folder; name the folder that holds results_*.json, or folders of them")
    seen: dict[tuple[Arch, int], int] = {}
    n = 0
    for file in sorted(path.rglob("results_*.json")):
        n += 1
        found = _training(file)
        if isinstance(found, Foreign):
            yield found
            continue
        key = found.arch, found.epochs
        seed = seen[key] = seen.get(key, -1) + 1
        yield Training(found.arch, _DATASET, found.epochs, seed, found.valid_accuracy, found.test_accuracy,
                       found.n_params, found.seconds)  # fmt: skip
    if not n:
        raise UserError(f"{path}: holds no results_*.json; name the folder of NAS-Bench-301's trainings")


def _training(file: Path) -> Training | Foreign:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        config = content["optimized_hyperparamater_config"]
        cells = [_cell(config, name) for name in ("normal", "reduce")]
        info, epochs = content.get("info") or {}, int(content["budget"])
        if isinstance(info, list):  # one entry an epoch or fold: the last
            info = info[-1] if info else {}
        valid, test = content.get("validation_accuracy"), content.get("test_accuracy")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file}: is no result of NAS-Bench-301 ({error!r}); remove it, or get it anew") from error
    try:
        arch = _SPACE.from_str(f"Genotype(normal={cells[0]}, reduce={cells[1]})")
    except UserError as error:
        return Foreign(f"no cell of the space: {str(error).rpartition(': ')[2]}")
    return Training(
        arch, _DATASET, epochs, None,
        valid_accuracy=None if valid is None else valid / 100,
        test_accuracy=None if test is None else test / 100,
        n_params=_millions(info.get("model_parameters")),
        seconds=info.get("train_time"),
    )  # fmt: skip


def _cell(config: Mapping[str, Any], name: str) -> list[tuple[str, int]]:
    """Operation and predecessor of each of the eight terms."""
    terms = []
    for node, first in _FIRST_EDGE.items():
        inputs = "0_1" if node == 2 else config[f"{_PREFIX}inputs_node_{name}_{node}"]
        for source in map(int, inputs.split("_")):
            terms.append((config[f"{_PREFIX}edge_{name}_{first + source}"], source))
    return terms


def _millions(value: float | None) -> int | None:
    return None if value is None else round(value * 1e6)
