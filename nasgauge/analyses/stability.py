"""How stable is the ranking between checkpoints?"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import draw_leading, epoch_axis, say, tidy
from nasgauge.analyses.toolkit.vectors import mean_truth
from nasgauge.analyses.trend import cubes, direction, judged, placed
from nasgauge.criteria import CriterionSpec, resolve_all
from nasgauge.spaces import Space

STABILITY_CRITERIA: tuple[CriterionSpec, ...] = (
    "kendall_tau",
    {"name": "precision_at_top", "fraction": 0.05},
    {"name": "precision_at_bottom", "fraction": 0.05},
)
_COLUMNS = (
    *("estimator", "epoch", "next_epoch", "criterion", "at", "value", "low", "high", "n", "n_seeds", "panel", "place"),
)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    checkpoint_scores: pd.DataFrame,
    windows: pd.DataFrame | None = None,
    criteria: Iterable[CriterionSpec] = STABILITY_CRITERIA,
) -> pd.DataFrame:
    """Agreement of each checkpoint's scores with those of the next, which replace the ground truth.

    value = mean over seeds of criterion(scores at epoch, scores at next_epoch); low, high = minimum, maximum over seeds

    checkpoint_scores: table CHECKPOINT_SCORES. truth: table TRUTH, for the set of architectures; scores (table
    SCORES) decide only `place`; space is not used. next_epoch: the seed's next checkpoint, so that a seed without a
    checkpoint is compared across the gap. windows: table WINDOWS, of averages over several checkpoints: two averages
    that have some of them in common agree by construction, so next_epoch is then the first one of whose checkpoints
    all come after `epoch`, and an average of N has no row where there are fewer than 2 N checkpoints. n: architectures
    that all n_seeds seeds of the pair scored at both. Agreement decreases with the distance of the checkpoints: compare
    estimators with the same ones. Directions and ranges are the criteria's; NaN where a criterion is undefined for one
    of the seeds. Returns (estimator, epoch, next_epoch, criterion, at, value, low, high, n, n_seeds, panel, place),
    empty where no estimator has two checkpoints. UserError: criteria that do not exist.

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> rows = {"estimator": "net", "arch": list("abcabc"), "seed": 0, "epoch": [1] * 3 + [2] * 3}
    >>> rows = pd.DataFrame({**rows, "score": [3.0, 1.0, 2.0, 1.0, 2.0, 3.0]})
    >>> table = compute(rows[:0], truth, checkpoint_scores=rows, criteria=["kendall_tau"])
    >>> table[["epoch", "next_epoch", "value", "n"]].round(4).values.tolist()
    [[1.0, 2.0, -0.3333, 3.0]]

    Reference: ning2021evaluating, Fig. 7.
    """
    requested = resolve_all(criteria)
    averaged = {} if windows is None else windows.set_index(["estimator", "epoch"])["oldest"].to_dict()
    archs = mean_truth(truth).sort_index().index
    rows = []
    for name, epochs, cube in cubes(checkpoint_scores, archs):
        oldest = [averaged.get((name, epoch), epoch) for epoch in epochs]
        for (i, j), seeds in sorted(_neighbours(cube, epochs, oldest).items()):
            kept = ~np.isnan(cube[:, seeds][:, :, [i, j]]).any(axis=(1, 2))
            if kept.any():
                pairs = [(cube[kept, seed, i], cube[kept, seed, j]) for seed in seeds]
                key = {"estimator": name, "epoch": epochs[i], "next_epoch": epochs[j]}
                rows += [{**key, **row} for row in judged(pairs, requested)]
    return placed(rows, _COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion over the epoch of the later checkpoint, one line per estimator, its band over the seeds."""
    if table.empty:
        say(ax, "no estimator has two checkpoints")
        return
    draw_leading(table, ax, "next_epoch")
    epoch_axis(ax, table["next_epoch"], "epoch of the later checkpoint")
    ax.set_ylabel(direction(table["criterion"].iloc[0]))
    tidy(ax)


def _neighbours(cube: np.ndarray, epochs: Sequence[int], oldest: Sequence[int]) -> dict[tuple[int, int], list[int]]:
    """The seeds of each pair of checkpoints, the second the first one with an `oldest` after the first one's epoch.

    cube: (n_archs, n_seeds, n_epochs), NaN for none.
    """
    pairs: dict[tuple[int, int], list[int]] = {}
    for seed, scored in enumerate(~np.isnan(cube).all(axis=0)):
        there = np.flatnonzero(scored).tolist()
        for i in there:
            j = next((j for j in there if oldest[j] > epochs[i]), None)
            if j is not None:
                pairs.setdefault((i, j), []).append(seed)
    return pairs


ANALYSIS = Analysis(
    name="stability",
    question="How stable is the ranking between checkpoints?",
    figure="Fig. 7",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.3) find that the stability of rankings increases with training, is highest among "
        "the worst architectures, and increases further when several supernets or checkpoints are averaged."
    ),
    section="stability",
    caption=(
        "Criteria between a checkpoint and the next one, which replaces the ground truth; lines: means over seeds, "
        "bands: range. Averages are compared with the next one that shares no checkpoint with them. Only estimators "
        "with the same checkpoints are comparable, as agreement decreases with their distance."
    ),
    needs=("checkpoint_scores",),
    takes=("windows",),
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(3.3, 2.9),
)
