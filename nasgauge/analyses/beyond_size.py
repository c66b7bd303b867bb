"""Does an estimator rank beyond what the size of the architectures explains?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.complexity_bias import groups_of
from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, ORANGE, plain, say, tidy
from nasgauge.analyses.toolkit.partial import Partial
from nasgauge.analyses.toolkit.properties import properties_of
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of, narrowed
from nasgauge.analyses.toolkit.vectors import is_among, mean_scores, mean_truth
from nasgauge.core.errors import UserError
from nasgauge.criteria import Resamples, resolve
from nasgauge.spaces import Space

COLUMNS = (
    *("estimator", "quantity", "value", "lower", "upper", "baseline", "baseline_value"),
    *("difference", "difference_lower", "difference_upper", "n_pairs", "n"),
)
NO_BASELINE = "none"
_TAU, _WITHIN, _PARTIAL = "kendall_tau", "kendall_tau_within_bands", "partial_spearman_rho"
_N_SHOWN = 16
_TAU_B = resolve("kendall_tau")
Sizes = dict[str, np.ndarray]


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    complexity: pd.DataFrame,
    n_bands: int = 10,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Agreement of each estimator with the ground truth as it is, among architectures of about equal size, and given
    their size; with the best complexity baseline on the same architectures and resamples.

    kendall_tau = tau-b over all architectures
    kendall_tau_within_bands = sum over bands of w_b tau_b / sum of w_b, with tau-b within each band of size and its
        number of pairs w_b = n_b (n_b - 1) / 2; a score that is constant within a band counts 0 there, and a band with
        constant ground truth is left out, so that the pairs are the same for all estimators
    partial_spearman_rho = Spearman's correlation of score and ground truth given n_params and macs: Pearson's r of the
        residuals of their ranks after linear regression on the ranks of both sizes and a constant
    difference = value of the estimator - value of the baseline, with the percentiles of the paired difference

    scores, truth: tables SCORES (the mean over seeds counts) and TRUTH. complexity: table COMPLEXITY; a size that is
    unknown for all architectures is not used, and architectures without one that is used are left out. baseline: the
    one of n_params and macs with the higher value of the quantity, n_params among equals; "none" if both are constant.
    Bands are n_bands groups of equal numbers of architectures by the rank of n_params (macs where there are no
    n_params); equal sizes share a band, so that there may be fewer. The baseline's value within bands is what their
    width leaves of size: an estimator should exceed it. The partial correlation has no baseline, as nothing is left of
    one.

    n_pairs: pairs of architectures that are compared; n: architectures. Intervals: percentiles over n_bootstrap
    resamples of the architectures, the bands kept. NaN: undefined (n < 2, constant scores or ground truth, for the
    partial correlation n < 3 + number of sizes, or scores that are a function of the sizes). Range [-1, 1]. A partial
    correlation removes what is linear in the ranks; what it leaves of a strongly curved relation is not information
    beyond size, for which the bands are the check. UserError: n_bands or n_bootstrap below 1.

    >>> truth = pd.DataFrame({"arch": list("abcdef"), "seed": 0, "accuracy": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcdef"), "seed": 0, "score": [2.0, 1, 4, 3, 6, 5]})
    >>> sizes = pd.DataFrame({"arch": list("abcdef"), "n_params": [1, 1, 2, 2, 3, 3], "macs": 1})
    >>> table = compute(scores, truth, complexity=sizes, n_bands=3, rng=np.random.default_rng(0))
    >>> table[["quantity", "value", "baseline_value", "n_pairs"]].round(3).values.tolist()[:2]
    [['kendall_tau', 0.6, 0.894, 15], ['kendall_tau_within_bands', -1.0, nan, 3]]

    Reference: kendall1942partial; ning2021evaluating, Sec. 4.2 (sizes as baselines).
    """
    if n_bands < 1 or n_bootstrap < 1:
        raise UserError(f"beyond_size: {n_bands} bands and {n_bootstrap} draws; both must be at least 1")
    accuracy = mean_truth(truth).sort_index()
    sizes = properties_of(accuracy.index, None, complexity).dropna()
    state = int(rng.integers(2**63))
    rows: list[dict[str, object]] = []
    grounds: dict[tuple[str, ...], _Ground] = {}
    for name, score in sorted(mean_scores(scores).items()):
        score = score[is_among(score.index, sizes.index)].sort_index() if len(sizes.columns) else score[:0]
        if len(score):
            archs = tuple(score.index)
            if archs not in grounds:
                counts = draws_of_rows(len(score), n_bootstrap, np.random.default_rng(state))  # one stream for all
                true, own = accuracy.reindex(score.index).to_numpy(), sizes.reindex(score.index)
                by_name = {column: own[column].to_numpy() for column in own}
                grounds = {archs: _Ground(true, by_name, n_bands, counts)}  # the last one alone: it is large
            found = _rows(score.to_numpy(), grounds[archs], confidence)
            rows += [{"estimator": name, **row, "n": len(score)} for row in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Three marks per estimator, the largest partial correlation above; at most sixteen estimators."""
    wide = {quantity: rows.set_index("estimator") for quantity, rows in table.groupby("quantity")}
    if table.empty:
        say(ax, "no architecture has a score and a size")
        return
    order = wide[_PARTIAL]["value"].sort_values(ascending=False, na_position="last", kind="stable").index
    shown = list(order[:_N_SHOWN])
    styles = (
        (_TAU, "0.6", "o", "white", "tau, all pairs", -0.22),
        (_WITHIN, ORANGE, "s", ORANGE, "tau within bands of size", 0.0),
        (_PARTIAL, BLUE, "o", BLUE, "partial rho given size", 0.22),
    )
    ax.axvline(0, color="0.5", linewidth=0.7)
    for quantity, colour, marker, fill, label, shift in styles:
        rows, y = wide[quantity].loc[shown], np.arange(len(shown)) + shift
        ax.hlines(y, rows["lower"], rows["upper"], color=colour, linewidth=1.4, alpha=0.7)
        ax.plot(rows["value"], y, marker, color=colour, markerfacecolor=fill, markersize=4, label=label)
    within = wide[_WITHIN].loc[shown, "baseline_value"]
    ax.plot(within, np.arange(len(shown)), "|", color="0.2", markersize=6, label="best baseline within bands")
    ax.set_yticks(range(len(shown)), [plain(name, 26) for name in shown])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    more = f", {len(shown)} of {len(order)} estimators" if len(order) > len(shown) else ""
    ax.set_xlabel(f"rank correlation with the ground truth{more}")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, 0.0), borderaxespad=4.2, ncols=2, frameon=False, fontsize=6.8)
    tidy(ax)


class _Ground:
    """What estimators on the same architectures share: ground truth, sizes and bands, with the architectures as they
    are and in all resamples."""

    def __init__(self, true: np.ndarray, sizes: Sizes, n_bands: int, counts: np.ndarray) -> None:
        band = groups_of(next(iter(sizes.values())), n_bands)
        given, both = np.column_stack(list(sizes.values())), (np.ones((1, len(true)), dtype="uint8"), narrowed(counts))
        self.n_draws, self.groups = len(counts), {_TAU: np.ones_like(band), _WITHIN: band}
        self.within = {name: [_Within(true, groups, c) for c in both] for name, groups in self.groups.items()}
        self.partial = [Partial(true, given, c) for c in both]
        self.baselines = {name: self._baseline(sizes, *within) for name, within in self.within.items()}

    def _baseline(self, sizes: Sizes, whole: "_Within", drawn: "_Within") -> tuple[str, float, np.ndarray]:
        """The size that agrees best with the ground truth, with its value and its draws."""
        values = {name: whole(size)[0] for name, size in sizes.items()}
        defined = [name for name, value in values.items() if not np.isnan(value)]
        if not defined:
            return NO_BASELINE, np.nan, np.full(self.n_draws, np.nan)
        name = max(defined, key=values.get)
        return name, values[name], drawn(sizes[name])


def _rows(score: np.ndarray, ground: _Ground, confidence: float) -> list[dict[str, object]]:
    rows = []
    for quantity, within in ground.within.items():
        value, draws = (tau(score) for tau in within)
        baseline, other, of_baseline = ground.baselines[quantity]
        low, high = interval_of(draws - of_baseline, confidence)
        row = _row(quantity, value[0], draws, confidence) | {"baseline": baseline, "baseline_value": other}
        row |= {"difference": value[0] - other, "difference_lower": low, "difference_upper": high}
        rows.append(row | {"n_pairs": _n_pairs(ground.groups[quantity])})
    value, draws = (partial.spearman(score) for partial in ground.partial)
    row = {"baseline": NO_BASELINE, "n_pairs": _n_pairs(ground.groups[_TAU])}
    return [*rows, _row(_PARTIAL, value[0], draws, confidence) | row]


def _row(quantity: str, value: float, draws: np.ndarray, confidence: float) -> dict[str, object]:
    low, high = interval_of(draws, confidence)
    return {"quantity": quantity, "value": value, "lower": low, "upper": high}


def _n_pairs(groups: np.ndarray) -> int:
    return sum(n * (n - 1) // 2 for n in np.bincount(groups).tolist())


class _Within:
    """Mean tau-b of scores within the groups of varying truth, weighted by their pairs, of each draw."""

    def __init__(self, true: np.ndarray, groups: np.ndarray, counts: np.ndarray) -> None:
        self._parts = [
            (groups == group, true[groups == group], counts[:, groups == group]) for group in np.unique(groups)
        ]
        sizes = [drawn.sum(axis=1, dtype="int64") for _, _, drawn in self._parts]
        self._weights = [
            Resamples.of(truth, truth, drawn).defined * n * (n - 1) / 2
            for (_, truth, drawn), n in zip(self._parts, sizes, strict=True)
        ]
        self._n_draws = len(counts)

    def __call__(self, score: np.ndarray) -> np.ndarray:
        """NaN for constant scores."""
        total, weights = np.zeros(self._n_draws), np.zeros(self._n_draws)
        ranked = np.zeros(self._n_draws, dtype=bool)
        for (inside, truth, drawn), weight in zip(self._parts, self._weights, strict=True):
            tau = _TAU_B.values_of_draws(Resamples.of(score[inside], truth, drawn))
            total, weights = total + weight * np.nan_to_num(tau), weights + weight
            ranked |= ~np.isnan(tau)
        return np.where(ranked & (weights > 0), total / np.maximum(weights, 1), np.nan)


ANALYSIS = Analysis(
    name="beyond_size",
    question="Does an estimator rank beyond what the size of the architectures explains?",
    paper_finding=(
        "Ning et al. (2021, Sec. 4.2) find that the rankings of zero-shot estimators adapted from pruning cannot "
        "surpass those of the numbers of parameters and FLOPs, and recommend both as baselines."
    ),
    section="bias",
    caption=(
        "Grey, open: Kendall's tau-b over all architectures. Orange: its mean within ten bands of about equal numbers "
        "of parameters, weighted by pairs; vertical bars: the better of the baselines n_params and macs within the "
        "bands. Blue: Spearman's partial correlation given n_params and macs. Bars: bootstrap intervals. Where the "
        "blue interval includes 0, there is no evidence of information beyond size."
    ),
    needs=("complexity",),
    random=True,
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    size=(5.2, 3.0),
    size_of=lambda table: (5.2, 1.5 + 0.28 * min(_N_SHOWN, max(1, table["estimator"].nunique()))),
)
