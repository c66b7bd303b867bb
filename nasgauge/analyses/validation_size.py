"""How many validation images does a supernet's score need?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLACK, BLUE, SKY, Line, draw_line, legend_below, say, tidy
from nasgauge.analyses.toolkit.vectors import mean_truth
from nasgauge.analyses.trend import direction, judged, placed
from nasgauge.core.rounding import steady
from nasgauge.criteria import CriterionSpec, resolve_all
from nasgauge.spaces import Space

VALIDATION_CRITERIA: tuple[CriterionSpec, ...] = (
    "kendall_tau",
    {"name": "precision_at_top", "fraction": 0.05},
    {"name": "precision_at_bottom", "fraction": 0.05},
)
_COLUMNS = (
    *("estimator", "epoch", "signal", "n_batches", "n_images", "criterion", "at"),
    *("value", "low", "high", "n", "n_seeds", "panel", "place"),
)
_COLOURS = {1: (BLUE,), 2: (SKY, BLUE), 3: (SKY, BLUE, BLACK)}  # of the epochs drawn, later ones darker


@final
@dataclass(frozen=True)
class Batches:
    """What one estimator's checkpoint made of each batch, arrays (n_archs, n_seeds, n_batches), batches ascending.

    Only the `kept` architectures (a bool vector over all requested ones) that every seed evaluated on every batch.
    """

    estimator: str
    epoch: int
    seeds: np.ndarray
    kept: np.ndarray
    accuracy: np.ndarray
    loss: np.ndarray
    n_images: np.ndarray

    def first(self, n: int) -> dict[str, np.ndarray]:
        """Scores (n_archs, n_seeds) on the first n batches together: accuracy, and loss with its sign turned."""
        images = self.n_images[..., :n]
        means = {"accuracy": self.accuracy, "loss": -self.loss}
        return {name: steady((v[..., :n] * images).sum(axis=2) / images.sum(axis=2)) for name, v in means.items()}


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    batch_scores: pd.DataFrame,
    criteria: Iterable[CriterionSpec] = VALIDATION_CRITERIA,
) -> pd.DataFrame:
    """Every criterion of the scores on the first N validation batches, for N = 1, 2, 4, ... and all batches.

    score_N = sum over the first N batches of n_images * accuracy / sum of n_images, and the same of minus the loss;
    value = mean over seeds of criterion(score_N, mean truth); low, high = minimum, maximum over seeds

    batch_scores: table BATCH_SCORES; truth: table TRUTH; scores (table SCORES) decide only `place`; space is not used.
    Computed for each estimator's first, middle and last checkpoint. signal: "accuracy" or "loss"; scores equal in 12
    digits are tied. n: architectures of the ground truth that all n_seeds seeds evaluated on all batches; n_images: of
    the first N batches. Directions and ranges are the criteria's; NaN where a criterion is undefined for one of the
    seeds. Returns (estimator, epoch, signal, n_batches, n_images, criterion, at, value, low, high, n, n_seeds, panel,
    place), empty where nothing was evaluated. UserError: criteria that do not exist.

    >>> truth = pd.DataFrame({"arch": list("ab"), "seed": 0, "accuracy": [0.7, 0.8]})
    >>> rows = {"estimator": "net", "arch": list("aabb"), "seed": 0, "epoch": 1, "batch": [0, 1, 0, 1]}
    >>> rows |= {"n_images": [10, 30, 10, 30], "accuracy": [0.5, 0.1, 0.4, 0.2], "loss": 1.0}
    >>> scores = pd.DataFrame({"estimator": []})
    >>> table = compute(scores, truth, batch_scores=pd.DataFrame(rows), criteria=["kendall_tau"])
    >>> table[table["signal"] == "accuracy"][["n_batches", "n_images", "value"]].values.tolist()
    [[1.0, 10.0, -1.0], [2.0, 40.0, 1.0]]

    Reference: ning2021evaluating, Figs. 3 and A3.
    """
    requested = resolve_all(criteria)
    accuracy = mean_truth(truth).sort_index()
    rows = []
    for batches in by_batch(batch_scores, accuracy.index):
        true = accuracy.to_numpy()[batches.kept]
        for n in _numbers(batches.n_images.shape[2]):
            n_images = int(batches.n_images[0, 0, :n].sum())
            for signal, score in batches.first(n).items():
                key = {"estimator": batches.estimator, "epoch": batches.epoch, "signal": signal}
                key |= {"n_batches": n, "n_images": n_images}
                found = judged([(s, true) for s in score.T], requested)
                rows += [{**key, **row, "panel": f"{batches.estimator}: {row['panel']}"} for row in found]
    return placed(rows, _COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion of one estimator over the batches, one line per checkpoint and signal, bands over the seeds."""
    if table.empty:
        say(ax, "no batch was scored")
        return
    epochs = sorted(table["epoch"].unique())
    looks = {"accuracy": ("solid", "o"), "loss": ((0, (4, 1.5)), "s")}
    for signal, look in looks.items():
        for epoch, colour in zip(epochs, _COLOURS[len(epochs)], strict=True):
            rows = table[(table["epoch"] == epoch) & (table["signal"] == signal)].sort_values("n_batches")
            draw_line(rows["n_batches"], rows, ax, Line(colour, *look), f"{epoch:,}: {signal}")
    last = int(table["n_batches"].max())
    ticks = [n for n in _numbers(last) if n == last or 1.4 * n < last]
    ax.set_xscale("log", base=2)
    ax.set_xticks(ticks, [str(n) for n in ticks])
    ax.minorticks_off()
    ax.set_xlabel("validation batches")
    ax.set_ylabel(direction(table["criterion"].iloc[0]))
    legend_below(ax, "epoch and score")
    tidy(ax)


def by_batch(batch_scores: pd.DataFrame, archs: pd.Index) -> Iterator[Batches]:
    """Each estimator's first, middle and last checkpoint, if it evaluated an architecture on all batches."""
    position = archs.get_indexer(batch_scores["arch"])
    known = batch_scores.assign(position=position)[position >= 0]
    for name, part in known.groupby("estimator"):
        epochs = np.unique(part["epoch"])
        for epoch in np.unique(epochs[[0, len(epochs) // 2, -1]]):
            found = _batches(str(name), int(epoch), part[part["epoch"] == epoch], len(archs))
            if found.kept.any():
                yield found


def _batches(name: str, epoch: int, part: pd.DataFrame, n_archs: int) -> Batches:
    seeds, seed = np.unique(part["seed"], return_inverse=True)
    numbers, batch = np.unique(part["batch"], return_inverse=True)
    arrays = np.full((3, n_archs, len(seeds), len(numbers)), np.nan)
    arrays[:, part["position"], seed, batch] = part[["accuracy", "loss", "n_images"]].to_numpy("float64").T
    kept = ~np.isnan(arrays[0]).any(axis=(1, 2))
    return Batches(name, epoch, seeds, kept, *arrays[:, kept])


def _numbers(n_batches: int) -> list[int]:
    """Powers of two below n_batches, and n_batches.

    >>> _numbers(10), _numbers(8), _numbers(1)
    ([1, 2, 4, 8, 10], [1, 2, 4, 8], [1])
    """
    return [*(2**k for k in range((n_batches - 1).bit_length())), n_batches]


ANALYSIS = Analysis(
    name="validation_size",
    question="How many validation images does a supernet's score need?",
    figure="Fig. 3",
    paper_finding=(
        "Ning et al. (2021, Sec. 4.1 and App. A.1.2) find that more validation data improves a well-trained supernet "
        "(on NAS-Bench-201 tau is about .5 with few batches and .76 with all), but not on NAS-Bench-301 at epoch 200, "
        "where it is harmful."
    ),
    section="stability",
    caption="Criteria by the number of validation batches that the score is computed on; bands: range over seeds.",
    needs=("batch_scores",),
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(3.3, 2.9),
    upwards="criterion",
)
