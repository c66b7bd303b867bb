"""The answer in words, made from the numbers."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pandas as pd

from nasgauge.analyses import Bias
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import ceiling_row
from nasgauge.report.labels import COUNTING, Heading, best_first, by_key, interval, leading, number
from nasgauge.report.summary import is_near


def answer(bundle: Bundle, biases: Mapping[str, tuple[Bias, ...]] = MappingProxyType({})) -> list[str]:
    """Sentences: who is best, who is level, its bias, how far the ceiling is, and whether counting does as well.

    They follow the leading criterion alone. Level are those that the paired bootstrap of the bundle's contest does not
    separate from the best; without a contest the sentence is about intervals, and "overlap" is what it says and no
    test. biases: what each estimator is biased to; nothing is said of one that is not among them.
    """
    by = leading(bundle.values)
    rows = {name: row for (name, key), row in by_key(bundle.values).items() if key == by.key}
    order = best_first(bundle.values, by)
    defined = [name for name in order if name in rows and not math.isnan(rows[name].value)]
    if not defined:
        return [f"No estimator has a defined {_name(by)}: scores are constant or too few architectures have one."]
    best = rows[defined[0]]
    others = [rows[name] for name in defined[1:]]
    told = _contest(bundle.contest) if len(bundle.contest) else _separation(best, others)
    bias = _bias(best.estimator, biases.get(best.estimator))
    sentences = [_first(best, by, n_others=len(others)), *told, *bias, *_distance(bundle, best, by)]
    return [*sentences, *_counting(defined, rows, by), *_cautions(order, defined, rows)]


def survey_answer(contests: pd.DataFrame, by: Heading) -> list[str]:
    """Sentences over several benchmarks: who wins how often, and on each benchmark who, how surely, and who is level.

    contests: table CONTESTS. "Level" are those that a paired bootstrap does not separate from the best.
    """
    won, told = [], []
    for part, table in contests.groupby("part", sort=False):
        defined = table[table["value"].notna()].sort_values("behind", kind="stable")
        if defined.empty:
            told.append(f"On {part} no estimator has a defined {_name(by)}.")
            continue
        best, others = defined.iloc[0], defined.iloc[1:]
        won.append(best["estimator"])
        level = others[~(others["behind_lower"] > 0)]["estimator"].tolist()
        beside = f"level with {_listed(level)}" if level else "ahead of all others"
        told.append(
            f"{part}: {best['estimator']} at {number(best['value'], by.decimals)}, best in {best['p_best']:.0%} of the "
            f"draws, {beside}."
        )
    if not won:
        return told
    leader = max(sorted(set(won)), key=won.count)
    n = won.count(leader)
    start = f"{leader} is the best on all {n} benchmarks" if n == len(won) else (
        f"no estimator wins everywhere; {leader} comes first most often, on {n} of {len(won)} benchmarks"
        if n > 1
        else f"no estimator is the best on more than one of {len(won)} benchmarks"
    )  # fmt: skip
    return [f"By {_name(by)}, {start}.", *told]


def _name(by: Heading) -> str:
    return by.title or by.symbol if by.at is None else f"{by.title} ({by.symbol})"


def _told(row, by: Heading) -> str:
    bounds = interval(row.lower, row.upper, by.decimals)
    return f"{number(row.value, by.decimals)}{' ' + bounds if bounds else ''}"


def _first(best, by: Heading, *, n_others: int) -> str:
    opening = f"By {_name(by)}, the best of {n_others + 1} estimators is" if n_others else f"By {_name(by)},"
    verb = "" if n_others else " reaches"
    joint = ", with" if n_others else ""
    return f"{opening} {best.estimator}{verb}{joint} {_told(best, by)} over {best.n:,} architectures."


def _separation(best, others) -> list[str]:
    if not others:
        return []
    if any(math.isnan(row.lower) or math.isnan(row.upper) for row in (best, *others)):
        return ["Without intervals for all, nothing is said about which of them differ by more than chance."]
    near = [row.estimator for row in others if row.upper >= best.lower and row.lower <= best.upper]
    if not near:
        return ["No other interval overlaps with its own."]
    noun, verb, them = ("interval", "overlaps", "it") if len(near) == 1 else ("intervals", "overlap", "them")
    return [f"The {noun} of {_listed(near)} {verb} with its own, so these data do not separate {them} from the best."]


def _contest(contest: pd.DataFrame) -> list[str]:
    defined = contest[contest["value"].notna()]
    if len(defined) < 2:
        return []
    if defined["behind_lower"].isna().all():
        return ["Without bootstrap draws, nothing is said about which of them differ by more than chance."]
    best = defined.iloc[0]
    level = [row.estimator for row in defined.iloc[1:].itertuples() if is_near(row)]
    share = f"It is the best in {best['p_best']:.0%} of the bootstrap draws"
    if not level:
        return [f"{share}, and a paired bootstrap separates it from all others."]
    return [f"{share}; a paired bootstrap does not separate {_listed(level)} from it."]


def _bias(name: str, found: tuple[Bias, ...] | None) -> list[str]:
    if found is None:
        return []
    if not found:
        return [f"Among equally good architectures no property is found that {name} favours."]
    over, under = ([bias.name for bias in found if bias.over is side] for side in (True, False))
    parts = [
        *([f"too high those with more {_listed(over)}"] if over else []),
        *([f"too low those with more {_listed(under)}"] if under else []),
    ]
    return [f"Among equally good architectures {name} puts {' and '.join(parts)}."]


def _distance(bundle: Bundle, best, by: Heading) -> list[str]:
    ceiling = ceiling_row(bundle.ceiling, best.estimator, by)
    if ceiling is None:
        return [
            "The ground truth has too few trainings of each architecture to say how much of the rest is its own noise."
        ]
    measure = (
        f" (measured on another quantity than the truth: {bundle.ceiling_measure})" if bundle.ceiling_measure else ""
    )
    if by.better_than(best.value, ceiling.value):
        return [
            f"That passes the noise ceiling of these architectures, {_told(ceiling, by)}{measure}, which rests on one "
            "half of the ground truth's trainings where the estimator is judged by all of them; this ground truth can "
            "hardly resolve more."
        ]
    gap = number(abs(best.value - ceiling.value), by.decimals)
    return [
        "The noise ceiling, the split-half reliability of the ground truth on these architectures, is "
        f"{_told(ceiling, by)}{measure}; gap to the ceiling: {gap}."
    ]


def _counting(defined: list[str], rows, by: Heading) -> list[str]:
    counts = [name for name in defined if name in COUNTING]
    others = [name for name in defined if name not in COUNTING]
    if not counts or not others:
        return []
    count, other = rows[counts[0]], rows[others[0]]
    gap = number(abs(other.value - count.value), by.decimals)
    told = f"{count.estimator} at {_told(count, by)}"
    if other.value == count.value:
        return [f"The best counting baseline, {told}, does as well as the best other estimator, {other.estimator}."]
    overlap = other.upper >= count.lower and other.lower <= count.upper  # False where there are no intervals
    caution = ", and their intervals overlap" if overlap else ""
    if by.better_than(other.value, count.value):
        return [f"It stands {gap} from the best counting baseline, {told}{caution}."]
    return [f"Nothing beats counting: the best other estimator, {other.estimator}, stays {gap} behind {told}{caution}."]


def _cautions(order: list[str], defined: list[str], rows) -> list[str]:
    undefined = [name for name in order if name not in defined]
    sentences = [f"Undefined: {_listed(undefined)}."] if undefined else []
    return [*sentences, *unlike_sets(rows[name].n for name in defined)]


def unlike_sets(sizes: Iterable[int]) -> list[str]:
    """A warning where estimators are judged on different numbers of architectures.

    >>> unlike_sets([10, 10]), len(unlike_sets([10, 9]))
    ([], 1)
    """
    sizes = set(sizes)
    if len(sizes) < 2:
        return []
    return [
        f"The estimators are judged on different numbers of architectures (n = {min(sizes):,} to {max(sizes):,}), so "
        "their values are not directly comparable; judge them on the architectures that all of them score."
    ]


def _listed(names: list[str], limit: int = 6) -> str:
    shown = names if len(names) <= limit else [*names[: limit - 1], f"{len(names) - limit + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
