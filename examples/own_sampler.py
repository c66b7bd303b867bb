"""A sampler of one's own against uniform sampling of paths: python examples/own_sampler.py FOLDER 20"""

import sys

import nasgauge as ng
from nasgauge.core.usage import check_usage
from nasgauge.spaces import n_convolutions


def more_convolutions(space, *, rng):
    """The one of two random architectures that has more convolutions."""
    while True:
        yield [max(space.sample(rng), space.sample(rng), key=lambda arch: n_convolutions(space, arch))]


if __name__ == "__main__":
    check_usage(__doc__)
    supernet = {"name": "oneshot", "epochs": int(sys.argv[2])}
    mine = supernet | {"label": "convolutions", "sampler": f"{__file__}:more_convolutions"}
    study = {"title": "Two samplers", "benchmark": "digits-nb201", "archs": {"n": 60}, "criteria": ["kendall_tau"]}
    study |= {"estimators": [supernet | {"label": "uniform"}, mine]}
    print(ng.run(study, sys.argv[1]).evaluation())
