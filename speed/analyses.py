"""All analyses of all 15,625 cells of NAS-Bench-201 and 15 estimators, and the page that shows them.

    python speed/analyses.py [--estimators 15] [--page]

Truth and scores are planted, so nothing need be downloaded. Beside it the plain way to find the pairs of cells one step
apart: every neighbour of every cell by its string.
"""

import argparse
import time

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES
from nasgauge.analyses.toolkit.pairs import pairs_of
from nasgauge.judging import judge
from nasgauge.judging.comparison import compared
from nasgauge.report import Bundle, render
from nasgauge.spaces import NB201


def tables(n_estimators: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores, truth and sizes: a truth that grows with the convolutions, and scores with ever more noise."""
    space, rng = NB201(), np.random.default_rng(0)
    archs = list(space.enumerate())
    names = [space.to_str(arch) for arch in archs]
    counts = [space.op_counts(arch) for arch in archs]
    size = np.array([73_306 + 28_000 * n["nor_conv_1x1"] + 243_040 * n["nor_conv_3x3"] for n in counts])
    quality = size / size.std() + rng.normal(size=len(size))
    truth = pd.DataFrame({"arch": names, "iso_class": names, "seed": 0, "accuracy": 0.9 + quality / 1000})
    parts = [
        pd.DataFrame({"estimator": f"e{i}", "arch": names, "seed": 0,
                      "score": quality + 0.3 * (i + 1) * rng.normal(size=len(size))})
        for i in range(n_estimators)
    ]  # fmt: skip
    complexity = pd.DataFrame({"arch": names, "n_params": size, "macs": None})
    return pd.concat(parts, ignore_index=True), truth, complexity


def plain_pairs(names: list[str]) -> int:
    """Pairs one step apart, each neighbour looked up by its string."""
    space, place = NB201(), {name: i for i, name in enumerate(names)}
    return sum(
        place[space.to_str(other)] > i
        for i, name in enumerate(names)
        for other in space.neighbours(space.from_str(name))
    )


def timed(what: str, ask) -> float:
    start = time.perf_counter()
    ask()
    seconds = time.perf_counter() - start
    print(f"{what:28s} {seconds:7.2f} s", flush=True)
    return seconds


def main() -> None:
    """Seconds of each analysis, of the comparison of estimators, of the sum, and of the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--estimators", type=int, default=15)
    parser.add_argument("--page", action="store_true", help="also render the page")
    arguments = parser.parse_args()
    scores, truth, complexity = tables(arguments.estimators)
    space, records = NB201(), {"complexity": complexity}
    names = pd.Index(sorted(truth["arch"]))
    grouped = timed("pairs, masked and grouped", lambda: pairs_of(space, names))
    looked_up = timed("pairs, looked up", lambda: plain_pairs(list(names)))
    print(f"ratio {looked_up / grouped:.1f}")
    whole = 0.0
    for name, analysis in ANALYSES.items():
        if set(analysis.needs) <= set(records):
            rng = np.random.default_rng(0)
            whole += timed(name, lambda a=analysis, r=rng: a(scores, truth, space, rng=r, records=records))
    settings = {"missing": "omit", "n_bootstrap": 200, "confidence": 0.95}
    whole += timed("comparison, 200 draws", lambda: compared(scores, truth, space, ["kendall_tau"], **settings))
    print(f"{'all analyses':28s} {whole:7.2f} s")
    if arguments.page:
        values = judge(scores, truth, ["kendall_tau"], n_bootstrap=0, rng=np.random.default_rng(0))
        bundle = Bundle(title="all", values=values, truth=truth, scores=scores, space=space, records=records)
        timed("page, analyses included", lambda: print(f"{len(render(bundle)) / 1e6:.1f} MB"))


if __name__ == "__main__":
    main()
