"""Does a predictor fitted to the scores of another estimator rank better than these scores?"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from nasgauge.analyses.learning_curve import LEARNING_CRITERIA, kind_lines, kind_places, left_out, mark_sizes
from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import draw_line, legend_below, say, tidy
from nasgauge.analyses.toolkit.vectors import mean_truth, scores_by_seed
from nasgauge.analyses.trend import direction, spread, title
from nasgauge.core.rounding import steady
from nasgauge.criteria import BoundCriterion, CriterionSpec, resolve_all
from nasgauge.spaces import Space

_COLUMNS = (
    *("kind", "signal", "n_seen", "criterion", "at", "signal_value", "value", "low", "high"),
    *("n_better", "n_runs", "n", "panel", "place"),
)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    lessons: pd.DataFrame,
    criteria: Iterable[CriterionSpec] = LEARNING_CRITERIA,
) -> pd.DataFrame:
    """Every criterion of predictors fitted to the scores of another estimator, and of these scores.

    signal_value = criterion(mean score of the signal over its seeds, mean truth)
    value = mean over runs (draws and seeds) of criterion(scores of the predictor, mean truth); low, high its range
    n_better = runs in which the predictor is better than the signal

    scores, truth, lessons: tables SCORES, TRUTH and LESSONS; space is not used. Both values of a run are over the
    architectures of the ground truth that the predictor and the signal scored, whose minimum number is n; signal_value
    is the mean over runs, which differ where predictors scored others. n_seen: size of the training set of a run. Equal
    values, and undefined ones, are not better. Directions and ranges are the criteria's; NaN where one of the runs is
    undefined. Returns (kind, signal, n_seen, criterion, at, signal_value, value, low, high, n_better, n_runs, n, panel,
    place) in the order of place, see `kind_places`, and n_seen; empty where no predictor was fitted to scores.
    UserError: criteria that do not exist, an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> rows = {"estimator": ["shot"] * 3 + ["pupil"] * 3, "arch": list("abcabc"), "seed": 0}
    >>> rows = pd.DataFrame({**rows, "score": [1.0, 3, 2, 1, 2, 3]})
    >>> lessons = {"estimator": "pupil", "kind": "mlp on shot", "signal": "shot", "draw": 0, "seed": 0, "stage": 0}
    >>> lessons = pd.DataFrame({**lessons, "arch": list("ab")})
    >>> table = compute(rows, truth, lessons=lessons, criteria=["kendall_tau"])
    >>> table[["signal_value", "value", "n_better", "n_runs", "n"]].round(4).values.tolist()
    [[0.3333, 1.0, 1.0, 1.0, 3.0]]

    Reference: ning2020surgery, Sec. A.3.
    """
    requested = resolve_all(criteria)
    accuracy = mean_truth(truth).sort_index()
    fitted = lessons[lessons["signal"] != ""]
    known = scores[scores["estimator"].isin({*fitted["estimator"], *fitted["signal"]})]
    tables = {name: table.reindex(accuracy.index) for name, table in scores_by_seed(known).items()}
    runs = fitted.groupby(["kind", "signal", "estimator", "seed"]).size().rename("n_seen").reset_index()
    place = kind_places(fitted, scores, truth) if len(fitted) else {}
    rows: list[dict[str, object]] = []
    for (kind, signal, n_seen), group in runs.groupby(["kind", "signal", "n_seen"]):
        pairs = [
            (table[seed].to_numpy(), steady(tables[signal].mean(axis=1, skipna=False).to_numpy()))
            for name, seed in zip(group["estimator"], group["seed"], strict=True)
            if signal in tables and (table := tables.get(name)) is not None and seed in table
        ]
        for criterion in requested if pairs else ():
            key = {"kind": kind, "signal": signal, "n_seen": n_seen, "criterion": criterion.name, "at": criterion.at}
            found = _of_runs(pairs, accuracy.to_numpy(), criterion)
            rows.append({**key, **found, "panel": title(criterion), "place": place[str(kind)]})
    return pd.DataFrame(rows, columns=list(_COLUMNS)).sort_values("place", kind="stable", ignore_index=True)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion over the size of the training set, one line per kind; dashed in its colour: the signal."""
    if table.empty:
        say(ax, "no predictor was fitted to scores")
        return
    for kind, rows, line in kind_lines(table):
        rows = rows.sort_values("n_seen")
        if len(rows) == 1:
            ax.vlines(rows["n_seen"], rows["low"], rows["high"], color=line.colour, linewidth=3, alpha=0.3)
        draw_line(rows["n_seen"], rows, ax, line, kind)
        ax.axhline(rows["signal_value"].mean(), color=line.colour, linewidth=1, linestyle=(0, (2, 2)))
    mark_sizes(np.unique(table["n_seen"]), ax)
    ax.set_xlabel("training architectures")
    ax.set_ylabel(direction(table["criterion"].iloc[0]))
    legend_below(ax, left_out(table) or "dashed: the scores it was fitted to")
    tidy(ax)


def _of_runs(
    pairs: list[tuple[np.ndarray, np.ndarray]], accuracy: np.ndarray, criterion: BoundCriterion
) -> dict[str, object]:
    """signal_value, value, low, high, n_better, n_runs, n over the runs' (scores, signal), each with NaN for none."""
    sign = -1 if criterion.better == "lower" else 1
    own, signals, counts = [], [], []
    for score, signal in pairs:
        kept = ~np.isnan(score) & ~np.isnan(signal)
        counts.append(int(kept.sum()))
        own.append(criterion(score[kept], accuracy[kept]))
        signals.append(criterion(signal[kept], accuracy[kept]))
    n_better = sum(sign * a > sign * b for a, b in zip(own, signals, strict=True))
    found = {"signal_value": float(np.mean(signals)), **spread(own)}
    return {**found, "n_better": int(n_better), "n_runs": len(pairs), "n": min(counts)}


ANALYSIS = Analysis(
    name="signal_cleaning",
    question="Does a predictor fitted to the scores of another estimator rank better than these scores?",
    paper_finding=(
        "Ning et al. (2020, as submitted to ICLR 2021, App. A.3) find that GATES, fitted to the one-shot scores of "
        "78 architectures, reaches the same tau (.718 and .719) and a worse BR@1% (12.1% instead of 2.5%)."
    ),
    section="learning",
    caption=(
        "Lines: means over draws and seeds; bands: range; dashed in the same colour: the scores it was fitted to, "
        "averaged over seeds. The table contains the number of runs that are better than these scores."
    ),
    needs=("lessons",),
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(3.4, 3.2),
    upwards="criterion",
)
