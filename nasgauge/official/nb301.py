"""NAS-Bench-301: a folder of trainings, one results_*.json each, in sub-folders by the optimiser that proposed them.

The configuration (key "optimized_hyperparamater_config", as the authors spell it) has the operation of every edge that
is there, "NetworkSelectorDatasetInfo:darts:edge_normal_0" to 13 and "...reduce_...", and the two inputs of the nodes 3
to 5, "...inputs_node_normal_3": "0_2". Node 2 has the inputs 0 and 1. The edges into node 2 are 0 and 1, into node 3
those from 2 to 4, and so on. As the authors' reader takes them: the validation accuracy is info[0]["val_accuracy"],
"test_accuracy" stands at the top (both percent), "runtime" is the seconds of the training, and
info[0]["model_parameters"] a plain count. "budget" is the number of epochs that the training was given.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.official.opened import json_of, kind_of, told_with
from nasgauge.official.training import (
    MAX_EPOCHS,
    MAX_PARAMS,
    Foreign,
    Settings,
    Training,
    fraction,
    number,
    optional,
    whole,
)
from nasgauge.spaces import Arch, Darts

_SPACE = Darts()
_PREFIX = "NetworkSelectorDatasetInfo:darts:"
_DATASET, _RESULT = "cifar10", "result of NAS-Bench-301"
_FIRST_EDGE = {2: 0, 3: 2, 4: 5, 5: 9}  # number of a node's edge from input 0
_SETTING = (  # what must be equal for two trainings of an architecture to differ by chance alone
    *(f"{_PREFIX}layers", f"{_PREFIX}init_channels"),
    *("OptimizerSelector:sgd:learning_rate", "OptimizerSelector:sgd:weight_decay"),
)


def read(path: Path) -> Iterator[Training | Foreign]:
    """All trainings, folder by folder in the order of names; several of an architecture are numbered as seeds.

    The same results twice get the same number.
    """
    if kind_of(path) == "file":
        raise UserError(f"{path}: is not a folder; name the folder that contains results_*.json, or folders of them")
    seen: dict[tuple[Arch, int], dict[tuple[Any, ...], int]] = {}
    settings = Settings()
    n = 0
    for file in sorted(path.rglob("results_*.json")):
        n += 1
        content = json_of(file, _RESULT)
        with told_with(f"{file}: is not a {_RESULT}", "remove it, or download it again"):
            cells, numbers, setting = _content(content)
            try:
                arch = _SPACE.from_str(f"Genotype(normal={cells[0]}, reduce={cells[1]})")
            except UserError as error:
                found = Foreign(f"no cell of the space: {str(error).rpartition(': ')[2][:120]}")
            else:
                key = arch, numbers["epochs"]
                seeds = seen.setdefault(key, {})
                seed = seeds.setdefault(tuple(numbers.values()), len(seeds))
                found = settings.checked(key, setting) or Training(arch, _DATASET, seed=seed, **numbers)
        yield found
    if not n:
        raise UserError(f"{path}: contains no results_*.json; name the folder of NAS-Bench-301's trainings")


def _content(content: Any) -> tuple[list[list[tuple[str, int]]], dict[str, Any], tuple[Any, ...]]:
    """The two cells, the numbers of the training, and its setting."""
    config, info = content["optimized_hyperparamater_config"], content["info"][0]
    numbers = {
        "epochs": whole(content["budget"], "the budget in epochs", 1, MAX_EPOCHS),
        "valid_accuracy": fraction(info["val_accuracy"], "the validation accuracy"),
        "test_accuracy": fraction(content["test_accuracy"], "the test accuracy"),
        "n_params": optional(info.get("model_parameters"), lambda n: whole(n, "model_parameters", 1, MAX_PARAMS)),
        "seconds": optional(content.get("runtime"), lambda seconds: number(seconds, "the runtime")),
    }
    return [_cell(config, name) for name in ("normal", "reduce")], numbers, tuple(config.get(key) for key in _SETTING)


def _cell(config: Mapping[str, Any], name: str) -> list[tuple[str, int]]:
    """Operation and predecessor of each of the eight terms."""
    terms = []
    for node, first in _FIRST_EDGE.items():
        inputs = "0_1" if node == 2 else config[f"{_PREFIX}inputs_node_{name}_{node}"]
        sources = [int(source) for source in inputs.split("_")]
        if len(sources) != 2 or not all(0 <= source < node for source in sources):
            raise ValueError(f"node {node} has the inputs {inputs[:20]!r}")
        for source in sources:
            terms.append((str(config[f"{_PREFIX}edge_{name}_{first + source}"])[:60], source))
    return terms
