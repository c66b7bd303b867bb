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
from nasgauge.nets import dtype_of, products, supernet
from nasgauge.spaces import get_space

COMPARED = tuple(name for name in PROXIES if name not in EXACT)
_CHUNK = 5  # architectures a task


def scores_of(
    name: str, start: int, stop: int, device: str, precision: str, **options: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of some of the space's architectures by every proxy that computes anything, and why some are missing."""
    estimator = zero_shot(
        name, SMALL[name], COMPARED, n_batches=2, batch_size=8, device=device, precision=precision, **options
    )
    found = estimator.estimate(archs_of(name, stop)[start:])
    return found.scores, found.errors


RUNS = {  # name -> (on the device?, precision, channels last?)
    "CPU float64": (False, "float64", True),
    "CPU float32": (False, "float32", True),
    "float64": (True, "float64", True),
    "float32": (True, "float32", True),
    "float32 again": (True, "float32", True),
    "float32 contiguous": (True, "float32", False),
}
PAIRS = (
    ("float64", "CPU float64"),
    ("CPU float32", "CPU float64"),
    ("float32", "CPU float64"),
    ("float32 contiguous", "CPU float64"),
    ("float32 again", "float32"),
)


def proxies(scope: Scope) -> dict:
    """By space and proxy: how far the scores of two runs are from each other, for the pairs of PAIRS.

    The largest relative difference, and in brackets Kendall's tau where it is not 1; "n / m" where m architectures have
    a score in one of the two alone. `missing`: reasons, and how often.
    """
    n = 2 if scope.tiny else 20
    spaces = ("nb201",) if scope.tiny else FAMILIES
    tasks = {
        (name, run, start): scope.pool.submit(
            scores_of, name, start, min(start + _CHUNK, n), scope.device if there else "cpu", precision,
            channels_last=last,
        )
        for name in spaces
        for run, (there, precision, last) in RUNS.items()
        for start in range(0, n, _CHUNK)
    }  # fmt: skip
    scores: dict[tuple[str, str], list[pd.DataFrame]] = {}
    missing: dict[str, int] = {}
    for (name, run, _), task in tasks.items():
        found, errors = task.result()
        scores.setdefault((name, run), []).append(found)
        for row in errors.itertuples():
            reason = f"{name}, {run}, {row.estimator}: {row.error[:160]}"
            missing[reason] = missing.get(reason, 0) + 1
    tables = {key: wide(pd.concat(parts)).reindex(columns=list(COMPARED)) for key, parts in scores.items()}
    rows = []
    for name in spaces:
        compared = {f"{a} - {b}": differences(tables[name, a], tables[name, b]) for a, b in PAIRS}
        for proxy in COMPARED:
            row = {pair: found[proxy] for pair, found in compared.items()}
            rows.append({"space": name, "proxy": proxy, **row})
    return {"n_archs": n, "rows": rows, "missing": [{"reason": key, "n": count} for key, count in missing.items()]}


def differences(a: pd.DataFrame, b: pd.DataFrame) -> dict[str, str]:
    """By proxy the largest |a - b| / |b|, with what else there is to say."""
    a, b = a.align(b)
    found = {}
    for proxy in a:
        both = a[proxy].notna() & b[proxy].notna()
        alone = int((a[proxy].notna() ^ b[proxy].notna()).sum())
        x, y = a.loc[both, proxy].to_numpy(), b.loc[both, proxy].to_numpy()
        text = f"{(np.abs(x - y) / np.maximum(np.abs(y), np.finfo(float).tiny)).max():.0e}" if len(x) else "-"
        tau = kendall_tau(x, y) if len(x) > 1 else np.nan
        text += f" ({tau:.3f})" if tau < 0.9995 else ""
        found[proxy] = text + (f" {len(x)} / {alone}" if alone else "")
    return found


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
