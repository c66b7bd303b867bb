"""A sampler of one's own against uniform sampling of paths: python examples/own_sampler.py FOLDER 20"""

import sys
from pathlib import Path

from nasgauge.spaces import n_convolutions
from nasgauge.studies import run

STUDY = """
title = "A user-defined sampler against uniform sampling"
benchmark = "digits-nb201"
archs = { n = 60 }
criteria = ["kendall_tau"]
n_bootstrap = 100
estimators = [
    { name = "oneshot", label = "uniform", epochs = 20 },
    { name = "oneshot", label = "convolutions", epochs = 20, sampler = "own_sampler.py:more_convolutions" },
]
"""


def more_convolutions(space, *, rng):
    """The one of two random architectures that has more convolutions."""
    while True:
        yield [max(space.sample(rng), space.sample(rng), key=lambda arch: n_convolutions(space, arch))]


if __name__ == "__main__":
    text = STUDY.replace("epochs = 20", f"epochs = {sys.argv[2]}")
    found = run.run_text(text, Path(sys.argv[1]), where="own sampler", folder=Path(__file__).parent)
    print(found.values[["estimator", "value", "lower", "upper"]].round(3).to_string(index=False))
