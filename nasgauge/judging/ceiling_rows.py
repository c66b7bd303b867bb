"""The noise ceiling as rows below those of the estimators."""

import pandas as pd

from nasgauge.core.tables import NOISE_CEILING


def with_ceilings(values: pd.DataFrame, ceiling: pd.DataFrame) -> pd.DataFrame:
    """Table VALUES, followed by rows "noise_ceiling", one per set of architectures and criterion.

    A column `ceiling_of` names, separated by semicolons, the estimators on whose architectures a ceiling is measured;
    empty in their own rows. n_seeds is the number of splits in a ceiling's row.
    """
    parts = [values.assign(ceiling_of="")]
    for _, part in ceiling.groupby("archs", sort=True):
        first = part[part["estimator"] == part["estimator"].iloc[0]]
        names = "; ".join(dict.fromkeys(part["estimator"]))
        rows = first.assign(estimator=NOISE_CEILING, ceiling_of=names, n_failed=0, n_unknown=0)
        parts.append(rows.rename(columns={"n_splits": "n_seeds"})[parts[0].columns])
    return pd.concat(parts, ignore_index=True)
