"""The results of one architecture as the authors of NAS-Bench-201 and NATS-Bench store them.

{"12": results, "200": results} (NAS-Bench-201: "less", "full"), where results are {"arch_str": ..., "all_results":
{(data set, seed): trial}} and a trial tells `epochs`, `params` and `flop` (millions; FLOPs are multiply-adds),
`train_times` (seconds by epoch) and `eval_acc1es`, percent by "name@epoch". The names of evaluations are those of the
authors' interface: "x-valid" is validation; "x-test" is test where there is one (CIFAR-100 and ImageNet16-120, whose
test images are halved), else "ori-test".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.official.opened import damage_told
from nasgauge.official.training import MAX_EPOCHS, MAX_SEED, Foreign, Training, fraction, number, optional, whole
from nasgauge.spaces import NB201

_SPACE = NB201()
_SIZE_SPACE = "an architecture of another search space (the sizes of NATS-sss?); name an archive of the topology space"


def trainings_of(budgets: Any, where: str) -> Iterator[Training | Foreign]:
    """Of the results of one architecture by length of training, each trial's training at its end."""
    if not isinstance(budgets, Mapping) or not all(isinstance(r, Mapping) for r in budgets.values()):
        raise UserError(f"{where}: is not an architecture of NATS-Bench: expected results by number of epochs")
    for results in budgets.values():
        text, trials = results.get("arch_str"), results.get("all_results")
        if not isinstance(text, str) or not isinstance(trials, Mapping):
            raise UserError(f"{where}: lacks arch_str or all_results; check that it is an official file")
        try:
            arch = _SPACE.from_str(text)
        except UserError:
            yield Foreign(_SIZE_SPACE)
            continue
        for key, trial in trials.items():
            with damage_told(where):
                dataset, seed = key
                found = _training(arch, dataset, whole(seed, "the seed", 0, MAX_SEED), trial)
            yield found


def _training(arch: tuple[int, ...], dataset: str, seed: int, trial: Mapping[str, Any]) -> Training:
    epochs, percent = whole(trial["epochs"], "the number of epochs", 1, MAX_EPOCHS), trial["eval_acc1es"]
    last = {name: f"{name}@{epochs - 1}" for name in ("x-valid", "x-test", "ori-test")}
    found = {name: fraction(percent[key], f"the accuracy {key}") for name, key in last.items() if key in percent}
    if not found:
        raise ValueError(f"data set {dataset}, seed {seed}: no accuracy after {epochs} epochs")
    return Training(
        arch, dataset.lower(), epochs, seed,
        valid_accuracy=found.get("x-valid"),
        test_accuracy=found.get("x-test", found.get("ori-test")),
        n_params=optional(trial.get("params"), _millions),
        seconds=optional(trial.get("train_times") or None, _sum),
        macs=optional(trial.get("flop"), _millions),
    )  # fmt: skip


def _sum(times: Mapping[int, Any]) -> float:
    """Of the seconds of all epochs."""
    return float(sum(number(seconds, "the time of an epoch") for seconds in times.values()))


def _millions(value: Any) -> int:
    return round(number(value, "a size in millions") * 1e6)
