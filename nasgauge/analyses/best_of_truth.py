"""Does the ranking hold within the top N of the ground truth?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import LINES, N_LINES, legend_below, plain, say, tidy
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.core.arguments import LIST, takes
from nasgauge.core.errors import UserError
from nasgauge.core.rounding import steady
from nasgauge.criteria import kendall_tau, kendall_tau_at_top, pearson_r, spearman_rho
from nasgauge.spaces import Space

N_BEST = (10, 25, 50, 100, 150, 250, 500)
_COLUMNS = (
    *("estimator", "n_best", "mean_score", "tau", "low", "high", "spearman", "pearson"),
    *("tau_a", "tau_a_low", "tau_a_high", "n"),
)


@takes("best_of_truth", n_best=LIST)
def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, n_best: Sequence[int] = N_BEST
) -> pd.DataFrame:
    """Mean score of the N best architectures by ground truth and Kendall's tau-b among them, for increasing N.

    A_N = mean {s_i : rank t_i <= N}, tau_N = tau_b(s, t) over the same, for N in n_best below n, and N = n
    tau_a = tau_b of the pairs (N, A_N), A_N the mean over seeds: -1 where the mean score decreases with every N

    scores, truth: tables SCORES and TRUTH; space is not used. n: architectures that the estimator scored in all its
    seeds and that the truth holds. Ties of the truth at the border of the N best: the expectation over a random choice
    among them, in A_N, and in tau_N as `criteria.kendall_tau_at_top` says; spearman and pearson are over the N best and
    all that tie with the last of them. mean_score, tau, spearman and pearson: computed per seed, means over seeds; low
    and high: minimum and maximum over seeds of tau. tau_a is one number, of the means over seeds of the A_N, as noise
    of a seed moves all its A_N together; tau_a_low, tau_a_high: minimum and maximum of the tau_a of single seeds, which
    need not contain it. A_N is compared in 12 digits, and is -inf where one of the N best has that score. Returns
    (estimator, n_best, mean_score, tau, low, high, spearman, pearson, tau_a, tau_a_low, tau_a_high, n), by estimator
    and N, the tau_a equal in all rows of an estimator. NaN: a correlation where a seed's scores or the accuracies are
    constant among the N best, tau_a where the A_N are constant or n leaves a single N. Range [-1, 1]; tau_a lower, the
    others higher is better. UserError: an N below 1, an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [3.0, 4.0, 2.0, 1.0]})
    >>> compute(scores, truth, n_best=(2,))[["n_best", "mean_score", "tau", "tau_a"]].round(3).values.tolist()
    [[2.0, 3.5, -1.0, -1.0], [4.0, 2.5, 0.667, -1.0]]

    Reference: laube2021exploring, Sec. 3.4.
    """
    if any(size < 1 for size in n_best):
        raise UserError(
            f"best_of_truth: n_best {tuple(n_best)} contains a number below 1; give numbers of architectures"
        )
    accuracy = mean_truth(truth)
    rows: list[tuple[object, ...]] = []
    for name, table in sorted(scores_by_seed(scores).items()):
        table = table[is_among(table.index, accuracy.index)].sort_index()
        if len(table):
            sizes = [*sorted({int(size) for size in n_best if size < len(table)}), len(table)]
            found = _of_estimator(table.to_numpy().T, accuracy.reindex(table.index).to_numpy(), sizes)
            rows += [(name, *row, len(table)) for row in found]
    return pd.DataFrame(rows, columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Tau within the N best over N, one line for each of the eight estimators with the highest tau over all; above it
    the mean score of the N best, where scores are fractions."""
    if table["tau"].isna().all():
        say(ax, "undefined within every top N")
        return
    overall = table[table["n_best"] == table["n"]].set_index("estimator")["tau"]
    above = ax.inset_axes((0.0, 1.06, 1.0, 0.5)) if table["mean_score"].between(0, 1).all() else None
    names = sorted(overall.index, key=lambda name: (np.isnan(overall[name]), -overall[name], name))
    shown = names[:N_LINES]
    for i, (name, line) in enumerate(zip(shown, LINES, strict=False)):
        rows = table[table["estimator"] == name].sort_values("n_best")
        tau_a = rows["tau_a"].iloc[0]
        digits = "–" if np.isnan(tau_a) else f"{round(tau_a, 2) + 0.0:.2f}".replace("-", "−")
        size = rows["n_best"] * 1.02 ** (i - len(shown) / 2)  # side by side, so that no range hides another
        ax.vlines(size, rows["low"], rows["high"], color=line.colour, linewidth=1.8, alpha=0.35)
        style = {"color": line.colour, "linestyle": line.dash, "marker": line.marker, "markersize": 4, "linewidth": 1.3}
        if above is not None:
            above.plot(size, rows["mean_score"], markeredgewidth=0, **style)
        ax.plot(size, rows["tau"], label=f"{digits}  {plain(name, 28)}", markeredgewidth=0, **style)
    ax.axhline(0, color="0.35", linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
    _mark_sizes(table[table["estimator"].isin(shown)], ax)
    ax.set(xlabel="N (top N by ground truth)", ylabel="Kendall's tau-b within the top N")
    cut = f"the best {len(shown)} of {len(names)} estimators" if len(names) > len(shown) else "estimator"
    legend_below(ax, f"τₐ and {cut}")
    tidy(ax)
    if above is not None:
        above.set(xscale="log", xlim=ax.get_xlim(), ylabel="mean score")
        above.tick_params(axis="x", which="both", labelbottom=False, length=0)
        tidy(above)


def _of_estimator(score: np.ndarray, truth: np.ndarray, sizes: list[int]) -> list[tuple[float, ...]]:
    """For each N the columns n_best to tau_a_high; score (n_seeds, n), truth (n,)."""
    weight = np.array([share_among_best(truth, size) / size for size in sizes])  # (n_sizes, n)
    worst = np.isneginf(score)
    mean = np.where(worst, 0.0, score) @ weight.T  # (n_seeds, n_sizes)
    mean[worst @ weight.T > 0] = -np.inf
    of_seeds = np.array([kendall_tau(steady(of_seed), sizes) for of_seed in mean])
    tau_a = (kendall_tau(steady(mean.mean(axis=0)), sizes), of_seeds.min(), of_seeds.max())
    rows = []
    for i, size in enumerate(sizes):
        top = weight[i] > 0
        tau = np.array([kendall_tau_at_top(of_seed[top], truth[top], count=size) for of_seed in score])
        others = [np.mean([rho(of_seed[top], truth[top]) for of_seed in score]) for rho in (spearman_rho, pearson_r)]
        rows.append((size, mean[:, i].mean(), tau.mean(), tau.min(), tau.max(), *others, *tau_a))
    return rows


def share_among_best(truth: np.ndarray, size: int) -> np.ndarray:
    """Probability of each architecture to be among the `size` best: 1 above the border, equal shares at it."""
    border = np.sort(truth)[-size]
    above, tied = truth > border, truth == border
    return above + tied * (size - above.sum()) / tied.sum()


def _mark_sizes(table: pd.DataFrame, ax) -> None:
    """A logarithmic axis whose ticks are the N; one that would run into the next larger is left out."""
    every = sorted(table["n_best"].unique())
    sizes = [size for size, after in zip(every, [*every[1:], np.inf], strict=True) if after >= 1.3 * size]
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"all {size:,}" if size == every[-1] else f"{size:,}" for size in sizes])
    ax.minorticks_off()


ANALYSIS = Analysis(
    name="best_of_truth",
    question="Does the ranking hold within the top N?",
    paper_finding=(
        "Laube and Zell (2021, Sec. 4.1 and Fig. 4) find a mean score that hardly depends on the "
        "accuracy of the architectures (τₐ = .07) for a small supernet on all of NAS-Bench-201, and −.93 without the "
        "zero operation; outside limited spaces no tau within the best is high (Sec. 5)."
    ),
    section="search",
    caption=(
        "Kendall's tau-b within the N best architectures by ground truth, bars: range over seeds; above it their mean "
        "score. τₐ: Kendall's tau between N and the mean score over all seeds, ideally −1."
    ),
    compute=compute,
    draw=draw,
    size=(4.4, 5.0),
)
