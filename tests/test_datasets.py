"""Loaders and splits: shapes, standardisation, both forms of CIFAR-10, and pickles that may not run."""

import io
import os
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from nasgauge.datasets import CIFAR_MEAN, CIFAR_STD, load_images, rotated_splits
from nasgauge.errors import UserError


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
