"""Published data sets as the tests write them: the official layouts with few images."""

import io
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image


@dataclass
class Made:
    """A folder in an official layout. `pixels`, `labels`: of the images that a loader should return, in order.

    `key`: of the labels in a pickle; `column`: in Parquet; `first`: the least label in the files. `mean`, `std`: as
    the sources in `nasgauge.images` print them.
    """

    name: str
    title: str
    folder: Path
    batches: list[str]
    pixels: np.ndarray
    labels: np.ndarray
    n_classes: int
    key: str
    column: str | None
    first: int
    last: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def side(self) -> int:
        return self.pixels.shape[-1]

    @property
    def standard(self) -> np.ndarray:
        """The images as they should be returned."""
        return (self.pixels / 255 - np.array(self.mean)[:, None, None]) / np.array(self.std)[:, None, None]

    def batch(self, n: int = 10, **changed: object) -> dict[str, object]:
        """A sound batch of n images, with other entries where they are given."""
        whole = {"data": np.zeros((n, 3 * self.side**2), np.uint8), self.key: [self.first] * n}
        return whole | {self.key if k == "labels" else k: v for k, v in changed.items()}

    def parquet(self, path: Path) -> Path:
        """The same images as the public release has them, losslessly."""
        cells = []
        for picture in self.pixels:
            out = io.BytesIO()
            Image.fromarray(picture.transpose(1, 2, 0)).save(out, "PNG")
            cells.append({"bytes": out.getvalue(), "path": None})
        pd.DataFrame({"img": cells, self.column: self.labels, "coarse_label": 0}).to_parquet(path)
        return path


def written(path: Path, batch: object) -> None:
    path.write_bytes(pickle.dumps(batch, protocol=2))


def made_cifar10(folder: Path) -> Made:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 3, 32, 32), dtype=np.uint8)
    names = [f"data_batch_{i}" for i in range(1, 6)]
    for i, name in enumerate(names):
        batch = {"data": pixels[10 * i : 10 * i + 10].reshape(10, -1), "labels": list(range(10)), "batch_label": "x"}
        written(folder / name, batch)
    mean, std = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    return Made(
        "cifar10", "CIFAR-10", folder, names, pixels, np.arange(50) % 10, 10, "labels", "label", 0, 9, mean, std
    )  # fmt: skip


def made_cifar100(folder: Path) -> Made:
    """Two training images a class; one test image a class, and the names of the classes, which no loader reads."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (200, 3, 32, 32), dtype=np.uint8)
    labels = rng.permutation(np.arange(200) % 100)
    for name, part in (("train", slice(None)), ("test", slice(100))):
        fine = labels[part].tolist()
        batch = {
            "data": pixels[part].reshape(len(fine), -1), "fine_labels": fine, "coarse_labels": [c // 5 for c in fine],
            "filenames": [f"{i}.png" for i in range(len(fine))], "batch_label": f"{name}ing batch 1 of 1",
        }  # fmt: skip
        written(folder / name, batch)
    written(folder / "meta", {"fine_label_names": ["apple"], "coarse_label_names": ["fruit"]})
    mean, std = (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)
    return Made(
        "cifar100", "CIFAR-100", folder, ["train"], pixels, labels, 100, "fine_labels", "fine_label", 0, 99, mean, std
    )  # fmt: skip


def made_imagenet16(folder: Path) -> Made:
    """Two images of each of the first 120 classes among 60 of other classes; all in val_data too, which is not read."""
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, (300, 3, 16, 16), dtype=np.uint8)
    labels = rng.permutation(np.concatenate([np.tile(np.arange(1, 121), 2), rng.integers(121, 1001, 58), [121, 1000]]))
    mean = pixels.reshape(300, -1).mean(0)
    names = [f"train_data_batch_{i}" for i in range(1, 11)]
    for name, part in (*((n, slice(30 * i, 30 * i + 30)) for i, n in enumerate(names)), ("val_data", slice(None))):
        flat = pixels[part].reshape(-1, 768)
        written(folder / name, {"data": flat, "labels": labels[part].tolist(), "mean": mean})
    kept = labels <= 120
    mean, std = (122.68 / 255, 116.66 / 255, 104.01 / 255), (63.22 / 255, 61.26 / 255, 65.09 / 255)
    return Made(
        "imagenet16-120", "ImageNet16", folder, names, pixels[kept], labels[kept] - 1, 120, "labels", None, 1, 1000,
        mean, std,
    )  # fmt: skip


LAYOUTS = {"cifar10": made_cifar10, "cifar100": made_cifar100, "imagenet16-120": made_imagenet16}


@pytest.fixture(params=LAYOUTS)
def made(request, tmp_path):
    """Each data set in the layout of its official archive."""
    (tmp_path / "official").mkdir()
    return LAYOUTS[request.param](tmp_path / "official")


@pytest.fixture(params=["cifar10", "cifar100"])
def released(request, tmp_path):
    """Each data set that has a Parquet release, and its file train-0.parquet in a folder of its own."""
    (tmp_path / "official").mkdir()
    (tmp_path / "release").mkdir()
    made = LAYOUTS[request.param](tmp_path / "official")
    return made, made.parquet(tmp_path / "release" / "train-0.parquet")
