"""Properties of architectures, one row each."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pandas as pd

from nasgauge.spaces import Space, properties

SIZES = ("n_params", "macs")


def properties_of(
    archs: Iterable[str], space: Space | None = None, complexity: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Properties by architecture (index arch): the columns n_params and macs of table COMPLEXITY, then those of
    `spaces.properties`. Without a complexity or a space there are fewer columns; what is unknown is NaN.

    >>> from nasgauge.spaces import NB201
    >>> name = NB201().to_str((3, 0, 0, 1, 0, 0))
    >>> properties_of([name], NB201())[["depth", "shortest_path"]].values.tolist()
    [[0.0, 0.0]]
    """
    archs = list(archs)
    table = pd.DataFrame(index=pd.Index(archs, name="arch"))
    if complexity is not None:
        sizes = complexity.set_index("arch")
        for name in SIZES:
            if name in sizes and sizes[name].notna().any():
                table[name] = sizes[name].reindex(archs).astype("float64")
    if space is not None and archs:
        rows = [_properties(space, arch) for arch in archs]
        names = rows[0].keys()
        table[list(names)] = np.array([[row[name] for name in names] for row in rows])
    return table


@lru_cache(maxsize=200_000)
def _properties(space: Space, arch: str) -> dict[str, float]:
    return properties(space, space.from_str(arch))
