"""One published number beside ours: Kendall's tau of the number of parameters on the classes of NAS-Bench-201.

python examples/published_beside_ours.py    # needs $NASGAUGE_DATA
"""

import numpy as np

from nasgauge.benchmarks import load
from nasgauge.judging import judge
from nasgauge.studies.published import published_values


def main() -> None:
    """Print our value with its interval, and that of Ning et al. 2021, Table A9."""
    classes = load("nb201").in_classes("paper").sample_classes(None, rng=np.random.default_rng(0))
    sizes = classes.complexity.assign(estimator="n_params", seed=0, score=classes.complexity["n_params"])
    [ours] = judge(sizes, classes.truth, ["kendall_tau"], n_bootstrap=200, rng=np.random.default_rng(0)).itertuples()
    published = published_values("ning2021-nb201-zeroshot").set_index(["estimator", "criterion"]).sort_index()
    [theirs] = published.loc[[("n_params", "kendall_tau")]].itertuples()
    print(
        f"ours: {ours.value:.3f} [{ours.lower:.3f}, {ours.upper:.3f}], {ours.n} cells; {theirs.source}: {theirs.value}"
    )


if __name__ == "__main__":
    main()
