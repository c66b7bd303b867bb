"""Loaders and splits: shapes, standardisation, both forms of CIFAR-10, and pickles that may not run."""

import io
import os
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from nasgauge.datasets import CIFAR_MEAN, CIFAR_STD, ImageData, Split, load_images, rotated_splits
from nasgauge.errors import UserError
from nasgauge.estimators.oneshot import SAMPLERS, OneShot
from nasgauge.estimators.oneshot import Protocol as OneShotProtocol
from nasgauge.estimators.predictors import Predictor
from nasgauge.estimators.zeroshot import ZeroShot
from nasgauge.nets import NetOptions
from nasgauge.spaces import NB201
from nasgauge.training import Protocol, train


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (50, 3, 32, 32), dtype=np.uint8)


@pytest.fixture
def official(tmp_path, pictures):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for i in range(5):
        part = slice(10 * i, 10 * i + 10)
        batch = {"data": pictures[part].reshape(10, -1), "labels": list(range(10)), "batch_label": "x"}
        (folder / f"data_batch_{i + 1}").write_bytes(pickle.dumps(batch, protocol=2))
    return folder


@pytest.fixture
def parquet(tmp_path, pictures):
    cells = []
    for picture in pictures:
        out = io.BytesIO()
        Image.fromarray(picture.transpose(1, 2, 0)).save(out, "PNG")
        cells.append({"bytes": out.getvalue(), "path": None})
    path = tmp_path / "train-0.parquet"
    pd.DataFrame({"img": cells, "label": np.arange(50) % 10}).to_parquet(path)
    return path


def test_digits_are_standardised():
    data = load_images("digits")
    assert data.images.shape == (1797, 1, 8, 8) and data.n_classes == 10
    assert abs(float(data.images.mean())) < 1e-5 and abs(float(data.images.std()) - 1) < 1e-5


def test_both_forms_of_cifar10_give_the_same_standardised_images(official, parquet, pictures):
    expected = (pictures / 255 - np.array(CIFAR_MEAN)[:, None, None]) / np.array(CIFAR_STD)[:, None, None]
    for path in (official, parquet, parquet.parent):
        data = load_images("cifar10", path)
        np.testing.assert_allclose(data.images.numpy(), expected, atol=1e-5)
        assert data.labels.tolist() == [i % 10 for i in range(50)]


def test_a_sample_is_drawn_with_the_generator_and_without_replacement(parquet):
    whole = load_images("cifar10", parquet)
    some = load_images("cifar10", parquet, n=20, rng=np.random.default_rng(3))
    rows = np.random.default_rng(3).permutation(50)[:20]
    assert torch.equal(some.images, whole.images[rows]) and torch.equal(some.labels, whole.labels[rows])
    with pytest.raises(UserError, match="51 images are wanted, it has 50"):
        load_images("cifar10", parquet, n=51, rng=np.random.default_rng(3))


def test_a_pickle_that_asks_for_code_is_refused_and_not_run(official, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    (official / "data_batch_3").write_bytes(pickle.dumps({"data": Evil()}))
    with pytest.raises(UserError, match=r"data_batch_3: is no official CIFAR-10 batch \(asks for posix\.system\)"):
        load_images("cifar10", official)
    assert not (tmp_path / "ran").exists()


def test_damaged_absent_and_foreign_files(official, tmp_path, monkeypatch):
    (official / "data_batch_2").write_bytes(b"\x80\x02}")
    with pytest.raises(UserError, match="data_batch_2: is no official"):
        load_images("cifar10", official)
    with pytest.raises(UserError, match="does not exist"):
        load_images("cifar10", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds neither"):
        load_images("cifar10", tmp_path / "empty")
    pd.DataFrame({"img": [1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(UserError, match="column 'label' is missing"):
        load_images("cifar10", tmp_path / "x.parquet")
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


PIXELS = np.zeros((10, 3072), np.uint8)
BATCHES = {
    "a list of pixels": {"data": PIXELS.tolist(), "labels": [0] * 10},
    "floats": {"data": PIXELS.astype(float), "labels": [0] * 10},
    "a row of pixels": {"data": PIXELS.reshape(-1), "labels": [0] * 10},
    "other pictures": {"data": np.zeros((10, 768), np.uint8), "labels": [0] * 10},
    "no labels": {"data": PIXELS},
    "labels of CIFAR-100": {"data": PIXELS, "fine_labels": [0] * 10},
    "too few labels": {"data": PIXELS, "labels": [0] * 9},
    "an eleventh class": {"data": PIXELS, "labels": [10] * 10},
    "a negative class": {"data": PIXELS, "labels": [-1] * 10},
    "labels that are texts": {"data": PIXELS, "labels": ["cat"] * 10},
    "huge labels": {"data": PIXELS, "labels": [10**30] * 10},
    "nested labels": {"data": PIXELS, "labels": [[0]] * 10},
    "ragged labels": {"data": PIXELS, "labels": [[0], 1] * 5},
    "no table": [PIXELS, [0] * 10],
    "nothing": None,
    "a number": 7,
}


@pytest.mark.parametrize("name", BATCHES)
def test_batches_of_another_content_are_refused_in_one_line(official, name):
    (official / "data_batch_4").write_bytes(pickle.dumps(BATCHES[name], protocol=2))
    with pytest.raises(UserError, match="data_batch_4: ") as told:
        load_images("cifar10", official)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("keep", [0, 1, 2, 50, 400, 15_000])
def test_truncated_batches_are_refused_in_one_line(official, keep):
    whole = (official / "data_batch_4").read_bytes()
    (official / "data_batch_4").write_bytes(whole[:keep])
    with pytest.raises(UserError, match="data_batch_4: is no official"):
        load_images("cifar10", official)


def test_a_giant_array_in_a_batch_is_never_allocated(official):
    # An array of 2^60 bytes, whose content is to follow: what a damaged header asks for.
    asked = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(\x8a\x08" + (2**60).to_bytes(8, "little")
    (official / "data_batch_5").write_bytes(asked + b"tU\x01btR.")
    with pytest.raises(UserError, match="data_batch_5: is no official"):
        load_images("cifar10", official)


def test_parquet_files_of_another_content_are_refused_in_one_line(parquet, tmp_path):
    table = pd.read_parquet(parquet)
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "PNG")
    cells = [{"bytes": b"x"}, {"bytes": None}, {"path": "a"}, {"bytes": small.getvalue()}]
    bad = [table.assign(img=[cell] * 50) for cell in cells] + [table.assign(img="a"), table.assign(img=1.5)]
    bad += [table.assign(label=label) for label in (10, -1, 0.5, "cat", [[0]] * 50)] + [table.iloc[:0]]
    for i, wrong in enumerate(bad):
        wrong.to_parquet(tmp_path / f"w{i}.parquet")
        with pytest.raises(UserError, match=rf"w{i}\.parquet: ") as told:
            load_images("cifar10", tmp_path / f"w{i}.parquet")
        assert "\n" not in str(told.value)
    parquet.write_bytes(parquet.read_bytes()[:1000])
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        load_images("cifar10", parquet)


IMAGES, LABELS = torch.zeros(6, 1, 2, 2), torch.arange(6) % 3
WRONG = {
    "an array": (IMAGES.numpy(), LABELS, "the images are of type ndarray"),
    "bytes": (IMAGES.byte(), LABELS, "of uint8; give a float tensor"),
    "one image": (IMAGES[0], LABELS, r"\(1, 2, 2\)"),
    "no images": (IMAGES[:0], LABELS[:0], r"\(0, 1, 2, 2\)"),
    "a list of labels": (IMAGES, LABELS.tolist(), "the labels are of type list"),
    "labels that are floats": (IMAGES, LABELS.float(), "of float32; give an int64 tensor"),
    "too few labels": (IMAGES, LABELS[:5], r"one an image \(there are 6\)"),
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
