"""What the shared passes cost against the usual way, one proxy after the other, in one run.

The unit is one plain forward and backward pass of the same network in its usual memory layout. `alone` is each proxy
as it is commonly computed: a fresh copy of the network and passes of its own. `shared` is `record_of`. Peak memory is
the growth of the resident set in a process that does nothing else. Counting passes, a forward being f and a backward
2 f: plain 3 f; shared f + 2 f (weights) + f (input only) = 1.33 units and what is elementwise; grasp six convolutions a
layer, 2 units. Last, max-pooling with a rule for ties against PyTorch's, forward and backward.

    python speed/zeroshot.py --threads 2
"""

import argparse
import copy
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot import record_of
from nasgauge.estimators.zeroshot.max_pooling import max_pool2d
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201

ARCHS = {"3 convolutions": (3, 1, 2, 1, 3, 4), "6 convolutions (largest)": (3, 3, 3, 3, 3, 3)}
SEVEN = {"gradients", "fisher", "codes", "jacobian", "synflow"}


def layers(net):
    return [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def plain_pass(net, x, y):
    net.zero_grad()
    F.cross_entropy(net(x), y).backward()


def by_gradient(reduce):
    def run(net, x, y):
        net = copy.deepcopy(net)
        plain_pass(net, x, y)
        return sum(float(reduce(m.weight.detach(), m.weight.grad)) for m in layers(net) if m.weight.grad is not None)

    return run


def grasp(net, x, y):
    net = copy.deepcopy(net)
    weights = [m.weight for m in layers(net)]
    stopped = torch.autograd.grad(F.cross_entropy(net(x), y), weights, allow_unused=True)
    again = torch.autograd.grad(F.cross_entropy(net(x), y), weights, create_graph=True, allow_unused=True)
    sum((g * s).sum() for g, s in zip(again, stopped, strict=True) if g is not None).backward()
    return -sum(float((w.detach() * w.grad).sum()) for w in weights if w.grad is not None)


def fisher(net, x, y):
    net = copy.deepcopy(net)
    kept = []
    for m in layers(net):
        m.register_forward_hook(lambda m, i, o: (o.retain_grad(), kept.append((m, o)))[-1])
    F.cross_entropy(net(x), y).backward()
    total = 0.0
    for m, o in kept:
        if o.grad is not None:
            per_image = (o.detach() * o.grad).flatten(2).sum(2) if o.dim() > 2 else o.detach() * o.grad
            total += float((per_image.square().mean(0) / 2).sum()) * m.weight[0].numel()
    return total


def jacob_cov(net, x, y):
    net, x = copy.deepcopy(net), x.clone().requires_grad_()
    net(x).backward(torch.ones(len(x), 10))
    values = np.linalg.eig(np.corrcoef(x.grad.flatten(1).numpy()))[0].real
    return -float(np.sum(np.log(values + 1e-5) + 1 / (values + 1e-5)))


def synflow(net, x, y):
    net = copy.deepcopy(net).double()
    for m in list(net.modules()):
        for name, child in list(m.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(m, name, nn.Identity())
    for p in net.parameters():
        p.data.abs_()
    net(torch.ones(1, *x.shape[1:], dtype=torch.float64)).sum().backward()
    return sum(float((m.weight.detach() * m.weight.grad).sum()) for m in layers(net) if m.weight.grad is not None)


def relu_logdet(net, x, y):
    net, kernel = copy.deepcopy(net), np.zeros((len(x), len(x)))

    def add(module, inputs, output):
        c = (output.detach().flatten(1) > 0).float()
        kernel[...] += (c @ c.T + (1 - c) @ (1 - c).T).numpy()

    for m in net.modules():
        if isinstance(m, nn.ReLU):
            m.register_forward_hook(add)
    with torch.no_grad():
        net(x)
    return float(np.linalg.slogdet(kernel)[1])


ALONE = {
    "grad_norm": by_gradient(lambda w, g: g.norm()),
    "snip": by_gradient(lambda w, g: (w * g).abs().sum()),
    "plain": by_gradient(lambda w, g: (w * g).sum()),
    "fisher": fisher,
    "jacob_cov": jacob_cov,
    "synflow": synflow,
    "relu_logdet": relu_logdet,
    "grasp": grasp,
}


def shared(passes):
    return lambda net, x, y: record_of(net, x, y, passes)


def scene(arch, *, channels_last):
    layout = torch.channels_last if channels_last else torch.contiguous_format
    net = build(NB201(), arch, NetOptions(), generators=[torch.Generator().manual_seed(0)]).to(memory_format=layout)
    x = torch.randn(64, 3, 32, 32, generator=torch.Generator().manual_seed(1)).contiguous(memory_format=layout)
    return net, x, torch.arange(64) % 10


RUNS = {  # name -> (what runs, channels last)
    "plain forward + backward": (plain_pass, False),
    "the same, channels last": (plain_pass, True),
    **{f"alone: {name}": (run, False) for name, run in ALONE.items()},
    "shared: the seven": (shared(SEVEN), True),
    "shared: the seven, usual layout": (shared(SEVEN), False),
    "shared: with grasp": (shared(SEVEN | {"curvature"}), True),
    "shared: with grasp, usual layout": (shared(SEVEN | {"curvature"}), False),
}


def timed(name, arch, repeats):
    run, channels_last = RUNS[name]
    given = scene(arch, channels_last=channels_last)
    run(*given)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run(*given)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def pooling(repeats):
    """Times of PyTorch's max-pooling on 64 images of 32x32 and 16 channels, and of ours in its units."""
    print(f"\nmax-pooling, forward and backward, float32, median of {repeats}")
    for layout in (torch.channels_last, torch.contiguous_format):
        for kernel, stride, padding in ((3, 1, 1), (3, 2, 1), (2, 2, 0)):
            x = torch.randn(64, 16, 32, 32).contiguous(memory_format=layout).requires_grad_()
            seconds = []
            for pool in (F.max_pool2d, max_pool2d):
                times = []
                for _ in range(repeats + 1):
                    start = time.perf_counter()
                    torch.autograd.grad(pool(x, kernel, stride, padding).sum(), x)
                    times.append(time.perf_counter() - start)
                seconds.append(statistics.median(times[1:]))
            torchs, ours = seconds
            name = f"{kernel}x{kernel}, stride {stride}, {str(layout).removeprefix('torch.')}"
            print(f"{name:34s} {1e3 * torchs:6.1f} ms   x {ours / torchs:.2f}", flush=True)


def peak_mib(name, label, threads):
    """Growth of the resident set by one run in a fresh process, MiB."""
    command = [sys.executable, __file__, "--peak", name, "--arch", label, "--threads", str(threads)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def resident(field):
    """VmRSS (now) or VmHWM (peak) of this process in MiB, as Linux tells it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return int(lines[field].split()[0]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--arch", choices=ARCHS, help="one architecture instead of all")
    parser.add_argument("--peak", choices=RUNS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.peak:
        run, channels_last = RUNS[options.peak]
        given = scene(ARCHS[options.arch], channels_last=channels_last)
        before = resident("VmRSS")
        run(*given)
        print(resident("VmHWM") - before)
        return
    for label, arch in ARCHS.items():
        if options.arch in (None, label):
            report(label, arch, options)
    if not options.arch:
        pooling(10 * options.repeats)


def report(label, arch, options):
    seconds = {"plain forward + backward": timed("plain forward + backward", arch, options.repeats)}
    unit = seconds["plain forward + backward"]
    print(
        f"\n{label}, 64 images, {options.threads} threads, median of {options.repeats}; 1.00 = {unit:.3f} s", flush=True
    )
    for name in RUNS:
        if name not in seconds:
            seconds[name] = timed(name, arch, options.repeats)
        print(f"{name:34s} {seconds[name] / unit:6.2f}   {peak_mib(name, label, options.threads):7.0f} MiB", flush=True)
    without = sum(v for name, v in seconds.items() if name.startswith("alone") and "grasp" not in name)
    print(f"{'alone: the seven, summed':34s} {without / unit:6.2f}")
    print(f"{'alone: with grasp, summed':34s} {(without + seconds['alone: grasp']) / unit:6.2f}", flush=True)


if __name__ == "__main__":
    main()
