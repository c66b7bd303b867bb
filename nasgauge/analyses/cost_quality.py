"""Quality–cost trade-off."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, GREEN, VERMILION, legend_below, say, tidy
from nasgauge.analyses.toolkit.front_names import write_names
from nasgauge.analyses.toolkit.vectors import TRUTH_NAME, mean_truth, scores_by_seed
from nasgauge.analyses.trend import direction, judged
from nasgauge.core.rounding import steady
from nasgauge.criteria import BoundCriterion, CriterionSpec, resolve_all
from nasgauge.search import levels_of
from nasgauge.spaces import Space

COST_CRITERIA: tuple[CriterionSpec, ...] = (
    "kendall_tau",
    {"name": "precision_at_top", "fraction": 0.05},
    {"name": "regret_at", "count": 10},
)
_SECONDS = ("total_seconds", "score_seconds", "fit_seconds", "truth_seconds", "other_seconds")
_SPENT = (*_SECONDS, "n_trained", "n_scored", "share_of_truth", "truth_total_seconds", "pays_for")
_COLUMNS = (
    *("estimator", "criterion", "at", "value", "low", "high"),
    *(*_SPENT, "on_front", "n", "n_seeds", "panel"),
)
_MARKS = {"scoring": (BLUE, "o"), "training weights": (VERMILION, "s"), "trained architectures": (GREEN, "^")}
_UNITS = (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86400.0), ("d", np.inf))


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    expenses: pd.DataFrame,
    criteria: Iterable[CriterionSpec] = COST_CRITERIA,
) -> pd.DataFrame:
    """Every criterion of every estimator with its cost in seconds, and whether it is on the Pareto front.

    value = mean over seeds of criterion(scores of the seed, mean truth); low, high = minimum, maximum over seeds
    share_of_truth = total_seconds / total_seconds of training all architectures of the benchmark
    on_front: no other estimator is at least as good and costs at most as much, and is better or cheaper

    scores, truth, expenses: tables SCORES, TRUTH and EXPENSES, the latter with a row "truth" where the cost of the
    truth is known; space is not used. Better is as in `direction`; values and costs equal in 12 digits are
    equal, and equal estimators are on the front together. An estimator with an undefined value or an unknown total is
    not on it and dominates none. pays_for: "trained architectures" if n_trained > 0, else "training
    weights" if fit_seconds > 0, else "scoring"; the cost of the estimators that it depends on (other_seconds) is not
    considered. truth_total_seconds: total of the row "truth". share_of_truth is NaN where a total is unknown or the
    truth cost nothing. n: architectures of the ground truth that all n_seeds seeds scored. Ranges are the criteria's;
    NaN where a criterion is undefined for one of the seeds, as one with a count of more than n architectures is.
    Estimators without a row of expenses or without a score are left out. Returns (estimator, criterion, at, value, low,
    high, total_seconds, score_seconds, fit_seconds, truth_seconds, other_seconds, n_trained, n_scored, share_of_truth,
    truth_total_seconds, pays_for, on_front, n, n_seeds, panel) by criterion, cost and name, unknown totals last; empty
    where nothing is scored. UserError: criteria that do not exist, an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> rows = {"estimator": list("xxxyyy"), "arch": list("abcabc"), "seed": 0}
    >>> spent = {"n_scored": 3, "score_seconds": [1.0, 2.0, 0.0], "fit_seconds": [0.0, 7.0, 0.0]}
    >>> spent |= {"n_trained": 0, "truth_seconds": 0.0, "other_seconds": 0.0, "total_seconds": [1.0, 9.0, 36.0]}
    >>> spent = pd.DataFrame({"estimator": ["x", "y", "truth"], **spent})
    >>> rows = pd.DataFrame({**rows, "score": [1.0, 3.0, 2.0, 1.0, 2.0, 3.0]})
    >>> table = compute(rows, truth, expenses=spent, criteria=["kendall_tau"])
    >>> table[["estimator", "value", "share_of_truth", "pays_for", "on_front"]].round(4).values.tolist()
    [['x', 0.3333, 0.0278, 'scoring', True], ['y', 1.0, 0.25, 'training weights', True]]

    Reference: ning2021evaluating (the criteria); deb2002nsga2 (the front).
    """
    requested = resolve_all(criteria)
    accuracy = mean_truth(truth).sort_index()
    spent = _spent(expenses)
    known = scores[scores["estimator"].isin({*spent.index, TRUTH_NAME})]
    found: list[list[dict[str, object]]] = [[] for _ in requested]
    for name, table in scores_by_seed(known).items():
        by_seed = table.reindex(accuracy.index).sort_index(axis=1).to_numpy("float64")
        kept = ~np.isnan(by_seed).any(axis=1)
        pairs = [(score, accuracy.to_numpy()[kept]) for score in by_seed[kept].T]
        if kept.any():
            defined = [replace(c, function=_undefined) if c.at > kept.sum() else c for c in requested]
            for rows, row in zip(found, judged(pairs, defined), strict=True):
                rows.append({"estimator": name, **row, **spent.loc[name]})
    parts = [_with_front(rows, criterion) for rows, criterion in zip(found, requested, strict=True) if rows]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion over the cost: points and ranges over seeds, the front as a step line, names of its members.

    Filled points are on the front. The line starts at the left edge where a member of the front costs nothing, and
    ends at the cost of the ground truth. A cost component without a member of the front has the name of its best.
    """
    cost, value = table["total_seconds"], table["value"]
    shown = table[(cost > 0) & value.notna()].sort_values(["total_seconds", "estimator"], ignore_index=True)
    counts = {
        "without cost": int((cost == 0).sum()),
        "of unknown cost": int(cost.isna().sum()),
        "without a value": int(((cost > 0) & value.isna()).sum()),
    }
    left_out = ", ".join(f"{n} {why}" for why, n in counts.items() if n)
    if shown.empty:
        say(ax, "no estimator has a cost and a value" + (f"\n({left_out})" if left_out else ""))
        return
    of_truth = table["truth_total_seconds"].iloc[:1].loc[lambda seconds: seconds > 0].tolist()
    _time_axis(ax, [*shown["total_seconds"], *of_truth])
    _draw_points(ax, shown)
    front = table[table["on_front"]].sort_values("total_seconds")
    start, end = ax.get_xlim()
    x, y = front["total_seconds"].clip(lower=start).to_numpy(), front["value"].to_numpy()
    line = np.column_stack([np.append(x, max([x[-1], *(of_truth or [end])])), np.append(y, y[-1])])
    ax.plot(*line.T, drawstyle="steps-post", color="0.35", linewidth=1, zorder=1, label="Pareto front")
    better = direction(table["criterion"].iloc[0])
    upwards = -1 if better.startswith("lower") else 1
    ax.set_ylabel(better)
    ax.margins(y=0.1)
    for seconds in of_truth:
        ax.axvline(seconds, color="0.35", linewidth=1, linestyle=(0, (4, 2)), zorder=0)
        # At the worse end, far from where the front meets the line.
        at = {"xy": (seconds, upwards < 0), "va": "top" if upwards < 0 else "bottom", "xytext": (-3, 4 * upwards)}
        at |= {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points"}
        ax.annotate("training all architectures", rotation=90, ha="right", color="0.35", fontsize=7, **at)
    write_names(ax, shown, line, upwards, {kind: colour for kind, (colour, _) in _MARKS.items()})
    legend_below(ax, "main cost component" + (f" (omitted: {left_out})" if left_out else ""))
    tidy(ax)


def _spent(expenses: pd.DataFrame) -> pd.DataFrame:
    """The columns of _SPENT by estimator, without the truth."""
    by_name = expenses.set_index("estimator")
    seconds = by_name[list(_SECONDS)].astype("float64")
    truth_total = seconds["total_seconds"].get(TRUTH_NAME, np.nan)
    kinds = np.where(by_name["n_trained"] > 0, 2, np.where(by_name["fit_seconds"] > 0, 1, 0))
    spent = by_name.assign(
        **seconds,
        share_of_truth=seconds["total_seconds"] / truth_total if truth_total > 0 else np.nan,
        truth_total_seconds=truth_total,
        pays_for=np.array(list(_MARKS))[kinds],
    )
    return spent[list(_SPENT)].drop(index=TRUTH_NAME, errors="ignore")


def _undefined(score: np.ndarray, truth: np.ndarray, **options: object) -> float:
    return float("nan")


def _with_front(rows: list[dict[str, object]], criterion: BoundCriterion) -> pd.DataFrame:
    """The rows of one criterion by cost and name, with the column on_front."""
    table = pd.DataFrame(rows).sort_values(["total_seconds", "estimator"], ignore_index=True)
    known = table["total_seconds"].notna() & table["value"].notna()
    worth = table["value"] * (-1 if criterion.better == "lower" else 1)
    on_front = np.zeros(len(table), dtype=bool)
    cost, worth = (steady(column[known].to_numpy("float64")) for column in (table["total_seconds"], worth))
    on_front[known] = levels_of(cost, worth) == 1
    return table.assign(on_front=on_front)[list(_COLUMNS)]


def _time_axis(ax, seconds: Sequence[float]) -> None:
    """A logarithmic axis around these seconds, a decade at least, with ticks that a person reads."""
    low, high = np.log10(min(seconds)), np.log10(max(seconds))
    margin = max(0.06 * (high - low), (1.2 - (high - low)) / 2)
    limits = 10 ** (low - margin), 10 ** (high + margin)
    ax.set_xscale("log")
    ax.set_xlim(*limits)
    ticks = _time_ticks(*limits)
    ax.set_xticks(list(ticks.values()), list(ticks))
    ax.minorticks_off()
    ax.set_xlabel("total time of training and scoring")


def _time_ticks(low: float, high: float, most: int = 8) -> dict[str, float]:
    """Round times between low and high, as label -> seconds: the finest of three series with at most `most` of them.

    >>> list(_time_ticks(0.05, 1e6)), list(_time_ticks(20.0, 400.0))
    (['100 ms', '1 s', '10 s', '1 min', '10 min', '1 h', '1 d', '10 d'], ['20 s', '1 min', '2 min', '5 min'])
    """
    tens = [10**k for k in range(12)]
    fine = [t * m for t in tens for m in (1, 2, 5)]
    for factors, gap in ((fine, 2), (tens, 4), (tens[::3], 20)):
        ticks = {
            f"{factor:,} {unit}": factor * seconds
            for (unit, seconds), (_, following) in pairwise(_UNITS)
            for factor in factors
            if low <= factor * seconds <= high and (factor == 1 or gap * factor * seconds <= following)
        }
        if len(ticks) <= most:
            break
    return ticks


def _draw_points(ax, shown: pd.DataFrame) -> None:
    for pays_for, (colour, marker) in _MARKS.items():
        rows = shown[shown["pays_for"] == pays_for]
        ax.vlines(rows["total_seconds"], rows["low"], rows["high"], color=colour, linewidth=2.5, alpha=0.25)
        for on_front, part in rows.groupby("on_front"):
            style = {"markeredgecolor": colour, "markerfacecolor": colour if on_front else "white", "zorder": 3}
            ax.plot(part["total_seconds"], part["value"], marker, markersize=5.5 if on_front else 4, **style)
        if len(rows):
            ax.plot([], [], marker, color=colour, markersize=5, label=pays_for)


ANALYSIS = Analysis(
    name="cost_quality",
    question="Which quality is attainable at which cost?",
    paper_finding=(
        "Ning et al. (2021, App. D and Table A9) report no cost per estimator, only that all experiments took about "
        "300 GPU days; on NAS-Bench-201 a supernet reaches a tau of .766, and the best zero-shot estimator, which "
        "trains nothing, .611."
    ),
    section="cost",
    caption=(
        "Filled points: estimators on the Pareto front, at most ten of them named; a cost component without one has "
        "its best estimator named in grey. Bars: range over seeds. Line: best value at or below a cost. Costs include "
        "training sets."
    ),
    needs=("expenses",),
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(5.0, 4.0),
    upwards="criterion",
)
