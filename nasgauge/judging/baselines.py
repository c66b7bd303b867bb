"""Does an estimator rank better than size alone? Sizes of architectures as estimators next to those that are judged."""

import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import Names, listed
from nasgauge.core.tables import SCORES, check

SIZES = 'names of sizes, such as ["n_params"]'


def with_baselines(scores: pd.DataFrame, complexity: pd.DataFrame | None, names: Names) -> pd.DataFrame:
    """Table SCORES with the columns `names` of table COMPLEXITY as further estimators of one seed, more is better.

    On the architectures that any of the estimators scored; one whose size is not known is a failed measurement. Without
    names the table itself. UserError: something else than a name or a list of names, no sizes, a column that is none of
    them, a name twice or of an estimator.
    """
    names = listed(names, "judge: baselines", SIZES)
    if not names:
        return scores
    columns = [] if complexity is None else complexity.columns.drop("arch")
    sizes = [column for column in columns if complexity[column].notna().any()]
    if not sizes:
        raise UserError(
            "judge: baselines need sizes, and the ground truth has none; add columns n_params and macs to it"
        )
    for name in names:
        if name not in sizes:
            raise unknown_name("baseline", name, sizes)
    taken = [name for i, name in enumerate(names) if name in names[:i] or (scores["estimator"] == name).any()]
    if taken:
        raise UserError(f"judge: {taken[0]} is an estimator already; leave it out of the baselines, or rename it")
    archs = scores["arch"].unique()
    known = complexity.set_index("arch")[list(names)].reindex(archs).astype("float64")
    rows = known.rename_axis("arch").reset_index().melt("arch", var_name="estimator", value_name="score").assign(seed=0)
    return check(pd.concat([scores, rows[list(scores.columns)]], ignore_index=True), SCORES)
