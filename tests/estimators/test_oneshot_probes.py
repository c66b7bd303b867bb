"""Probes of one-shot training: what they say against independent computations, and that they leave no trace."""

import itertools
import math

import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from nasgauge.core.recorded import FORGETTING, GRADIENTS, LANDSCAPES, TRAINING_LOG
from nasgauge.core.tables import check
from nasgauge.estimators.oneshot.landscape_probe import LandscapeProbe
from nasgauge.estimators.oneshot.probes import ForgettingProbe, GradientProbe, undisturbed
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.training_loop import train
from nasgauge.nets import NetOptions, SupernetOptions, loss_landscape, supernet
from nasgauge.spaces import NB201

SPACE = NB201()
PATHS = [(3, 1, 2, 1, 0, 2), (2, 3, 1, 3, 3, 1), (3, 4, 2, 0, 1, 2)]


def fresh(bn="batch", n_stages=1, seed=0):
    options = NetOptions(channels=4, n_cells=1, n_stages=n_stages, in_channels=1, n_classes=3, dropout=0.3)
    return supernet(SPACE, options, SupernetOptions(bn=bn), generator=torch.Generator().manual_seed(seed))


def run(net, items, data, split, probes, epochs=2, batch_size=10, **more):
    kept = {}
    protocol = Protocol(epochs=epochs, batch_size=batch_size, lr=0.3, **more)
    train(net, itertools.cycle(items), data, split, protocol, seed=0, checkpoints=kept, probes=probes)
    return kept[epochs]


def accuracy_by_hand(weights, path, images, labels):
    used = ["stem", *(f"cell0/{i}" for i in path)]
    logits = sum(images.flatten(1) @ weights[key].T for key in used)
    return sum(int(row.argmax()) == int(y) for row, y in zip(logits, labels, strict=True)) / len(labels)


def test_forgetting_is_accuracy_after_the_step_and_at_the_end_of_the_epoch(linear, patches, split):
    net = linear(36, 3, seed=1)
    x, y = patches.images[split.valid], patches.labels[split.valid]
    probe = ForgettingProbe((1,), x, y, batch_size=16, to_str=lambda path: f"<{path[0]}>")
    rows = run(net, [[(0,)], [(1,)], [(2,)]], patches, split, [probe])["rows"]["forgetting"]
    assert len(net.before) == 20  # 2 epochs of 10 steps
    states = [*net.before[1:11]]  # after each step of the first epoch
    for step, (row, state) in enumerate(zip(rows, states, strict=True)):
        path = net.shown[step][0]
        assert (row["seed"], row["epoch"], row["step"], row["arch"]) == (0, 1, step, f"<{path[0]}>")
        assert row["accuracy_after_step"] == pytest.approx(accuracy_by_hand(state, path, x, y))
        assert row["accuracy_after_epoch"] == pytest.approx(accuracy_by_hand(states[-1], path, x, y))
    assert any(row["accuracy_after_step"] != row["accuracy_after_epoch"] for row in rows)
    check(pd.DataFrame(rows).assign(estimator="oneshot"), FORGETTING)


@pytest.mark.parametrize(
    ("item", "max_archs", "steps"),
    [
        ([(0,)], None, list(range(10))),
        ([(0,)], 4, [2, 4, 7, 9]),
        ([(0,), (1,)], 4, [4, 4, 9, 9]),
        ([(0,), (1,), (0,)], 4, [9, 9]),  # an architecture that is there twice has one row
        ([(0,), (1,)], 1, [9, 9]),
        ([(0,)], 99, list(range(10))),
    ],
)
def test_some_steps_are_looked_at_evenly_spread(item, max_archs, steps, linear, patches, split):
    probe = ForgettingProbe((1,), patches.images[:20], patches.labels[:20], max_archs=max_archs)
    rows = run(linear(36, 3), [item], patches, split, [probe])["rows"]["forgetting"]
    assert [row["step"] for row in rows] == steps
    check(pd.DataFrame(rows).assign(estimator="oneshot"), FORGETTING)


def cosine_by_hand(net, a, b, x, y, position):
    """Over the parameters there of parts that both run through; None without any, or with a gradient of zero."""
    found = []
    for path in (a, b):
        net.zero_grad()
        F.cross_entropy(net(x, path), y).backward()
        found.append({name: p.grad.double().clone() for name, p in net.named_parameters() if p.grad is not None})
    common = set(net.used(a)) & set(net.used(b))
    names = [n for n, _ in net.named_parameters() if n.split(".")[1] in common]
    names = [n for n in names if n.split(".")[1].split("/")[0] == position]
    g, h = (torch.cat([f.get(n, torch.zeros(1)).flatten() for n in names]) if names else torch.zeros(1) for f in found)
    norms = float(g.norm()) * float(h.norm())
    return float(g @ h) / norms if norms else None


def test_gradients_agree_with_those_of_backward(patches, split):
    net = fresh(n_stages=2)
    x, y = patches.images[:64], patches.labels[:64]
    probe = GradientProbe((0, 1), PATHS, x, y, to_str=SPACE.to_str)
    rows = probe.after_epoch(net, 0, [])
    still = fresh(n_stages=2)
    for module in still.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    positions = {key.split("/")[0] for key in net.parts}
    expected = {}
    for position, (a, b) in itertools.product(positions, itertools.combinations(PATHS, 2)):
        cosine = cosine_by_hand(still, a, b, x, y, position)
        if cosine is not None:
            expected[position, SPACE.to_str(a), SPACE.to_str(b)] = cosine
    found = {(r["position"], r["arch_a"], r["arch_b"]): r["cosine"] for r in rows}
    assert found.keys() == expected.keys() and {"stem", "cell0", "cell1", "reduction0", "head"} <= positions
    for key, cosine in expected.items():
        assert found[key] == pytest.approx(cosine, abs=1e-4)
    assert max(found.values()) - min(found.values()) > 0.1


def test_no_row_where_nothing_is_common_or_a_gradient_is_zero(patches):
    nothing, skips, convs = (0,) * 6, (1,) * 6, (3, 3, 3, 3, 3, 3)
    probe = GradientProbe((0,), [convs, skips, nothing, convs], patches.images[:32], patches.labels[:32])
    rows = probe.after_epoch(fresh(), 0, [])
    found = {(r["position"], r["arch_a"], r["arch_b"]) for r in rows}
    pairs = {(str(a), str(b)) for a, b in ((convs, skips), (convs, nothing), (skips, nothing))}
    assert {(a, b) for position, a, b in found if position == "head"} == pairs
    assert not {position for position, *_ in found if position.startswith("cell")}
    assert {(a, b) for position, a, b in found if position == "stem"} == {(str(convs), str(skips))}


def test_a_cosine_is_taken_over_common_parts_alone(linear, patches):
    """In a linear supernet both gradients of an option are the same matrix up to the residuals softmax - onehot."""
    net = linear(36, 3)
    x, y = patches.images[:30], patches.labels[:30]
    rows = GradientProbe((3,), [(0, 1), (1, 2)], x, y).after_epoch(net, 3, [])
    residual = {}
    for path in ((0, 1), (1, 2)):
        logits = x.flatten(1) @ (net.weight("stem") + net.weight(f"cell0/{path[0]}") + net.weight(f"cell0/{path[1]}")).T
        residual[path] = (logits.softmax(1) - F.one_hot(y, 3)).T @ x.flatten(1)
    g, h = (residual[path].flatten().double() for path in residual)
    expected = float(g @ h) / math.sqrt(float(g @ g) * float(h @ h))  # of the stem and of option 1 alike
    assert {row["position"]: row["cosine"] for row in rows} == pytest.approx({"stem": expected, "cell0": expected})


@pytest.mark.parametrize("bn", ["batch", "tracked"])
@pytest.mark.parametrize("unused", ["frozen", "decay"])
def test_probes_leave_no_trace(bn, unused, patches, split):
    x, y = patches.images[split.valid], patches.labels[split.valid]
    probes = [
        ForgettingProbe((1, 2), x, y, batch_size=16, max_archs=3, to_str=SPACE.to_str),
        GradientProbe((0, 1, 2), PATHS, x, y, to_str=SPACE.to_str),
        LandscapeProbe((1, 2), {"mean": PATHS, "one": PATHS[:1]}, x, y, seeds=[5, 6], n_steps=3),
    ]
    watched, alone = (
        run(fresh(bn), [[p] for p in PATHS], patches, split, some, batch_size=25, unused=unused)
        for some in (probes, [])
    )
    assert watched["rows"]["forgetting"] and watched["rows"]["gradients"]
    assert {row["epoch"] for row in watched["rows"]["gradients"]} == {0, 1, 2}
    for name, weight in alone["weights"].items():
        assert torch.equal(watched["weights"][name], weight)
    for number, state in alone["optimiser"]["state"].items():
        assert torch.equal(watched["optimiser"]["state"][number]["momentum_buffer"], state["momentum_buffer"])
    logs = [[(r["lr"], r["train_loss"]) for r in k["rows"]["training_log"]] for k in (watched, alone)]
    assert logs[0] == logs[1]
    assert len(watched["rows"]["landscapes"]) == 2 * 2 * 2 * 3 * 3
    for table in (FORGETTING, GRADIENTS, LANDSCAPES, TRAINING_LOG):
        check(pd.DataFrame(watched["rows"][table.name]).assign(estimator="oneshot"), table)


@pytest.mark.parametrize("bn", ["batch", "tracked"])
def test_a_landscape_is_the_training_loss_with_statistics_of_its_images_and_without_dropout(bn, patches):
    """Running statistics of other weights would say nothing, so that both supernets have the same surfaces."""
    net, x, y = fresh(bn), patches.images[:40], patches.labels[:40]
    probe = LandscapeProbe((1,), {"mean": PATHS, "one": PATHS[:1]}, x, y, seeds=[3], radius=0.2, n_steps=3)
    table = pd.DataFrame(probe.after_epoch(net, 1, [])).set_index(["paths", "a", "b"])["loss"]
    still = fresh("batch").eval()
    each = [F.cross_entropy(still(x, path), y).item() for path in PATHS]
    assert table["mean"][0, 0] == pytest.approx(sum(each) / len(each), rel=1e-5)
    assert table["one"][0, 0] == pytest.approx(each[0], rel=1e-5)
    by_hand = loss_landscape(still, lambda: F.cross_entropy(still(x, PATHS[0]), y), seed=3, radius=0.2, n=3)
    assert table["one"].to_numpy() == pytest.approx(by_hand.loss.ravel(), rel=1e-5)
    assert probe.after_epoch(net, 2, []) == []


def test_what_a_probe_does_to_a_net_is_undone():
    net = fresh("tracked")
    net.parts["head"].eval()
    x = torch.randn(8, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    random = torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt), undisturbed(net):
        net.train()
        net(x, PATHS[0])
        torch.rand(3)
        assert any(not torch.equal(before[n], v) for n, v in net.state_dict().items())
        raise KeyboardInterrupt
    assert all(torch.equal(before[n], v) for n, v in net.state_dict().items())
    assert [module.training for module in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("bn", ["batch", "tracked"])
def test_running_statistics_are_used_where_there_are_some(bn, patches, split):
    """In eval mode accuracy depends on the size of batches with batch statistics, and only with them."""
    x, y = patches.images[split.valid], patches.labels[split.valid]
    net = fresh(bn)
    accuracies = set()
    for batch_size in (1, 3, 40):
        notes = ForgettingProbe((1,), x, y, batch_size=batch_size).after_step(net, 1, 0, 1, PATHS)
        accuracies.add(tuple(note["accuracy_after_step"] for note in notes))
    assert (len(accuracies) == 1) == (bn == "tracked")
