"""Training from scratch: several seeds of one architecture side by side in one grouped network, against one by one."""

import torch

from card.given import TINY, archs_of, images
from card.scope import Scope
from nasgauge.benchmarks.building.training import Protocol, train
from nasgauge.images import rotated_splits
from nasgauge.nets import NetOptions
from nasgauge.spaces import NB201

NET = NetOptions(channels=16, n_cells=5, n_stages=3)


def population(scope: Scope) -> dict:
    """Milliseconds per step and seed of training, by the number of seeds in a group; batches of 128 images."""
    n, batch, steps = (48, 8, 2) if scope.tiny else (2048, 128, 8)
    data, arch, rows = images(n), archs_of("nb201", 1)[0], []
    for seeds in (1, 2) if scope.tiny else (1, 3, 8):
        options = NetOptions(**{**vars(TINY if scope.tiny else NET), "replicas": seeds})
        splits = rotated_splits(n, steps * batch, batch, seeds)

        def run(epochs: int, options=options, splits=splits, seeds=seeds) -> None:
            protocol = Protocol(epochs=epochs, batch_size=batch)
            train(NB201(), arch, options, protocol, data, splits, list(range(seeds)), device=scope.device)

        with torch.random.fork_rng(devices=[]):
            short, long = scope.seconds(lambda run=run: run(1)), scope.seconds(lambda run=run: run(3))
        rows.append({"seeds": seeds, "ms per step and seed": 1e3 * (long - short) / (2 * steps * seeds)})
    return {"batch": batch, "rows": rows}
