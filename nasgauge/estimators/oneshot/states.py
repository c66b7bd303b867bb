"""What a checkpoint of a supernet's training holds, and whether it belongs to the training that would go on from it."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.counted_sampler import CountedSampler
from nasgauge.estimators.oneshot.probes import Probe
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.schedule import Schedule
from nasgauge.images import ImageData

State = dict[str, Any]  # weights, optimiser, schedule, epoch, rows, and what resuming needs
Log = dict[str, list[dict[str, Any]]]  # rows of record tables, by name
_ENTRIES = ("weights", "optimiser", "schedule", "epoch", "rows", "n_steps", "last_paths", "key")


def describe(
    net: nn.Module,
    protocol: Protocol,
    data: ImageData,
    rows: torch.Tensor,
    seed: int,
    probes: Sequence[Probe],
    origin: str = "",
) -> dict[str, Any]:
    """What tells one training from another, as flat JSON: seed, protocol, images, probes, first weights, shapes.

    origin: of the first weights, "" where they are fresh.
    """
    return {
        "seed": int(seed),
        **asdict(protocol),
        "data": f"{data.name} {data.fingerprint}".strip(),
        "training rows": f"{len(rows)}, checksum {zlib.crc32(rows.numpy().tobytes())}",
        "probes": [f"{probe.table} at {sorted(map(int, probe.epochs))}" for probe in probes],
        **({"start": origin} if origin else {}),
        **{f"shape of {name}": list(w.shape) for name, w in net.state_dict().items()},
    }


def last_resumable(checkpoints: Collection[int], wanted: Collection[int]) -> int | None:
    """The last epoch to go on from so that every wanted one is there in the end; None: from the beginning.

    >>> last_resumable({2, 4, 6}, wanted={4, 6, 8}), last_resumable({2, 6}, wanted={4, 6, 8})
    (6, 2)
    """
    missing = min((epoch for epoch in wanted if epoch not in checkpoints), default=max(wanted) + 1)
    return max((epoch for epoch in checkpoints if epoch < missing), default=None)


@final
@dataclass(frozen=True)
class Training:
    """The state of a supernet's training, and `key`, which tells this training from others (see `describe`)."""

    net: nn.Module
    optimiser: torch.optim.Optimizer
    schedule: Schedule
    sampler: CountedSampler
    key: Mapping[str, Any]

    def state(self, epoch: int, log: Log) -> State:
        """A copy, on the CPU, of what is needed to go on after `epoch` epochs; UserError if a weight is not finite."""
        for name, weight in self.net.state_dict().items():
            if not torch.isfinite(weight).all():
                raise UserError(f"training: {name} is not finite after epoch {epoch}; lower lr or set clip")
        return _copied(
            {
                "weights": dict(self.net.state_dict()),
                "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(),
                "epoch": epoch,
                "rows": log,
                "n_steps": self.sampler.n_taken,
                "last_paths": self.sampler.last,
                "key": dict(self.key),
                **self.sampler.memory(),
            }
        )

    def restore(self, state: State, where: str) -> Log:
        """Go on from a state; its rows. UserError, which begins with `where`, if it is a state of another training."""
        absent = [entry for entry in _ENTRIES if entry not in state]
        if absent:
            raise UserError(f"{where}: is not a state of a supernet's training ({absent[0]!r} is missing); delete it")
        for name in (*self.key, *state["key"]):
            there, here = (key.get(name, "absent") for key in (state["key"], self.key))
            if there != here:
                raise UserError(
                    f"{where}: belongs to another training, {name} is {there} there and {here} here; choose another "
                    "folder or the old settings"
                )
        self.sampler.restore(state["n_steps"], state["last_paths"], where, state.get("controller"))
        own = _copied(state)  # the optimiser would otherwise go on in the checkpoint's own tensors
        self.net.load_state_dict(own["weights"])
        self.optimiser.load_state_dict(own["optimiser"])
        self.schedule.load_state_dict(own["schedule"])
        return own["rows"]


def _copied(tree: Any) -> Any:
    if isinstance(tree, torch.Tensor):
        return tree.detach().to("cpu", copy=True)
    if isinstance(tree, dict):
        return {name: _copied(part) for name, part in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(_copied(part) for part in tree)
    return tree
