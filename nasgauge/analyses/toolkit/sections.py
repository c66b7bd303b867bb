"""The sections of a report with analyses: their headings, and the questions that they cannot answer."""

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
    found = []
    if not known:
        found.append("Biases by size are not analysed, as the sizes of these architectures are unknown; a ground-truth "
                     "file may contain the columns n_params and macs.")  # fmt: skip
    if space is None:
        found.append("Biases by operation, depth and receptive field are not analysed, as the search space is unknown; "
                     "nasgauge judge takes its name as --space.")  # fmt: skip
    elif "operation_bias" not in shown:
        found.append("Operations are not compared in pairs, as too few architectures differ by one mutation.")
    if (known or space is not None) and "bias_profile" not in shown:
        found.append("Bias profiles require 20 architectures with scores that are not all equal.")
    return found


@final
@dataclass(frozen=True)
class Section:
    """A heading, and `unanswered(shown, space, records)`: sentences on missing analyses and what they would require.

    shown: names of the analyses that the report shows. space, records: what the analyses were computed with.
    """

    heading: str
    unanswered: Unanswered = _nothing


SECTIONS: dict[str, Section] = {
    "truth": Section("Ground truth"),
    "agreement": Section("Agreement between estimators"),
    "ranks": Section("Estimated and true ranks"),
    "scores": Section("Distribution of scores"),
    "cells": Section("Top architectures"),
    "bias": Section("Bias", _biases),
    "training": Section("Supernet training"),
    "stability": Section("Stability"),
    "search": Section("Search"),
    "learning": Section("Training sets of predictors"),
    "settings": Section("Settings"),
    "cost": Section("Quality–cost trade-off"),
}  # in the order of the report, by the id that links to them
