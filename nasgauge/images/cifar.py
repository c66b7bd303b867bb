"""CIFAR-10 and CIFAR-100: 32 x 32 pixels, 50,000 training images each.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from pathlib import Path

from nasgauge.images.contract import ImageData, Rows
from nasgauge.images.layouts import load
from nasgauge.images.published import Published

CIFAR10 = Published(
    "cifar10", "CIFAR-10", side=32, labels=(0, 9), n_classes=10,
    mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616),  # of the training images
    batches=tuple(f"data_batch_{i}" for i in range(1, 6)), key="labels", folder="cifar-10-batches-py",
    archive="cifar-10-python", column="label",
)  # fmt: skip
# Mean and deviation of the training images; with five digits more in the code of Ning et al. 2021 (walkerning/aw_nas,
# aw_nas/dataset/cifar100.py). That of NAS-Bench-201 (get_dataset_with_transform.py) has (129.3, 124.1, 112.4) and
# (68.2, 65.4, 70.4) of 255, the same but for .0002.
CIFAR100 = Published(
    "cifar100", "CIFAR-100", side=32, labels=(0, 99), n_classes=100,
    mean=(0.5071, 0.4865, 0.4409), std=(0.2673, 0.2564, 0.2762),
    batches=("train",), key="fine_labels", folder="cifar-100-python",
    archive="cifar-100-python", column="fine_label",
)  # fmt: skip


def cifar10(path: Path | None, rows: Rows) -> ImageData:
    """CIFAR-10's training images (Krizhevsky 2009): the folder of the official Python batches, or a Parquet file.

    The Parquet schema is that of the public release: `img` (struct of bytes, path) and `label`.
    """
    return load(CIFAR10, path, rows)


def cifar100(path: Path | None, rows: Rows) -> ImageData:
    """CIFAR-100's training images in 100 classes (Krizhevsky 2009): the official Python folder, or a Parquet file.

    The pickle `train` (`data`, `fine_labels`; `meta` and `test` are not read), or the columns `img` (struct of bytes,
    path) and `fine_label` of the public release. The twenty coarse classes are not read.
    """
    return load(CIFAR100, path, rows)
