"""Paired differences of estimators as a LaTeX table."""

import math
from collections.abc import Sequence

import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.report.differences import ALPHA, Differences, Pair, differences
from nasgauge.report.latex.escaping import escaped, heading_text, value_text
from nasgauge.report.latex.tabular import bold, tabular

_MOST = 30  # columns of a matrix that a page has room for


def latex_paired(
    paired: pd.DataFrame,
    *,
    criterion: str | None = None,
    against: str | None = None,
    caption: str | None = None,
    label: str | None = None,
) -> str:
    """Paired differences by one criterion: a matrix of all pairs, or one row per estimator against a single one.

    paired: as for `differences`. criterion: name or name@K; the first of the table if None. Matrix: the difference of
    the row to the column, positive where the row is better; columns have the numbers of the rows. against: an
    estimator; the rows are then its rivals, with difference, interval and adjusted p-value. Bold: adjusted p-value
    below .05. UserError: an unknown criterion or estimator, more than 30 estimators in a matrix.
    """
    found = differences(paired, criterion)
    if against is None:
        head, body = _matrix(found)
        what = "row minus column, positive: the row is better"
    else:
        if against not in found.names:
            raise unknown_name("estimator", against, found.names)
        head, body = _against(found, against)
        what = f"difference to {escaped(against)}, positive: better than it"
    notes = [f"{heading_text(found.by)}: {what}. Bold: adjusted $p < {ALPHA:g}$.".replace("0.05", ".05")]
    return tabular([head], [body], notes=notes, caption=caption, label=label)


def _matrix(found: Differences) -> tuple[list[str], Sequence[list[str]]]:
    if len(found.names) > _MOST:
        raise UserError(
            f"the matrix of paired differences has {len(found.names)} estimators, at most {_MOST} fit on a page; "
            "choose fewer, or compare them with one (against=NAME)"
        )
    body = []
    for i, one in enumerate(found.names, start=1):
        cells = [_gap(found.pairs.get((one, other)), found.by.decimals) for other in found.names]
        body.append([f"{i} {escaped(one)}", *cells])
    return ["estimator", *(str(i) for i in range(1, len(found.names) + 1))], body


def _against(found: Differences, rival: str) -> tuple[list[str], Sequence[list[str]]]:
    body, decimals = [], found.by.decimals
    for name in found.names:
        pair = found.pairs.get((name, rival))
        if pair is None:
            continue
        ends = [value_text(end, decimals) for end in (pair.lower, pair.upper)]
        interval = "--" if math.isnan(pair.lower) else f"[{ends[0]}, {ends[1]}]"
        body.append([escaped(name), _gap(pair, decimals), interval, _p(pair.p_value)])
    return ["estimator", "difference", "interval", "adjusted $p$"], body


def _gap(pair: Pair | None, decimals: int) -> str:
    if pair is None:
        return ""
    text = value_text(pair.difference, decimals)
    return bold(text) if pair.significant else text


def _p(value: float) -> str:
    return "$<$ .001" if value < 0.001 else value_text(value, 3)
