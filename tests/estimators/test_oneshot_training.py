"""Training a supernet: every step against a computation by hand, on a supernet that is linear."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.averaging import averaged
from nasgauge.estimators.oneshot.protocol import PROTOCOLS, Protocol
from nasgauge.estimators.oneshot.samplers import SAMPLERS
from nasgauge.estimators.oneshot.training_loop import train
from nasgauge.images import Split
from nasgauge.nets import NetOptions, SupernetOptions, supernet
from nasgauge.spaces import NB201

SPACE = NB201()
NET = NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3, dropout=0.1)
PLAIN = Protocol(
    epochs=1, batch_size=100, lr=0.5, momentum=0.0, weight_decay=0.0, schedule="constant", clip=None, gradient="sum"
)
KEYS = ("stem", "cell0/0", "cell0/1", "cell0/2")


def fresh(**options):
    return supernet(SPACE, NET, SupernetOptions(**options), generator=torch.Generator().manual_seed(0))


def run(net, items, data, split, protocol=PLAIN, seed=0, **more):
    """The checkpoints of a training whose sampler repeats `items`, or is the space's strictly fair one."""
    checkpoints = more.pop("checkpoints", {})
    sampler = (
        SAMPLERS["strictly_fair"](SPACE, rng=np.random.default_rng(1)) if items is None else itertools.cycle(items)
    )
    train(net, sampler, data, split, protocol, seed=seed, checkpoints=checkpoints, **more)
    return checkpoints


def log_of(checkpoints):
    return checkpoints[max(checkpoints)]["rows"]["training_log"]


def gradients_by_hand(net, paths, x, y):
    """Key -> list of the gradients of the paths that use it, each from softmax(logits) - onehot(y)."""
    found = {key: [] for key in KEYS}
    for path in paths:
        used = ["stem", *(f"cell0/{i}" for i in path)]
        logits = sum(x.flatten(1) @ net.weight(key).T for key in used)
        error = (logits.softmax(1) - F.one_hot(y, 3)) / len(y)
        for key in used:
            found[key].append(error.T @ x.flatten(1))
    return found


@pytest.mark.parametrize("name", PROTOCOLS)
def test_each_protocol_trains(name, linear, patches, split):
    protocol = replace(PROTOCOLS[name], epochs=8, batch_size=20, lr=0.05, shift=min(PROTOCOLS[name].shift, 1))
    kept = run(linear(36, 3), [[(0,), (1,), (2,)]], patches, split, protocol)
    losses = [row["train_loss"] for row in log_of(kept)]
    assert len(losses) == 8 and losses[-1] < losses[0] - 0.1


def test_a_supernet_learns_the_architectures_that_are_sampled(patches, split):
    net, paths = fresh(), [(3, 3, 1, 1, 2, 3), (3, 3, 3, 1, 0, 1)]
    run(net, [paths], patches, split, Protocol(epochs=16, batch_size=20, lr=0.1))
    net.eval()
    with torch.no_grad():
        hits = net.each(patches.images[split.test], paths).argmax(2) == patches.labels[split.test]
    assert hits.double().mean(1).min() > 0.8


@pytest.mark.parametrize("gradient", ["sum", "mean_of_users"])
def test_gradients_of_a_step_are_combined(gradient, linear, patches, split):
    paths = [(0,), (0, 1), (1, 2)]  # users: stem 3, option 0 two, option 1 two, option 2 one
    net = linear(36, 3)
    expected = gradients_by_hand(net, paths, patches.images[:100], patches.labels[:100])
    n_users = {"stem": 3, "cell0/0": 2, "cell0/1": 2, "cell0/2": 1}
    before = {key: net.weight(key) for key in KEYS}
    run(net, [paths], patches, split, replace(PLAIN, gradient=gradient))
    for key in KEYS:
        total = sum(expected[key]) / (n_users[key] if gradient == "mean_of_users" else 1)
        torch.testing.assert_close(net.weight(key), before[key] - 0.5 * total, atol=1e-6, rtol=1e-4)


def test_the_whole_gradient_is_clipped(linear, patches, split):
    net = linear(36, 3)
    free = gradients_by_hand(net, [(0,)], patches.images[:100], patches.labels[:100])
    norm = math.sqrt(sum(float((g**2).sum()) for part in free.values() for g in part))
    before = [net.weight(key) for key in KEYS]
    run(net, [[(0,)]], patches, split, replace(PLAIN, lr=1.0, clip=norm / 4))
    moved = math.sqrt(sum(float(((net.weight(key) - b) ** 2).sum()) for key, b in zip(KEYS, before, strict=True)))
    assert moved == pytest.approx(norm / 4, rel=1e-4)


def test_unused_parameters_are_frozen_or_go_on_moving(linear, patches, split):
    """Option 0 is trained for 3 steps, then not for 5; what moves it then is v <- .9 v + .1 w, w <- w - .5 v."""
    items = [[(0,)]] * 3 + [[(1,)]] * 5
    protocol = replace(PLAIN, epochs=8, momentum=0.9, weight_decay=0.1, lr=0.5)
    after = {}
    for unused in ("frozen", "decay"):
        net = linear(36, 3)
        kept = run(net, items, patches, split, replace(protocol, unused=unused), checkpoint_epochs=[3])
        number = [name for name, _ in net.named_parameters()].index("parts.cell0/0.weight")
        w3, v3 = (kept[3]["weights"]["parts.cell0/0.weight"], kept[3]["optimiser"]["state"][number]["momentum_buffer"])
        after[unused] = (w3, v3, net.weight("cell0/0"))
    power = np.linalg.matrix_power(np.array([[1 - 0.5 * 0.1, -0.5 * 0.9], [0.1, 0.9]]), 5)
    w3, v3, w8 = after["decay"]
    torch.testing.assert_close(w8, float(power[0, 0]) * w3 + float(power[0, 1]) * v3, atol=1e-5, rtol=1e-4)
    assert float((w8 - w3).abs().max()) > 0.05
    w3, _, w8 = after["frozen"]
    assert torch.equal(w8, w3)


def test_scale_and_shift_of_normalisations_may_be_exempt_from_decay(patches, split):
    path = (3, 0, 0, 0, 0, 0)  # everything but edge 0 -> 1 is unused, so that only decay can move it
    for decay_bn in (True, False):
        net = fresh()
        protocol = replace(PLAIN, unused="decay", weight_decay=0.2, decay_bn=decay_bn)
        run(net, [[path]], patches, split, protocol)
        unused = net.parts["cell0/0to2/nor_conv_3x3"]
        assert float(unused[2].weight.detach().mean()) == pytest.approx(0.9 if decay_bn else 1.0)
        torch.testing.assert_close(unused[1].weight, 0.9 * fresh().parts["cell0/0to2/nor_conv_3x3"][1].weight)


def numbers(x):
    return (x[:, 0, 0, 0] * 180).round().long().tolist()


def test_architectures_of_a_step_share_a_batch_or_have_their_own(linear, patches, split):
    paths = [(0,), (1,), (2,)]
    shared, own = linear(36, 3), linear(36, 3)
    run(shared, [paths], patches, split, replace(PLAIN, batch_size=16))
    assert [path for path, _ in shared.shown] == paths * 6
    steps = [shared.shown[i : i + 3] for i in range(0, 18, 3)]
    assert all(torch.equal(x, step[0][1]) for step in steps for _, x in step)
    seen = [n for step in steps for n in numbers(step[0][1])]
    assert len(set(seen)) == len(seen) == 96 and max(seen) < 100  # the last 4 make no batch
    run(own, [paths], patches, split, replace(PLAIN, batch_size=16, images="own"))
    assert [path for path, _ in own.shown] == paths * 2
    assert len({n for _, x in own.shown for n in numbers(x)}) == 96


def test_every_epoch_shows_all_images_in_an_order_of_its_own(linear, patches, split):
    net = linear(36, 3)
    run(net, [[(0,)]], patches, split, replace(PLAIN, epochs=3, batch_size=20))
    orders = [[n for _, x in net.shown[i : i + 5] for n in numbers(x)] for i in (0, 5, 10)]
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert all(a != b for a, b in itertools.combinations(orders, 2))


def test_a_step_for_which_an_epoch_has_too_few_batches_is_the_first_of_the_next(linear, patches, split):
    net = linear(36, 3)
    items = [[(0,), (1,)], [(2,), (0,), (1,)], [(1,), (2,)]]
    kept = run(
        net, items, patches, split, replace(PLAIN, epochs=3, batch_size=25, images="own"), checkpoint_epochs=[1, 2]
    )
    assert [kept[e]["n_steps"] for e in (1, 2, 3)] == [1, 2, 4]
    assert [path for path, _ in net.shown] == [p for item in (*items, items[0]) for p in item]


def test_a_share_of_the_training_rows_is_the_first_of_them(linear, patches, split):
    net = linear(36, 3)
    turned = Split(split.train.flip(0), split.valid, split.test)
    run(net, [[(0,)]], patches, turned, replace(PLAIN, batch_size=10, train_share=0.3))
    assert sorted(n for _, x in net.shown for n in numbers(x)) == list(range(70, 100))


def test_the_log_holds_rate_and_mean_loss(linear, patches, split):
    net, rows = linear(36, 3), []
    x, y = patches.images[:100], patches.labels[:100]
    of_paths = [
        F.cross_entropy(x.flatten(1) @ (net.weight("stem") + net.weight(f"cell0/{i}")).T, y, label_smoothing=0.2)
        for i in (0, 1)
    ]
    protocol = replace(PLAIN, epochs=2, lr=1e-9, schedule="cosine", label_smoothing=0.2)
    kept = run(net, [[(0,), (1,)]], patches, split, protocol, seed=7, on_epoch=rows.append)
    assert rows == log_of(kept)
    assert [(r["seed"], r["epoch"]) for r in rows] == [(7, 1), (7, 2)]
    assert [r["train_loss"] for r in rows] == pytest.approx([float(sum(of_paths)) / 2] * 2, rel=1e-5)
    assert [r["lr"] for r in rows] == pytest.approx([1e-9, 0.5e-9])
    assert all(r["train_seconds"] > 0 for r in rows)


def test_chosen_epochs_and_the_last_are_kept_as_copies(linear, patches, split):
    net, calls = linear(36, 3), []
    protocol = replace(PLAIN, epochs=4)
    kept = run(
        net, [[(0,)]], patches, split, protocol, checkpoint_epochs=[0, 2], progress=lambda *call: calls.append(call)
    )
    assert list(kept) == [0, 2, 4] and [kept[e]["epoch"] for e in kept] == [0, 2, 4]
    assert calls == [(e, 4) for e in range(5)]
    assert torch.equal(kept[0]["weights"]["parts.stem.weight"], linear(36, 3).weight("stem"))
    assert torch.equal(kept[4]["weights"]["parts.stem.weight"], net.weight("stem"))
    assert not torch.equal(kept[2]["weights"]["parts.stem.weight"], net.weight("stem"))


def test_training_is_repeatable_whatever_the_global_seed(patches, split):
    protocol = Protocol(epochs=2, batch_size=20, shift=1, flip=True)
    ends = []
    for global_seed, seed in ((1, 0), (2, 0), (1, 3)):
        torch.manual_seed(global_seed)
        before = torch.get_rng_state()
        ends.append(run(fresh(), None, patches, split, protocol, seed=seed)[2]["weights"])
        assert torch.equal(torch.get_rng_state(), before)
    first, same, other = ends
    assert all(torch.equal(first[k], same[k]) for k in first)
    assert not all(torch.equal(first[k], other[k]) for k in first)


def test_half_precision_is_used_when_asked_for(linear, patches, split):
    losses = [
        log_of(run(linear(36, 3), [[(0,)]], patches, split, replace(PLAIN, amp=amp)))[0]["train_loss"]
        for amp in ("none", "bfloat16")
    ]
    assert losses[0] != losses[1] and losses[0] == pytest.approx(losses[1], rel=0.02)


def test_a_loss_that_is_not_finite_ends_the_training_and_keeps_what_was_good(linear, patches, split):
    net, kept = linear(36, 3), {}
    healthy = net.forward

    def broken(x, path):
        return healthy(x, path) * (math.nan if len(net.shown) == 11 else 1)  # the third of four steps in epoch 3

    net.forward = broken
    protocol = replace(PLAIN, epochs=5, batch_size=25)
    with pytest.raises(
        UserError, match="loss is nan in epoch 3, step 2, architecture <0>; the checkpoint of epoch 2 is"
    ):
        run(
            net, [[(0,)], [(1,)]], patches, split, protocol, checkpoints=kept, checkpoint_epochs=[1, 2, 3],
            to_str=lambda path: f"<{path[0]}>",
        )  # fmt: skip
    assert list(kept) == [1, 2] and all(w.isfinite().all() for w in kept[2]["weights"].values())


def test_weights_that_are_not_finite_are_not_kept(linear, patches, split):
    bright = replace(patches, images=patches.images * 100)
    kept = {}
    with pytest.raises(UserError, match="is not finite after epoch 1"):
        run(linear(36, 3), [[(0,)]], bright, split, replace(PLAIN, lr=3e38), checkpoints=kept)
    assert kept == {}


@pytest.mark.parametrize(
    ("items", "changes", "chosen", "message"),
    [
        ([[(0,)]], {"batch_size": 101}, [], "100 training images are less than a batch of 101"),
        ([[(0,)]], {"train_share": 0.5}, [], "50 training images are less than a batch of 100"),
        ([[(0,), (1,)]], {"images": "own"}, [], "need 2 batches per epoch, there are 1"),
        ([[(0,)]], {}, [2], "a checkpoint after epoch 2 of 1 is wanted"),
        ([[(0,)], []], {"epochs": 2}, [], "handed out no architecture at step 1"),
    ],
)
def test_what_cannot_be_trained_is_told(items, changes, chosen, message, linear, patches, split):
    with pytest.raises(UserError, match=message):
        run(linear(36, 3), items, patches, split, replace(PLAIN, **changes), checkpoint_epochs=chosen)


def test_a_sampler_that_ends_is_told(linear, patches, split):
    with pytest.raises(UserError, match="the sampler ended at step 1"):
        train(linear(36, 3), iter([[(0,)]]), patches, split, replace(PLAIN, epochs=2), seed=0, checkpoints={})


def test_averaged_weights_are_the_mean_and_counters_the_maximum():
    g = torch.Generator().manual_seed(0)
    states = [{"w": torch.randn(3, 2, generator=g), "n": torch.tensor(n)} for n in (4, 9, 2)]
    mean = averaged(states)
    for i, j in itertools.product(range(3), range(2)):
        assert float(mean["w"][i, j]) == pytest.approx(sum(float(s["w"][i, j]) for s in states) / 3, abs=1e-6)
    assert int(mean["n"]) == 9 and mean["n"].dtype == torch.int64
    with pytest.raises(UserError, match="at least one"):
        averaged([])
    with pytest.raises(UserError, match="checkpoint 2 is of another network"):
        averaged([states[0], {"w": torch.zeros(3, 3), "n": torch.tensor(1)}])
