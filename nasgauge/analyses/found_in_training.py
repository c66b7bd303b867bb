"""How does the search result change while a controller is trained jointly with the supernet?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.drawing import draw_leading, epoch_axis, say, tidy
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth
from nasgauge.analyses.trend import placed
from nasgauge.core.errors import UserError
from nasgauge.search import Listed, get_search
from nasgauge.spaces import Arch, Space

_COLUMNS = ("estimator", "epoch", "quantity", "value", "low", "high", "n_found", "n", "n_seeds", "place")


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    checkpoint_scores: pd.DataFrame,
    populations: pd.DataFrame | None = None,
    preferences: pd.DataFrame | None = None,
    budget: int = 200,
    n_found: int = 10,
    n_searches: int = 3,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """True accuracy of what evolution finds with the scores of a checkpoint, for samplers with a controller and others.

    value = mean over seeds of the "mean" or the "max" true accuracy of the `n_found` architectures with the best scores
        among those that the search evaluated, each seed the mean of n_searches searches; low, high = 95% t-interval

    A search is `search.SEARCHES["evolution"]` (tournaments, ageing) of `budget` evaluations on the architectures that
    the checkpoint scored; the searches of a seed begin alike for all estimators and epochs. Equal scores: those found
    first. checkpoint_scores: table CHECKPOINT_SCORES; truth: table TRUTH; scores (table SCORES) decide only `place`.
    populations, preferences: tables of the same names, what controllers did; without any of them the result is empty,
    as there is nothing to compare. n: architectures with a ground truth and a score of every seed. Range: that of the
    truth, higher is better. NaN: intervals of a single seed. Returns (estimator, epoch, quantity, value, low, high,
    n_found, n, n_seeds, place). UserError: budget, n_found or n_searches below 1, no search space.

    Reference: ning2021evaluating, Fig. A19.
    """
    for option, number in {"budget": budget, "n_found": n_found, "n_searches": n_searches}.items():
        if number < 1:
            raise UserError(f"found_in_training: {option} is {number}; at least one is needed")
    state = int(rng.integers(2**63))
    if (populations is None and preferences is None) or space is None:
        return placed([], _COLUMNS, scores, truth)
    accuracy = mean_truth(truth).sort_index()
    table = checkpoint_scores[is_among(checkpoint_scores["arch"], accuracy.index)].dropna(subset="score")
    pools: dict[tuple[str, ...], Listed] = {}
    rows = []
    for (name, epoch), part in table.groupby(["estimator", "epoch"], sort=True):
        wide = part.pivot(index="arch", columns="seed", values="score").dropna().sort_index().sort_index(axis=1)
        if wide.empty:
            continue
        archs = tuple(wide.index)
        pool = pools.setdefault(archs, Listed(space, archs))
        found = [
            _searched(wide[seed], accuracy, pool, budget, n_found, [[state, seed, i] for i in range(n_searches)])
            for seed in wide
        ]
        about = {"n_found": min(n_found, budget, len(wide)), "n": len(wide), "n_seeds": wide.shape[1]}
        for quantity, values in zip(("mean", "max"), zip(*found, strict=True), strict=True):
            shown = dict(zip(("value", "low", "high"), mean_interval(values), strict=True))
            rows.append({"estimator": name, "epoch": epoch, "quantity": quantity, **shown, **about})
    return placed(rows, _COLUMNS, scores, truth)


def _searched(
    score: pd.Series, accuracy: pd.Series, pool: Listed, budget: int, n_found: int, seeds: list[list[int]]
) -> tuple[float, float]:
    """(mean, max) true accuracy of the best found, the mean over searches, one from each seed."""
    values = {pool.read(text): value for text, value in score.items()}

    def objective(archs: list[Arch]) -> np.ndarray:
        return np.array([values[arch] for arch in archs])

    both = []
    for seed in seeds:
        run = get_search("evolution")(pool.space, objective, pool, budget=budget, rng=np.random.default_rng(seed))
        best = run.sort_values("value", ascending=False, kind="stable")["arch"].head(n_found)
        true = accuracy.reindex(best)
        both.append((true.mean(), true.max()))
    mean, best = np.mean(both, axis=0)
    return float(mean), float(best)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One line per estimator over the epoch, its band the interval over seeds."""
    if table.empty:
        say(ax, "no sampler has a controller")
        return
    draw_leading(table, ax, "epoch")
    epoch_axis(ax, table["epoch"])
    ax.set_ylabel(f"{table['quantity'].iloc[0]} true accuracy of the {table['n_found'].iloc[0]} best")
    tidy(ax)


ANALYSIS = Analysis(
    name="found_in_training",
    question="How does the search result change while a controller is trained jointly with the supernet?",
    figure="Fig. A19",
    paper_finding=(
        "Ning et al. (2021, Fig. A19) find that populations trained jointly help little, and only early, against plain "
        "one-shot training in the DARTS space, that half random sampling is better than the population alone, and "
        "pareto-evo slightly better than single-evo."
    ),
    section="search",
    caption=(
        "True accuracy of the best by score among the architectures that evolution evaluates (200, or all where there "
        "are fewer) with the scores of a checkpoint. Bands: 95% t-interval over seeds, which for so few may exceed the "
        "highest accuracy."
    ),
    needs=("checkpoint_scores",),
    takes=("populations", "preferences"),
    random=True,
    limit=LIMIT,
    compute=compute,
    draw=draw,
    panel_by="quantity",
    size=(4.2, 3.6),
)
