"""What an embedded benchmark depends on: Kendall's tau of its mean accuracy with sizes and parts of architectures.

python examples/describe_truth.py digits-resnet   (the name of a benchmark, or a table that `bench build` wrote)
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks import embedded, load
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau
from nasgauge.spaces import StagedSpace


def main(name: str) -> None:
    benchmark = embedded.from_files(Path(name)) if name.endswith(".parquet") else load(name)
    space = benchmark.space
    accuracy = benchmark.truth.groupby("arch")["accuracy"].mean()
    sizes = benchmark.complexity.set_index("arch").loc[accuracy.index]
    archs = [space.from_str(text) for text in accuracy.index]
    columns = {"n_params": sizes["n_params"], "macs": sizes["macs"]}
    columns |= {
        f"number of {op}": [space.op_counts(a, live=True)[op] for a in archs] for op in space.op_counts(archs[0])
    }
    if isinstance(space, StagedSpace):
        n = len(archs[0]) // 3
        names = ("depth", "width", "1 / ratio", "groups")
        columns |= {"sum of depths": [sum(a[::n]) for a in archs], "narrowest width": [min(a[1::n]) for a in archs]}
        columns |= {f"{names[i % n]} of stage {1 + i // n}": [a[i] for a in archs] for i in range(3 * n)}
    spread = accuracy.quantile([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).round(3).tolist()
    print(f"{name}: {len(accuracy)} architectures, quantiles of accuracy 0, .05, .25, .5, .75, .95, 1: {spread}")
    rows = {k: kendall_tau(np.asarray(v, float), accuracy.to_numpy()) for k, v in columns.items()}
    print(pd.Series(rows).dropna().round(3).to_string())  # a constant correlates with nothing


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1])
