"""Which images train, validate and test: one seeded split per seed. Rule: row numbers, no pixels."""

import numpy as np
import torch

from nasgauge.core.errors import UserError
from nasgauge.images.contract import ImageData, Split


def rotated_splits(n: int, n_train: int, n_valid: int, n_seeds: int, *, shuffle_seed: int = 0) -> list[Split]:
    """One split a seed from one shuffled circle of n images, turned on by n / n_seeds each time.

    So every image is in the test part of about equally many seeds. Test images: the n - n_train - n_valid that remain.
    """
    circle = torch.from_numpy(np.random.default_rng(shuffle_seed).permutation(n))
    splits = []
    for seed in range(n_seeds):
        turned = circle.roll(-round(seed * n / n_seeds))
        splits.append(Split(turned[:n_train], turned[n_train : n_train + n_valid], turned[n_train + n_valid :]))
    return splits


def splits_of(data: ImageData, n_train: int, n_valid: int, n_seeds: int, *, shuffle_seed: int = 0) -> list[Split]:
    """One split a seed: rotated ones (`rotated_splits`) of all images, or within the parts that the data set states.

    Then the training images rotate among those for training, likewise the validation images (among those for training
    too where there is no part for validation), and every seed is tested on all test images. UserError: fewer images
    than are wanted, or none left for the test.
    """
    if data.parts is None:
        if n_train + n_valid >= len(data.labels):
            raise UserError(f"n_train + n_valid leaves no test image of {data.name}'s {len(data.labels)}")
        return rotated_splits(len(data.labels), n_train, n_valid, n_seeds, shuffle_seed=shuffle_seed)
    if not len(data.parts.test):
        raise UserError(f"{data.name} has no images for testing; add a part test, or leave the parts out")
    if not len(data.parts.valid):  # both from the images for training
        return _within(data, data.parts.train, n_train, n_valid, n_seeds, shuffle_seed)
    chosen = []
    for key, rows, n in (("n_train", data.parts.train, n_train), ("n_valid", data.parts.valid, n_valid)):
        if n > len(rows):
            raise UserError(f"{key} = {n} is more than {data.name} has for this, {len(rows)}")
        turns = rotated_splits(len(rows), n, 0, n_seeds, shuffle_seed=shuffle_seed)
        chosen.append([rows[turn.train] for turn in turns])
    return [Split(train, valid, data.parts.test) for train, valid in zip(*chosen, strict=True)]


def _within(
    data: ImageData, rows: torch.Tensor, n_train: int, n_valid: int, n_seeds: int, shuffle_seed: int
) -> list[Split]:
    if n_train + n_valid > len(rows):
        raise UserError(f"n_train + n_valid = {n_train + n_valid} is more than {data.name} has for both, {len(rows)}")
    turns = rotated_splits(len(rows), n_train, n_valid, n_seeds, shuffle_seed=shuffle_seed)
    return [Split(rows[turn.train], rows[turn.valid], data.parts.test) for turn in turns]
