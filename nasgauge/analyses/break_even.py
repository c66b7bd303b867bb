"""How many trained architectures does a predictor need to outperform another estimator?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.analyses.learning_curve import mark_sizes
from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import draw_leading, say, tidy
from nasgauge.analyses.toolkit.fitted_runs import Evaluation, Scores, evaluation, resampled_runs, runs_of
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.analyses.trend import placed
from nasgauge.core.errors import UserError
from nasgauge.criteria import CriterionSpec, resolve
from nasgauge.spaces import Space

COLUMNS = (
    *("kind", "estimator", "criterion", "at", "n_seen", "difference", "lower", "upper"),
    *("break_even", "break_even_lower", "break_even_upper", "p_reached", "significant_from"),
    *("n", "n_draws", "n_seeds", "place"),
)
_LIMIT = 4_000  # architectures: every estimator is evaluated on the complement of every training set


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    lessons: pd.DataFrame,
    criterion: CriterionSpec = "kendall_tau",
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Difference between a kind of predictor and each estimator that is not one, by the size of the training set, and
    the size at which it becomes positive.

    difference = mean over draws of the training set and seeds of criterion(predictor) - criterion(estimator), both over
        the architectures that both score and that are not in this training set; positive: the predictor is better,
        whatever the direction of the criterion
    break_even = the size from which on the difference is positive at all larger sizes: with n_j the last size at which
        it is not, n_j (n_{j+1} / n_j)^w with w = -d_j / (d_{j+1} - d_j), linear interpolation over the logarithm; the
        smallest size where the difference is positive at all sizes, so that break-even is then at most this
    significant_from = the smallest size from which on `lower` is positive at all sizes

    lower, upper: percentiles over n_bootstrap resamples of the architectures, the same for all, and of the training
    sets and their seeds, with replacement; with a single one of these the interval does not include its variation.
    break_even_lower, break_even_upper: the same percentiles of break_even, curve by curve. p_reached: share of
    resamples whose curve breaks even within the sizes of the table. NaN, in break_even and its ends: beyond the largest
    size; in significant_from: not at any size; in difference: undefined (constant scores, n < 2), which counts as not
    positive; in p_reached: undefined at all sizes.

    scores, truth, lessons: tables SCORES, TRUTH, LESSONS. n: minimum over training sets of the architectures compared.
    Training architectures are left out because a predictor has seen their ground truth. The break-even is in trained
    architectures: what the estimator costs is not part of it, see the analysis of costs. Returns one row per kind,
    estimator and size, the break-even equal in all rows of a kind and estimator; without rows where there is no
    predictor or no other estimator. UserError: n_bootstrap below 1, an estimator called "truth".

    >>> archs, rng = [f"a{i}" for i in range(40)], np.random.default_rng(0)
    >>> truth = pd.DataFrame({"arch": archs, "seed": 0, "accuracy": np.linspace(0.5, 0.9, 40)})
    >>> given = {"of10": -truth["accuracy"], "of20": truth["accuracy"], "other": rng.normal(size=40)}
    >>> scores = pd.concat([truth[["arch", "seed"]].assign(estimator=e, score=s) for e, s in given.items()])
    >>> lessons = [(f"of{n}", "mlp", "", 0, 0, 0, arch) for n in (10, 20) for arch in archs[:n]]
    >>> lessons = pd.DataFrame(lessons, columns=["estimator", "kind", "signal", "draw", "seed", "stage", "arch"])
    >>> table = compute(scores, truth, lessons=lessons, rng=rng)
    >>> table["n_seen"].tolist(), bool(table["break_even"].between(10, 20).all()), table["significant_from"].tolist()
    ([10, 20], True, [20.0, 20.0])

    Reference: ning2020surgery, Fig. 4 (learning curves); efron1979bootstrap.
    """
    if n_bootstrap < 1:
        raise UserError(f"break_even: {n_bootstrap} draws; at least one is needed")
    accuracy, bound = mean_truth(truth).sort_index(), resolve(criterion)
    counts = draws_of_rows(len(accuracy), n_bootstrap, rng)
    state = int(rng.integers(2**63))
    known = {name: table[is_among(table.index, accuracy.index)] for name, table in scores_by_seed(scores).items()}
    learned = set(lessons["estimator"])
    rivals = {name: Scores.of(known[name], accuracy) for name in sorted(set(known) - learned)}
    runs = runs_of(scores, lessons, accuracy)
    evaluate = evaluation(accuracy.to_numpy(), counts, bound)
    rows: list[dict[str, object]] = []
    for kind, of_kind in runs.groupby("kind") if len(runs) else []:
        for name, rival in rivals.items():
            curve = [_size(part, rival, evaluate, n_bootstrap, state) for _, part in of_kind.groupby("n_seen")]
            key = {"kind": kind, "estimator": name, "criterion": bound.name, "at": bound.at}
            ends = [interval_of(point.draws, confidence) for point in curve]
            summary = _summary(curve, [low for low, _ in ends], confidence)
            for point, (low, high) in zip(curve, ends, strict=True):
                here = {"n_seen": point.n_seen, "difference": point.difference, "lower": low, "upper": high}
                rows.append({**key, **here, **summary, **point.counts})
    return placed(rows, COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Difference to the estimators over the size of the training set, and where it crosses 0; at most eight of them."""
    if table.empty or table["difference"].isna().all():
        say(ax, "no predictor was compared" if table.empty else "undefined for every predictor")
        return
    shown = {"value": "difference", "low": "lower", "high": "upper"}
    table = table[table["p_reached"].notna()]
    draw_leading(table.assign(**{new: table[old] for new, old in shown.items()}), ax, "n_seen")
    ax.axhline(0, color="0.4", linewidth=0.8, zorder=0)
    mark_sizes(np.sort(table["n_seen"].unique()), ax)
    colours = {line.get_label(): line.get_color() for line in ax.get_lines()}
    inside = table[table["break_even"].notna() & (table["break_even"] > table["n_seen"].min())]
    for name, row in inside.groupby("estimator").first().iterrows():
        if name in colours:
            ax.plot(
                row["break_even"], 0, marker="o", markersize=6, markerfacecolor="white", color=colours[name], zorder=3
            )
    ax.set_xlabel("training architectures")
    ax.set_ylabel("predictor minus estimator")
    tidy(ax)


def break_even_of(sizes: np.ndarray, differences: np.ndarray) -> np.ndarray:
    """Where each of the curves (n_curves, n_sizes) becomes positive for good; infinite: beyond the last size.

    >>> break_even_of(np.array([10, 40]), np.array([[1.0, 2.0], [-1.0, 1.0], [1.0, -1.0]])).round(6).tolist()
    [10.0, 20.0, inf]
    """
    n_sizes, position = len(sizes), np.log(np.asarray(sizes, dtype="float64"))
    failing = ~(differences > 0)
    last = np.where(failing.any(axis=1), n_sizes - 1 - failing[:, ::-1].argmax(axis=1), -1)  # of those not positive
    found = np.where(last < 0, float(sizes[0]), np.inf)
    for curve in np.flatnonzero((last >= 0) & (last < n_sizes - 1)):
        j = last[curve]
        low, high = differences[curve, j : j + 2]
        share = 1.0 if np.isnan(low) else -low / (high - low)
        found[curve] = np.exp(position[j] + share * (position[j + 1] - position[j]))
    return found


@final
@dataclass(frozen=True, eq=False)
class _Point:
    """One size of a learning curve against one estimator: the mean difference, and its draws."""

    n_seen: int
    difference: float
    draws: np.ndarray
    counts: Mapping[str, int]


def _size(part: pd.DataFrame, rival: Scores, evaluate: Evaluation, n_bootstrap: int, state: int) -> _Point:
    """The runs of one size against one estimator."""
    values, draws, n = [], [], []
    for run in part.itertuples():
        rows = np.intersect1d(run.unseen, rival.rows)
        own, own_draws = evaluate(run.key, run.own, rows)
        other, other_draws = evaluate(id(rival), rival, rows)
        values.append(own - other)
        draws.append(own_draws - other_draws)
        n.append(len(rows))
    weights = resampled_runs(part["draw"].to_numpy(), n_bootstrap, np.random.default_rng(state))
    by_draw = part.groupby("draw")["seed"].size()
    counts = {"n": min(n), "n_draws": len(by_draw), "n_seeds": int(by_draw.min())}
    shares = part["draw"].map(1 / (len(by_draw) * by_draw)).to_numpy()
    mean = np.einsum("br,rb->b", weights, np.stack(draws))
    return _Point(int(part["n_seen"].iloc[0]), float(shares @ np.array(values)), mean, counts)


def _summary(curve: list[_Point], lower: list[float], confidence: float) -> dict[str, float]:
    sizes = np.array([point.n_seen for point in curve])
    value = break_even_of(sizes, np.array([[point.difference for point in curve]]))[0]
    draws = break_even_of(sizes, np.stack([point.draws for point in curve], axis=1))
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(draws, tails, method="inverted_cdf")
    sure = np.cumprod(np.array(lower)[::-1] > 0)[::-1]
    first = sizes[sure > 0][0] if sure.any() else np.nan
    ends = {"break_even": value, "break_even_lower": low, "break_even_upper": high}
    found = {name: float(end) if np.isfinite(end) else np.nan for name, end in ends.items()}
    defined = any(not np.isnan(point.difference) for point in curve)
    reached = float(np.isfinite(draws).mean()) if defined else np.nan
    return found | {"p_reached": reached, "significant_from": float(first)}


def _note(table: pd.DataFrame) -> str:
    each = table[table["p_reached"].notna()].groupby(["kind", "estimator"])["break_even"].first()
    if not len(each):
        return ""
    return f"Of {len(each)} pairs {int(each.notna().sum())} break even within these sizes."


ANALYSIS = Analysis(
    name="break_even",
    question="How many trained architectures does a predictor need to outperform another estimator?",
    paper_finding=(
        "Ning et al. (2020, as submitted to ICLR 2021, Fig. 4) fit predictors to 39, 78, 390 and 781 architectures of "
        "NAS-Bench-201, where a supernet, which needs none of them trained, reaches a tau of .766 (Ning et al. 2021, "
        "Table A9)."
    ),
    section="learning",
    caption=(
        "Kendall's tau of the predictor minus that of each other estimator, over the architectures outside the "
        "training set, by the size of that set; bands: bootstrap intervals over architectures, training sets and "
        "seeds. Circles: the size from which on the mean difference is positive."
    ),
    note=_note,
    needs=("lessons",),
    random=True,
    limit=_LIMIT,
    compute=compute,
    draw=draw,
    panel_by="kind",
    size=(3.6, 3.2),
)
