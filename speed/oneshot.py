"""What a supernet costs: its training step against the stand-alone network's, and scoring many architectures.

Everything side by side in one run, medians of alternating repetitions. A step is forward, loss, backward and SGD with
momentum and weight decay, on the same images; the stand-alone network is the one `nets.build` makes of the same cell.
Scoring: `score` (equal steps of different architectures computed once) against one forward pass an architecture. On an
accelerator: speed/accelerator.py.

    python speed/oneshot.py --threads 2
    python speed/oneshot.py --paper-size
"""

import argparse
import statistics
import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from nasgauge.estimators.oneshot import score, validation_batches
from nasgauge.images import load_images
from nasgauge.nets import NetOptions, build, supernet
from nasgauge.spaces import NB201

SPACE = NB201()
DIGITS = NetOptions(channels=8, n_cells=1, n_stages=1, in_channels=1, bn_affine=False, skip_dead=True)
PAPER = NetOptions(channels=16, n_cells=5, n_stages=3, bn_affine=False, skip_dead=True)
ARCHS = {
    "3 convolutions": (3, 1, 2, 1, 3, 4),
    "6 convolutions": (3, 3, 3, 3, 3, 3),
    "1 convolution": (0, 0, 0, 3, 0, 0),
}


def clock(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def sgd(net):
    return torch.optim.SGD(net.parameters(), 0.05, 0.9, weight_decay=5e-4)


def stepper(net, x, y, *path):
    optimiser = sgd(net)

    def step():
        optimiser.zero_grad()
        cross_entropy(net(x, *path), y).backward()
        optimiser.step()

    return step


def steps(options, x, y, repeats):
    """Median seconds of a supernet step and of a stand-alone step, cell by cell, alternating."""
    layout = torch.channels_last
    shared = supernet(SPACE, options, generator=torch.Generator().manual_seed(0)).to(memory_format=layout)
    for name, arch in ARCHS.items():
        own = build(SPACE, arch, options, generators=[torch.Generator().manual_seed(0)]).to(memory_format=layout)
        pair = stepper(shared, x, y, arch), stepper(own, x, y)
        for step in pair * 5:
            step()
        times = [[clock(step) for step in pair] for _ in range(repeats)]
        a, b = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"step, {name}: supernet {1e3 * a:.2f} ms, stand-alone {1e3 * b:.2f} ms, ratio {a / b:.3f}")


def scoring(options, batches, n_archs):
    """Seconds for n random cells on all images: together, and one by one on a part of them."""
    net = supernet(SPACE, options, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)
    rng = np.random.default_rng(0)
    archs = list(dict.fromkeys(SPACE.sample(rng) for _ in range(2 * n_archs)))[:n_archs]
    few = archs[: max(20, n_archs // 10)]
    score(net, few, batches)
    together = clock(lambda: score(net, archs, batches))

    @torch.no_grad()
    def one_by_one():
        net.eval()
        for arch in few:
            for x, y in batches:
                logits = net(x, arch).double()
                cross_entropy(logits, y), (logits.argmax(1) == y).double().mean()

    alone = clock(one_by_one) * len(archs) / len(few)
    n_images = sum(len(y) for _, y in batches)
    print(
        f"scoring {len(archs):,} cells on {n_images:,} images: {together:.2f} s ({len(archs) / together:.0f} per "
        f"second); one by one {alone:.2f} s; ratio {alone / together:.1f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--paper-size", action="store_true", help="also the network of 16 channels and 17 layers")
    parser.add_argument("--repeats", type=int, default=100)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"torch {torch.__version__}, {args.threads} threads")
    data = load_images("digits")
    x, y = data.images[:64].contiguous(memory_format=torch.channels_last), data.labels[:64]
    print("digits supernet: 8 channels, one cell, batch 64")
    steps(DIGITS, x, y, args.repeats)
    batches = validation_batches(data, torch.arange(1437, 1797), batch_size=128)
    scoring(DIGITS, batches, 1000)
    if args.paper_size:
        print("16 channels, 17 layers, 32x32 noise in the place of images, batch 128")
        x, y = torch.randn(128, 3, 32, 32), torch.arange(128) % 10
        steps(PAPER, x.contiguous(memory_format=torch.channels_last), y, max(5, args.repeats // 10))
        scoring(PAPER, [(x, y)], 20)


if __name__ == "__main__":
    main()
