"""Names of data sets, shared by the ground truths of benchmarks and by images. Rule: names only."""

DATASET_NAMES = {  # name -> what the networks are trained on
    "cifar10": "all 50,000 training images of CIFAR-10",
    "cifar10-valid": "one half of these images, the other half is the validation set",
    "cifar100": "the training images of CIFAR-100",
    "imagenet16-120": "120 classes of ImageNet at 16 x 16 pixels",
    "imagenet": "ImageNet (ILSVRC 2012)",
}


def dataset_name(text: str) -> str:
    """The name of a data set as nasgauge writes it; authors' spellings differ in case, hyphens and underscores.

    >>> dataset_name("ImageNet16-120"), dataset_name("CIFAR-10"), dataset_name("cifar10_valid"), dataset_name("mnist")
    ('imagenet16-120', 'cifar10', 'cifar10-valid', 'mnist')
    """
    plain = {_letters(name): name for name in DATASET_NAMES}
    return plain.get(_letters(text), text)


def _letters(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "")
