"""What all proxies cost for an architecture of the paper's size, in one process and in several on one card."""

import statistics
import time
from concurrent.futures import ProcessPoolExecutor

import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from card.given import archs_of, images, net_of, wide, zero_shot
from card.scope import Scope, pool_of
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.cwi import CwiConfig
from nasgauge.estimators.zeroshot.config import DEFAULT
from nasgauge.nets import NetOptions, build, products
from nasgauge.spaces import get_space

N_CELLS = 6466  # isomorphism classes of NAS-Bench-201
TERMS = tuple(need.name for need in CwiConfig(form="flat").dependencies())


def measured(
    net: NetOptions, device: str, start: int, stop: int, batch_size: int, precision: str = "float32",
    proxies: tuple[str, ...] = DEFAULT,
) -> tuple:  # fmt: skip
    """(scores, seconds per architecture of each proxy alone, wall clock at the beginning and the end)."""
    torch.set_num_threads(1)
    estimator = zero_shot("nb201", net, proxies, n_batches=2, batch_size=batch_size, device=device, precision=precision)
    archs = archs_of("nb201", stop)[start:]
    began = time.time()
    found = estimator.estimate(archs)
    return found.scores, found.costs.set_index("estimator")["arch_seconds"].to_dict(), began, time.time()


def one_process(scope: Scope) -> dict:
    """By batch size: seconds per architecture of all proxies, of one forward and backward pass, and of its replay.

    The passes: two batches, as zico needs them, so two shared passes, and everything without data once. The replay is
    that of a captured graph of the same forward and backward pass, which costs no launches.
    """
    n = 2 if scope.tiny else 12
    rows = []
    for batch_size in (8,) if scope.tiny else (64, 128):
        measured(net_of(scope), scope.device, 0, 2, batch_size)
        _, alone, began, ended = measured(net_of(scope), scope.device, 0, n, batch_size)
        plain, replayed = plain_passes(scope, n, batch_size)
        row = {"batch": batch_size, "all proxies": (ended - began) / n, "forward and backward": plain}
        rows.append(row | {"the same, replayed": replayed, "alone": alone})
    return {"n_archs": n, "rows": rows}


def plain_passes(scope: Scope, n: int, batch_size: int) -> tuple[float, float | None]:
    """Median seconds of a forward and backward pass of the networks, and of the replay of its captured graph."""
    data = images(2 * batch_size)
    layout = {"memory_format": torch.channels_last}
    x, y = data.images[:batch_size].to(scope.device, **layout), data.labels[:batch_size].to(scope.device)
    plain, replayed = [], []
    with products("float32"):
        for arch in archs_of("nb201", n):
            net = build(get_space("nb201"), arch, net_of(scope), generators=[torch.Generator().manual_seed(0)])
            net = net.to(scope.device, **layout)
            run = lambda net=net: once(net, x, y)  # noqa: E731 - a closure over this network
            plain.append(scope.seconds(run, 3))
            if scope.on_card:
                graph = captured(run)
                replayed.append(scope.seconds(graph.replay, 3))
    return statistics.median(plain), statistics.median(replayed) if replayed else None


def once(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
    """A forward and a backward pass, gradients put in place of the old ones."""
    parameters = [p for p in net.parameters() if p.requires_grad]
    torch.autograd.grad(F.cross_entropy(net(x), y), parameters, allow_unused=True)


def captured(run) -> torch.cuda.CUDAGraph:
    """The kernels that `run` launches, as one graph."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph


def several_processes(scope: Scope) -> dict:
    """Architectures per second by number of processes on one device, each with one thread.

    With CUDA's multi-process service, where there is one, and without.
    """
    each, batch_size = (1, 8) if scope.tiny else (5, 64)
    counts, rows = [k for k in (1, 4, 8, 16) if k <= scope.n_workers], []
    with pool_of(scope.n_workers, {}) as alternating:
        for pool, way in ((scope.pool, "served"), (alternating, "alternating")) if scope.served else (
            (scope.pool, "alternating"),
        ):  # fmt: skip
            warm(pool, scope, batch_size)
            for k in counts if way == "alternating" else counts[1:]:
                rate = rate_of(pool, k, each, scope, batch_size)
                row = {"processes": k, "way": way, "architectures per second": rate}
                rows.append(row | {f"minutes for {N_CELLS:,}": N_CELLS / rate / 60})
    return {"batch": batch_size, "architectures per process": each, "rows": rows}


def rate_of(pool: ProcessPoolExecutor, k: int, each: int, scope: Scope, batch_size: int) -> float:
    """Architectures per second of k processes."""
    tasks = [pool.submit(measured, net_of(scope), scope.device, i * each, (i + 1) * each, batch_size) for i in range(k)]
    spans = [task.result()[2:] for task in tasks]
    return k * each / (max(end for _, end in spans) - min(start for start, _ in spans))


def warm(pool: ProcessPoolExecutor, scope: Scope, batch_size: int) -> None:
    """Every process of the pool has begun, and its libraries with it."""
    tasks = [
        pool.submit(_warmed, net_of(scope), scope.device, batch_size, time.time() + (1 if scope.tiny else 12))
        for _ in range(scope.n_workers)
    ]
    for task in tasks:
        task.result()


def _warmed(net: NetOptions, device: str, batch_size: int, until: float) -> None:
    measured(net, device, 0, 1, batch_size)
    time.sleep(max(0.0, until - time.time()))  # so that no process takes a second such task


def rounding(scope: Scope) -> dict:
    """Kendall's tau between the scores of a proxy in coarser arithmetic and in float32, over random architectures."""
    n, each, batch_size = (4, 2, 8) if scope.tiny else (100, 10, 64)
    coarse = ("tf32", "bfloat16") if scope.on_card else ("bfloat16",)
    tasks = {
        (precision, start): scope.pool.submit(
            measured, net_of(scope), scope.device, start, start + each, batch_size, precision, (*DEFAULT, *TERMS)
        )
        for precision in ("float32", *coarse)
        for start in range(0, n, each)
    }
    tables = {}
    for (precision, _), task in tasks.items():
        tables.setdefault(precision, []).append(wide(task.result()[0]))
    tables = {precision: pd.concat(parts) for precision, parts in tables.items()}
    exact = tables["float32"]
    rows = []
    for proxy in exact:
        row = {"proxy": proxy}
        for precision in coarse:
            other = tables[precision].reindex(index=exact.index, columns=exact.columns)[proxy]
            both = exact[proxy].notna() & other.notna()
            value = kendall_tau(other[both].to_numpy(), exact.loc[both, proxy].to_numpy()) if both.sum() > 1 else None
            row |= {precision: value, f"missing, {precision}": int((~both & exact[proxy].notna()).sum())}
        rows.append(row)
    return {"n_archs": n, "batch": batch_size, "rows": rows}
