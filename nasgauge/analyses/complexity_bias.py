"""Are small or large architectures over-ranked, and does the ranking hold within groups of equal size?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, VERMILION, say, tidy
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of, narrowed, on_the_same, rank_errors
from nasgauge.analyses.toolkit.vectors import ranks
from nasgauge.core.errors import UserError
from nasgauge.criteria import Resamples, resolve
from nasgauge.spaces import Space

_QUANTITIES = ("kendall_tau", "rank_difference", "excess")
COLUMNS = (
    *("estimator", "group", "smallest", "largest"),
    *(f"{q}{end}" for q in _QUANTITIES for end in ("", "_lower", "_upper")),
    "n",
)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    complexity: pd.DataFrame,
    by: str = "n_params",
    n_groups: int = 5,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Each estimator within groups of architectures of about equal size, group 1 the smallest.

    kendall_tau = tau-b of score and truth within the group
    rank_difference, excess = means of `rank_errors` over the group, whose ranks run over all; positive: over-ranked

    scores, truth: tables SCORES and TRUTH; complexity: table COMPLEXITY, `by` one of its columns; space is not used.
    n_groups divide the architectures that have a score, a truth and a size by the rank of their size, so groups are
    equal up to ties: architectures of one size stay together, and a group may be empty and is then no row. Intervals:
    percentiles over n_bootstrap resamples of the group's architectures; NaN: undefined (fewer than two architectures,
    constant values). An estimator is biased for a group if the interval of its `excess` excludes 0. Returns one row
    per estimator and group; smallest, largest: minimum and maximum size in it. UserError: n_groups or
    n_bootstrap below 1, no column `by`.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.4, 0.3, 0.2, 0.1]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [2.0, 1.0, 4.0, 3.0]})
    >>> sizes = pd.DataFrame({"arch": list("abcd"), "n_params": [9, 9, 5, 5], "macs": 1})
    >>> table = compute(scores, truth, complexity=sizes, n_groups=2, rng=np.random.default_rng(0))
    >>> table[["group", "kendall_tau", "rank_difference", "n"]].values.tolist()
    [[1.0, 1.0, 0.5, 2.0], [2.0, 1.0, -0.5, 2.0]]

    Reference: ning2021evaluating, Fig. 5, A7, A29; ning2020surgery, Fig. 3c.
    """
    if by not in complexity:
        raise UserError(f"complexity_bias: the complexities have no column {by!r}; they have {', '.join(complexity)}")
    if n_groups < 1 or n_bootstrap < 1:
        raise UserError(f"complexity_bias: {n_groups} groups and {n_bootstrap} draws; both must be at least 1")
    size = complexity.set_index("arch")[by].dropna()
    state = int(rng.integers(2**63))
    found = rank_errors(scores, truth)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in found}
    for _, alike in on_the_same(found):
        sized = {name: errors.join(size.rename("size"), how="inner") for name, errors in alike.items()}
        sizes = next(iter(sized.values()))["size"].to_numpy()
        again = np.random.default_rng(state)  # one stream for all, so that draws do not depend on the other estimators
        groups = groups_of(sizes, n_groups)
        for group in np.unique(groups):
            inside = groups == group
            counts = draws_of_rows(int(inside.sum()), n_bootstrap, again)
            weights, counts = counts.astype("float64"), narrowed(counts)
            ends = {"smallest": sizes[inside].min(), "largest": sizes[inside].max()}
            for name, errors in sized.items():
                part = _quantities(errors[inside], counts, weights, confidence)
                rows[name].append({"estimator": name, "group": group, **ends, **part, "n": int(inside.sum())})
    return pd.DataFrame([row for each in rows.values() for row in each], columns=list(COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Excess by group with its interval, over the bars of the plain rank difference; tau within a group as a number."""
    if table.empty:
        say(ax, "no architecture has a score and a size")
        return
    x = table["group"].to_numpy()
    ax.bar(x, 100 * table["rank_difference"], width=0.72, color="0.88", zorder=0)
    ax.axhline(0, color="0.5", linewidth=0.7)
    sure = (table["excess_lower"] > 0) | (table["excess_upper"] < 0)
    for row, is_sure in zip(table.itertuples(), sure, strict=True):
        colour = VERMILION if is_sure else BLUE
        ax.plot([row.group] * 2, [100 * row.excess_lower, 100 * row.excess_upper], color=colour, linewidth=1.4)
        ax.plot(row.group, 100 * row.excess, "o", color=colour, markersize=3.6)
    ax.set_xticks(x, [f"{group}\n{_short(tau)}" for group, tau in zip(x, table["kendall_tau"], strict=True)])
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:+.0f}%".replace("-", "−") if value else "0")
    tidy(ax)


def _short(tau: float) -> str:
    return "–" if np.isnan(tau) else f"{tau:.2f}".replace("0.", ".", 1).replace("-", "−")


def groups_of(size: np.ndarray, n_groups: int) -> np.ndarray:
    """Group 1 ... n_groups of each size by its rank from the smallest; equal sizes have one group."""
    place = len(size) + 0.5 - ranks(size)  # 0.5 the smallest ... n - 0.5 the largest
    return 1 + np.minimum(n_groups - 1, np.floor(place / max(1, len(size)) * n_groups)).astype(int)


def _quantities(part: pd.DataFrame, counts: np.ndarray, weights: np.ndarray, confidence: float) -> dict[str, float]:
    """The quantities of `compute` in a group; counts: its resamples, weights: the same in float64."""
    score, accuracy = part["score"].to_numpy(), part["accuracy"].to_numpy()
    tau = resolve("kendall_tau")
    found = {"kendall_tau": (tau(score, accuracy), tau.values_of_draws(Resamples.of(score, accuracy, counts)))}
    for name, column in (("rank_difference", "difference"), ("excess", "excess")):
        values = part[column].to_numpy()
        found[name] = (values.mean(), weights @ values / len(part))
    row = {}
    for name, (value, draws) in found.items():
        low, high = interval_of(draws, confidence)
        row |= {name: value, f"{name}_lower": low, f"{name}_upper": high}
    return row


ANALYSIS = Analysis(
    name="complexity_bias",
    question="Are small or large architectures over-ranked, and does the ranking hold within groups of equal size?",
    figure="Fig. 5",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.1) find that supernets under-rank large architectures early in training and less "
        "so later, and rank within large ones worse than within small ones; synflow prefers large ones (Sec. 5.2)."
    ),
    section="bias",
    caption=(
        "Groups 1 (smallest) to 5 by number of parameters; below them Kendall's tau-b within the group. Grey bars: "
        "mean rank difference, as a share of n. Points: mean excess over architectures of equal accuracy with its "
        "interval, red where it excludes 0; positive: over-ranked."
    ),
    needs=("complexity",),
    random=True,
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.3, 2.3),
    margins=(0.2, 0.2, 0.97, 0.97),
)
