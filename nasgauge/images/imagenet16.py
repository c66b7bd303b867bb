"""ImageNet16-120: ImageNet at 16 x 16 pixels, the first 120 of its 1,000 classes.

The pictures: Chrabaszcz, Loshchilov & Hutter, "A Downsampled Variant of ImageNet as an Alternative to the CIFAR
datasets", 2017. The choice of classes: Dong & Yang, "NAS-Bench-201", ICLR 2020.
"""

from pathlib import Path

from nasgauge.images.contract import ImageData, Rows
from nasgauge.images.layouts import load
from nasgauge.images.published import Published

# Mean and deviation as the authors of NAS-Bench-201 have them for every choice of classes (D-X-Y/AutoDL-Projects,
# xautodl/datasets/get_dataset_with_transform.py). Labels 1 to 120 are kept and become 0 to 119 (DownsampledImageNet.py
# there, which counts 151,700 training images).
IMAGENET16_120 = Published(
    "imagenet16-120", "ImageNet16", side=16, labels=(1, 1000), n_classes=120,
    mean=(122.68 / 255, 116.66 / 255, 104.01 / 255), std=(63.22 / 255, 61.26 / 255, 65.09 / 255),
    batches=tuple(f"train_data_batch_{i}" for i in range(1, 11)), key="labels",
    folder="ImageNet16", archive="ImageNet16",
)  # fmt: skip


def imagenet16_120(path: Path | None, rows: Rows) -> ImageData:
    """The training images of ImageNet's first 120 classes at 16x16 pixels (Dong & Yang 2020): the folder ImageNet16.

    Its pickles `train_data_batch_1` to `_10` with `data` (n, 768) and `labels` from 1 to 1,000; `mean`, and the file
    `val_data`, are not read.
    """
    return load(IMAGENET16_120, path, rows)
