"""How does the ranking quality change with training?"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import draw_leading, epoch_axis, say, tidy
from nasgauge.analyses.toolkit.vectors import mean_scores, mean_truth
from nasgauge.criteria import CRITERIA, BoundCriterion, CriterionSpec, kendall_tau, resolve_all
from nasgauge.spaces import Space

TREND_CRITERIA: tuple[CriterionSpec, ...] = (
    "kendall_tau",
    "spearman_rho",
    {"name": "precision_at_top", "fraction": 0.05},
    {"name": "precision_at_top", "fraction": 0.5},
    {"name": "precision_at_bottom", "fraction": 0.05},
    {"name": "best_rank_at", "fraction": 0.05},
    {"name": "worst_rank_at", "fraction": 0.05},
)
MEAN_SCORE = "mean_score"
_COLUMNS = ("estimator", "epoch", "criterion", "at", "value", "low", "high", "n", "n_seeds", "panel", "place")

Pair = tuple[np.ndarray, np.ndarray]  # of one seed: scores and ground truth


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    checkpoint_scores: pd.DataFrame,
    criteria: Iterable[CriterionSpec] = TREND_CRITERIA,
) -> pd.DataFrame:
    """Every criterion, and the mean score, of every estimator at every checkpoint.

    value = mean over seeds of criterion(scores of the seed at the epoch, mean truth); low, high = minimum, maximum over
    seeds

    checkpoint_scores: table CHECKPOINT_SCORES; truth: table TRUTH; scores (table SCORES) decide only `place`, see
    `places`; space is not used. n: architectures of the ground truth that all n_seeds seeds of that epoch scored;
    epochs without any are omitted. The row with criterion "mean_score" holds the mean of the scores themselves, of
    estimators whose means lie in [0, 1], as accuracies do, or in [-10, 0], as negated losses do. Directions
    and ranges are the criteria's. An undefined criterion of one seed (constant scores, n < 2) makes value, low and high
    NaN. panel: what the row is drawn in. Returns (estimator, epoch, criterion, at, value, low, high, n, n_seeds, panel,
    place) in the order of place and epoch, mean scores last; empty where nothing is scored. UserError: criteria that do
    not exist.

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> rows = {"estimator": "net", "arch": list("abcabc"), "seed": 0, "epoch": [1] * 3 + [2] * 3}
    >>> rows = pd.DataFrame({**rows, "score": [3.0, 1.0, 2.0, 1.0, 2.0, 3.0]})
    >>> table = compute(rows[:0], truth, checkpoint_scores=rows, criteria=["kendall_tau"])
    >>> table[["epoch", "criterion", "value", "n"]].round(4).values.tolist()[:2]
    [[1, 'kendall_tau', -0.3333, 3], [2, 'kendall_tau', 1.0, 3]]

    Reference: ning2021evaluating, Figs. 1 and A1; ning2020surgery, Fig. 2.
    """
    accuracy = mean_truth(truth).sort_index()
    requested = resolve_all(criteria)
    rows = []
    for name, epochs, cube in cubes(checkpoint_scores, accuracy.index):
        found, means = [], []
        for epoch, matrix in zip(epochs, np.moveaxis(cube, 2, 0), strict=True):
            matrix = matrix[:, ~np.isnan(matrix).all(axis=0)]
            kept = ~np.isnan(matrix).any(axis=1)
            pairs = [(score, accuracy.to_numpy()[kept]) for score in matrix[kept].T]
            if not kept.any():
                continue
            found += [{"estimator": name, "epoch": epoch, **row} for row in judged(pairs, requested)]
            counts = {"n": int(kept.sum()), "n_seeds": len(pairs)}
            mean = spread([score.mean() for score, _ in pairs])
            means.append({"estimator": name, "epoch": epoch, "criterion": MEAN_SCORE, "at": np.nan, **mean, **counts})
        panel = _mean_panel(means)
        rows += found + [{**row, "panel": panel} for row in means if panel]
    return placed(rows, _COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion over epochs, one line per estimator, its band over the seeds."""
    if table.empty:
        say(ax, "no checkpoint was scored")
        return
    draw_leading(table, ax, "epoch")
    epoch_axis(ax, table["epoch"])
    criterion = table["criterion"].iloc[0]
    ax.set_ylabel("mean of the scores" if criterion == MEAN_SCORE else direction(criterion))
    tidy(ax)


def cubes(checkpoint_scores: pd.DataFrame, archs: pd.Index) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Per estimator, by name: its epochs, ascending, and its scores (n_archs, n_seeds, n_epochs), NaN for none.

    Architectures in the order of archs, others are left out; seeds ascend.
    """
    position = archs.get_indexer(checkpoint_scores["arch"])
    known = checkpoint_scores.assign(position=position)[position >= 0]
    for name, part in known.groupby("estimator"):
        seeds, seed = np.unique(part["seed"], return_inverse=True)
        epochs, epoch = np.unique(part["epoch"], return_inverse=True)
        cube = np.full((len(archs), len(seeds), len(epochs)), np.nan)
        cube[part["position"], seed, epoch] = part["score"]
        yield str(name), epochs, cube


def judged(pairs: Sequence[Pair], criteria: Sequence[BoundCriterion]) -> list[dict[str, object]]:
    """One row (criterion, at, value, low, high, n, n_seeds, panel) per criterion, over one pair of vectors per seed."""
    counts = {"n": len(pairs[0][0]), "n_seeds": len(pairs)}
    return [
        {"criterion": c.name, "at": c.at, **spread([c(*pair) for pair in pairs]), **counts, "panel": title(c)}
        for c in criteria
    ]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, minimum and maximum of the seeds' values, all NaN if one is.

    >>> spread([1.0, 3.0])
    {'value': 2.0, 'low': 1.0, 'high': 3.0}
    """
    return {"value": float(np.mean(values)), "low": float(np.min(values)), "high": float(np.max(values))}


def placed(
    rows: list[dict[str, object]], columns: Sequence[str], scores: pd.DataFrame, truth: pd.DataFrame
) -> pd.DataFrame:
    """The rows as a table in the order of their estimators' `places`, which become the column place."""
    place = places({str(row["estimator"]) for row in rows}, scores, truth)
    rows = [{**row, "place": place[str(row["estimator"])]} for row in rows]
    return pd.DataFrame(sorted(rows, key=lambda row: row["place"]), columns=list(columns))


def places(names: Iterable[str], scores: pd.DataFrame, truth: pd.DataFrame) -> dict[str, int]:
    """Place of each name, from 1, by Kendall's tau-b of its mean scores with the truth; undefined last, ties by name.

    >>> truth = pd.DataFrame({"arch": list("ab"), "seed": 0, "accuracy": [0.7, 0.8]})
    >>> scores = pd.DataFrame({"estimator": list("xxyy"), "arch": list("abab"), "seed": 0, "score": [2.0, 1, 1, 2]})
    >>> places(["x", "y", "z"], scores, truth)
    {'y': 1, 'x': 2, 'z': 3}
    """
    names = sorted(names)
    accuracy, tau = mean_truth(truth), {}
    for name, score in mean_scores(scores[scores["estimator"].isin(names)]).items():
        both = score.index.intersection(accuracy.index)
        tau[name] = kendall_tau(score[both], accuracy[both])
    known = {name: value for name, value in tau.items() if not np.isnan(value)}
    order = sorted(names, key=lambda name: (name not in known, -known.get(name, 0.0), name))
    return {name: i for i, name in enumerate(order, start=1)}


def title(criterion: BoundCriterion) -> str:
    """The title of a criterion, with its share or count; an unregistered one keeps its name.

    >>> title(resolve_all([{"name": "precision_at_top", "fraction": 0.05}])[0])
    'Precision at the top 5%'
    """
    base, _, options = criterion.name.partition("(")
    entry = CRITERIA.in_tables(base)
    words = (entry.title if entry else "") or base
    at = criterion.at
    amount = "" if np.isnan(at) else f" {100 * at:g}%" if at < 1 else f" {at:g}"
    return words + amount + (f" ({options}" if options else "")


def direction(criterion: str) -> str:
    """Which way a criterion is better, as a label of its axis.

    >>> direction("best_rank_at")
    'lower is better ↓'
    """
    entry = CRITERIA.in_tables(criterion.partition("(")[0])
    return "lower is better ↓" if entry is not None and entry.better == "lower" else "higher is better ↑"


def _mean_panel(rows: list[dict[str, object]]) -> str:
    """Scores share an axis where they share a unit: accuracies, or negated losses; "" for any other unit."""
    values = np.array([row["value"] for row in rows])
    if ((values >= 0) & (values <= 1)).all():
        return "Mean score, between 0 and 1"
    return "Mean score, between -10 and 0" if ((values >= -10) & (values < 0)).all() else ""


ANALYSIS = Analysis(
    name="trend",
    question="How does the ranking quality change with training?",
    figure="Fig. 1",
    paper_finding=(
        "Ning et al. (2021, Sec. 4.1) find that every criterion improves with training except on NAS-Bench-101; the "
        "bottom 5% are identified better than the top 5%, and the best architectures are identified first."
    ),
    section="training",
    caption=(
        "Lines: means over seeds; bands: range. Of more than eight estimators those with the best agreement with the "
        "ground truth are shown; the table contains all."
    ),
    needs=("checkpoint_scores",),
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(3.3, 2.9),
    upwards="criterion",
)
