"""Measurements that failed, as rows of the scores."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.tables import SCORES, check


@final
@dataclass(frozen=True)
class Combined:
    """A combination of the scores of other estimators. every_seed: of all their seeds, otherwise seed by seed."""

    name: str
    of: tuple[str, ...]
    every_seed: bool = False


def with_failures(scores: pd.DataFrame, errors: pd.DataFrame | None, combined: Iterable[Combined] = ()) -> pd.DataFrame:
    """Table SCORES with one row without a score per failed measurement.

    scores: table SCORES. errors: table ERRORS; None: nothing failed. combined: in the order of their computation; a
    combination fails wherever one of its estimators fails. An architecture with a score has not failed.

    >>> scores = pd.DataFrame({"estimator": "a", "arch": ["x"], "seed": 0, "score": [1.0]})
    >>> errors = pd.DataFrame({"estimator": "a", "arch": ["y"], "seed": 0, "error": ["no path"]})
    >>> with_failures(scores, errors)["score"].tolist()
    [1.0, nan]
    """
    keys = ["estimator", "arch", "seed"]
    failed = scores.loc[scores["score"].isna(), keys]
    failed = failed if errors is None else pd.concat([failed, errors[keys]], ignore_index=True)
    for one in combined:
        failed = pd.concat([failed, _inherited(one, failed, scores)], ignore_index=True)
    known = pd.MultiIndex.from_frame(scores[keys])
    new = failed.drop_duplicates()
    new = new[~pd.MultiIndex.from_frame(new).isin(known)]
    return check(pd.concat([scores, new.assign(score=np.nan)], ignore_index=True), SCORES) if len(new) else scores


def _inherited(one: Combined, failed: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The failures of a combination: those of its estimators, in its own seeds.

    One of every seed that has no score at all has seed 0, as studies give it.
    """
    rows = failed.loc[failed["estimator"].isin(one.of), ["arch", "seed"]]
    if one.every_seed:
        own = scores.loc[scores["estimator"] == one.name, "seed"].unique()
        rows = rows[["arch"]].merge(pd.DataFrame({"seed": own if len(own) else [0]}), how="cross")
    return rows.assign(estimator=one.name)[["estimator", "arch", "seed"]]
