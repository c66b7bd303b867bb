"""Seed variance: how well do the seeds of an estimator agree, and does averaging their scores help?"""

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import LINES, N_LINES, legend_below, plain, say, tidy
from nasgauge.analyses.toolkit.vectors import mean_truth, scores_by_seed
from nasgauge.analyses.trend import placed, spread
from nasgauge.core.errors import UserError
from nasgauge.core.rounding import steady
from nasgauge.criteria import kendall_tau
from nasgauge.spaces import Space

_COLUMNS = (
    *("estimator", "n_averaged", "kendall_tau", "low", "high", "n_combinations"),
    *("agreement", "agreement_low", "agreement_high", "n_seeds", "n", "place"),
)


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, n_combinations: int = 200
) -> pd.DataFrame:
    """Kendall's tau-b with the ground truth of scores averaged over 1, 2, ... seeds, and agreement between the seeds.

    kendall_tau(m) = mean over sets of m seeds of tau(mean score of the set, mean truth); agreement = mean over pairs of
    seeds of tau(scores of one, scores of the other)

    scores, truth: tables SCORES and TRUTH; space is not used. The sets of m seeds are all there are, or, where these
    are more than n_combinations, the n_seeds runs of m neighbouring seeds in a circle. low, high: minimum and maximum
    tau over the sets; agreement_low, agreement_high: over the pairs. n: architectures of the ground truth that all
    seeds scored. Mean scores equal in 12 digits are tied. Range [-1, 1], higher is better; NaN where a seed's scores or
    the truth are constant. Estimators with one seed are omitted. Returns (estimator, n_averaged, kendall_tau, low,
    high, n_combinations, agreement, agreement_low, agreement_high, n_seeds, n, place). UserError: n_combinations < 1,
    an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> rows = {"estimator": "net", "arch": list("abcabc"), "seed": [0] * 3 + [1] * 3}
    >>> table = compute(pd.DataFrame({**rows, "score": [1.0, 3.0, 2.0, 2.0, 1.0, 4.0]}), truth)
    >>> table[["n_averaged", "kendall_tau", "low", "high", "agreement"]].round(4).values.tolist()
    [[1.0, 0.3333, 0.3333, 0.3333, -0.3333], [2.0, 1.0, 1.0, 1.0, -0.3333]]

    Reference: ning2021evaluating, Sec. 5.3.
    """
    if n_combinations < 1:
        raise UserError(f"seeds: n_combinations is {n_combinations}; at least one set of seeds is needed")
    accuracy = mean_truth(truth).sort_index()
    rows = []
    for name, table in scores_by_seed(scores).items():
        by_seed = table.reindex(accuracy.index).sort_index(axis=1).to_numpy("float64")
        kept = ~np.isnan(by_seed).any(axis=1)
        n_seeds = by_seed.shape[1]
        if n_seeds < 2 or not kept.any():
            continue
        by_seed, true = by_seed[kept], accuracy.to_numpy()[kept]
        between = spread([kendall_tau(a, b) for a, b in combinations(by_seed.T, 2)])
        fixed = {"agreement": between["value"], "agreement_low": between["low"], "agreement_high": between["high"]}
        fixed |= {"n_seeds": n_seeds, "n": int(kept.sum())}
        for m in range(1, n_seeds + 1):
            sets = _sets(n_seeds, m, n_combinations)
            tau = spread([kendall_tau(steady(by_seed[:, chosen].mean(axis=1)), true) for chosen in sets])
            found = {"kendall_tau": tau["value"], "low": tau["low"], "high": tau["high"], "n_combinations": len(sets)}
            rows.append({"estimator": name, "n_averaged": m, **found, **fixed})
    return placed(rows, _COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Tau over the number of averaged seeds, bars: range over sets; the agreement in the legend."""
    if table.empty:
        say(ax, "no estimator has two seeds")
        return
    parts = [rows for _, rows in table.groupby("place")]
    shown = parts[:N_LINES]
    for i, rows in enumerate(shown):
        first = rows.iloc[0]
        line = LINES[i]
        x = rows["n_averaged"] + 0.05 * (i - (len(shown) - 1) / 2)  # side by side, so that no bar hides another
        ax.vlines(x, rows["low"], rows["high"], color=line.colour, linewidth=3, alpha=0.3)
        agreement = "–" if np.isnan(first["agreement"]) else f"{first['agreement']:.2f}".replace("-", "−")
        label = f"{plain(first['estimator'], limit=26)}: {agreement}"
        style = {"color": line.colour, "linestyle": line.dash, "marker": line.marker, "linewidth": 1.2}
        ax.plot(x, rows["kendall_tau"], label=label, markersize=4, markeredgewidth=0, **style)
    ax.set_xticks(range(1, int(table["n_averaged"].max()) + 1))
    ax.set_xlim(0.5, table["n_averaged"].max() + 0.5)
    ax.set_xlabel("averaged seeds")
    ax.set_ylabel("Kendall's tau-b with the ground truth")
    left_out = f" (best {N_LINES} of {len(parts)} estimators)" if len(parts) > N_LINES else ""
    legend_below(ax, f"agreement between two seeds{left_out}")
    tidy(ax)


def _sets(n_seeds: int, m: int, limit: int) -> list[Sequence[int]]:
    """Sets of m of the seeds: all, or, if they exceed the limit, the runs around a circle, each seed in m of them."""
    if comb(n_seeds, m) <= limit:
        return [list(chosen) for chosen in combinations(range(n_seeds), m)]
    return [[(start + i) % n_seeds for i in range(m)] for start in range(n_seeds)]


ANALYSIS = Analysis(
    name="seeds",
    question="How large is the seed variance, and does averaging scores over seeds help?",
    figure="Fig. 7",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.3 and 6.1) find that the mean score of several supernets ranks more stably than "
        "that of one."
    ),
    section="stability",
    caption=(
        "Kendall's tau-b with the ground truth of scores averaged over seeds; bars: range over sets of seeds. Legend: "
        "agreement between two seeds."
    ),
    compute=compute,
    draw=draw,
    size=(4.4, 3.6),
    upwards="kendall_tau",
)
