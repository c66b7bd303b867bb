"""What is found within limits on quantities of the architectures, as text for a terminal."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES
from nasgauge.judging import Verdict

Lines = list[list[str]]


def limit_tables(verdict: Verdict) -> Iterator[tuple[str, list[str], Lines]]:
    """For every constraint a title, headings and lines: the numbers of the report's analysis under_limit.

    One line per estimator, one column per number k of architectures; then the expectation of k random ones and the best
    one within the limit, on the architectures of the estimator with the most of them.
    """
    if verdict.constraints.empty:
        return
    known = {"complexity": verdict.complexity, "attributes": verdict.attributes, "constraints": verdict.constraints}
    records = {name: table for name, table in known.items() if table is not None}
    scores = verdict.scores[verdict.scores["arch"].isin(set(verdict.truth["arch"]))]
    table = ANALYSES["under_limit"](scores, verdict.truth, verdict.space, rng=np.random.default_rng(0), records=records)
    for text in verdict.constraints["constraint"].unique():
        rows = table[table["constraint"] == text]
        if rows.empty:
            yield f"{text}: no estimator has a score of an architecture within this limit", ["estimator"], []
            continue
        most = rows[rows["estimator"] == rows.loc[rows["n"].idxmax(), "estimator"]]
        title = (
            f"{text} ({most['n'].iloc[0]:,} of {most['n_scored'].iloc[0]:,} architectures): best ground truth among "
            "the k with the best scores"
        )
        counts = sorted(rows["k"].unique())
        lines = [
            [str(name), *_line(part, "found_accuracy", counts)] for name, part in rows.groupby("estimator", sort=False)
        ]
        lines += [["random choice", *_line(most, "random", counts)], ["best possible", *_line(most, "oracle", counts)]]
        yield title, ["estimator", *(f"k = {k}" for k in counts)], lines


def _line(rows: pd.DataFrame, column: str, counts: list[int]) -> list[str]:
    by_k = rows.set_index("k")[column]
    return [f"{by_k[k]:.4f}" if k in by_k.index else "" for k in counts]
