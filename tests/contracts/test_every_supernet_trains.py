"""Every sampler, probe and way of scoring works on every space, without knowing which it is."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from nasgauge.core.recorded import RECORDS
from nasgauge.core.tables import check
from nasgauge.estimators import Inherited
from nasgauge.estimators.oneshot import (
    PROTOCOLS,
    SAMPLERS,
    ForgettingProbe,
    GradientProbe,
    OneShot,
    path_string,
    per_cell,
)
from nasgauge.estimators.zeroshot import ZeroShot
from nasgauge.images import ImageData, Split
from nasgauge.nets import NetOptions, SupernetOptions
from nasgauge.spaces import SPACES, get_space

SPLIT = Split(torch.arange(64), torch.arange(64, 96), torch.arange(96, 112))
TINY = replace(PROTOCOLS["digits"], epochs=2, batch_size=32)
NET = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=1, n_classes=3, depth_divisor=24, bn_affine=False)


@pytest.fixture(params=SPACES)
def space(request):
    return get_space(request.param)


@pytest.fixture(scope="module")
def data():
    g = torch.Generator().manual_seed(0)
    labels = torch.arange(112) % 3
    images = torch.randn(112, 1, 8, 8, generator=g) * 0.5
    images[torch.arange(112), 0, labels] += 1.0
    return ImageData("stripes", images, labels, 3)


def estimator(space, data, sampler="uniform", **changed):
    options = {
        "protocol": TINY, "net": NET, "seed": 3, "score_batch_size": 16, "probes": (), **changed,
    }  # fmt: skip
    return OneShot(space, data, SPLIT, sampler if callable(sampler) else SAMPLERS[sampler], **options)


def fitted(*args, **changed):
    made = estimator(*args, **changed)
    made.train()
    return made


def some(space, n=6):
    rng = np.random.default_rng(5)
    return list(dict.fromkeys(space.sample(rng) for _ in range(n)))


@pytest.mark.long
def test_training_moves_the_scores_and_repeats_itself(space, data):
    archs = some(space, 3)
    first, second = (
        fitted(space, data, checkpoint_epochs=(0, 1), averages=(2,), post_deiso=True).estimate(archs) for _ in range(2)
    )
    assert first.scores.equals(second.scores) and first.errors.empty
    assert set(first.scores["estimator"]) == {
        f"oneshot{a}{b}" for a in ("", "_avg2", "_post_deiso") for b in ("", "_loss")
    }
    assert np.isfinite(first.scores["score"]).all()
    for name, table in first.records.items():
        check(table, RECORDS[name])
    loss = first.records["checkpoint_scores"].query("estimator == 'oneshot_loss'")
    loss = loss.pivot(index="arch", columns="epoch", values="score")
    assert loss.shape == (len(archs), 3) and not np.allclose(loss[0], loss[2])


def test_class_means_are_means_over_the_members(space, data):
    arch = some(space)[0]
    found = fitted(space, data, post_deiso=True).estimate([arch])
    rows = found.records["class_scores"].query("estimator == 'oneshot'")
    assert set(rows["arch"]) == {space.to_str(m) for m in space.members(arch)}
    mean = found.scores.set_index("estimator").loc["oneshot_post_deiso", "score"]
    assert mean == pytest.approx(rows["score"].mean(), abs=1e-9)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_gives_architectures_of_the_space_and_trains(space, data, name):
    fed = {"warmup": 1, "n_scored": 8}  # for one epoch of two
    population = {**fed, "population": 4}
    options = {
        "mixture": {"archs": some(space)}, "subset": {"archs": some(space)}, "deiso": {"method": "lazy"},
        "single_evo": population, "pareto_evo": population, "per_decision": fed,
    }.get(name, {})  # fmt: skip
    stream = SAMPLERS[name](space, rng=np.random.default_rng(0), **options)
    for _ in range(5):
        for arch in next(stream):
            space.validate(arch)
    epochs = 2 if "warmup" in options else 1
    found = fitted(space, data, partial(SAMPLERS[name], **options), protocol=replace(TINY, epochs=epochs))
    assert found.is_trained and ({"populations", "preferences"} & set(found.history()) != set()) == (epochs == 2)


@pytest.mark.long
def test_cells_of_their_own_topology_and_every_treatment_of_normalisation(space, data):
    n_cells = estimator(space, data).fresh().n_cells

    def stream(space, *, rng):
        return per_cell([SAMPLERS["uniform"](space, rng=child) for child in rng.spawn(n_cells)])

    for bn in ("batch", "tracked", "recalibrated"):
        found = fitted(space, data, stream, supernet=SupernetOptions(bn=bn), protocol=replace(TINY, epochs=1))
        assert np.isfinite(found.estimate(some(space, 2)).scores["score"]).all()


def test_probes_record_forgetting_and_gradients(space, data):
    name = partial(path_string, space)
    x, y = data.images[SPLIT.valid], data.labels[SPLIT.valid]
    probes = (
        ForgettingProbe((1,), x, y, max_archs=3, to_str=name),
        GradientProbe((1,), some(space, 3), data.images[:16], data.labels[:16], name),
    )
    history = fitted(space, data, probes=probes).history()
    assert {"training_log", "forgetting", "gradients"} <= set(history)
    assert history["gradients"]["cosine"].between(-1 - 1e-9, 1 + 1e-9).all()
    assert {"stem", "head"} <= set(history["gradients"]["position"])


def test_proxies_run_on_inherited_weights(space, data):
    parent = fitted(space, data)
    drawn = [(data.images[:16], data.labels[:16])]

    def on(network):
        return ZeroShot(space, ("snip", "synflow", "jacob_cov"), drawn, net=NET, seed=3, network=network)

    found = Inherited(on, lambda epoch: parent.trained(epoch).standalone, (2,), "oneshot").estimate(some(space, 2))
    assert found.errors.empty and len(found.scores) == 3 * len(some(space, 2))
