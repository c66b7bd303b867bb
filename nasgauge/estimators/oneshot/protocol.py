"""How a supernet is trained: everything that can be chosen, and what the papers chose."""

from dataclasses import fields
from typing import Annotated, Literal, get_args

from pydantic import Field

from nasgauge.core.config import Count, NotNegative, Positive, options
from nasgauge.core.errors import UserError

Share = Annotated[float, Field(ge=0, lt=1)]


@options
class Protocol:
    """How a supernet is trained: stochastic gradient descent, and what is done to its images, steps and gradients.

    epochs, batch_size: an epoch shows each training image once; a last batch that is not full is left out.
    lr, momentum, nesterov, weight_decay: of SGD. decay_bn: weight decay also of the normalisations' scale and shift.
    schedule: "cosine" (by step, from lr to lr_min), "constant", or "plateau": lr times plateau_factor whenever the mean
    training loss of an epoch has not fallen below 0.9999 of its best for more than plateau_patience epochs, down to
    lr_min. lr_min, plateau_factor, plateau_patience: see the schedules. warmup_epochs: linear rise before it.
    clip: largest norm of a step's whole gradient, 5 by default; None (in a file "none"): no limit.
    label_smoothing: of the training loss.
    shift: images are moved by up to that many pixels, borders zero; flip: mirrored with probability one half;
    auto_augment: None, or a policy of AutoAugment ("cifar10", "imagenet", "svhn") that follows them. Each image is
    moved, mirrored and changed by itself.
    train_share: the first share of the split's training rows is used, in the split's order (so a smaller share is part
    of a larger one).
    unused: what a step does to parameters that none of its architectures uses. "frozen": nothing, as torch does since
    2.0. "decay": their gradient is zero, so weight decay and momentum go on moving them, as in older torch (where that
    began with a parameter's first use; here it does with the first step).
    gradient: how the gradients of a step's architectures are combined. "sum", or "mean_of_users": a parameter's sum is
    divided by the number of architectures that use it (not by all of them).
    images: the architectures of a step see the same batch ("shared") or each the next one ("own": one epoch then has
    fewer steps; architectures for which an epoch has not enough batches left are trained first in the next).
    amp: "none": all in float32; or "tf32" or "bfloat16", see nets.PRECISIONS.

    UserError names a field whose value makes no sense.

    >>> Protocol(epochs=10, schedule="step")
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: Protocol: unknown schedule 'step'; known: constant, cosine, plateau
    """

    epochs: Count
    batch_size: Count = 64
    lr: Positive = 0.05
    momentum: Share = 0.9
    nesterov: bool = False
    weight_decay: NotNegative = 5e-4
    decay_bn: bool = True
    schedule: Literal["plateau", "cosine", "constant"] = "cosine"
    lr_min: NotNegative = 0.0
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    plateau_patience: Annotated[int, Field(ge=0)] = 30
    warmup_epochs: NotNegative = 0.0
    clip: Positive | None = 5.0
    label_smoothing: Share = 0.0
    shift: Annotated[int, Field(ge=0)] = 0
    flip: bool = False
    auto_augment: Literal["cifar10", "imagenet", "svhn"] | None = None
    train_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    unused: Literal["frozen", "decay"] = "frozen"
    gradient: Literal["mean_of_users", "sum"] = "mean_of_users"
    images: Literal["shared", "own"] = "shared"
    amp: Literal["none", "tf32", "bfloat16"] = "none"

    def __post_init__(self) -> None:
        self._require("lr_min", self.lr_min <= self.lr, f"give at most lr, {self.lr}")
        self._require("warmup_epochs", self.warmup_epochs < self.epochs, f"give less than epochs, {self.epochs}")
        self._require_use("plateau", ("plateau_factor", "plateau_patience"))
        self._require_use("plateau or cosine", ("lr_min",))
        self._require("nesterov", not self.nesterov or self.momentum > 0, "it needs a momentum above 0")

    def _require_use(self, schedules: str, names: tuple[str, ...]) -> None:
        """UserError for options of other schedules than the one chosen."""
        for name in names:
            default = getattr(Protocol, name)
            used = self.schedule in schedules.split(" or ") or getattr(self, name) == default
            self._require(name, used, f"it is of schedule {schedules} alone; set it to {default}, or the schedule")

    def _require(self, name: str, sensible: bool, remedy: str) -> None:
        if not sensible:
            raise UserError(f"training protocol: {name} = {getattr(self, name)}; {remedy}")


OPTIONAL = {field.name for field in fields(Protocol) if type(None) in get_args(field.type)}  # those that may be None

PROTOCOLS: dict[str, Protocol] = {
    "digits": Protocol(epochs=200),  # for the 8x8 digits that are shipped
    "laube2021": Protocol(  # table 1 there has a final rate of 5e-5, the text 1e-5
        epochs=250, batch_size=256, lr=0.025, weight_decay=3e-4, decay_bn=False, lr_min=1e-5, clip=None, shift=4,
        flip=True, gradient="sum", images="own",
    ),
    # Appendix D; batch size and rate of its NAS-Bench-201 supernets. That images are moved by up to four pixels and
    # mirrored the paper does not say: it is what the authors' code does to CIFAR-10 (aw_nas, dataset/cifar10.py, whose
    # configuration of these supernets, examples/research/surgery/nb201/deiso_plateaulr.yaml, has no cutout).
    "ning2021": Protocol(
        epochs=1000, batch_size=512, schedule="plateau", shift=4, flip=True,
    ),
    "yu2021": Protocol(  # number of epochs and augmentation: the defaults of the paper's code
        epochs=151, batch_size=256, lr=0.025, weight_decay=3e-4, lr_min=1e-3, shift=4, flip=True, gradient="sum",
    ),
}  # fmt: skip
