"""How reliable is the ground truth?"""

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, tidy
from nasgauge.analyses.toolkit.vectors import is_among, readable
from nasgauge.core.errors import UserError
from nasgauge.core.rounding import steady
from nasgauge.core.tables import SCORES, TRUTH
from nasgauge.criteria import kendall_tau
from nasgauge.spaces import Space

_COLUMNS = ("n_seeds_per_half", "kendall_tau", "lower", "upper", "n_splits", "n")


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    n_splits: int = 60,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Split-half reliability of the ground truth: means of h trainings against means of h others, for h = 1, 2, ...

    kendall_tau(h) = mean over splits of kendall_tau(mean of h trainings, mean of h other trainings)

    truth: table TRUTH. scores: table SCORES, for the set of architectures; None: all. space is not used. One row per h
    up to half the maximum number of trainings per architecture, over the n architectures with at least 2 h trainings.
    Where all of these share their seeds, the splits are all pairs of disjoint sets of h seeds, or n_splits drawn ones
    of them; where they differ, each architecture's trainings are divided at random n_splits times. lower, upper:
    minimum and maximum tau over the splits. Means equal in 12 digits are tied. Returns (n_seeds_per_half, kendall_tau,
    lower, upper, n_splits, n), empty where fewer than two architectures were trained twice. NaN where the accuracies
    are constant. Range [-1, 1], higher is better. UserError: n_splits < 1.

    >>> truth = pd.DataFrame({"arch": list("aabbcc"), "seed": [0, 1] * 3, "accuracy": [.70, .71, .80, .82, .81, .79]})
    >>> compute(None, truth, rng=np.random.default_rng(0)).round(4).values.tolist()
    [[1.0, 0.3333, 0.3333, 0.3333, 1.0, 3.0]]

    Reference: spearman1910 (split-half reliability).
    """
    if n_splits < 1:
        raise UserError(f"reliability: n_splits is {n_splits}; at least one split is needed")
    truth = readable(truth, TRUTH, "arch", "seed", "accuracy")
    if scores is not None:
        scores = readable(scores, SCORES, "arch")
        truth = truth[is_among(truth["arch"], scores["arch"])]
    # A pivot sorts, so the splits do not depend on the order of rows.
    wide = truth.pivot(index="arch", columns="seed", values="accuracy").to_numpy(dtype="float64")
    n_trainings = (~np.isnan(wide)).sum(axis=1)
    rows = []
    for h in range(1, int(n_trainings.max(initial=0)) // 2 + 1):
        part = wide[n_trainings >= 2 * h]
        if len(part) < 2:
            break
        taus = [kendall_tau(first, second) for first, second in _halves(part, h, n_splits, rng)]
        rows.append((h, np.mean(taus), np.min(taus), np.max(taus), len(taus), len(part)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Tau over the number of trainings in each half, with the range over the splits."""
    if table.empty:
        ax.text(0.5, 0.5, "one training per architecture", ha="center", va="center", transform=ax.transAxes)
        ax.set_axis_off()
        return
    h, tau = table["n_seeds_per_half"], table["kendall_tau"]
    ax.vlines(h, table["lower"], table["upper"], color=BLUE, linewidth=5, alpha=0.25)
    ax.plot(h, tau, "o-", color=BLUE, linewidth=1.5, markersize=5)
    for x, y in zip(h, tau, strict=True):
        if not np.isnan(y):
            ax.annotate(f"{y:.2f}", (x, y), xytext=(9, -3), textcoords="offset points", color="0.2")
    ax.set_xticks(list(h))
    ax.set_xlim(0.6, h.max() + 0.6)
    ax.set_xlabel("trainings per half")
    ax.set_ylabel("Kendall's tau-b between the halves")
    tidy(ax)


def _halves(
    wide: np.ndarray, h: int, n_splits: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mean accuracies (n_archs,) of two disjoint sets of h trainings, split after split."""
    present = ~np.isnan(wide)
    if (present == present[0]).all():
        columns = wide[:, present[0]]
        for first, second in _seed_splits(columns.shape[1], h, n_splits, rng):
            yield steady(columns[:, first].mean(axis=1)), steady(columns[:, second].mean(axis=1))
        return
    for _ in range(n_splits):
        order = np.where(present, rng.random(wide.shape), np.inf).argsort(axis=1)
        shuffled = np.take_along_axis(wide, order, axis=1)
        yield steady(shuffled[:, :h].mean(axis=1)), steady(shuffled[:, h : 2 * h].mean(axis=1))


def _seed_splits(n_seeds: int, h: int, n_splits: int, rng: np.random.Generator) -> list[tuple[list[int], list[int]]]:
    """Unordered pairs of disjoint sets of h seeds: all of them, or n_splits different ones drawn at random."""
    if comb(n_seeds, h) * comb(n_seeds - h, h) // 2 > n_splits:
        drawn: dict[tuple[tuple[int, ...], tuple[int, ...]], None] = {}
        while len(drawn) < n_splits:
            seeds = rng.permutation(n_seeds)[: 2 * h].tolist()
            first, second = sorted((tuple(sorted(seeds[:h])), tuple(sorted(seeds[h:]))))
            drawn[first, second] = None
        return [(list(first), list(second)) for first, second in drawn]
    pairs = []
    for first in combinations(range(n_seeds), h):
        rest = [
            s for s in range(n_seeds) if s not in first and s > first[0]
        ]  # the half with the smallest seed is first
        pairs += [(list(first), list(second)) for second in combinations(rest, h)]
    return pairs


def note(table: pd.DataFrame) -> str:
    """Description of the marks, where there are any."""
    return "Points: mean over splits of the seeds; bars: range." if len(table) else ""


def absence(table: pd.DataFrame, space: Space | None) -> str:
    """The reason if there are no repeated trainings."""
    return "" if len(table) else "The ground truth has one training per architecture, so its noise is unknown."


ANALYSIS = Analysis(
    name="reliability",
    question="How reliable is the ground truth?",
    paper_finding=(
        "Ning et al. (2021) do not report this for their topological search spaces; on NDS ResNet they use the 5,000 "
        "architectures that were trained with three seeds (App. D)."
    ),
    section="truth",
    always=True,
    note=note,
    absence=absence,
    random=True,
    compute=compute,
    draw=draw,
    size=(5.2, 3.2),
)
