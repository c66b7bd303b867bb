"""Values of criteria with their bootstrap intervals: the draws, their means over seeds, their percentiles."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from nasgauge.core.arguments import GENERATOR, takes
from nasgauge.core.errors import MAX_DRAWS, UserError, check_count
from nasgauge.core.tables import TRUTH, VALUES, check, empty
from nasgauge.criteria import BoundCriterion, defined_draws, order_best_first
from nasgauge.judging.draws import Column, draws_of

_MOST_CELLS = 4_000_000_000  # of the counts, a byte each


@takes("judging", rng=GENERATOR)
def draw_counts(n: int, n_draws: int, *, rng: np.random.Generator) -> np.ndarray:
    """Multiplicity of each of n rows in each of n_draws bootstrap resamples, integers (n_draws, n) with row sums n.

    The draws are those of scipy.stats.bootstrap for the same generator.

    >>> draw_counts(4, 2, rng=np.random.default_rng(0)).sum(axis=1).tolist()
    [4, 4]
    """
    if n * n_draws > _MOST_CELLS:
        largest = _MOST_CELLS // n
        raise UserError(
            f"n_bootstrap: {n_draws:,} draws of {n:,} architectures do not fit into memory; give at most {largest:,} "
            "draws"
        )
    counts = np.zeros((n_draws, n), dtype="uint8")
    for draw in range(n_draws):
        count = np.bincount(rng.integers(0, n, n), minlength=n)
        if count.max(initial=0) > np.iinfo(counts.dtype).max:
            counts = counts.astype("int64")
        counts[draw] = count
    return counts


def applicable(criteria: list[BoundCriterion], columns: list[Column], *, is_fraction: bool) -> list[BoundCriterion]:
    """The criteria that are defined for these scores and this ground truth.

    Undefined are those that depend on more than the order of the scores where a score is -inf, and those in units of
    accuracy where the ground truth is not a fraction.
    """
    order_only = any(np.isneginf(score).any() for _, score, _ in columns)
    return [c for c in criteria if (c.order_only or not order_only) and (is_fraction or not c.of_accuracy)]


def holds_fractions(accuracy: pd.Series) -> bool:
    """Whether every value lies between 0 and 1, as accuracies do.

    >>> holds_fractions(pd.Series([0.0, 0.94])), holds_fractions(pd.Series([-0.2, 0.1]))
    (True, False)
    """
    return bool(accuracy.between(0, 1).all())


def rows_of(
    estimator: str,
    columns: list[Column],
    criteria: list[BoundCriterion],
    counts: np.ndarray,
    confidence: float,
    *,
    is_fraction: bool,
    tick: Callable[[float], None] = lambda share: None,
    **fixed: int,
) -> list[dict[str, object]]:
    """One row per criterion, averaged over columns; those that are not `applicable` have no value.

    columns: score and truth of each seed (or split) at the rows of the truth in question. counts: (n_draws, n_truth).
    tick: called with the completed share of a criterion's draws of a column. fixed: further columns, the counts.
    """
    usable = applicable(criteria, columns, is_fraction=is_fraction)
    given = [(score, truth) for _, score, truth in columns]
    orders = [order_best_first(score, truth) for score, truth in given]
    ordered = [(score[order], truth[order]) for (score, truth), order in zip(given, orders, strict=True)]
    try:
        values = {c: np.mean([c(*pair) for pair in (ordered if _counts_a_top(c) else given)]) for c in usable}
    except UserError as error:
        raise UserError(f"estimator {estimator!r}: {error}") from error
    draws = draws_of(columns, usable, counts, tick)
    rows = []
    for c in criteria:
        lower, upper = interval(draws[c], confidence) if c in draws else (np.nan, np.nan)
        value = {"value": values.get(c, np.nan), "lower": lower, "upper": upper}
        rows.append({"estimator": estimator, "criterion": c.name, "at": c.at, **value, **fixed})
    return rows


def _counts_a_top(criterion: BoundCriterion) -> bool:
    """Whether it sorts the rows and counts them, so that it is spared sorting; sums depend on the order of the rows."""
    return criterion.of_draws is not None and not np.isnan(criterion.at)


def interval(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentile interval of the draws; NaN where there are none, or too many are undefined (`defined_draws`)."""
    defined = defined_draws(draws)
    if not len(defined):
        return float("nan"), float("nan")
    lower, upper = np.percentile(defined, [50 * (1 - confidence), 50 * (1 + confidence)])
    return float(lower), float(upper)


def values_table(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Rows as table VALUES, none as the empty one."""
    return check(pd.DataFrame(rows), VALUES) if rows else empty(VALUES)


def check_options(n_bootstrap: int, confidence: float, *, missing: str = "omit", unknown: str = "error") -> None:
    """UserError for an option of the evaluation that is out of range."""
    check_count(n_bootstrap, "n_bootstrap", least=0, most=MAX_DRAWS, remedy="0: no intervals")
    if not 0 < confidence < 1:
        raise UserError(f"confidence is {confidence}; give a number between 0 and 1, such as 0.95")
    if missing not in ("omit", "last"):
        raise UserError(f"missing is {missing!r}; failed measurements can be omitted ('omit') or ranked last ('last')")
    if unknown not in ("error", "drop"):
        raise UserError(
            f"unknown is {unknown!r}; architectures without ground truth can raise an 'error' or be 'drop'ped"
        )


def checked_truth(truth: pd.DataFrame) -> pd.DataFrame:
    """The table as TRUTH declares it, with one row at least; UserError otherwise."""
    truth = check(truth, TRUTH)
    if truth.empty:
        raise UserError("the ground-truth table has no rows; give at least one architecture")
    return truth
