"""How the architectures of a benchmark are trained: everything that can be chosen."""

from typing import Annotated

from pydantic import Field

from nasgauge.core.config import Count, NotNegative, Positive, options


@options
class Protocol:
    """How an architecture is trained: SGD with momentum, cosine learning rate to zero, no early stopping.

    `epochs`, `batch_size`: an epoch shows each training image once; `lr`, `momentum`, `nesterov`, `weight_decay`: of
    SGD, on all parameters; `warmup_epochs`: linear rise of the learning rate; `shift`: training images are moved by up
    to that many pixels, borders filled with zeros; `test_stride`: validation and test images are shown in every so
    many-th of these positions along both axes; `flip`: mirrored with probability one half; `label_smoothing`: of the
    training loss; `zero_init_residual`: the blocks of NDS ResNets and ResNeXts start as their shortcuts.
    """

    epochs: Count
    batch_size: Count = 64
    lr: Positive = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    nesterov: bool = True
    weight_decay: NotNegative = 5e-4
    warmup_epochs: NotNegative = 0.0
    shift: Annotated[int, Field(ge=0)] = 0
    test_stride: Count = 1
    flip: bool = False
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    zero_init_residual: bool = False
