"""What a supernet costs: a step of training against the stand-alone network's, and scoring many architectures."""

import statistics

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from card.given import PAPER, archs_of, images
from card.machine import matrix_rate
from card.passes import TINY
from card.scope import Scope
from nasgauge.estimators.oneshot import Protocol, score
from nasgauge.estimators.oneshot.step import Step
from nasgauge.nets import NetOptions, Supernet, build, complexity, supernet
from nasgauge.nets.precision import autocast, products
from nasgauge.spaces import NB201

SPACE = NB201()
ARCHS = {
    "1 convolution": (0, 0, 0, 3, 0, 0),
    "3 convolutions": (3, 1, 2, 1, 3, 4),
    "6 convolutions": (3, 3, 3, 3, 3, 3),
}


def net_of(scope: Scope) -> NetOptions:
    return TINY if scope.tiny else PAPER


def fresh(scope: Scope) -> Supernet:
    made = supernet(SPACE, net_of(scope), generator=torch.Generator().manual_seed(0))
    return made.to(scope.device, memory_format=torch.channels_last)


def batch(scope: Scope, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    data = images(n)
    x = data.images[:n].to(scope.device, memory_format=torch.channels_last)
    return x, data.labels[:n].to(scope.device)


def training(scope: Scope) -> dict:
    """By cell, batch and precision: seconds of both steps, their ratio, images a second, TFLOP/s of convolutions and
    their share of what a large product of matrices reaches.

    A step of the supernet is one of `Step`, with momentum, decay and a limit on the gradient's norm; that of the
    stand-alone network has the same in PyTorch's own words. "random" paths: a new one at every step.
    """
    shared, rows = fresh(scope), []
    precisions = ("float32", "tf32", "bfloat16") if scope.on_card else ("float32", "bfloat16")
    peaks = {precision: matrix_rate(scope, precision) for precision in precisions}
    for size in (8,) if scope.tiny else (128, 512):
        x, y = batch(scope, size)
        for precision in precisions:
            protocol = Protocol(epochs=1, amp="none" if precision == "float32" else precision)
            step = Step(shared, protocol)
            with products(precision):
                for name, arch in ARCHS.items():
                    rows.append(
                        {"cell": name, "batch": size, "precision": precision}
                        | _pair(scope, step, standalone(scope, arch, x, y, precision), arch, x, y, peaks[precision])
                    )
                rows.append({"cell": "random", "batch": size, "precision": precision, **_random(scope, step, x, y)})
    return {"rows": rows}


def standalone(scope: Scope, arch, x: torch.Tensor, y: torch.Tensor, precision: str):
    """A step of training of the network that `build` makes."""
    net = build(SPACE, arch, net_of(scope), generators=[torch.Generator().manual_seed(0)])
    net = net.to(scope.device, memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(net.parameters(), 0.05, 0.9, weight_decay=5e-4)

    def step() -> None:
        optimiser.zero_grad()
        with autocast(precision, scope.device):
            loss = cross_entropy(net(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()

    return step


def _pair(scope: Scope, step: Step, alone, arch, x: torch.Tensor, y: torch.Tensor, peak: float) -> dict:
    both, repeats = (lambda: step([arch], [(x, y)], 0.0), alone), 1 if scope.tiny else 10
    times = [[scope.seconds(run, repeats) for run in both] for _ in range(1 if scope.tiny else 3)]  # in turns
    a, b = (statistics.median(column) for column in zip(*times, strict=True))
    macs = complexity(SPACE, arch, net_of(scope)).macs
    return {"supernet ms": 1e3 * a, "stand-alone ms": 1e3 * b, "ratio": a / b, "images a second": len(y) / a,
            "TFLOP/s": 6e-12 * macs * len(y) / a, "share of peak": 6e-12 * macs * len(y) / a / peak}  # fmt: skip


def _random(scope: Scope, step: Step, x: torch.Tensor, y: torch.Tensor) -> dict:
    paths = archs_of("nb201", 3 if scope.tiny else 40)
    seconds = scope.seconds(lambda: [step([path], [(x, y)], 0.0) for path in paths]) / len(paths)
    return {"supernet ms": 1e3 * seconds, "images a second": len(y) / seconds}


def scoring(scope: Scope) -> dict:
    """Architectures times images a second: one by one, equal steps once, and steps of one part side by side.

    Side by side with more and fewer architectures in a group; `GiB`: what PyTorch holds at most meanwhile.
    """
    net, rows = fresh(scope), []
    n, size = (4, 8) if scope.tiny else (200, 512)
    x, y = batch(scope, size)
    archs = archs_of("nb201", n)
    ways = {"one by one": {"batched": False, "group_size": 1}, "equal steps once": {"batched": False}}
    ways |= {
        f"side by side, groups of {k}": {"batched": True, "group_size": k} for k in ((2,) if scope.tiny else GROUPS)
    }
    with products("float32"), torch.no_grad():
        net.eval()
        for name, way in ways.items():
            run = lambda way=way: net.each(x, archs, **way)  # noqa: E731 - a closure over this way
            peak, seconds = scope.peak_gib(run), scope.seconds(run)
            rows.append({"way": name, "archs x images a second": n * size / seconds, "GiB": peak})
    started = scope.seconds(lambda: score(net, archs, [(x, y)]))
    macs = np.mean([complexity(SPACE, arch, net_of(scope)).macs for arch in archs[:20]])
    rate = n * size / started
    rows.append({"way": "as `score` does it", "archs x images a second": rate, "TFLOP/s": 2e-12 * macs * rate})
    return {"n_archs": n, "batch": size, "rows": rows}


GROUPS = (2, 5, 20, 50, 100)
