"""Which accuracy is found among the architectures within a limit on their latency, size or another quantity?"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.drawing import draw_leading, say, scale_of, tidy
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows, interval_of
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.analyses.trend import placed
from nasgauge.core.arguments import GENERATOR, LIST, takes
from nasgauge.core.constraints import check_quantities, parse_constraints, quantities, satisfied
from nasgauge.core.errors import UserError
from nasgauge.core.tables import ATTRIBUTES, check
from nasgauge.criteria import Resamples, resolve
from nasgauge.spaces import Space

COUNTS = (1, 2, 5, 10, 20, 50, 100)
COLUMNS = (
    *("estimator", "constraint", "k", "found_accuracy", "lower", "upper", "random", "oracle", "share"),
    *("n", "n_scored", "n_seeds", "place"),
)


@takes("under_limit", counts=LIST, rng=GENERATOR)
def under_limit(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    attributes: pd.DataFrame,
    constraints: str | Iterable[str] | pd.DataFrame,
    *,
    counts: Sequence[int] = COUNTS,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Best true accuracy among the k architectures with the best scores of those within a limit.

    found_accuracy = mean over seeds of `criteria.best_accuracy_at` with count k over the architectures within the limit
    random = expectation of the best true accuracy of k of them drawn without replacement
    oracle = the best true accuracy of all of them
    share = (found_accuracy - random) / (oracle - random): 0 as random choice, 1 as the oracle, negative below random

    scores, truth: tables SCORES and TRUTH. attributes: table ATTRIBUTES, a column arch and a column of numbers for each
    quantity. constraints: texts of `core.constraints.parse_constraints` or table CONSTRAINTS; of each, all conditions
    must hold; an architecture whose quantity is unknown is outside. counts: numbers k of architectures that would be
    trained; larger ones than there are architectures within the limit are left out. n: architectures within the limit
    that have a ground truth and a score of every seed; n_scored: the same with or without the limit. lower, upper:
    percentiles over n_bootstrap resamples of the n architectures. NaN: constant scores, n < 2; share where the random
    choice reaches the oracle. place: of the estimator, see `trend.places`. Returns (estimator, constraint, k,
    found_accuracy, lower, upper, random, oracle, share, n, n_scored, n_seeds, place); an estimator without an
    architecture within a limit has no row for it. UserError: an invalid constraint, an unknown quantity, a limit that
    no architecture of `attributes` satisfies, a count below 1.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [4.0, 1.0, 3.0, 2.0]})
    >>> latency = pd.DataFrame({"arch": list("abcd"), "latency_ms": [9.0, 4.0, 3.0, 2.0]})
    >>> table = under_limit(scores, truth, latency, "latency_ms < 5", rng=np.random.default_rng(0))
    >>> table[["k", "found_accuracy", "random", "oracle", "share", "n"]].round(3).values.tolist()
    [[1.0, 0.7, 0.7, 0.8, 0.0, 3.0], [2.0, 0.7, 0.767, 0.8, -2.0, 3.0]]
    """
    if any(k < 1 for k in counts) or n_bootstrap < 1:
        raise UserError(f"under_limit: counts {tuple(counts)} and {n_bootstrap} draws must all be at least 1")
    parsed, attributes = parse_constraints(constraints), check(attributes, ATTRIBUTES)
    accuracy = mean_truth(truth).sort_index()
    check_quantities(parsed, attributes)
    inside = {
        text: attributes["arch"][satisfied(conditions, attributes)]
        for text, conditions in parsed.groupby("constraint", sort=False)
    }
    state = int(rng.integers(2**63))
    rows: list[dict[str, object]] = []
    for name, table in sorted(scores_by_seed(scores).items()):
        table = table[is_among(table.index, accuracy.index)].sort_index()
        for text, archs in inside.items():
            part = table[is_among(table.index, archs)]
            true, again = accuracy.reindex(part.index).to_numpy(), np.random.default_rng(state)
            drawn = draws_of_rows(len(part), n_bootstrap, again) if len(part) else None
            for k in [k for k in counts if k <= len(part)]:
                row = {"estimator": name, "constraint": text, "k": k, **_found(part, true, k, drawn, confidence)}
                rows.append(row | {"n": len(part), "n_scored": len(table), "n_seeds": part.shape[1]})
    return placed(rows, COLUMNS, scores, truth)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    constraints: pd.DataFrame,
    attributes: pd.DataFrame | None = None,
    complexity: pd.DataFrame | None = None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """`under_limit` with the quantities of both tables; a column of attributes precedes one of complexity."""
    return under_limit(scores, truth, quantities(attributes, complexity), constraints, rng=rng)


def expected_best(true: np.ndarray, k: int) -> float:
    """Expectation of the maximum of k of the n values drawn without replacement.

    Sum over places i = 0 ... n - k, from the best, of t_(i) (k / (n - i)) prod over j < i of (n - k - j) / (n - j)

    >>> round(expected_best(np.array([0.6, 0.7, 0.8]), 2), 4)
    0.7667
    """
    n, place = len(true), np.arange(len(true) - k + 1)
    none_before = np.concatenate([[1.0], np.cumprod((n - k - place[:-1]) / (n - place[:-1]))])
    return float(np.sort(true)[::-1][place] @ (none_before * k / (n - place)))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Accuracy found over k, one line per estimator; the random choice dotted and the oracle dashed."""
    if table.empty:
        say(ax, "no estimator has a score within the limit")
        return
    factor, unit = scale_of(table[["found_accuracy", "random", "oracle"]].to_numpy().ravel())
    shown = {"value": "found_accuracy", "low": "lower", "high": "upper"}
    draw_leading(table.assign(**{new: factor * table[old] for new, old in shown.items()}), ax, "k")
    most = table[table["estimator"] == table.loc[table["n"].idxmax(), "estimator"]].sort_values("k")
    for column, colour, dash in (("random", "0.45", (0, (1, 1.2))), ("oracle", "0.2", (0, (4, 2)))):
        ax.plot(most["k"], factor * most[column], color=colour, linestyle=dash, linewidth=1.1, zorder=1)
        end, place = (0, {"ha": "left", "va": "top"}) if column == "random" else (-1, {"ha": "right", "va": "bottom"})
        at, text = (most["k"].iloc[end], factor * most[column].iloc[end]), {"color": colour, "fontsize": 7, **place}
        ax.annotate(column, at, xytext=(2, -3) if end == 0 else (0, 2), textcoords="offset points", **text)
    lowest = factor * (2 * most["random"].iloc[0] - most["oracle"].iloc[0])
    if ax.get_ylim()[0] < lowest < factor * most["oracle"].iloc[0]:
        ax.set_ylim(bottom=lowest)
    if table["k"].max() > table["k"].min():
        ax.set_xscale("log")
    ax.set_xticks(sorted(table["k"].unique()), [f"{k}" for k in sorted(table["k"].unique())])
    ax.minorticks_off()
    ax.set_xlabel("architectures trained, k")
    ax.set_ylabel(f"best accuracy found, {unit}" if unit else "best ground truth found")
    tidy(ax)


def _panel_note(rows: pd.DataFrame) -> str:
    row = rows.loc[rows["n"].idxmax()]
    return f"{row['n']:,} of {row['n_scored']:,} architectures are within the limit."


def _found(part: pd.DataFrame, true: np.ndarray, k: int, drawn: np.ndarray, confidence: float) -> dict[str, object]:
    best = resolve({"name": "best_accuracy_at", "count": k})
    columns = [score.to_numpy("float64") for _, score in part.items()]
    value = float(np.mean([best(score, true) for score in columns]))
    draws = np.mean([best.values_of_draws(Resamples.of(score, true, drawn)) for score in columns], axis=0)
    low, high = interval_of(draws, confidence)
    random, oracle = expected_best(true, k), float(true.max())
    share = (value - random) / (oracle - random) if oracle - random > 1e-12 else np.nan
    row = {"found_accuracy": value, "lower": low, "upper": high, "random": random, "oracle": oracle}
    return row | {"share": share}


ANALYSIS = Analysis(
    name="under_limit",
    question="Which accuracy is found among the architectures within a limit on their latency, size or other quantity?",
    paper_finding=(
        "Ning et al. (2021, App. A.2.1, Fig. A8 and A9) compare the fronts of size and accuracy by one-shot score and "
        "by accuracy, and find the largest difference among the small architectures of NAS-Bench-301."
    ),
    section="search",
    caption=(
        "Best true accuracy among the k architectures with the best scores within the limit, over k, with bootstrap "
        "intervals; dotted: expectation of k random ones within the limit; dashed: the best one within it. The axis "
        "ends as far below one random architecture as the best one is above it."
    ),
    panel_note=_panel_note,
    needs=("constraints",),
    takes=("attributes", "complexity"),
    random=True,
    limit=LIMIT,
    compute=compute,
    draw=draw,
    panel_by="constraint",
    size=(3.6, 3.2),
)
