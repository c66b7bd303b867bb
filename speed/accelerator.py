"""Everything that only an accelerator can tell, in one run: equality with the CPU, speed, and the paper's supernet.

Each part is tried by itself: what fails is recorded with its traceback, and the next one begins. After each the results
stand in OUT/accelerator.json and OUT/accelerator.md. The last part, the supernet, takes the seconds that are left, and
writes its checkpoint as weights.pt and rest.pt; `--resume` names a folder with such files, from which it goes on.

    python speed/gather.py .card                      here: what the machine lacks, and the data
    python speed/accelerator.py --seconds 500 --out OUT
    python speed/accelerator.py --device cpu --tiny   all parts at their smallest, in a minute or two
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from card.equality import proxies, supernets
from card.layouts import kernels, layouts
from card.machine import machine
from card.markdown import markdown
from card.passes import one_process, rounding, several_processes
from card.population import population
from card.science import supernet_slice
from card.scope import Scope, pool_of
from card.service import service
from card.steps import scoring, training

from nasgauge.nets import device_named

PARTS: dict[str, Callable[[Scope], dict]] = {
    "machine": machine,
    "equality of proxies": proxies,
    "equality of supernets": supernets,
    "memory layouts": layouts,
    "all proxies, one process": one_process,
    "all proxies, kernels": kernels,
    "all proxies, several processes": several_processes,
    "precision of proxies": rounding,
    "steps of supernets": training,
    "scoring with supernets": scoring,
    "training from scratch": population,
    "supernet of the paper": supernet_slice,
}


def main() -> None:
    options = arguments()
    deadline = time.monotonic() + options.seconds
    device = device_named(options.device, "accelerator.py")
    options.out.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = "1"  # of the worker processes
    n_workers = 2 if options.tiny else max(1, len(os.sched_getaffinity(0)))
    if options.tiny:
        torch.set_num_threads(1)
    found = {"arguments": sys.argv[1:]}
    with service(device) as served:
        scope = Scope(
            device=device, tiny=options.tiny, n_workers=n_workers, deadline=deadline, out=options.out,
            resume=options.resume, pool=pool_of(n_workers, served), served=served,
        )  # fmt: skip
        for name in options.parts or PARTS:
            found[name] = tried(name, scope)
            write(found, options.out)
            if "BrokenProcessPool" in found[name].get("error", ""):
                scope = replace(scope, pool=pool_of(n_workers, served))
        scope.pool.shutdown()


def tried(name: str, scope: Scope) -> dict:
    """What a part found, or its traceback, with the seconds it took."""
    start = time.monotonic()
    try:
        if scope.left() <= 0:
            raise TimeoutError("no seconds were left for it")
        found = PARTS[name](scope)
    except Exception:  # noqa: BLE001 - one part must not end the others
        found = {"error": traceback.format_exc()}
    found["seconds"] = round(time.monotonic() - start, 1)
    print(f"{name}: {found['seconds']} s, {found.get('error', 'done')}", flush=True)
    return found


def write(found: dict, folder: Path) -> None:
    (folder / "accelerator.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    (folder / "accelerator.md").write_text(markdown(found), encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seconds", type=float, default=500.0, help="for the whole run")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes")
    parser.add_argument("--out", type=Path, default=Path("runs/accelerator"))
    parser.add_argument("--resume", type=Path, help="folder with weights.pt and rest.pt of an earlier slice")
    parser.add_argument("--parts", nargs="*", choices=PARTS, help="these alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
