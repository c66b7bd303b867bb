"""Crops of photographs: the same from the same seed, disjoint areas, balanced, and not solved by their colour."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier

from nasgauge.core.errors import UserError
from nasgauge.estimators.images import parted
from nasgauge.images import load_images, splits_of
from nasgauge.images.crops import CROPS, cut
from nasgauge.images.cutting import N_BLOCKS, SORTS, TEST, TRAIN, VALID, CropOptions, drawn
from nasgauge.images.photographs import PICTURES, pictures

pytest.importorskip("skimage", reason="needs scikit-image (the extra `crops`)")
SMALL = {"n_train": 160, "n_valid": 20, "n_test": 60}


FURTHER = set(CROPS) - {"crops"}
EVERY = [pytest.param(name, marks=[pytest.mark.full] * (name in FURTHER)) for name in CROPS]


@pytest.fixture(scope="module", params=EVERY)
def whole(request):
    """Each data set with fewer crops per class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CROPS, request.param, replace(CROPS[request.param], **SMALL))
        yield load_images(request.param)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_options_give_the_same_crops_and_another_seed_others(name):
    options = replace(CROPS[name], n_train=20, n_valid=4, n_test=8)
    first, second, other = cut(options), cut(options), cut(replace(options, seed=1))
    assert torch.equal(first.images, second.images) and torch.equal(first.labels, second.labels)
    assert not torch.equal(first.images, other.images)


def test_shapes_range_and_balance(whole):
    options = CROPS[whole.name]
    n = {"train": options.n_train, "valid": options.n_valid, "test": options.n_test}
    assert whole.images.shape == (
        len(PICTURES) * sum(n.values()), 3 if options.colour else 1, options.size, options.size,
    )  # fmt: skip
    assert whole.images.dtype == torch.float32 and whole.labels.dtype == torch.int64
    assert whole.images.isfinite().all()
    one_bright_pixel = (options.size**2 - 1) ** 0.5 * np.exp(options.contrast)
    assert whole.images.abs().max() < one_bright_pixel + options.brightness + 6 * options.noise
    assert abs(float(whole.images.mean())) < 0.05 and abs(float(whole.images.std()) - 1) < 0.2
    for part, wanted in n.items():
        assert whole.labels[getattr(whole.parts, part)].bincount().tolist() == [wanted] * len(PICTURES)


def test_the_parts_are_all_rows_in_order(whole):
    rows = torch.cat([whole.parts.train, whole.parts.valid, whole.parts.test])
    assert rows.tolist() == list(range(len(whole.labels)))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("sort", [TRAIN, VALID, TEST])
def test_crops_of_different_sorts_show_disjoint_areas(name, sort):
    """Marked pictures, 1 in the blocks of the sort, 0 in others: interpolation may mix in an eighth a side, no more."""
    for picture in pictures():
        h, w = (side // N_BLOCKS for side in picture.shape[:2])
        mark = np.kron(SORTS == sort, np.ones((h, w), np.float32))
        mark = np.pad(mark, ((0, picture.shape[0] - N_BLOCKS * h), (0, picture.shape[1] - N_BLOCKS * w)))
        rng = np.random.default_rng(0)
        seen, _ = drawn(torch.from_numpy(mark)[:, :, None].float(), sort, 300, CROPS[name], rng)
        assert seen.min() >= 1 - 2 / 8 and seen[:, :, 1:-1, 1:-1].min() == 1
        assert (seen == 1).float().mean() > 0.999


def test_areas_of_the_sorts_are_a_half_and_two_quarters():
    assert np.bincount(SORTS.ravel()).tolist() == [8, 4, 4]


def test_a_crop_shows_its_place_in_its_turn_and_size():
    """Against the picture itself: a crop that is neither turned nor scaled is a piece of it, or its mirror image."""
    picture = next(pictures())
    options = CropOptions(colour=True, scale=(1.0, 1.0), rotation=0.0)
    seen, centres = drawn(torch.from_numpy(picture), TRAIN, 40, options, np.random.default_rng(0))
    for crop, (row, column) in zip(seen.numpy(), centres.numpy(), strict=True):
        top, left = round(row - 8), round(column - 8)
        piece = picture[top : top + 16, left : left + 16].transpose(2, 0, 1)
        alike = [np.corrcoef(crop.ravel(), p.ravel())[0, 1] for p in (piece, piece[:, :, ::-1])]
        assert max(alike) > 0.75, (row, column, alike)


def test_neither_colour_nor_brightness_nor_single_pixels_solve_it(whole):
    """Chance is 1/12. Small networks of one cell reach .50 (grey) and .70 (colour): docs/embedded-truth.md."""
    train, test = whole.parts.train, whole.parts.test
    means = torch.cat([whole.images.mean((2, 3)), whole.images.std((2, 3))], 1).numpy()
    pixels, labels = whole.images.flatten(1).numpy(), whole.labels.numpy()
    by_mean = KNeighborsClassifier(25).fit(means[train], labels[train]).score(means[test], labels[test])
    by_pixel = RidgeClassifier(1000.0).fit(pixels[train], labels[train])
    assert by_mean < 0.15
    assert by_pixel.score(pixels[test], labels[test]) < 0.25


def test_splits_stay_in_their_areas_and_seeds_share_the_test(whole):
    n_train, n_valid = len(whole.parts.train) // 2, len(whole.parts.valid)
    splits = splits_of(whole, n_train, n_valid, 2)
    for split in splits:
        assert set(split.train.tolist()) <= set(whole.parts.train.tolist()) and len(split.train) == n_train
        assert sorted(split.valid.tolist()) == whole.parts.valid.tolist()
        assert torch.equal(split.test, whole.parts.test)
    assert not set(splits[0].train.tolist()) & set(splits[1].train.tolist())  # rotated: halves of the whole circle


@pytest.mark.parametrize("split_seed", [None, 0])
def test_a_supernet_trains_and_validates_in_the_areas_for_it(whole, split_seed):
    split = parted(whole, 0.2, split_seed)
    assert torch.equal(split.train, whole.parts.train) and torch.equal(split.valid, whole.parts.valid)


@pytest.fixture(scope="module")
def crops():
    return load_images("crops")


@pytest.mark.parametrize(("n_train", "n_valid", "said"), [(4801, 1, "n_train = 4801"), (1, 1201, "n_valid = 1201")])
def test_more_images_than_a_part_has_are_refused(crops, n_train, n_valid, said):
    with pytest.raises(UserError, match=said):
        splits_of(crops, n_train, n_valid, 1)


def test_a_drawn_sample_is_of_the_training_part(crops):
    data = load_images("crops", n=50, rng=np.random.default_rng(0))
    rows = crops.parts.train[np.random.default_rng(0).permutation(len(crops.parts.train))[:50]]
    assert data.parts is None
    assert torch.equal(data.images, crops.images[rows]) and torch.equal(data.labels, crops.labels[rows])


def test_crops_too_large_for_a_block_are_refused():
    with pytest.raises(UserError, match="do not fit into blocks of"):
        cut(CropOptions(size=64, **SMALL))


def test_without_scikit_image_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    monkeypatch.setitem(__import__("sys").modules, "skimage.data", None)
    with pytest.raises(UserError, match=r"pip install 'nasgauge\[crops\]'"):
        load_images("crops")
