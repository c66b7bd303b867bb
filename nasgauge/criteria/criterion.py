"""A registered criterion, and a criterion with its options bound."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.criteria.resamples import Resamples


@dataclass(frozen=True)
class Criterion:
    """The registry entry of a criterion.

    function: f(score, truth, ...) -> float. of_draws: its form for many resamples at once; None where there is none,
    and the function is then called on every resample. takes_k: it requires fraction or count. order_only: only the
    order of the scores matters, so that missing scores may be ranked last. symbol: as in table headings, mostly that of
    Ning et al. 2021. reference: bib key, None for what is not of the literature. range: (low, high). of_accuracy: its
    value is an accuracy or a difference of accuracies, so it is undefined where the ground truth is not a fraction.
    """

    function: Callable[..., float]
    of_draws: Callable[..., np.ndarray] | None = None
    better: Literal["higher", "lower"] = "higher"
    takes_k: bool = False
    title: str = ""
    symbol: str = ""
    reference: str | None = None
    range: tuple[float, float] = (-np.inf, np.inf)
    order_only: bool = True
    of_accuracy: bool = False

    @property
    def symbol_parts(self) -> tuple[str, str]:
        """What stands before and after the amount of a top K in the symbol; a blank after "top" is not part of it."""
        symbol = self.symbol.replace("K", "", 1) if self.symbol.startswith("K@") else self.symbol
        head, _, tail = symbol.rpartition("K")
        return head, tail

    def symbol_at(self, at: float) -> str:
        """The symbol with a top K, as tables print it.

        >>> Criterion(min, symbol="P@topK").symbol_at(0.05), Criterion(min, symbol="BR@K").symbol_at(10)
        ('P@top 5%', 'BR@10')
        """
        head, tail = self.symbol_parts
        blank = " " if head.endswith(("top", "bottom")) else ""
        return f"{head}{blank}{f'{100 * at:g}%' if at < 1 else f'{at:g}'}{tail}"


@dataclass(frozen=True, eq=False)
class BoundCriterion:
    """A criterion with its options: call it with score and truth; without any architecture it is undefined (NaN).

    at: the fraction (below 1) or the count (from 1), NaN where the criterion has neither. better: "higher" or "lower".
    UserError of a call: a function of the user's raises, or returns anything but one finite number or NaN.
    """

    name: str
    at: float
    better: Literal["higher", "lower"]
    order_only: bool
    function: Callable[..., float]
    of_draws: Callable[..., np.ndarray] | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    of_accuracy: bool = False

    def __call__(self, score: np.ndarray, truth: np.ndarray) -> float:
        return self._number(self._called(self.function, score, truth)) if len(score) else float("nan")

    def values_of_draws(self, rows: Resamples) -> np.ndarray:
        """The criterion of each resample, (n_draws,); NaN where it is undefined there."""
        if self.of_draws is not None:
            found = np.asarray(self._called(self.of_draws, rows), dtype="float64")
            for infinite in found[np.isinf(found)]:
                self._number(infinite)
            return found
        value = np.full(len(rows), np.nan)
        for draw in np.flatnonzero(rows.defined):
            counts = rows.counts[draw]
            value[draw] = self(np.repeat(rows.score, counts), np.repeat(rows.truth, counts))
        return value

    def _called(self, function: Callable[..., Any], *given: Any) -> Any:
        try:
            return function(*given, **self.options)
        except UserError:
            raise
        except Exception as error:
            if (getattr(function, "__module__", None) or "").partition(".")[0] == "nasgauge":
                raise  # ours: not a mistake of who called it
            raise UserError(
                f"criterion {self.name!r}: failed with {type(error).__name__}: {error}; correct its function, or leave "
                "it out"
            ) from error

    def _number(self, value: Any) -> float:
        """A number, or an array or tensor of no dimension, as a float; NaN is one, infinity is not."""
        plain = value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value
        if not isinstance(plain, Real):
            kind = type(value).__name__
            article = "an" if kind[0] in "aeiouAEIOU" else "a"
            raise UserError(f"criterion {self.name!r}: returned {article} {kind}; return one number")
        if np.isinf(float(plain)):
            raise UserError(f"criterion {self.name!r}: returned {plain}; return a finite number, or NaN if undefined")
        return float(plain)
