"""What every data set promises: standardised images, checked labels, splits, seeds."""

import numpy as np
import pytest
import torch

from nasgauge.benchmarks.building.training import Protocol, train
from nasgauge.core.dataset_names import DATASET_NAMES
from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot import SAMPLERS, OneShot
from nasgauge.estimators.oneshot import Protocol as OneShotProtocol
from nasgauge.estimators.predictors import Predictor
from nasgauge.estimators.zeroshot import ZeroShot
from nasgauge.images import DATASETS, ImageData, Split, load_images, rotated_splits
from nasgauge.nets import NetOptions
from nasgauge.spaces import NB201


def test_digits_are_standardised():
    data = load_images("digits")
    assert data.images.shape == (1797, 1, 8, 8) and data.n_classes == 10
    assert abs(float(data.images.mean())) < 1e-5 and abs(float(data.images.std()) - 1) < 1e-5


def test_images_are_named_as_the_data_sets_of_benchmarks_are():
    """A study that says `dataset = "imagenet16-120"` of its truth says the same of its images."""
    assert {"cifar10", "cifar100", "imagenet16-120"} <= set(DATASETS) & set(DATASET_NAMES)


@pytest.mark.parametrize("name", ["digits", "crops"])
def test_data_sets_that_are_shipped_take_no_path(name, tmp_path):
    with pytest.raises(UserError, match=f"{name}: the data set is shipped; leave out the path"):
        load_images(name, tmp_path)


def test_names_and_paths_that_there_are_not(monkeypatch):
    monkeypatch.delenv("NASGAUGE_DATA", raising=False)
    with pytest.raises(UserError, match="NASGAUGE_DATA is not set"):
        load_images("cifar10", "$NASGAUGE_DATA/cifar10")
    with pytest.raises(UserError, match="nearest: digits"):
        load_images("digit")


def test_rotated_splits_are_disjoint_whole_and_give_every_image_its_turn():
    splits = rotated_splits(103, 60, 10, 4)
    tested = np.zeros(103, int)
    for s in splits:
        assert (len(s.train), len(s.valid), len(s.test)) == (60, 10, 33)
        assert sorted(torch.cat([s.train, s.valid, s.test]).tolist()) == list(range(103))
        tested[s.test.numpy()] += 1
    assert tested.min() >= 1 and tested.max() <= 2


IMAGES, LABELS = torch.zeros(6, 1, 2, 2), torch.arange(6) % 3
WRONG = {
    "an array": (IMAGES.numpy(), LABELS, "the images are of type ndarray"),
    "bytes": (IMAGES.byte(), LABELS, "of uint8; give a float tensor"),
    "one image": (IMAGES[0], LABELS, r"\(1, 2, 2\)"),
    "no images": (IMAGES[:0], LABELS[:0], r"\(0, 1, 2, 2\)"),
    "a list of labels": (IMAGES, LABELS.tolist(), "the labels are of type list"),
    "labels that are floats": (IMAGES, LABELS.float(), "of float32; give an int64 tensor"),
    "too few labels": (IMAGES, LABELS[:5], r"one label per image \(there are 6\)"),
    "a class too many": (IMAGES, LABELS + 1, "has labels 1 to 3; n_classes is 3"),
    "a negative class": (IMAGES, LABELS - 1, "has labels -1 to 1"),
    "an infinite pixel": (IMAGES + torch.inf, LABELS, "not finite"),
    "a pixel that is no number": (IMAGES * torch.nan, LABELS, "not finite"),
}


@pytest.mark.parametrize("name", WRONG)
def test_images_and_labels_of_ones_own_are_checked_wherever_they_are_taken(name):
    images, labels, says = WRONG[name]
    with pytest.raises(UserError, match=says):
        ImageData("mine", images, labels, 3)
    net = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
    with pytest.raises(UserError, match=says):
        ZeroShot(NB201(), ["relu"], [(images, labels)], net)


@pytest.mark.parametrize("n_classes", [0, -3, 2.5, 10**12, None])
def test_the_number_of_classes_is_checked(n_classes):
    with pytest.raises(UserError, match=r"n_classes is .*give a whole number"):
        ImageData("mine", IMAGES, LABELS, n_classes)


@pytest.mark.parametrize(
    "rows", [[0, 1], torch.tensor([0.0]), torch.tensor([[0]]), torch.tensor([6]), torch.tensor([-1])]
)
def test_a_split_holds_rows_of_the_images(rows):
    good = torch.tensor([0, 1])
    Split(good, good, good).check(6, "mine")
    with pytest.raises(UserError, match="mine: the valid rows of a split"):
        Split(good, rows, good).check(6, "mine")
    net = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3, replicas=1)
    data = ImageData("mine", IMAGES, LABELS, 3)
    with pytest.raises(UserError, match="training: the valid rows"):
        train(NB201(), (3, 1, 1, 1, 1, 3), net, Protocol(1, batch_size=2), data, [Split(good, rows, good)], [0])


@pytest.mark.parametrize("seed", [-1, 2**53 + 1, 10**30, 0.5, True, "0", None])
def test_seeds_are_checked_wherever_they_are_taken(seed):
    net = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
    good = torch.tensor([0, 1])
    data, split = ImageData("mine", IMAGES, LABELS, 3), Split(good, good, good)
    takers = [
        lambda: ZeroShot(NB201(), ["relu"], [(IMAGES, LABELS)], net, seed=seed),
        lambda: OneShot(NB201(), data, split, SAMPLERS["uniform"].function, OneShotProtocol(1), net, seed=seed),
        lambda: Predictor(NB201(), "mlp", seed=seed),
        lambda: train(NB201(), (3, 1, 1, 1, 1, 3), net, Protocol(1, batch_size=2), data, [split], [seed]),
    ]
    for taken in takers:
        with pytest.raises(UserError, match=r"seed is .*; give a whole number from 0 to 9,007,199,254,740,992"):
            taken()
