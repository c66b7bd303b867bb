"""The influence of each factor of supernets over several studies, one per ground truth: Yu et al. 2021, Fig. 10.

`python examples/supernet_factors.py FOLDER ...` reads finished folders of `nasgauge run factors`, and of copies of it
on other ground truths. Per factor: the change of the search result and of sparse tau, in hundredths, with its 95%
interval over seeds, or over the ground truths where there are several, and whether it excludes zero. `--figure
FILE.png`: the influences of the first folder, of both metrics.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nasgauge.analyses import ANALYSES
from nasgauge.analyses.supernet_factors import over_spaces
from nasgauge.studies.run import Run

SHOWN = ("found_accuracy", "sparse_kendall_tau")


def influences(folder: str) -> pd.DataFrame:
    """Table of the analysis `supernet_factors` of a finished folder."""
    run, rng = Run.load(Path(folder)), np.random.default_rng(0)
    return ANALYSES["supernet_factors"](run.scores, run.truth, run.plan.space, rng=rng, records=run.records)


def verdict(row: pd.Series) -> str:
    """Whether the interval leaves the sign open."""
    if np.isnan(row["lower"]):
        return "one value"
    return "improves" if row["lower"] > 0 else "harms" if row["upper"] < 0 else "undecided"


def draw(table: pd.DataFrame, path: Path) -> None:
    """The influences on both metrics side by side."""
    n_factors = table.loc[table["kind"] == table["kind"].iloc[0], "estimator"].nunique()
    figure = Figure(figsize=(13, 1.2 + 0.22 * n_factors), layout="constrained")
    for ax, metric in zip(figure.subplots(1, len(SHOWN)), SHOWN, strict=True):
        ANALYSES["supernet_factors"].draw(table[table["metric"] == metric], ax)
        ax.locator_params(axis="x", nbins=5)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print one line per factor and metric."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    tables = {folder: influences(folder) for folder in options.folders}
    joined = over_spaces(tables) if len(tables) > 1 else next(iter(tables.values()))
    for _, row in joined[joined["metric"].isin(SHOWN)].iterrows():
        mean, lower, upper = (100 * row[c] for c in ("influence", "lower", "upper"))
        factor = f"{row['factor']}: {row['off']} -> {row['on']}"
        change = f"{mean:+.2f} [{lower:+.2f}, {upper:+.2f}]"
        print(f"{row['kind']:<5} {row['metric']:<19} {factor:<58} {change}  {verdict(row)}")
    if options.figure:
        draw(next(iter(tables.values())), options.figure)


if __name__ == "__main__":
    main()
