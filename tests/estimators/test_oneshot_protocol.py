"""Protocols, learning rates and augmentation: nonsense is named, rates follow their formulas, images stay images."""

import math
import sys
from dataclasses import replace
from typing import get_args

import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.augment import augmentation
from nasgauge.estimators.oneshot.protocol import PROTOCOLS, Protocol
from nasgauge.estimators.oneshot.schedule import Schedule, learning_rate


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("epochs", 0, "at least 1"),
        ("epochs", 2.5, "whole number"),
        ("batch_size", -1, "at least 1"),
        ("lr", 0.0, "more than 0"),
        ("lr", math.nan, "a finite number"),
        ("momentum", 1.0, "less than 1"),
        ("nesterov", True, "momentum above 0"),
        ("weight_decay", -1e-4, "at least 0"),
        ("lr_min", 0.2, "at most lr"),
        ("plateau_factor", 1.0, "less than 1"),
        ("plateau_patience", -1, "at least 0"),
        ("warmup_epochs", 10, "less than epochs"),
        ("clip", 0.0, "more than 0"),
        ("label_smoothing", 1.0, "less than 1"),
        ("shift", -1, "at least 0"),
        ("train_share", 0.0, "more than 0"),
        ("train_share", 1.1, "at most 1"),
        ("schedule", "step", "unknown schedule 'step'"),
        ("unused", "freeze", "unknown unused 'freeze'; nearest: frozen"),
        ("gradient", "mean", "known: mean_of_users, sum"),
        ("images", "owned", "nearest: own"),
        ("amp", "float16", "nearest: bfloat16"),
        ("auto_augment", "cifar", "nearest: cifar10"),
    ],
)
def test_a_value_without_sense_is_named_with_the_remedy(name, value, remedy):
    momentum = {"momentum": 0.0} if name == "nesterov" else {}
    with pytest.raises(UserError, match=name) as error:
        Protocol(**{"epochs": 10, "lr": 0.1, **momentum, name: value})
    assert remedy in str(error.value)


def test_the_papers_settings():
    ning, laube, yu = (PROTOCOLS[name] for name in ("ning2021", "laube2021", "yu2021"))
    assert (ning.lr, ning.batch_size, ning.schedule, ning.plateau_patience, ning.clip) == (0.05, 512, "plateau", 30, 5)
    assert (ning.gradient, ning.images, ning.weight_decay) == ("mean_of_users", "shared", 5e-4)
    assert (laube.lr, laube.lr_min, laube.epochs, laube.clip, laube.decay_bn) == (0.025, 1e-5, 250, None, False)
    assert (laube.gradient, laube.images, laube.weight_decay) == ("sum", "own", 3e-4)
    assert (yu.lr, yu.lr_min, yu.batch_size, yu.clip, yu.weight_decay) == (0.025, 1e-3, 256, 5, 3e-4)


def test_cosine_after_a_linear_rise():
    p = Protocol(epochs=10, lr=0.4, lr_min=0.1, warmup_epochs=2)
    assert learning_rate(p, 0) == pytest.approx(0.4 * 0.001 / 2)
    assert learning_rate(p, 1) == pytest.approx(0.2, rel=2e-3)
    assert [learning_rate(p, e) for e in (2, 4, 6, 10)] == pytest.approx([0.4, 0.25 + 0.15 * math.sqrt(0.5), 0.25, 0.1])


def test_constant_is_constant():
    p = Protocol(epochs=10, lr=0.4, schedule="constant")
    assert {Schedule(p).at(e) for e in (0, 3.3, 9.9)} == {0.4}


def test_plateau_halves_after_too_many_epochs_without_a_lower_loss():
    p = Protocol(epochs=20, lr=0.8, schedule="plateau", plateau_patience=1, lr_min=0.3, warmup_epochs=1)
    schedule, rates = Schedule(p), []
    losses = [1.0, 5.0, 4.0, 4.1, 4.0, 3.0, 2.99999, 3.5, 3.5, 3.5, 3.5]  # the first is of warm-up; 2.99999 counts as 3
    for epoch, loss in enumerate(losses, start=1):
        schedule.after_epoch(epoch, loss)
        rates.append(schedule.at(epoch))
    assert rates == pytest.approx([0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.3])


def test_a_plateau_goes_on_where_it_was(tmp_path):
    p = Protocol(epochs=20, lr=0.8, schedule="plateau", plateau_patience=1)
    losses = [5.0, 5.0, 5.0, 5.0, 4.0, 4.0, 4.0]
    one, rates = Schedule(p), []
    for epoch, loss in enumerate(losses, start=1):
        torch.save(one.state_dict(), tmp_path / "state")
        one = Schedule(p)
        one.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
        one.after_epoch(epoch, loss)
        rates.append(one.at(epoch))
    assert rates == pytest.approx([0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.2])


def test_without_augmentation_images_stay_as_they_are(patches):
    x = patches.images[:5]
    assert torch.equal(augmentation(Protocol(epochs=1), patches.images)(x, torch.Generator()), x)


@pytest.mark.long
@pytest.mark.parametrize(
    ("policy", "channels"),
    [("cifar10", 1), ("imagenet", 3), ("svhn", 1),
     *(pytest.param(*case, marks=pytest.mark.full) for case in (("cifar10", 3), ("imagenet", 1), ("svhn", 3)))],
)  # fmt: skip
def test_policies_change_images_within_their_range_and_by_the_generator_alone(policy, channels):
    pytest.importorskip("kornia")
    images = torch.rand(32, channels, 8, 8, generator=torch.Generator().manual_seed(0)) * 4 - 1
    augment = augmentation(Protocol(epochs=1, auto_augment=policy), images)
    first, again = (torch.Generator().manual_seed(3) for _ in range(2))
    before = torch.get_rng_state()
    n_changed = 0
    for _ in range(30):  # every sub-policy has a good chance
        y = augment(images, first)
        torch.rand(1)  # the global generator plays no part
        assert torch.equal(y, augment(images, again))
        assert y.shape == images.shape and y.isfinite().all()
        assert y.min() >= images.min() - 1e-4 and y.max() <= images.max() + 1e-4
        n_changed += not torch.allclose(y, images, atol=1e-5)
    assert n_changed > 20
    torch.rand(1)
    torch.set_rng_state(before)


def test_a_policy_leaves_torch_s_random_numbers_alone():
    pytest.importorskip("kornia")
    images = torch.rand(4, 1, 8, 8)
    augment = augmentation(Protocol(epochs=1, auto_augment="svhn"), images)
    before = torch.get_rng_state()
    augment(images, torch.Generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_policies_that_cannot_be_had(monkeypatch):
    wanted = Protocol(epochs=1, auto_augment="cifar10")
    monkeypatch.setitem(sys.modules, "kornia.augmentation.auto", None)
    with pytest.raises(UserError, match=r"needs kornia; pip install 'nasgauge\[augment\]'"):
        augmentation(wanted, torch.zeros(2, 3, 8, 8))
    monkeypatch.undo()
    pytest.importorskip("kornia")
    with pytest.raises(UserError, match="1 or 3 channels, these have 2"):
        augmentation(wanted, torch.zeros(2, 2, 8, 8))
    constant = torch.ones(2, 1, 8, 8)
    assert augmentation(replace(wanted, shift=1), constant)(constant, torch.Generator()).isfinite().all()


POLICIES = get_args(get_args(Protocol.__dataclass_fields__["auto_augment"].type)[0])


@pytest.mark.parametrize("changed", [{"shift": 1}, {"flip": True}, *({"auto_augment": name} for name in POLICIES)])
def test_what_one_image_of_a_batch_becomes_says_nothing_of_the_others(changed):
    """How many of 64 copies of an image change differs from batch to batch as if each of them were drawn by itself."""
    if "auto_augment" in changed:
        pytest.importorskip("kornia")
    one = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    copies, generator = one.repeat(64, 1, 1, 1), torch.Generator().manual_seed(1)
    augment = augmentation(Protocol(epochs=1, **changed), copies)
    different = torch.stack([(augment(copies, generator) - one).abs().amax((1, 2, 3)) > 1e-3 for _ in range(16)])
    share = different.double().mean(1)
    p = share.mean()
    assert 0.2 < p < 1 and share.var() < 3 * p * (1 - p) / 64  # chi-squared of 15: once in 500,000
