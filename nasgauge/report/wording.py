"""The summary in sentences, generated from the tables."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pandas as pd

from nasgauge.analyses import Bias
from nasgauge.core.lists import enumerated
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import ceiling_row
from nasgauge.report.labels import COUNTING, Heading, best_first, by_key, interval, leading, number
from nasgauge.report.summary import is_near


def answer(bundle: Bundle, biases: Mapping[str, tuple[Bias, ...]] = MappingProxyType({})) -> list[str]:
    """Sentences on the best estimator, the significance of the differences to it, its bias, the gap to the noise
    ceiling, and the complexity baselines.

    All by the leading criterion. Significance is that of the paired differences in the bundle's contest; without a
    contest none is stated. biases: those of each estimator; an estimator that is not among them has no such sentence.
    """
    by = leading(bundle.values)
    rows = {name: row for (name, key), row in by_key(bundle.values).items() if key == by.key}
    order = best_first(bundle.values, by)
    defined = [name for name in order if name in rows and not math.isnan(rows[name].value)]
    if not defined:
        return [
            f"{_name(by)} is undefined for every estimator: scores are constant, or too few architectures have a score."
        ]
    best = rows[defined[0]]
    first = _first(best, by, n_others=len(defined) - 1)
    bias = _bias(best.estimator, biases.get(best.estimator))
    sentences = [first, *_significance(bundle.contest, len(defined)), *bias, *_distance(bundle, best, by)]
    return [*sentences, *_complexity(defined, rows, bundle.contest, by), *_cautions(order, defined, rows)]


def survey_answer(contests: pd.DataFrame, by: Heading) -> list[str]:
    """Sentences over several benchmarks: the estimator that is best most often, and the best on each benchmark.

    contests: table CONTESTS, whose paired differences decide which estimators differ significantly from the best.
    """
    won, found = [], []
    for part, table in contests.groupby("part", sort=False):
        defined = table[table["value"].notna()].sort_values("behind", kind="stable")
        if defined.empty:
            found.append(f"{part}: {_name(by)} is undefined for every estimator.")
            continue
        best, others = defined.iloc[0], defined.iloc[1:]
        won.append(best["estimator"])
        level = others[~(others["behind_lower"] > 0)]["estimator"].tolist()
        rivals = (
            f"not significantly different from {enumerated(level)}" if level else "significantly better than all others"
        )
        found.append(
            f"{part}: {best['estimator']} at {number(best['value'], by.decimals)}, probability of being best "
            f"{best['p_best']:.0%}, {rivals}."
        )
    if not won:
        return found
    leader = max(sorted(set(won)), key=won.count)
    n = won.count(leader)
    start = f"{leader} is the best on all {n} benchmarks" if n == len(won) else (
        f"no estimator is the best on all benchmarks; {leader} is the best on {n} of {len(won)}"
        if n > 1
        else f"no estimator is the best on more than one of {len(won)} benchmarks"
    )  # fmt: skip
    return [f"By {_name(by)}, {start}.", *found]


def _name(by: Heading) -> str:
    return by.title or by.symbol if by.at is None else f"{by.title} ({by.symbol})"


def _value(row, by: Heading) -> str:
    bounds = interval(row.lower, row.upper, by.decimals)
    return f"{number(row.value, by.decimals)}{' ' + bounds if bounds else ''}"


def _first(best, by: Heading, *, n_others: int) -> str:
    opening = f"By {_name(by)}, the best of {n_others + 1} estimators is" if n_others else f"By {_name(by)},"
    verb = "" if n_others else " reaches"
    joint = ", with" if n_others else ""
    return f"{opening} {best.estimator}{verb}{joint} {_value(best, by)} over {best.n:,} architectures."


def _significance(contest: pd.DataFrame, n: int) -> list[str]:
    """Whether the best of n estimators is significantly better than the others; nothing where there are none."""
    defined = contest[contest["value"].notna()]
    if n < 2:
        return []
    if len(defined) < 2 or defined["behind_lower"].isna().all():
        return ["Without bootstrap draws, the significance of the differences between estimators is not known."]
    best = defined.iloc[0]
    level = [row.estimator for row in defined.iloc[1:].itertuples() if is_near(row)]
    share = f"Its probability of being the best is {best['p_best']:.0%}"
    if not level:
        return [f"{share}; its paired difference to every other estimator is significant."]
    noun, them = ("difference", "is") if len(level) == 1 else ("differences", "are")
    return [f"{share}; the paired {noun} to {enumerated(level)} {them} not significant."]


def _bias(name: str, found: tuple[Bias, ...] | None) -> list[str]:
    if found is None:
        return []
    own = [bias for bias in found if bias.name == name]  # that a count grows with what it counts is no finding
    found = tuple(bias for bias in found if bias.name != name)
    if not found:
        return [] if own else [f"Among architectures of equal accuracy, no bias of {name} is found."]
    over, under = ([bias.name for bias in found if bias.over is side] for side in (True, False))
    parts = [
        *([f"over-ranks those with more {enumerated(over)}"] if over else []),
        *([f"under-ranks those with more {enumerated(under)}"] if under else []),
    ]
    return [f"Among architectures of equal accuracy, {name} {' and '.join(parts)}."]


def _distance(bundle: Bundle, best, by: Heading) -> list[str]:
    ceiling = ceiling_row(bundle.ceiling, best.estimator, by)
    if ceiling is None:
        return ["The noise of the ground truth is not known, as its architectures have too few trainings."]
    measure = bundle.ceiling_measure
    measure = f" (measured on a quantity other than the ground truth: {measure})" if measure else ""
    if by.better_than(best.value, ceiling.value):
        return [
            f"It exceeds the noise ceiling, {_value(ceiling, by)}{measure}, which compares halves of the trainings, "
            "whereas estimators are compared with the mean over all of them; differences beyond it can hardly be "
            "resolved by this ground truth."
        ]
    gap = number(abs(best.value - ceiling.value), by.decimals)
    return [
        "The noise ceiling, the split-half reliability of the ground truth on these architectures, is "
        f"{_value(ceiling, by)}{measure}; gap to the ceiling: {gap}."
    ]


def _complexity(defined: list[str], rows, contest: pd.DataFrame, by: Heading) -> list[str]:
    """The best complexity baseline against the best other estimator, by their paired difference where it is known."""
    counts = [name for name in defined if name in COUNTING]
    others = [name for name in defined if name not in COUNTING]
    if not counts or not others:
        return []
    count, other = rows[counts[0]], rows[others[0]]
    baseline = f"the best complexity baseline, {count.estimator} at {_value(count, by)}"
    if other.value == count.value:
        return [f"{other.estimator} has the same value as {baseline}."]
    wins = by.better_than(other.value, count.value)
    gap = number(abs(other.value - count.value), by.decimals)
    # One of the two is the best of all, so the other's row states the paired difference.
    row = next((r for r in contest.itertuples() if r.estimator == (count if wins else other).estimator), None)
    bounds = "" if row is None else interval(row.behind_lower, row.behind_upper, by.decimals)
    delta = f"{gap} {bounds}" if bounds else gap
    caution = ", not significant" if bounds and is_near(row) else ""
    if wins:
        return [f"The paired difference of {other.estimator} to {baseline}, is {delta}{caution}."]
    return [
        "No estimator outperforms the complexity baselines; the paired difference of the best other estimator, "
        f"{other.estimator}, to {count.estimator} is {delta}{caution}."
    ]


def _cautions(order: list[str], defined: list[str], rows) -> list[str]:
    undefined = [name for name in order if name not in defined]
    sentences = [f"Undefined: {enumerated(undefined)}."] if undefined else []
    return [*sentences, *unlike_sets(rows[name].n for name in defined)]


def unlike_sets(sizes: Iterable[int]) -> list[str]:
    """A warning where estimators are evaluated on different numbers of architectures.

    >>> unlike_sets([10, 10]), len(unlike_sets([10, 9]))
    ([], 1)
    """
    sizes = set(sizes)
    if len(sizes) < 2:
        return []
    return [
        f"The estimators are evaluated on different numbers of architectures (n = {min(sizes):,} to {max(sizes):,}), "
        "so their values are not directly comparable; compare them on the architectures that all of them score."
    ]
