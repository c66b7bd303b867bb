"""Is the loss around a path of a supernet less smooth than around the same architecture trained alone?

`python examples/landscape_differences.py FOLDER BASE ...` reads a finished folder of `nasgauge run landscape`. For each
architecture whose surface is recorded for a BASE (the label of a network trained alone) and for other estimators: the
loss, curvature and roughness of these minus those of BASE, seed by seed, with a 95% interval by Student's t over the
seeds, whose directions are the same for all estimators.
"""

import sys
from pathlib import Path

import pandas as pd

from nasgauge.analyses.loss_landscape import compute
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.core.usage import check_usage
from nasgauge.studies.run import Run

QUANTITIES = ("middle", "curvature", "roughness")


def by_seed(run: Run) -> pd.DataFrame:
    """The quantities of every surface and seed."""
    landscapes, found = run.records["landscapes"], []
    for seed, rows in landscapes.groupby("seed"):
        table = compute(run.scores, run.truth, landscapes=rows).drop_duplicates(["estimator", "paths"])
        found.append(table[["estimator", "paths", *QUANTITIES]].assign(seed=seed))
    return pd.concat(found).set_index(["estimator", "paths", "seed"]).sort_index()


def main() -> None:
    """Print a row of a Markdown table per estimator and architecture."""
    folder, *bases = sys.argv[1:]
    table = by_seed(Run.load(Path(folder)))
    print("| base | estimator | loss | curvature | roughness |\n|---|---|---|---|---|")
    for base in bases:
        for paths in table.loc[base].index.get_level_values("paths").unique():
            for name in table.index.get_level_values("estimator").unique():
                if name in bases or (name, paths) not in table.index.droplevel("seed"):
                    continue
                gaps = table.loc[(name, paths)] - table.loc[(base, paths)]
                cells = ["{:.3f} [{:.3f}, {:.3f}]".format(*mean_interval(gaps[q].to_numpy())) for q in QUANTITIES]
                print(f"| {base} | {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    check_usage(__doc__)
    main()
