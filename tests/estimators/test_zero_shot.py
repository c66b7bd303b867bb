"""The zero-shot estimator: one score or one reason for each architecture and proxy, and inputs that are said."""

import dataclasses
import math
import pickle

import numpy as np
import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.core.tables import ERRORS, SCORES, check
from nasgauge.estimators import COSTS, SHARED_COSTS
from nasgauge.estimators.zeroshot import PROXIES, Proxy, ZeroShot, draw_batches, noise_like
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201, Darts

SPACE = NB201()
SMALL = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=1, n_classes=3)
ARCHS = [(3, 1, 2, 4, 2, 3), (0, 0, 0, 0, 0, 0), (1, 1, 1, 1, 1, 1)]


def some_batches(k=2, n=6):
    g = torch.Generator().manual_seed(0)
    return [(torch.randn(n, 1, 8, 8, generator=g), torch.arange(n) % 3) for _ in range(k)]


def zero_shot(proxies=tuple(PROXIES), given=None, **options):
    return ZeroShot(SPACE, proxies, given or some_batches(), SMALL, **options)


def test_every_architecture_and_proxy_has_a_score_or_a_reason():
    found = zero_shot(seed=4).estimate(ARCHS)
    scores, errors, costs = check(found.scores, SCORES), check(found.errors, ERRORS), check(found.costs, COSTS)
    scored, failed = (set(map(tuple, t[["estimator", "arch"]].to_numpy())) for t in (scores, errors))
    assert not scored & failed
    assert scored | failed == {(p, SPACE.to_str(a)) for p in PROXIES for a in ARCHS}
    assert set(errors["arch"]) == {SPACE.to_str(ARCHS[1])}  # the cell without any path
    assert set(scores["seed"]) == {4}
    worst = scores[~np.isfinite(scores["score"])]
    assert set(worst["arch"]) == {SPACE.to_str(ARCHS[1])} and (worst["score"] == -np.inf).all()
    assert set(worst["estimator"]) == {name for name in PROXIES if PROXIES[name].worst}
    assert set(costs["estimator"]) == set(PROXIES) and (costs["arch_seconds"] > 0).all() and set(costs["n"]) == {3}


def test_the_work_that_proxies_share_is_recorded_by_its_name():
    found = zero_shot(["snip", "grasp", "jacob_cov", "synflow", "n_params", "random"]).estimate(ARCHS[::2])
    shared = check(found.records["shared_costs"], SHARED_COSTS)
    assert shared.groupby("estimator")["work"].agg(set).to_dict() == {
        "snip": {"build", "shared"},
        "grasp": {"build", "shared", "curvature"},
        "jacob_cov": {"build", "shared"},
        "synflow": {"build", "synflow"},
        "n_params": {"build", "counts"},
    }
    assert (shared.groupby("work")["arch_seconds"].nunique() == 1).all() and set(shared["n"]) == {2}
    alone = found.costs.set_index("estimator")["arch_seconds"]
    assert (alone - shared.groupby("estimator")["arch_seconds"].sum().reindex(alone.index, fill_value=0.0) > 0).all()


def test_duplicated_images_are_a_missing_row_with_its_reason():
    x, y = some_batches(1)[0]
    x[3] = x[0]
    found = zero_shot(["relu_logdet", "synflow"], [(x, y)]).estimate(ARCHS[:1])
    assert found.scores["estimator"].tolist() == ["synflow"]
    assert "log-determinant -inf" in found.errors["error"].item()


def test_a_score_is_the_mean_over_batches():
    one, two = some_batches()
    names = ["snip", "jacob_cov"]
    both = zero_shot(names, [one, two]).estimate(ARCHS[:1]).scores["score"]
    single = [zero_shot(names, [b]).estimate(ARCHS[:1]).scores["score"] for b in (one, two)]
    np.testing.assert_allclose(both, (single[0] + single[1]) / 2, rtol=1e-12)


def test_an_architecture_given_twice_is_measured_once_and_none_gives_empty_tables():
    twice = zero_shot(["snip"]).estimate([ARCHS[0], ARCHS[0]])
    assert len(twice.scores) == 1 and twice.costs["n"].item() == 1
    nothing = zero_shot(["snip"]).estimate([])
    assert len(nothing.scores) == len(nothing.errors) == 0
    check(nothing.scores, SCORES)


def lacking(arch):
    """A network for all architectures but one."""
    if arch == ARCHS[2]:
        raise UserError("it has no weights here")
    return build(SPACE, arch, SMALL, generators=[torch.Generator().manual_seed(0)])


def test_an_architecture_without_a_network_has_errors_and_costs_nothing():
    found = zero_shot(["snip", "n_params"], network=lacking).estimate([ARCHS[0], ARCHS[2]])
    assert set(found.scores["arch"]) == {SPACE.to_str(ARCHS[0])} and len(found.scores) == 2
    check(found.errors, ERRORS)
    rows = found.errors[["estimator", "arch", "seed", "error"]].itertuples(index=False, name=None)
    assert set(rows) == {(p, SPACE.to_str(ARCHS[2]), 0, "it has no weights here") for p in ("snip", "n_params")}
    assert set(found.costs["n"]) == {1}
    nothing = zero_shot(["snip"], network=lacking).estimate(ARCHS[2:])
    assert nothing.scores.empty and nothing.costs.empty and len(nothing.errors) == 1


def test_a_mistake_in_the_options_of_the_network_is_no_matter_of_the_architecture():
    net, space = dataclasses.replace(SMALL, n_stages=1, auxiliary=True), Darts()
    wrong = dataclasses.replace(zero_shot(["snip"]), space=space, net=net)
    with pytest.raises(UserError, match="an auxiliary head requires a reduction cell before it"):
        wrong.estimate([space.sample(np.random.default_rng(0))])


def test_the_estimator_travels_to_other_processes():
    estimator = zero_shot(["snip", "random"])
    there = pickle.loads(pickle.dumps(estimator)).estimate(ARCHS[:1]).scores
    assert there.equals(estimator.estimate(ARCHS[:1]).scores)


@pytest.mark.parametrize("last", [True, False])
def test_the_layout_is_that_of_the_field_for_images_of_one_channel_too(last):
    seen = []

    def network(arch):
        net = lacking(arch)
        net.stem.register_forward_hook(lambda m, i, o: seen.append(o.is_contiguous(memory_format=torch.channels_last)))
        return net

    zero_shot(["snip"], network=network, channels_last=last).estimate(ARCHS[:1])
    assert set(seen) == {last}


def test_memory_layout_changes_rounding_only():
    names = ["snip", "grasp", "fisher", "jacob_cov", "relu_logdet", "zen"]
    a, b = (zero_shot(names, channels_last=last, precision="float64").estimate(ARCHS[:1]) for last in (True, False))
    np.testing.assert_allclose(a.scores["score"], b.scores["score"], rtol=1e-9)


def test_float32_agrees_with_float64():
    names = [
        p for p in PROXIES if p not in ("relu_logdet", "naswot", "jacob_cov", "epe_nas", "zico", "jacobian_whiteness")
    ]
    a, b = (zero_shot(names, precision=p).estimate(ARCHS[:1]).scores["score"] for p in ("float32", "float64"))
    # the weights are the same numbers, drawn in float32 and then cast; plain is small against its terms
    np.testing.assert_allclose(a, b, rtol=2e-2)


def test_a_proxy_of_ones_own_needs_no_registration():
    mine = Proxy("depth", lambda record: float(len(record.layers)), frozenset({"layers"}), "nobody2026", "layers")
    found = zero_shot([mine, "relu"]).estimate(ARCHS[:1]).scores.set_index("estimator")["score"]
    assert found["depth"] == 1 + 2 * 4 + 3 + 1  # stem, cells, reduction, classifier


def test_mistakes_of_the_user_are_one_line():
    x, y = some_batches(1)[0]
    for options, message in [
        ({"proxies": ["snipp"]}, "unknown proxy 'snipp'; nearest: snip"),
        ({"proxies": ["snip", "snip"]}, "named twice"),
        ({"proxies": ["zico"], "given": [(x, y)]}, "n_batches >= 2"),
        ({"inputs": "gausian"}, "nearest: gaussian"),
        ({"device": "cudda"}, "zero-shot: device 'cudda' is not available here"),
        ({"init": "kaiming"}, "nearest: kaiming_normal"),
        ({"given": [(x.expand(-1, 3, -1, -1), y)], "proxies": ["snip"]}, r"expected \(N, 1, H, W\)"),
        ({"given": [(x, y[:-1])], "proxies": ["snip"]}, "one label per image"),
        ({"given": [(x, y + 1)], "proxies": ["snip"]}, "labels 1 to 3"),
    ]:
        with pytest.raises(UserError, match=message):
            zero_shot(**options)
    with pytest.raises(UserError, match="no batch"):
        ZeroShot(SPACE, ["snip"], [], SMALL)


def test_fields_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        zero_shot(["snip"]).seed = 3


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_noise_is_standardised_seeded_and_keeps_labels(kind):
    real = [(torch.full((50, 1, 16, 16), 9.0), torch.arange(50) % 3)]
    (x, y), (again, _), (other, _) = (noise_like(real, kind, rng=np.random.default_rng(s))[0] for s in (1, 1, 2))
    assert torch.equal(x, again) and not torch.equal(x, other)
    assert torch.equal(y, real[0][1]) and x.dtype == torch.float32
    assert abs(float(x.mean())) < 0.05 and abs(float(x.std()) - 1) < 0.05  # 12,800 draws: five standard errors
    assert float(x.abs().max()) < math.sqrt(3) if kind == "uniform" else float(x.abs().max()) > 3
    assert zero_shot(["snip"], inputs=kind).estimate(ARCHS[:1]).scores["score"].item() > 0


def test_batches_are_disjoint_and_drawn_without_replacement():
    images, labels = torch.arange(20.0).reshape(20, 1, 1, 1), torch.arange(20)
    drawn = draw_batches(images, labels, n_batches=3, batch_size=6, rng=np.random.default_rng(0))
    seen = torch.cat([y for _, y in drawn])
    assert len(set(seen.tolist())) == 18
    assert all(torch.equal(x.flatten().long(), y) for x, y in drawn)
    with pytest.raises(UserError, match="the data has 20"):
        draw_batches(images, labels, n_batches=3, batch_size=7, rng=np.random.default_rng(0))
