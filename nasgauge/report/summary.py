"""The first table of the page: which estimator, how good, how sure, biased to what."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nasgauge.analyses import Bias
from nasgauge.report.bundle import Bundle
from nasgauge.report.labels import COUNTING, EN_DASH, Heading, best_first, by_key, interval, leading, number


@dataclass(frozen=True)
class Judged:
    """One estimator in a line; texts are empty where nothing is known. biases: None where it was not asked."""

    estimator: str
    kind: str
    value: str
    interval: str
    connected: str
    p_best: str
    behind: str
    behind_interval: str
    order: str
    wins: bool
    near: bool
    biases: tuple[Bias, ...] | None


def is_near(row: object) -> bool:
    """Whether a paired bootstrap does not separate an estimator (row of CONTEST) from the best, itself among them."""
    return not (math.isnan(row.behind) or row.behind_lower > 0)


def summary(bundle: Bundle, biases: Mapping[str, tuple[Bias, ...]]) -> list[Judged]:
    """One line per estimator, the best first; biases: what each is biased to, where that was computed."""
    by = leading(bundle.values)
    values, whole = by_key(bundle.values), by_key(bundle.connected)
    contest = {row.estimator: row for row in bundle.contest.itertuples()}
    lines = []
    for name in best_first(bundle.values, by):
        row, beside = values.get((name, by.key)), contest.get(name)
        undefined = row is None or math.isnan(row.value)
        kind = "counting" if name in COUNTING else ""
        lines.append(
            Judged(
                estimator=name,
                kind=kind,
                value=EN_DASH if undefined else number(row.value, by.decimals, compact=True),
                interval="" if undefined else interval(row.lower, row.upper, by.decimals, compact=True),
                connected=_value(whole.get((name, by.key)), by),
                biases=biases.get(name),
                **_against(beside, by),
            )
        )
    return lines


def _value(row: object, by: Heading) -> str:
    return "" if row is None else number(row.value, by.decimals, compact=True)


def _against(row: object, by: Heading) -> dict[str, object]:
    if row is None or math.isnan(row.value):
        return {"p_best": "", "behind": "", "behind_interval": "", "order": "", "wins": False, "near": False}
    wins = row.behind == 0
    return {
        "p_best": number(row.p_best, 2, compact=True),
        "behind": "" if wins else number(row.behind, by.decimals, compact=True),
        "behind_interval": "" if wins else interval(row.behind_lower, row.behind_upper, by.decimals, compact=True),
        "order": f"{row.n_ahead_of} / {row.n_behind}",
        "wins": wins,
        "near": is_near(row) and not wins,
    }
