"""NATS-Bench, topology search space: an archive (folder or .tar) of bz2-compressed pickles.

`meta.pickle.pbz2` is left alone; `NNNNNN.pickle.pbz2` holds one architecture: {"12": results, "200": results}, where
results are {"arch_str": ..., "all_results": {(data set, seed): trial}} and a trial tells `epochs`, `params` (millions),
`train_times` (seconds by epoch) and `eval_acc1es`, percent by "name@epoch". The names of evaluations are those of the
authors' interface: "x-valid" is validation; "x-test" is test where there is one (CIFAR-100 and ImageNet16-120, whose
test images are halved), else "ori-test".
"""

import bz2
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from nasgauge.errors import UserError
from nasgauge.official.training import Foreign, Training
from nasgauge.official.unpickle import damage_told, load
from nasgauge.spaces import NB201

_SPACE = NB201()
_ARCHITECTURE = re.compile(r"\d{6}\.pickle\.pbz2")


def read(path: Path) -> Iterator[Training | Foreign]:
    """All trainings, architecture by architecture; one architecture's file is held at a time."""
    n = 0
    for name, file in _files(path):
        n += 1
        with bz2.open(file) as plain:
            content = load(plain, f"{path}, {name}")
        yield from trainings_of(content, f"{path}, {name}")
    if not n:
        raise UserError(f"{path}: holds no file NNNNNN.pickle.pbz2; name the folder or .tar of the topology space")


def trainings_of(budgets: Any, where: str) -> Iterator[Training | Foreign]:
    """Of the results of one architecture by length of training, each trial's training at its end."""
    if not isinstance(budgets, Mapping) or not all(isinstance(r, Mapping) for r in budgets.values()):
        raise UserError(f"{where}: is no architecture of NATS-Bench: expected results by length of training")
    for results in budgets.values():
        text, trials = results.get("arch_str"), results.get("all_results")
        if not isinstance(text, str) or not isinstance(trials, Mapping):
            raise UserError(f"{where}: lacks arch_str or all_results; is it another file of the benchmark?")
        try:
            arch = _SPACE.from_str(text)
        except UserError:
            yield Foreign("an architecture of another search space (size instead of topology?)")
            continue
        for key, trial in trials.items():
            with damage_told(where):
                dataset, seed = key
                yield _training(arch, str(dataset), int(seed), trial)


def _training(arch: tuple[int, ...], dataset: str, seed: int, trial: Mapping[str, Any]) -> Training:
    epochs, percent = int(trial["epochs"]), trial["eval_acc1es"]
    last = {name: f"{name}@{epochs - 1}" for name in ("x-valid", "x-test", "ori-test")}
    found = {name: percent[key] for name, key in last.items() if key in percent}
    if not found:
        raise ValueError(f"data set {dataset}, seed {seed}: no accuracy after {epochs} epochs")
    test, times = found.get("x-test", found.get("ori-test")), trial.get("train_times")
    return Training(
        arch, dataset, epochs, seed,
        valid_accuracy=found["x-valid"] / 100 if "x-valid" in found else None,
        test_accuracy=None if test is None else test / 100,
        n_params=None if trial.get("params") is None else round(trial["params"] * 1e6),
        seconds=float(sum(times.values())) if times else None,
    )  # fmt: skip


def _files(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each architecture's file, in the order of names or of the tar."""
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if _ARCHITECTURE.fullmatch(file.name):
                with file.open("rb") as opened:
                    yield file.name, opened
        return
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                name = Path(member.name).name
                if member.isfile() and _ARCHITECTURE.fullmatch(name):
                    yield name, archive.extractfile(member)
    except tarfile.TarError as error:
        raise UserError(f"{path}: is no tar archive, or breaks off ({error}); get it anew") from error
