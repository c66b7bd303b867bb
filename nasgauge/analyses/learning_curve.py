"""How does a predictor improve with the size of its training set?"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import LINES, N_LINES, Line, draw_line, legend_below, say, tidy
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth
from nasgauge.analyses.trend import Pair, direction, places, spread, title
from nasgauge.criteria import CriterionSpec, resolve_all
from nasgauge.spaces import Space

LEARNING_CRITERIA: tuple[CriterionSpec, ...] = (
    "kendall_tau",
    {"name": "precision_at_top", "fraction": 0.05},
    {"name": "best_rank_at", "fraction": 0.01},
)
_COLUMNS = (
    *("kind", "n_seen", "criterion", "at", "value", "low", "high", "sd_draws", "sd_seeds"),
    *("n", "n_draws", "n_seeds", "panel", "place"),
)
_APART = 0.12  # of the axis, between two numbers that can be read


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    lessons: pd.DataFrame,
    criteria: Iterable[CriterionSpec] = LEARNING_CRITERIA,
) -> pd.DataFrame:
    """Every criterion of every kind of predictor, by the size of the training set.

    value = mean over draws and seeds of criterion(scores of the predictor, mean truth); low, high = minimum, maximum
    sd_draws = standard deviation over draws of the mean over seeds; sd_seeds^2 = mean over draws of the variance over
    seeds; both with ddof = 1

    scores, truth, lessons: tables SCORES, TRUTH, LESSONS; space is not used. n_seen: size of the training set of
    one seed. Estimators of a kind with equally large training sets are one row, whatever their draws; those without a
    training set are omitted. n: architectures of the ground truth that the predictor scored, including training
    architectures if it scored them; n and n_seeds are the minimum where predictors, or draws, differ. sd_draws is NaN
    with one draw, sd_seeds where no draw has two seeds. An undefined criterion of one predictor (constant scores, n <
    2) makes value, low and high NaN. Directions and ranges are the criteria's. Returns (kind, n_seen, criterion, at,
    value, low, high, sd_draws, sd_seeds, n, n_draws, n_seeds, panel, place) in the order of place, see `kind_places`,
    and n_seen; empty where no predictor was evaluated. UserError: criteria that do not exist, a predictor called
    "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> scores = {"estimator": ["of2"] * 3 + ["of3"] * 3, "arch": list("abcabc"), "seed": 0}
    >>> lessons = {"estimator": ["of2"] * 2 + ["of3"] * 3, "kind": "mlp", "draw": 0, "seed": 0, "stage": 0}
    >>> lessons = pd.DataFrame({**lessons, "arch": list("ababc")})
    >>> scores = pd.DataFrame({**scores, "score": [1.0, 3, 2, 1, 2, 3]})
    >>> table = compute(scores, truth, lessons=lessons, criteria=["kendall_tau"])
    >>> table[["kind", "n_seen", "value", "n"]].round(4).values.tolist()
    [['mlp', 2, 0.3333, 3], ['mlp', 3, 1.0, 3]]

    Reference: ning2020surgery, Fig. 4 and Table A1.
    """
    requested = resolve_all(criteria)
    place = kind_places(lessons, scores, truth)
    pairs = _pairs(scores, mean_truth(truth).sort_index(), lessons)
    runs = lessons.groupby(["kind", "draw", "estimator", "seed"]).size().rename("n_seen").reset_index()
    runs = runs[np.array([key in pairs for key in zip(runs["estimator"], runs["seed"], strict=True)], dtype=bool)]
    rows: list[dict[str, object]] = []
    for (kind, n_seen), group in runs.groupby(["kind", "n_seen"]):
        draws = [
            [pairs[key] for key in zip(part["estimator"], part["seed"], strict=True)]
            for _, part in group.groupby("draw")
        ]
        counts = {"n": min(len(score) for draw in draws for score, _ in draw)}
        counts |= {"n_draws": len(draws), "n_seeds": min(map(len, draws)), "place": place[str(kind)]}
        for criterion in requested:
            found = _spreads([[criterion(*pair) for pair in draw] for draw in draws])
            key = {"kind": kind, "n_seen": n_seen, "criterion": criterion.name, "at": criterion.at}
            rows.append({**key, **found, **counts, "panel": title(criterion)})
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return table.sort_values("place", kind="stable", ignore_index=True)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One criterion over the size of the training set, one line per kind, its band over draws and seeds."""
    if table["value"].isna().all():
        say(ax, "no predictor was evaluated" if table.empty else "undefined for every predictor")
        return
    shown = kind_lines(table)
    sizes = np.unique(np.concatenate([rows["n_seen"] for _, rows, _ in shown]))
    for i, (kind, rows, line) in enumerate(shown):
        rows = rows.sort_values("n_seen")
        # With a single size side by side, so that no bar hides another.
        x = rows["n_seen"] * (1 + 0.03 * (i - (len(shown) - 1) / 2) if len(sizes) == 1 else 1)
        if len(rows) == 1:
            ax.vlines(x, rows["low"], rows["high"], color=line.colour, linewidth=3, alpha=0.3)
        draw_line(x, rows, ax, line, kind)
    mark_sizes(sizes, ax)
    ax.ticklabel_format(axis="y", style="plain", useOffset=False)  # no factor above the axis
    ax.set_xlabel("training architectures")
    ax.set_ylabel(direction(table["criterion"].iloc[0]))
    legend_below(ax, left_out(table))
    tidy(ax)


def kind_places(lessons: pd.DataFrame, scores: pd.DataFrame, truth: pd.DataFrame) -> dict[str, int]:
    """Place of each kind, from 1: the order of the best place (`trend.places`) among its estimators.

    >>> lessons = pd.DataFrame({"estimator": list("xyz"), "kind": ["mlp", "gates", "mlp"]})
    >>> truth = pd.DataFrame({"arch": list("ab"), "seed": 0, "accuracy": [0.7, 0.8]})
    >>> scores = pd.DataFrame({"estimator": list("xxyy"), "arch": list("abab"), "seed": 0, "score": [2.0, 1, 1, 2]})
    >>> kind_places(lessons, scores, truth)
    {'gates': 1, 'mlp': 2}
    """
    of_each = places(lessons["estimator"].unique(), scores, truth)
    best: dict[str, int] = {}
    for estimator, kind in lessons[["estimator", "kind"]].drop_duplicates().itertuples(index=False):
        best[str(kind)] = min(of_each[str(estimator)], best.get(str(kind), len(of_each)))
    return {kind: i for i, kind in enumerate(sorted(best, key=lambda kind: (best[kind], kind)), start=1)}


def kind_lines(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame, Line]]:
    """(kind, its rows, its line) of the eight kinds with the first places; a kind's line is that of its place."""
    kinds = table.groupby("kind")["place"].first().sort_values().head(N_LINES)
    free = [line for place, line in enumerate(LINES, start=1) if place not in set(kinds)]
    lines = [LINES[place - 1] if place <= N_LINES else free.pop(0) for place in kinds]
    return [(str(kind), table[table["kind"] == kind], line) for kind, line in zip(kinds.index, lines, strict=True)]


def left_out(table: pd.DataFrame) -> str:
    """Legend title if not all kinds are shown, else ""."""
    n = table["kind"].nunique()
    return f"best {N_LINES} of {n} kinds of predictors" if n > N_LINES else ""


def mark_sizes(sizes: np.ndarray, ax) -> None:
    """One tick per size, logarithmic from a factor of 4; a number that would overlap the next larger one is omitted."""
    position = sizes.astype("float64")
    if sizes[-1] >= 4 * sizes[0]:
        ax.set_xscale("log")
        position = np.log(position)
    words, right = [], np.inf
    for size, at in zip(sizes[::-1], position[::-1], strict=True):
        apart = right - at >= _APART * (position[-1] - position[0])
        words.append(f"{size:,}" if apart else "")
        right = at if apart else right
    ax.set_xticks(sizes, words[::-1])
    ax.minorticks_off()
    if len(sizes) == 1:
        ax.set_xlim(0.85 * sizes[0], 1.15 * sizes[0])


def _pairs(scores: pd.DataFrame, accuracy: pd.Series, lessons: pd.DataFrame) -> dict[tuple[str, int], Pair]:
    """(estimator, seed) -> its scores and the accuracies, in the order of `accuracy`; without those that have none."""
    learned = scores[scores["score"].notna() & is_among(scores["estimator"], lessons["estimator"].unique())]
    position = accuracy.index.get_indexer(learned["arch"])
    known = learned.assign(position=position)[position >= 0]
    pairs = {}
    for (estimator, seed), part in known.groupby(["estimator", "seed"]):
        part = part.sort_values("position")
        pairs[str(estimator), int(seed)] = part["score"].to_numpy("float64"), accuracy.to_numpy()[part["position"]]
    return pairs


def _spreads(draws: Sequence[Sequence[float]]) -> dict[str, float]:
    """value, low, high, sd_draws and sd_seeds of the values of each draw's seeds."""
    variances = [np.var(seeds, ddof=1) for seeds in draws if len(seeds) > 1]
    return {
        **spread([value for seeds in draws for value in seeds]),
        "sd_draws": float(np.std([np.mean(seeds) for seeds in draws], ddof=1)) if len(draws) > 1 else np.nan,
        "sd_seeds": float(np.sqrt(np.mean(variances))) if variances else np.nan,
    }


ANALYSIS = Analysis(
    name="learning_curve",
    question="How does a predictor improve with the size of its training set?",
    paper_finding=(
        "Ning et al. (2020, as submitted to ICLR 2021, Fig. 4) find that GATES, trained with a ranking loss, "
        "outperforms LSTM, MLP and random forest with 39, 78, 390 and 781 architectures of NAS-Bench-201."
    ),
    section="learning",
    caption=(
        "Lines: means over draws of the training set and over seeds; bands: their range. Of more than eight kinds of "
        "predictors those with the best agreement with the ground truth are shown; the table contains all."
    ),
    needs=("lessons",),
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(3.4, 3.2),
    upwards="criterion",
)
