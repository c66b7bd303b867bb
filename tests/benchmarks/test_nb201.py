"""The sizes of the real NAS-Bench-201: parameters and multiply-adds as those of our own network."""

import os

import numpy as np
import pytest

from nasgauge import benchmarks
from nasgauge.nets import NetOptions, complexity
from nasgauge.spaces import NB201


@pytest.mark.long
@pytest.mark.parametrize("n", [10, pytest.param(40, marks=pytest.mark.full)])
def test_sizes_are_those_of_the_network(n):
    if not os.environ.get("NASGAUGE_DATA"):
        pytest.skip("NASGAUGE_DATA is not set: nas-bench-201/architectures.parquet is needed")
    sizes = benchmarks.load("nb201").complexity.set_index("arch")
    assert len(sizes) == 15_625 and sizes.notna().all().all()
    space, rng = NB201(), np.random.default_rng(0)
    net = NetOptions(channels=16, n_cells=5, n_stages=3, in_channels=3, n_classes=10)
    differ = 0
    for _ in range(n):
        arch = space.sample(rng)
        row, own = sizes.loc[space.to_str(arch)], complexity(space, arch, net)
        differ += abs(row["n_params"] - own.n_params) > 1  # 150 cells of the published column deviate
        assert row["macs"] == own.macs
    assert differ <= 2


def test_a_mean_costs_all_its_trials_and_what_is_not_published_is_not_told():
    if not os.environ.get("NASGAUGE_DATA"):
        pytest.skip("NASGAUGE_DATA is not set: nas-bench-201/architectures.parquet is needed")
    mean, trials = (benchmarks.load({"name": "nb201", "seeds": seeds}).truth for seeds in ("mean", "trials"))
    one = trials.groupby("arch")["train_seconds"]
    assert one.nunique().max() == 1 and mean["train_seconds"].notna().all()
    seconds = mean.set_index("arch")["train_seconds"]
    assert np.allclose(seconds, one.sum()[seconds.index])
    arch = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    assert seconds[arch] == pytest.approx(3 * 1444.2186, rel=1e-6)  # trained with three seeds
    assert "train_seconds" not in benchmarks.load({"name": "nb201", "dataset": "cifar100"}).truth
