"""Active learning: which architectures does a predictor acquire?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.learning_curve import kind_lines, kind_places, left_out
from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import legend_below, plain, say, tidy
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

_CHOSEN, _SPREAD, _RANK = (
    "Accuracy of the acquired architectures",
    "Standard deviation of their accuracy",
    "True rank of the best so far",
)
_PANELS = {
    "lowest_accuracy": _CHOSEN,
    "mean_accuracy": _CHOSEN,
    "highest_accuracy": _CHOSEN,
    "accuracy_std": _SPREAD,
    "best_rank_so_far": _RANK,
}
_COLUMNS = ("kind", "stage", "quantity", "value", "low", "high", "n_chosen", "n_runs", "n", "panel", "place")
_RUN = ["kind", "draw", "seed"]
_LOG_RATIO = 4  # of the maximum to the minimum shown, from which an axis is logarithmic


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, lessons: pd.DataFrame
) -> pd.DataFrame:
    """Accuracies of the architectures that a predictor acquired in each stage, and the best rank so far.

    value = mean over runs of the quantity; low, high = minimum, maximum over runs
    lowest, mean, highest_accuracy, accuracy_std (ddof = 0): of the mean true accuracies of the stage's acquisitions
    best_rank_so_far = min {rank t_i : i acquired in this stage or before}, rank 1 the best of all n of the truth

    truth, lessons: tables TRUTH, LESSONS; scores (table SCORES) decide only `place`, see `kind_places`; space is not
    used. A run is a kind, a draw and a seed; its acquisitions are those of the estimator with the largest training
    set (the first by name among equals), as the others of the run repeat its early stages. Runs with one stage acquired
    nothing and are omitted. Stage 0 is the random initial training set. Tied accuracies share their minimum rank.
    n_chosen: architectures acquired in the stage, the minimum where runs differ; n_runs: runs that reached it; n:
    architectures of the ground truth. Accuracies lie in [0, 1], ranks in [1, n]; the standard deviation of a single
    acquisition is 0. Returns (kind, stage, quantity, value, low, high, n_chosen, n_runs, n, panel, place) in the order
    of place, quantity and stage; empty where no run has two stages. UserError: a training architecture without ground
    truth, a predictor called "truth".

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.5, 0.7, 0.8, 0.9]})
    >>> lessons = {"estimator": "net", "kind": "mlp", "draw": 0, "seed": 0, "stage": [0, 0, 1], "arch": list("abc")}
    >>> no_scores = pd.DataFrame({"estimator": [], "arch": [], "seed": [], "score": []})
    >>> table = compute(no_scores, truth, lessons=pd.DataFrame(lessons))
    >>> table.loc[table["quantity"] == "best_rank_so_far", ["stage", "value", "n_chosen", "n"]].values.tolist()
    [[0.0, 3.0, 2.0, 4.0], [1.0, 2.0, 1.0, 4.0]]

    Reference: ning2020surgery, Table A2 and Fig. 5.
    """
    accuracy = mean_truth(truth)
    chosen = _of_runs(lessons).sort_values("arch")
    absent = chosen.loc[~is_among(chosen["arch"], accuracy.index), "arch"].unique()
    if len(absent):
        raise UserError(
            f"stage_choices: the training sets contain {len(absent)} architectures without ground truth, "
            f"{absent[0]!r} the first; give the ground truth of all training architectures"
        )
    each = _of_stages(chosen, accuracy)
    place = kind_places(lessons, scores, truth)
    parts = []
    for order, (quantity, panel) in enumerate(_PANELS.items()):
        by = each.groupby(["kind", "stage"])
        found = by[quantity].agg(value="mean", low="min", high="max", n_runs="size").astype({"n_runs": "int64"})
        found = found.assign(n_chosen=by["n_chosen"].min()).reset_index()
        parts.append(found.assign(quantity=quantity, panel=panel, n=len(accuracy), order=order))
    table = pd.concat(parts, ignore_index=True)
    table["place"] = table["kind"].map(place).astype("int64")
    return table.sort_values(["place", "order", "stage"], ignore_index=True)[list(_COLUMNS)]


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One quantity over the stages, one line per kind; bars: best to worst acquisition, or range over runs."""
    if table.empty:
        say(ax, "no predictor used active learning")
        return
    panel = table["panel"].iloc[0]
    shown = kind_lines(table)
    reach = []
    for i, (kind, rows, line) in enumerate(shown):
        bars = _bars(rows, panel)
        reach += [bars["low"].min(), bars["high"].max()]
        x = bars.index + min(0.09, 0.6 / len(shown)) * (i - (len(shown) - 1) / 2)  # side by side: no bar hides another
        ax.vlines(x, bars["low"], bars["high"], color=line.colour, linewidth=2.6, alpha=0.3)
        style = {"color": line.colour, "linestyle": line.dash, "marker": line.marker, "markersize": 4, "linewidth": 1.2}
        ax.plot(x, bars["value"], label=plain(kind, limit=30), markeredgewidth=0, **style)
    if panel == _RANK:
        reach += [1, 10]
    _upright(min(reach), max(reach), ax)
    ax.set_ylabel(
        {
            _CHOSEN: "1 − accuracy, lower is better ↓",
            _SPREAD: "standard deviation of accuracy",
            _RANK: f"rank among {table['n'].iloc[0]:,}, lower is better ↓",
        }[panel]
    )
    stages = np.unique(table["stage"])
    ax.set_xticks(stages) if len(stages) <= 12 else ax.locator_params(axis="x", integer=True)
    ax.set_xlim(stages[0] - 0.5, stages[-1] + 0.5)
    ax.set_xlabel("stage (0: initial random sample)" if stages[0] == 0 else "stage")
    legend_below(ax, left_out(table))
    tidy(ax)


def _of_runs(lessons: pd.DataFrame) -> pd.DataFrame:
    """The training set of every run with two stages or more."""
    found = lessons.groupby([*_RUN, "estimator"]).agg(n_stages=("stage", "nunique"), n=("arch", "size")).reset_index()
    longest = found.sort_values(["n", "estimator"], ascending=[False, True]).drop_duplicates(_RUN)
    return lessons.merge(longest.loc[longest["n_stages"] > 1, [*_RUN, "estimator"]])


def _of_stages(chosen: pd.DataFrame, accuracy: pd.Series) -> pd.DataFrame:
    """One row per run and stage: the quantities and n_chosen."""
    rank = accuracy.rank(ascending=False, method="min")
    position = accuracy.index.get_indexer(chosen["arch"])
    known = chosen.assign(accuracy=accuracy.to_numpy()[position], rank=rank.to_numpy()[position])
    by = known.groupby([*_RUN, "stage"])
    low, high, std = by["accuracy"].min(), by["accuracy"].max(), by["accuracy"].std(ddof=0)
    found = {"lowest_accuracy": low, "mean_accuracy": by["accuracy"].mean(), "highest_accuracy": high}
    found |= {"accuracy_std": std.where(low < high, 0.0), "n_chosen": by.size()}  # equal ones: no rounding
    best = by["rank"].min().groupby(level=_RUN).cummin()
    return pd.DataFrame({**found, "best_rank_so_far": best}).reset_index()


def _bars(rows: pd.DataFrame, panel: str) -> pd.DataFrame:
    """(value, low, high) by stage; for accuracies the errors of the mean, the best and the worst acquisition."""
    if panel != _CHOSEN:
        return rows.set_index("stage")[["value", "low", "high"]].sort_index()
    error = 1 - rows.pivot(index="stage", columns="quantity", values="value")
    names = {"mean_accuracy": "value", "highest_accuracy": "low", "lowest_accuracy": "high"}
    return error.rename(columns=names)[["value", "low", "high"]]


def _upright(low: float, high: float, ax) -> None:
    """The vertical axis: logarithmic, numbers written out, where all is positive and spans a factor of 4 or more."""
    if low <= 0 or high < _LOG_RATIO * low:
        return
    ax.set_yscale("log")
    bottom, top = low / 1.2, high * 1.2
    ax.set_ylim(bottom, top)
    digits = (1, 2, 3, 5, 7) if high < 10 * low else (1, 2, 5) if high < 100 * low else (1,)
    decades = range(int(np.floor(np.log10(bottom))), int(np.ceil(np.log10(top))) + 1)
    ticks = [float(f"{digit}e{k}") for k in decades for digit in digits]
    ticks = [tick for tick in ticks if bottom <= tick <= top]
    ax.set_yticks(ticks, [f"{tick:,.10g}" for tick in ticks])
    ax.minorticks_off()


ANALYSIS = Analysis(
    name="stage_choices",
    question="Which architectures does active learning acquire, and does it find the best?",
    paper_finding=(
        "Ning et al. (2020, as submitted to ICLR 2021, Table A2) find that the standard deviation of 78 accuracies "
        "decreases from .064 to below .005 in the first stage acquired by GATES or LSTM, and to about .002 later."
    ),
    section="learning",
    caption=(
        "Each stage acquires the architectures with the best predicted scores; points: means over draws and seeds. "
        "Bars: from the best to the worst acquisition for accuracy, otherwise range over draws and seeds. Rank 1: the "
        "best architecture; tied ones share their minimum rank."
    ),
    needs=("lessons",),
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(3.4, 3.2),
)
