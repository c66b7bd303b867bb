"""What a supernet costs: a step of training against the stand-alone network's, and scoring many architectures."""

import statistics

import torch
from torch.nn.functional import cross_entropy

from card.given import archs_of, images, net_of
from card.machine import matrix_rate
from card.scope import Scope
from nasgauge.estimators.oneshot import Protocol, score
from nasgauge.estimators.oneshot.step import Step
from nasgauge.nets import Supernet, autocast, build, complexity, products, supernet
from nasgauge.spaces import NB201

SPACE = NB201()
ARCHS = {
    "1 convolution": (0, 0, 0, 3, 0, 0),
    "3 convolutions": (3, 1, 2, 1, 3, 4),
    "6 convolutions": (3, 3, 3, 3, 3, 3),
}


def fresh(scope: Scope) -> Supernet:
    made = supernet(SPACE, net_of(scope), generator=torch.Generator().manual_seed(0))
    return made.to(scope.device, memory_format=torch.channels_last)


def batch(scope: Scope, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    data = images(n)
    x = data.images[:n].to(scope.device, memory_format=torch.channels_last)
    return x, data.labels[:n].to(scope.device)


def training(scope: Scope) -> dict:
    """By cell, batch and precision: seconds of both steps, their ratio, images per second, TFLOP/s of convolutions and
    their share of what a large product of matrices reaches.

    A step of the supernet is one of `Step`, with momentum, decay and a limit on the gradient's norm; that of the
    stand-alone network has the same in PyTorch's own words. "random" paths: a new one at every step.
    """
    shared, rows = fresh(scope), []
    precisions = ("float32", "tf32", "bfloat16") if scope.on_card else ("float32", "bfloat16")
    peaks = {precision: matrix_rate(scope, precision) for precision in precisions}
    for size in (8,) if scope.tiny else (128, 512):
        x, y = batch(scope, size)
        for precision in precisions if size != 128 else precisions[:1]:
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
    both, repeats = (lambda: step([arch], [(x, y)], 0.0), alone), 1 if scope.tiny else 5
    times = [[scope.seconds(run, repeats) for run in both] for _ in range(1 if scope.tiny else 3)]  # in turns
    a, b = (statistics.median(column) for column in zip(*times, strict=True))
    macs = complexity(SPACE, arch, net_of(scope)).macs
    return {"supernet ms": 1e3 * a, "stand-alone ms": 1e3 * b, "ratio": a / b, "images per second": len(y) / a,
            "TFLOP/s": 6e-12 * macs * len(y) / a, "share of peak": 6e-12 * macs * len(y) / a / peak}  # fmt: skip


def _random(scope: Scope, step: Step, x: torch.Tensor, y: torch.Tensor) -> dict:
    paths = archs_of("nb201", 3 if scope.tiny else 40)
    seconds = scope.seconds(lambda: [step([path], [(x, y)], 0.0) for path in paths]) / len(paths)
    return {"supernet ms": 1e3 * seconds, "images per second": len(y) / seconds}


GROUPS = (10, 60)


def scoring(scope: Scope) -> dict:
    """Architectures times images per second by batch, precision and way; GiB: what PyTorch holds at most meanwhile.

    One by one; equal steps of different architectures once; and steps of one part side by side, in groups.
    """
    net, rows = fresh(scope).eval(), []
    n = 4 if scope.tiny else 60
    archs = archs_of("nb201", n)
    ways = {"one by one": {"batched": False, "group_size": 1}, "equal steps once": {"batched": False}}
    ways |= {f"side by side, {k}": {"batched": True, "group_size": k} for k in ((2,) if scope.tiny else GROUPS)}
    for size in (8,) if scope.tiny else (64, 512):
        x, y = batch(scope, size)
        for precision in ("float32", "tf32") if scope.on_card else ("float32",):
            row = {"batch": size, "precision": precision}
            with products(precision), torch.no_grad():
                for name, way in ways.items():
                    some = archs[: n // 4] if name == "one by one" else archs
                    run = lambda x=x, some=some, way=way: net.each(x, some, **way)  # noqa: E731
                    peak, seconds = scope.peak_gib(run), scope.once(run)
                    row |= {name: len(some) * size / seconds, f"{name}, GiB": peak}
            run = lambda x=x, y=y, precision=precision: score(net, archs, [(x, y)], precision=precision)  # noqa: E731
            rows.append(row | {"as `score` does it": n * size / scope.once(run)})
    return {"n_archs": n, "unit": "architectures x images per second", "rows": rows}
