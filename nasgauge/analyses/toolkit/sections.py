"""The sections of a report that hold analyses: their headings, and which questions they leave open."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import final

import pandas as pd

from nasgauge.spaces import Space

Unanswered = Callable[[Collection[str], Space | None, Mapping[str, pd.DataFrame]], list[str]]


def _nothing(shown: Collection[str], space: Space | None, records: Mapping[str, pd.DataFrame]) -> list[str]:
    return []


def _biases(shown: Collection[str], space: Space | None, records: Mapping[str, pd.DataFrame]) -> list[str]:
    complexity = records.get("complexity")
    known = complexity is not None and bool(complexity.get("n_params", pd.Series(dtype=float)).notna().any())
    said = []
    if not known:
        said.append("The sizes of these architectures are not known, so nothing is said of biases by size; a truth "
                    "file may bring the columns n_params and macs.")  # fmt: skip
    if space is None:
        said.append("The search space is not known, so nothing is said of operations, depth and receptive field; "
                    "nasgauge judge takes its name as --space.")  # fmt: skip
    elif "operation_bias" not in shown:
        said.append("Hardly any two of these architectures are one step apart, so operations are not compared in "
                    "pairs.")  # fmt: skip
    if (known or space is not None) and "bias_profile" not in shown:
        said.append("No bias is looked for where fewer than 20 architectures have a score, or all have the same.")
    return said


@final
@dataclass(frozen=True)
class Section:
    """A heading, and `unanswered(shown, space, records)`: sentences on what is left open, and what would answer it.

    shown: names of the analyses that the report shows. space, records: what the analyses were computed with.
    """

    heading: str
    unanswered: Unanswered = _nothing


SECTIONS: dict[str, Section] = {
    "truth": Section("The truth"),
    "agreement": Section("Agreement"),
    "ranks": Section("Ranks"),
    "scores": Section("Scores"),
    "cells": Section("Best cells"),
    "bias": Section("Where the estimates are wrong", _biases),
    "training": Section("While the supernet is trained"),
    "stability": Section("How stable the ranking is"),
    "search": Section("What a search would find"),
    "learning": Section("What predictors make of what they learn from"),
    "settings": Section("What the choices do"),
    "cost": Section("What a better ranking costs"),
}  # in the order of the report, by the id that links to them
