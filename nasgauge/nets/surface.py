"""A surface of losses over two directions, and two numbers of it."""

from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True)
class Landscape:
    """`loss` (n, n) at the steps `at` (n,), in units of the directions; the trained weights stand in the middle."""

    at: np.ndarray
    loss: np.ndarray

    @property
    def curvature(self) -> float:
        """Mean second derivative in the two directions, of the quadratic surface that fits best; per squared step.

        NaN where a loss is not finite.
        """
        if not np.isfinite(self.loss).all():
            return float("nan")
        _, _, _, xx, _, yy = self._fit()[0]
        return float(xx + yy)  # of a x^2 the second derivative is 2 a, and there are two

    @property
    def roughness(self) -> float:
        """Share of the variance of the loss that no quadratic surface explains: 0 for one, at most 1.

        NaN if flat, or where a loss is not finite.
        """
        spread = self.loss.var()
        return float(np.square(self._fit()[1]).mean() / spread) if 0 < spread < np.inf else float("nan")

    def _fit(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients of 1, x, y, x^2, x y, y^2, by least squares, and what is left of the loss."""
        x, y = (grid.ravel() for grid in np.meshgrid(self.at, self.at, indexing="ij"))
        terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
        found = np.linalg.lstsq(terms, self.loss.ravel(), rcond=None)[0]
        return found, self.loss.ravel() - terms @ found
