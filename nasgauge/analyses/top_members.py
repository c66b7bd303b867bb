"""How many of the truly best architectures are among the first m by score?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.drawing import draw_leading, say, tidy
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.analyses.trend import placed
from nasgauge.core.arguments import GENERATOR, LIST, takes
from nasgauge.core.errors import UserError
from nasgauge.criteria import n_top
from nasgauge.spaces import Space

COLUMNS = (
    *("estimator", "m", "members", "lower", "upper", "random", "maximum", "share"),
    *("k", "n", "n_seeds", "place"),
)

_CELLS = 2_000_000  # of (draws, architectures) per batch: 16 MB per copy


@takes("top_members", firsts=LIST, rng=GENERATOR)
def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    fraction: float = 0.05,
    firsts: Sequence[int] | None = None,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Expected number of the k best architectures by ground truth among the m best by score, for increasing m.

    members(m) = sum over the architectures of P(among the m best by score) P(among the k best by ground truth), the
        mean over seeds, with k = max(1, floor(fraction n)); ties at either border by chance, independently
    random(m) = m k / n; maximum(m) = min(m, k); share = members / k, the recall of the top

    scores, truth: tables SCORES and TRUTH; space is not used. firsts: the numbers m; 1, 2, 5, 10, 20, ... below n, with
    k and n, if None. n: architectures with a ground truth and a score of every seed. lower, upper: percentiles of
    members over n_bootstrap resamples of these. At m = k, share is P@topK (`criteria.precision_at_top`); this is the
    curve for other numbers of trainings than k. Returns rows by place (see `trend.places`) and m. NaN: constant scores
    or ground truth, n < 2. UserError: fraction not between 0 and 1, an m below 1, n_bootstrap below 1.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [3.0, 2.0, 3.0, 1.0]})
    >>> table = compute(scores, truth, fraction=0.5, rng=np.random.default_rng(0))
    >>> table[["m", "members", "random", "maximum", "share"]].values.tolist()
    [[1.0, 0.5, 0.5, 1.0, 0.25], [2.0, 1.0, 1.0, 2.0, 0.5], [4.0, 2.0, 2.0, 2.0, 1.0]]

    Reference: ning2021evaluating, P@topK.
    """
    if not 0 < fraction < 1 or n_bootstrap < 1 or any(m < 1 for m in firsts or ()):
        what = f"fraction {fraction}, numbers {firsts} and {n_bootstrap} draws"
        raise UserError(f"top_members: {what}; give a fraction between 0 and 1, and the others from 1")
    accuracy, state = mean_truth(truth).sort_index(), int(rng.integers(2**63))
    rows: list[dict[str, object]] = []
    for name, table in sorted(scores_by_seed(scores).items()):
        table = table[is_among(table.index, accuracy.index)].sort_index()
        n = len(table)
        if not n:
            continue
        true, k = accuracy.reindex(table.index).to_numpy(), n_top(n, fraction=fraction)
        first = np.array(sorted({m for m in firsts if m <= n} if firsts else {*_series(n), k, n}))
        whole, drawn = np.ones((1, n)), draws_of_rows(n, n_bootstrap, np.random.default_rng(state))
        found, draws = (
            np.mean([members(score.to_numpy("float64"), true, k, first, c) for _, score in table.items()], axis=0)
            for c in (whole, drawn)
        )
        for i, m in enumerate(first.tolist()):
            low, high = interval_of(draws[:, i], confidence)
            row = {"estimator": name, "m": m, "members": found[0, i], "lower": low, "upper": high}
            row |= {"random": m * k / n, "maximum": min(m, k), "share": found[0, i] / k}
            rows.append(row | {"k": k, "n": n, "n_seeds": table.shape[1]})
    return placed(rows, COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Members found, in percent of k, over m; the random choice dotted and the maximum dashed."""
    if table.empty:
        say(ax, "no estimator has a score")
        return
    found = {new: 100 * table[old] / table["k"] for new, old in _SHOWN.items()}
    draw_leading(table.assign(**found), ax, "m")
    most = table[table["estimator"] == table.loc[table["n"].idxmax(), "estimator"]].sort_values("m")
    m = np.unique(np.geomspace(1, most["n"].iloc[0], 100).round())
    k, n = most["k"].iloc[0], most["n"].iloc[0]
    for label, y, colour, dash in (
        ("random", m * k / n, "0.45", (0, (1, 1.2))),
        ("maximum", np.minimum(m, k), "0.2", (0, (4, 2))),
    ):
        ax.plot(m, 100 * y / k, color=colour, linestyle=dash, linewidth=1.1, zorder=1)
        at = np.searchsorted(y, 0.5 * k)
        before = label == "maximum" and m[at] > 3  # to the left of the curve where there is room for the word
        place = {"xytext": (-3, 0) if before else (3, -4), "ha": "right" if before else "left"}
        ax.annotate(label, (m[at], 100 * y[at] / k), textcoords="offset points", color=colour, fontsize=7, **place)
    ax.set_xscale("log")
    ticks = [10**e for e in range(len(str(n)))]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel("first m by score")
    ax.set_ylabel(f"of the {k:,} best found, %")
    ax.set_ylim(-2, 102)
    tidy(ax)


def members(score: np.ndarray, true: np.ndarray, k: int, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Expected number of the k best by truth among the `first` best by score, (n_draws, len(first)); NaN if constant.

    counts: multiplicities of the rows, (n_draws, n), whose sum is n in every draw.

    >>> members(np.array([3.0, 2.0, 1.0]), np.array([1.0, 3.0, 2.0]), 1, np.array([1, 2]), np.ones((1, 3))).tolist()
    [[0.0, 1.0]]
    """
    if score.min() == score.max() or true.min() == true.max():
        return np.full((len(counts), len(first)), np.nan)
    groups = [np.unique(-values, return_inverse=True)[1] for values in (true, score)]
    step = max(1, _CELLS // len(score))
    return np.concatenate([_batch(*groups, k, first, counts[i : i + step]) for i in range(0, len(counts), step)])


def _batch(by_truth: np.ndarray, by_score: np.ndarray, k: int, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """`members` of a few draws; rows by their tie group from the best."""
    size = _sums(counts, by_truth)
    above = np.cumsum(size, axis=1) - size
    chance = np.clip((k - above) / np.maximum(size, 1), 0, 1)[:, by_truth]
    last, hits = (_from_zero(np.cumsum(_sums(values, by_score), axis=1)) for values in (counts, counts * chance))
    # Within a tie group every order is equally likely, so that the expectation is linear in the number taken of it.
    return np.stack([np.interp(first, x, y) for x, y in zip(last, hits, strict=True)])


def _from_zero(sums: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)


def _sums(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Sum of the columns of each group, (n_draws, n_groups)."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return np.add.reduceat(np.asarray(values, dtype="float64")[:, order], starts, axis=1)


def _series(n: int) -> list[int]:
    """1, 2, 5, 10, 20, ... below n."""
    return [m for e in range(len(str(n))) for m in (10**e, 2 * 10**e, 5 * 10**e) if m < n]


def _note(table: pd.DataFrame) -> str:
    k, n = table["k"].unique(), table["n"].unique()
    return f"The top 5% are {k[0]:,} of {n[0]:,} architectures." if len(k) == len(n) == 1 else ""


_SHOWN = {"value": "members", "low": "lower", "high": "upper"}
ANALYSIS = Analysis(
    name="top_members",
    question="How many of the best 5% of the architectures are among the first m by score?",
    paper_finding=(
        "Ning et al. (2021, App. A.1.1 and Fig. A1) find a precision at the top 5% of about .49 for supernets on "
        "NAS-Bench-101-1shot, and on NAS-Bench-201 a better recognition of bad architectures (about .88 at the bottom "
        "5%) than of good ones."
    ),
    section="search",
    caption=(
        "Share of the best 5% by ground truth that is among the first m by score, over m, with bootstrap intervals; "
        "dotted: m random architectures; dashed: the maximum."
    ),
    note=_note,
    random=True,
    limit=LIMIT,
    compute=compute,
    draw=draw,
    size=(4.2, 3.2),
)
