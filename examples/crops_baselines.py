"""Do colour, brightness or single pixels give the crops away? Test accuracy of two simple classifiers, chance is 1/12.

python examples/crops_baselines.py
"""

import time

import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier

from nasgauge.images import CROPS, load_images


def main() -> None:
    """One line a data set: processor seconds to make it, and both accuracies."""
    for name in CROPS:
        start = time.process_time()
        data = load_images(name)
        seconds = time.process_time() - start
        train, test, labels = data.parts.train, data.parts.test, data.labels.numpy()
        pixels = data.images.flatten(1).numpy()
        moments = torch.cat([data.images.mean((2, 3)), data.images.std((2, 3))], 1).numpy()
        found = [
            classifier.fit(x[train], labels[train]).score(x[test], labels[test])
            for classifier, x in ((RidgeClassifier(1000.0), pixels), (KNeighborsClassifier(25), moments))
        ]
        print(f"{name} {tuple(data.images.shape)}: {seconds:.1f} s, linear {found[0]:.3f}, moments {found[1]:.3f}")


if __name__ == "__main__":
    main()
