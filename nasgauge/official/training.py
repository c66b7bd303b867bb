"""One training as an official file reports it, and the plain numbers of which it is made."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, final

from nasgauge.spaces import Arch

MAX_EPOCHS = 100_000
MAX_SEED = 1 << 53  # beyond it, tables that pass through floating-point numbers confuse seeds
MAX_PARAMS = 10**10
MAX_MACS = 10**13
MAX_SECONDS = 1e10  # three hundred years


@final
@dataclass(frozen=True, slots=True)
class Training:
    """One architecture trained once (or a mean over trainings: seed None), at the end of `epochs` epochs.

    arch: of the kind's space. dataset: its name in lower case. Accuracies are fractions; None is what the file does not
    tell, but one of the two it must. n_params: trainable parameters. seconds: of the whole training. macs:
    multiply-adds of one image. ValueError for what no training can have (outside 0 to 1, negative, infinite, beyond the
    bounds above).
    """

    arch: Arch
    dataset: str
    epochs: int
    seed: int | None
    valid_accuracy: float | None = None
    test_accuracy: float | None = None
    n_params: int | None = None
    seconds: float | None = None
    macs: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str) or not 0 < len(self.dataset) <= 100:
            raise ValueError("the data set has no name, or one of over 100 characters")
        if self.valid_accuracy is None and self.test_accuracy is None:
            raise ValueError("neither a validation nor a test accuracy is reported")
        whole(self.epochs, "the number of epochs", 1, MAX_EPOCHS)
        optional = (
            (self.seed, "the seed", 0, MAX_SEED, whole),
            (self.valid_accuracy, "the validation accuracy", 0, 1, number),
            (self.test_accuracy, "the test accuracy", 0, 1, number),
            (self.n_params, "the number of parameters", 1, MAX_PARAMS, whole),
            (self.seconds, "the time of training in seconds", 0, MAX_SECONDS, number),
            (self.macs, "the number of multiply-adds", 0, MAX_MACS, whole),
        )
        for value, what, low, high, kind in optional:
            if value is not None:
                kind(value, what, low, high)


@final
@dataclass(frozen=True, slots=True)
class Foreign:
    """An entry whose architecture is none of the space; `why` says what it is."""

    why: str


class Settings:
    """What the trainings of each architecture have in common but for chance: network, learning rate, weight decay."""

    def __init__(self) -> None:
        self.first: dict[Hashable, int] = {}

    def checked(self, key: Hashable, setting: Any) -> Foreign | None:
        """A `Foreign` if the key was trained before with another setting, which makes it no repetition."""
        mark = hash(repr(setting))
        if self.first.setdefault(key, mark) != mark:
            return Foreign("another training of the same cell with another size, learning rate or weight decay")
        return None


def number(value: Any, what: str, low: float = -math.inf, high: float = math.inf) -> float:
    """The value as a finite number from `low` to `high`; ValueError for anything else, true and false among it.

    >>> number(90, "the percentage")
    90.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{what} is of type {type(value).__name__}, not a number")
    try:
        plain = float(value)
    except OverflowError as error:
        raise ValueError(f"{what} is a number of hundreds of digits") from error
    if not math.isfinite(plain) or not low <= plain <= high:
        span = "finite" if math.isinf(low) else f"from {low:g} to {high:g}"
        raise ValueError(f"{what} is {plain:g}; it must be {span}")
    return plain


def whole(value: Any, what: str, low: int, high: int) -> int:
    """The value as a whole number from `low` to `high`; 3.0 is one, 3.5 and "3" are not."""
    plain = number(value, what, low, high)
    if not plain.is_integer():
        raise ValueError(f"{what} is {plain!r}; it must be a whole number")
    return int(value)


def fraction(percent: Any, what: str) -> float:
    """A percentage as a fraction, exactly `percent / 100`."""
    return number(percent, f"{what} in percent", 0, 100) / 100


def optional(value: Any, convert: Any) -> Any:
    """None for what is not reported, else `convert(value)`."""
    return None if value is None else convert(value)
