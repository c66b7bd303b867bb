"""Training from scratch: replicas are independent, repeatable, and learn."""

import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage

from nasgauge.benchmarks.building import training
from nasgauge.benchmarks.building.training import Protocol, _schedule, train
from nasgauge.images import ImageData, rotated_splits
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201

SPACE = NB201()
OPTIONS = NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
ARCH = (3, 1, 2, 1, 0, 2)


@pytest.fixture(scope="module")
def data():
    """Three classes that differ by where the bright patch is."""
    g = torch.Generator().manual_seed(0)
    labels = torch.arange(180) % 3
    images = 0.6 * torch.randn(180, 1, 6, 6, generator=g)
    for i, y in enumerate(labels):
        images[i, 0, 2 * y : 2 * y + 2] += 1.0
    return ImageData("patches", images, labels, 3)


def run(data, seeds, **changes):
    protocol = Protocol(**{"epochs": 4, "batch_size": 20, "lr": 0.1, **changes})
    from dataclasses import replace

    splits = [rotated_splits(180, 100, 40, 3)[s] for s in seeds]
    return train(SPACE, ARCH, replace(OPTIONS, replicas=len(seeds)), protocol, data, splits, seeds)


def test_a_seed_does_not_depend_on_the_others_trained_beside_it(data):
    together = run(data, [0, 1, 2])
    for seed in range(3):
        (alone,) = run(data, [seed])
        assert vars(alone) == pytest.approx(vars(together[seed]), abs=2e-3)


def test_training_is_repeatable_whatever_the_global_seed(data):
    torch.manual_seed(1)
    first = run(data, [0], shift=1, flip=True)
    torch.manual_seed(2)
    assert first == run(data, [0], shift=1, flip=True)
    assert first != run(data, [1], shift=1, flip=True)


@pytest.mark.parametrize(("stride", "offsets"), [(1, [-2, -1, 0, 1, 2]), (2, [-2, 0, 2]), (3, [-1, 2]), (4, [-2, 2])])
def test_images_are_tested_where_training_may_have_moved_them(data, stride, offsets):
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 3))
    protocol, rows = Protocol(epochs=1, shift=2, test_stride=stride), torch.arange(50)
    [(accuracy, loss)] = training._evaluate(net, data.images, data.labels, [rows], protocol, 3, batch=16)
    moved = [
        torch.from_numpy(ndimage.shift(data.images[rows].numpy(), (0, 0, dy, dx), order=0))
        for dy in offsets
        for dx in offsets
    ]
    logits, labels = net(torch.cat(moved)), data.labels[rows].repeat(len(moved))
    assert accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    assert loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)


def test_it_learns(data):
    (outcome,) = run(data, [0], epochs=8)
    assert outcome.test_accuracy > 0.8
    assert outcome.test_loss < 0.7


def test_equals_a_plain_loop_of_torch(data):
    """One seed against the loop that anybody would write: SGD, cosine by step, no helpers of ours."""
    split = rotated_splits(180, 100, 40, 3)[0]
    net = build(SPACE, ARCH, OPTIONS, generators=[torch.Generator().manual_seed(0)])
    g = torch.Generator().manual_seed(0)
    build(SPACE, ARCH, OPTIONS, generators=[g])  # advances the generator as the initialisation does
    optimiser = torch.optim.SGD(net.parameters(), 0.1, 0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=10)
    for _ in range(2):
        order = split.train[torch.randperm(100, generator=g)]
        for rows in order.split(20):
            loss = F.cross_entropy(net(data.images[rows]), data.labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        loss = F.cross_entropy(net.eval()(data.images[split.test]), data.labels[split.test])
    (outcome,) = run(data, [0], epochs=2)
    assert outcome.test_loss == pytest.approx(float(loss), abs=1e-4)


def test_schedule_rises_linearly_then_falls_as_a_cosine_to_zero():
    p = Protocol(epochs=10, warmup_epochs=2)
    assert _schedule(1.0, p) == pytest.approx(0.5, abs=1e-3)
    assert _schedule(2.0, p) == pytest.approx(1.0)
    assert _schedule(6.0, p) == pytest.approx(0.5)
    assert _schedule(10.0, p) == pytest.approx(0.0, abs=1e-6)


def test_all_is_computed_without_tf32_and_the_switches_are_put_back(data, monkeypatch):
    seen = []

    def watched(*args, **options):
        net = build(*args, **options)
        net.register_forward_pre_hook(
            lambda *_: seen.append((torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32))
        )
        return net

    monkeypatch.setattr(training, "build", watched)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    run(data, [0])
    assert len(seen) > 4 * 5 and set(seen) == {(False, False)}
    assert torch.backends.cudnn.allow_tf32
