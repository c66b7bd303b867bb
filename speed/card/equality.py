"""The same numbers on the accelerator and on the CPU? Every proxy on architectures of every space, and supernets."""

import numpy as np
import pandas as pd
import torch

from card.given import EXACT, FAMILIES, SMALL, archs_of, images, wide, zero_shot
from card.scope import Scope
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.oneshot import Protocol
from nasgauge.estimators.oneshot.step import Step
from nasgauge.estimators.zeroshot import PROXIES
from nasgauge.nets import supernet
from nasgauge.nets.precision import dtype_of, products
from nasgauge.spaces import get_space

COMPARED = tuple(name for name in PROXIES if name not in EXACT)
_CHUNK = 5  # architectures a task


def scores_of(name: str, start: int, stop: int, device: str, precision: str) -> pd.DataFrame:
    """Scores of some of the space's architectures by every proxy that computes anything."""
    estimator = zero_shot(name, SMALL[name], COMPARED, n_batches=2, batch_size=8, device=device, precision=precision)
    return estimator.estimate(archs_of(name, stop)[start:]).scores


def proxies(scope: Scope) -> dict:
    """By space, pair of runs and proxy: how many scores, the largest relative difference, Kendall's tau.

    Runs: CPU and device in float64 and float32, and the device in float32 once more.
    """
    n = 2 if scope.tiny else 20
    spaces = ("nb201",) if scope.tiny else FAMILIES
    runs = {"cpu 64": ("cpu", "float64"), "cpu 32": ("cpu", "float32")}
    runs |= {"device 64": (scope.device, "float64"), "device 32": (scope.device, "float32")}
    runs["device 32 again"] = runs["device 32"]
    tasks = {
        (name, run, start): scope.pool.submit(scores_of, name, start, min(start + _CHUNK, n), *choice)
        for name in spaces
        for run, choice in runs.items()
        for start in range(0, n, _CHUNK)
    }
    found: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for (name, run, _), task in tasks.items():
        found.setdefault((name, run), []).append(task.result())
    tables = {key: wide(pd.concat(parts)).reindex(columns=list(COMPARED)) for key, parts in found.items()}
    pairs = (
        ("device 64", "cpu 64"),
        ("device 32", "cpu 32"),
        ("device 32", "cpu 64"),
        ("device 32 again", "device 32"),
    )
    rows = [
        {"space": name, "pair": f"{a} - {b}", **row}
        for name in spaces
        for a, b in pairs
        for row in differences(tables[name, a], tables[name, b])
    ]
    return {"n_archs": n, "rows": rows}


def differences(a: pd.DataFrame, b: pd.DataFrame) -> list[dict]:
    """By proxy: scores in both, in one alone, largest |a - b| / |b|, Kendall's tau of the two."""
    a, b = a.align(b)
    rows = []
    for proxy in a:
        both = a[proxy].notna() & b[proxy].notna()
        x, y = a.loc[both, proxy].to_numpy(), b.loc[both, proxy].to_numpy()
        size = np.maximum(np.abs(y), np.finfo(float).tiny)
        rows.append(
            {
                "proxy": proxy,
                "n": int(both.sum()),
                "in one alone": int((a[proxy].notna() ^ b[proxy].notna()).sum()),
                "difference": float((np.abs(x - y) / size).max()) if len(x) else None,
                "tau": kendall_tau(x, y) if len(x) > 1 else None,
            }
        )
    return rows


def supernets(scope: Scope) -> dict:
    """By space and precision: how far a step's weights and the scores of 20 paths are from those of the CPU."""
    spaces = ("nb201",) if scope.tiny else FAMILIES
    tasks = {
        (name, precision): scope.pool.submit(supernet_of, name, precision, scope.device, 3 if scope.tiny else 20)
        for name in spaces
        for precision in ("float64", "float32")
    }
    rows = [{"space": name, "precision": precision, **task.result()} for (name, precision), task in tasks.items()]
    return {"rows": rows}


def supernet_of(name: str, precision: str, device: str, n_paths: int) -> dict:
    """Largest differences: of weights after a step, by the largest move; of logits, by the largest logit."""
    with products(precision):
        return _compared(name, precision, device, n_paths)


def _compared(name: str, precision: str, device: str, n_paths: int) -> dict:
    space, archs, data = get_space(name), archs_of(name, n_paths), images(16)
    x, y = data.images[:8].to(dtype_of(precision)), data.labels[:8]

    def net(on: str):
        made = supernet(space, SMALL[name], generator=torch.Generator().manual_seed(0)).to(dtype_of(precision))
        return made.to(on)

    def stepped(on: str) -> dict[str, torch.Tensor]:
        made = net(on)
        Step(made, Protocol(epochs=1))([archs[0]], [(x.to(on), y.to(on))], 0.05)
        return {key: w.detach().cpu().double() for key, w in made.state_dict().items() if w.is_floating_point()}

    @torch.no_grad()
    def logits(on: str, batched: bool) -> torch.Tensor:
        return net(on).eval().each(x.to(on), archs, batched=batched).cpu().double()

    before = {key: w.double() for key, w in net("cpu").state_dict().items() if w.is_floating_point()}
    here, there = stepped("cpu"), stepped(device)
    moved = max(float((w - before[key]).abs().max()) for key, w in here.items())
    plain = logits("cpu", batched=False)
    size = float(plain.abs().max())
    return {
        "step": max(float((there[key] - w).abs().max()) for key, w in here.items()) / moved,
        "scores": float((logits(device, batched=False) - plain).abs().max()) / size,
        "scores, steps merged": float((logits(device, batched=True) - plain).abs().max()) / size,
    }
