"""What the forms of CWI cost: processor seconds of one network relative to a forward and a backward pass of the same.

    python speed/cwi.py [--rounds 3] [--channels 16] [--n-cells 5] [--size 32]

A cell of NAS-Bench-201 with three convolutions, 32 images, one thread. The rounds alternate, so that a busy machine
slows all alike; the least of each is taken.
"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

from nasgauge.estimators.cwi import FORMS
from nasgauge.estimators.zeroshot import PROXIES, ZeroShot
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201

ARCH = (3, 1, 2, 4, 2, 3)
OTHERS = {"naswot": ("naswot",), "grad_norm": ("grad_norm",), "zen": ("zen",), "synflow": ("synflow",)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rounds", 3), ("channels", 16), ("n-cells", 5), ("size", 32)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(1)
    space, net = NB201(), NetOptions(given.channels, given.n_cells, bn_affine=False, skip_dead=True)
    rng = torch.Generator().manual_seed(0)
    batch = torch.randn(32, 3, given.size, given.size, generator=rng), torch.from_numpy(np.arange(32) % 10)

    def reference() -> None:
        built = build(space, ARCH, net, generators=[torch.Generator().manual_seed(0)], init="kaiming_normal")
        built = built.to(memory_format=torch.channels_last)
        x = batch[0].to(memory_format=torch.channels_last)
        F.cross_entropy(built(x), batch[1]).backward()

    def measured(proxies) -> None:
        found = ZeroShot(space, proxies, [batch], net, init="kaiming_normal").estimate([ARCH])
        assert found.errors.empty, found.errors

    ways = {"forward + backward": reference}
    for name, proxies in ({f"form {k}": f.proxies for k, f in FORMS.items()} | OTHERS).items():
        ways[name] = lambda proxies=proxies: measured(proxies)
    ways["all terms and all that share their pass"] = lambda: measured(
        [n for n, p in PROXIES.items() if not p.pooled and not p.needs & {"curvature", "synflow", "synflow_bn", "zen"}]
    )
    seconds = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, way in ways.items():
            start = time.process_time()
            way()
            seconds[name].append(time.process_time() - start)
    one = min(seconds["forward + backward"])
    print(f"1.00 is {one:.2f} s\n\n| | processor time |\n|---|---|")
    for name, times in seconds.items():
        print(f"| {name} | {min(times) / one:.2f} |")


if __name__ == "__main__":
    main()
