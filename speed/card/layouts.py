"""Which memory layout, and which choice of kernels, is right and fast? And where the device's time goes."""

from unittest import mock

import torch
from torch import nn

from card.given import images, net_of
from card.passes import measured, once
from card.scope import Scope
from nasgauge.nets import autocast, average_pooling, build, dtype_of, products
from nasgauge.spaces import NB201

LAYOUTS = {"channels last": torch.channels_last, "contiguous": torch.contiguous_format}
ARCH = (3, 1, 2, 1, 3, 4)


def layouts(scope: Scope) -> dict:
    """Of a cell of three convolutions: seconds of a forward and backward pass, and its gradient against float64.

    `difference`: the norm of the difference of all gradients, by the norm of those in float64 on the CPU, with 16
    images; `without the remedy`: the same with PyTorch's own average pooling.
    """
    rows, exact = [], gradients(scope, "cpu", "contiguous", "float64")
    for precision in ("float32", "tf32", "bfloat16") if scope.on_card else ("float32", "bfloat16"):
        for layout in LAYOUTS:
            row = {"precision": precision, "layout": layout}
            row["difference"] = distance(gradients(scope, scope.device, layout, precision), exact)
            with mock.patch.object(average_pooling, "has_wrong_gradient", return_value=False):
                row["without the remedy"] = distance(gradients(scope, scope.device, layout, precision), exact)
            for size in (8,) if scope.tiny else (64, 512):
                row[f"ms, batch {size}"] = 1e3 * seconds(scope, layout, precision, size)
            rows.append(row)
    return {"rows": rows}


def network(scope: Scope, device: str, layout: str, precision: str, size: int) -> tuple:
    """The network and a batch of images and labels."""
    data = images(512 if not scope.tiny else 16)
    net = build(NB201(), ARCH, net_of(scope), generators=[torch.Generator().manual_seed(0)])
    to = {"dtype": dtype_of(precision), "memory_format": LAYOUTS[layout]}
    return net.to(device, **to), data.images[:size].to(device, **to), data.labels[:size].to(device)


def gradients(scope: Scope, device: str, layout: str, precision: str) -> list[torch.Tensor]:
    net, x, y = network(scope, device, layout, precision, 16)
    parameters = [p for p in net.parameters() if p.requires_grad]
    with products(precision):
        with autocast(precision, device):
            loss = nn.functional.cross_entropy(net(x), y)
        found = torch.autograd.grad(loss, parameters)
    return [g.cpu().double() for g in found]


def distance(a: list[torch.Tensor], b: list[torch.Tensor]) -> float:
    gap = sum(float((p - q).square().sum()) for p, q in zip(a, b, strict=True))
    return (gap / sum(float(q.square().sum()) for q in b)) ** 0.5


def seconds(scope: Scope, layout: str, precision: str, size: int) -> float:
    net, x, y = network(scope, scope.device, layout, precision, size)
    with products(precision), autocast(precision, scope.device):
        return scope.seconds(lambda: once(net, x, y), 1 if scope.tiny else 10)


def kernels(scope: Scope) -> dict:
    """All proxies on four architectures, batch 64: seconds in all, seconds of kernels, and the longest of these."""
    n, size = (1, 8) if scope.tiny else (4, 64)
    net = net_of(scope)
    measured(net, scope.device, 0, n, size)
    activities = [torch.profiler.ProfilerActivity.CUDA if scope.on_card else torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities) as profile:
        *_, began, ended = measured(net, scope.device, 0, n, size)
    events = profile.key_averages()
    taken = {e.key: (e.self_device_time_total if scope.on_card else e.self_cpu_time_total) / 1e6 for e in events}
    longest = sorted(taken, key=taken.__getitem__, reverse=True)[:16]
    calls = {e.key: e.count for e in events}
    rows = [
        {"kernel": key[:70], "calls": calls[key] / n, "ms per architecture": 1e3 * taken[key] / n} for key in longest
    ]
    busy = sum(taken.values()) / n
    return {"seconds per architecture": (ended - began) / n, "seconds of kernels": busy, "rows": rows}
