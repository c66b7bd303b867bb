"""Labels for images that have none."""

import zlib

import torch


def random_labels(x: torch.Tensor, n_classes: int, seed: int) -> torch.Tensor:
    """One of `n_classes` labels for each of the images x (N, ...), (N,) int64, all equally likely.

    Drawn by the seed and the content of the image, so that a label follows its image whatever the order of the batch;
    equal images have equal labels. Images in 64 bits are read as those in 32 bits.

    >>> x = torch.linspace(-1, 1, 12).reshape(4, 3)
    >>> labels = random_labels(x, 10, seed=0)
    >>> torch.equal(random_labels(x.flip(0), 10, seed=0), labels.flip(0))
    True
    """
    narrow = x.detach().to("cpu", torch.float32 if x.is_floating_point() else torch.int64).contiguous()
    generator = torch.Generator()
    labels = []
    for image in narrow:
        generator.manual_seed(zlib.crc32(image.numpy().tobytes(), seed & 0xFFFFFFFF))
        labels.append(int(torch.randint(n_classes, (), generator=generator)))
    return torch.tensor(labels, device=x.device)
