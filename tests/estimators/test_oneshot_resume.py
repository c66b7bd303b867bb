"""Training that was interrupted: taken up after any epoch, or after a kill, it ends on the same bits."""

import copy
import itertools
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators.checkpoints import CheckpointFolder
from nasgauge.estimators.oneshot.probes import GradientProbe
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.samplers import SAMPLERS
from nasgauge.estimators.oneshot.training_loop import train
from nasgauge.images import ImageData, Split
from nasgauge.nets import NetOptions, SupernetOptions, supernet
from nasgauge.spaces import NB201

PROTOCOL = Protocol(
    epochs=5, batch_size=20, lr=0.02, schedule="plateau", plateau_patience=0, images="own", shift=1, flip=True,
    unused="decay",
)  # fmt: skip


def run(data, split, checkpoints, protocol=PROTOCOL, *, n_samples=2, sampler_seed=4, channels=4, **more):
    """Train with all that has a state: tracked statistics, dropout, momentum, plateau, steps left to the next epoch."""
    space = NB201()
    options = NetOptions(channels=channels, n_cells=1, n_stages=1, in_channels=1, n_classes=3, dropout=0.2)
    net = supernet(space, options, SupernetOptions(bn="tracked"), generator=torch.Generator().manual_seed(0))
    sampler = SAMPLERS["uniform"](space, rng=np.random.default_rng(sampler_seed), n_samples=n_samples)
    train(net, sampler, data, split, protocol, seed=3, checkpoints=checkpoints, **more)
    return net


def same(a, b):
    """Equal to the last bit, but for the seconds."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(k == "train_seconds" or same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.fixture(scope="module")
def whole(patches, split):
    kept = {}
    net = run(patches, split, kept, checkpoint_epochs=range(5))
    assert {row["lr"] for row in kept[5]["rows"]["training_log"]} > {0.02}  # the plateau came
    return kept, net


@pytest.mark.parametrize("epoch", range(6))
def test_resumed_after_any_epoch_it_ends_on_the_same_bits(epoch, whole, patches, split):
    states, net = whole
    kept = {e: copy.deepcopy(states[e]) for e in range(epoch + 1)}
    untouched = copy.deepcopy(kept)
    again = run(patches, split, kept, checkpoint_epochs=range(5))
    assert same(kept, states)
    assert same(again.state_dict(), net.state_dict())
    assert same({e: kept[e] for e in untouched}, untouched)


def test_a_deleted_checkpoint_is_made_again(whole, patches, split):
    states, _ = whole
    kept = {e: copy.deepcopy(states[e]) for e in (0, 1, 4, 5)}
    run(patches, split, kept, checkpoint_epochs=[1, 3])
    assert sorted(kept) == [0, 1, 3, 4, 5] and same(kept, {e: states[e] for e in kept})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": replace(PROTOCOL, lr=0.1)}, "belongs to another training, lr is 0.02 there and 0.1 here"),
        ({"n_samples": 3}, "its sampler drew .* at step"),
        ({"sampler_seed": 5}, "its sampler drew .* at step"),
        ({"probes": [GradientProbe((1,), [], torch.zeros(1), torch.zeros(1))]}, r"probes is \[\] there and .*at \[1\]"),
        ({"channels": 5}, r"shape of parts\.stem\.0\.weight is \[4, 1, 3, 3\] there and \[5, 1, 3, 3\] here"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(changes, message, whole, patches, split):
    kept = {2: whole[0][2]}
    with pytest.raises(UserError, match=f"checkpoint of epoch 2: .*{message}"):
        run(patches, split, kept, **changes)
    assert list(kept) == [2]


def test_other_images_and_foreign_states_are_refused(whole, patches, split):
    other = Split(torch.cat([split.train[1:], split.valid[:1]]), split.valid, split.test)
    with pytest.raises(UserError, match="training rows is 100, checksum"):
        run(patches, other, {2: whole[0][2]})
    with pytest.raises(UserError, match=r"data is patches there and digits here"):
        run(replace(patches, name="digits"), split, {2: whole[0][2]})
    with pytest.raises(UserError, match="is not a state of a supernet's training \\('optimiser' is missing\\)"):
        run(patches, split, {2: {"weights": {}}})


def killable(checkpoints):
    """A training of twelve epochs that keeps a checkpoint of each."""
    torch.set_num_threads(1)
    images = torch.linspace(-9, 9, 40 * 36).sin().reshape(40, 1, 6, 6)
    data = ImageData("waves", images, torch.arange(40) % 3, 3)
    split = Split(torch.arange(30), torch.arange(30, 35), torch.arange(35, 40))
    options = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3, dropout=0.2)
    net = supernet(NB201(), options, generator=torch.Generator().manual_seed(0))
    paths = itertools.cycle([[(3, 1, 2, 1, 0, 2)], [(2, 1, 3, 3, 4, 2)]])
    protocol = Protocol(epochs=12, batch_size=10, flip=True)
    train(net, paths, data, split, protocol, seed=0, checkpoints=checkpoints, checkpoint_epochs=range(12))


@pytest.mark.parametrize("renamed", [True, False])
def test_a_killed_training_goes_on_where_it_was(tmp_path, killed, renamed):
    folder = CheckpointFolder(tmp_path / "killed")
    killed(partial(killable, folder), tmp_path, 4, renamed=renamed)
    n_done = len(folder)
    assert n_done == 3 + renamed
    kept = {epoch: folder.path(epoch).stat().st_mtime_ns for epoch in folder}
    killable(folder)
    uninterrupted: dict = {}
    killable(uninterrupted)
    assert list(folder) == list(range(13))
    now = {epoch: folder.path(epoch).stat().st_mtime_ns for epoch in folder}
    assert [epoch for epoch in now if now[epoch] == kept.get(epoch)] == list(range(n_done))
    assert same(folder[12], uninterrupted[12])


def test_the_same_sampler_is_replayed_and_not_asked_for_more_than_is_needed(whole, patches, split):
    """A sampler that ends with the training's last step suffices, also to resume."""
    kept = {3: copy.deepcopy(whole[0][3])}
    n_steps = whole[0][5]["n_steps"]
    space = NB201()
    options = NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3, dropout=0.2)
    net = supernet(space, options, SupernetOptions(bn="tracked"), generator=torch.Generator().manual_seed(0))
    endless = SAMPLERS["uniform"](space, rng=np.random.default_rng(4), n_samples=2)
    sampler = itertools.islice(endless, n_steps + 1)  # one more is looked at when the last epoch's batches run out
    train(net, sampler, patches, split, PROTOCOL, seed=3, checkpoints=kept)
    assert same(kept[5]["weights"], whole[0][5]["weights"])
