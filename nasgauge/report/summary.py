"""The first table of the page: value, probability of being best, Δ to best and biases of every estimator."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nasgauge.analyses import Bias
from nasgauge.report.bundle import Bundle
from nasgauge.report.labels import COUNTING, EN_DASH, Heading, best_first, by_key, interval, leading, number


@dataclass(frozen=True)
class Line:
    """One estimator; texts are empty where nothing is known. biases: None where they were not computed, without the one
    of a count to the quantity that it counts, which counts_itself notes.

    p_best: probability of being best. delta: paired difference to the best. order: significant wins / losses. wins: it
    is the best; near: it is not, and the difference to the best is not significant."""

    estimator: str
    kind: str
    value: str
    interval: str
    connected: str
    p_best: str
    delta: str
    delta_interval: str
    order: str
    wins: bool
    near: bool
    biases: tuple[Bias, ...] | None
    counts_itself: bool


def is_near(row: object) -> bool:
    """Whether the paired difference (row of CONTEST) to the best is not significant; True for the best."""
    return not (math.isnan(row.behind) or row.behind_lower > 0)


def summary(bundle: Bundle, biases: Mapping[str, tuple[Bias, ...]]) -> list[Line]:
    """One line per estimator, the best first; biases: those of each estimator, where they were computed."""
    by = leading(bundle.values)
    values, whole = by_key(bundle.values), by_key(bundle.connected)
    contest = {row.estimator: row for row in bundle.contest.itertuples()}
    lines = []
    for name in best_first(bundle.values, by):
        row, found = values.get((name, by.key)), biases.get(name)
        undefined = row is None or math.isnan(row.value)
        kind = "counting" if name in COUNTING else ""
        lines.append(
            Line(
                estimator=name,
                kind=kind,
                value=EN_DASH if undefined else number(row.value, by.decimals, compact=True),
                interval="" if undefined else interval(row.lower, row.upper, by.decimals, compact=True),
                connected=_value(whole.get((name, by.key)), by),
                biases=None if found is None else tuple(bias for bias in found if bias.name != name),
                counts_itself=any(bias.name == name for bias in found or ()),
                **_against(contest.get(name), by),
            )
        )
    return lines


def _value(row: object, by: Heading) -> str:
    return "" if row is None else number(row.value, by.decimals, compact=True)


def _against(row: object, by: Heading) -> dict[str, object]:
    if row is None or math.isnan(row.value):
        return {"p_best": "", "delta": "", "delta_interval": "", "order": "", "wins": False, "near": False}
    wins = row.behind == 0
    return {
        "p_best": number(row.p_best, 2, compact=True),
        "delta": "" if wins else number(row.behind, by.decimals, compact=True),
        "delta_interval": "" if wins else interval(row.behind_lower, row.behind_upper, by.decimals, compact=True),
        "order": f"{row.n_ahead_of} / {row.n_behind}",
        "wins": wins,
        "near": is_near(row) and not wins,
    }
