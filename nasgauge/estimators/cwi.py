"""CWI: capacity, whiteness, identity. An estimator without training and labels; one of its terms measures size.

docs/estimator.md derives the terms, and lists what was tried. The terms are proxies (`zeroshot.signal`,
`zeroshot.counts`); here they are combined: "effective" and "absolute" for each architecture alone, the others within
the set of architectures at hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import pandas as pd

from nasgauge.core.config import Label
from nasgauge.core.errors import unknown_name
from nasgauge.estimators.aggregation import combined, share_of_rank
from nasgauge.estimators.configuration import CombiningConfig, Dependency

Terms = Mapping[str, np.ndarray]  # scores (N,) by the names of the proxies, higher is better


@final
@dataclass(frozen=True)
class Form:
    """A way to combine: the proxies that it reads, and the score (N,) from theirs."""

    proxies: tuple[str, ...]
    score: Callable[[Terms], np.ndarray]


def _effective(t: Terms) -> np.ndarray:
    """log P + 1/2 (log W/J + F + E) - 1/4 (1 - I) log B: the log of the parameters that are put to use."""
    used = t["jacobian_whiteness"] + t["receptive_field_entropy"] + t["embedding_spectrum"]
    return _log_size(t) + 0.5 * used - 0.25 * _unbridged(t)


def _rank(t: Terms) -> np.ndarray:
    """Capacity, whiteness and, with half the weight, identity, all by rank."""
    return _log_rank(t["n_live_params"]) + _log_rank(_whiteness(t)) + 0.5 * _log_rank(t["identity_path"])


def _spread(t: Terms) -> np.ndarray:
    """Capacity by rank, the other terms in absolute units, with receptive field and embedding spectrum."""
    return (
        _log_rank(t["n_live_params"])
        + 0.8 * _whiteness(t)
        - 0.28 * _unbridged(t)
        + np.minimum(t["receptive_field_entropy"], np.log(0.5))
        + 0.5 * t["embedding_spectrum"]
    )


def _flat(t: Terms) -> np.ndarray:
    """As `_spread`, with a greater weight of the identity path, and the flatness of gradients between blocks."""
    between = np.where(t["n_blocks"] >= 2, _log_rank(t["gradient_flatness"]), 0.0)
    return _spread(t) - 0.12 * _unbridged(t) + 0.3 * between


def _absolute(t: Terms) -> np.ndarray:
    """As `_effective`, with a weight for each term and tolerance for gradients that are nearly white."""
    return (
        _log_size(t)
        + 0.5 * _whiteness(t)
        - 0.28 * _unbridged(t)
        + 0.5 * t["receptive_field_entropy"]
        + 0.3 * t["embedding_spectrum"]
    )


def _log_rank(scores: np.ndarray) -> np.ndarray:
    return np.log(share_of_rank(scores))


def _log_size(t: Terms) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(t["n_live_params"])


def _whiteness(t: Terms) -> np.ndarray:
    """0 for every network within three times of white noise, where differences are no defect."""
    return np.minimum(t["jacobian_whiteness"] + np.log(3), 0.0)


def _unbridged(t: Terms) -> np.ndarray:
    """(1 - I) log B: the log number of blocks that a gradient has to cross without an identity path."""
    return (1 - t["identity_path"]) * np.log(np.maximum(t["n_blocks"], 1))


_THREE = ("n_live_params", "jacobian_whiteness", "identity_path")
_SIX = (*_THREE, "n_blocks", "receptive_field_entropy", "embedding_spectrum")
FORMS: Mapping[str, Form] = {
    "effective": Form(_SIX, _effective),
    "rank": Form(_THREE, _rank),
    "spread": Form(_SIX, _spread),
    "flat": Form((*_SIX, "gradient_flatness"), _flat),
    "absolute": Form(_SIX, _absolute),
}


def cwi(
    scores: pd.DataFrame, *, form: str = "spread", of: str = "", seeds: str = "mean", name: str = "cwi"
) -> pd.DataFrame:
    """SCORES rows of the estimator from those of its proxies, see `Form`, `FORMS` and docs/estimator.md.

    scores: table SCORES with the proxies of the form, called "proxy (of)" if `of` is given. seeds: "mean" combines the
    means of the scores over the seeds, as seed 0; "each" the scores of each seed. Architectures without a score of
    every proxy are missing. UserError: an unknown form, or a proxy that the table lacks.
    """
    chosen = _form(form)
    experts = [_called(proxy, of) for proxy in chosen.proxies]
    return combined(
        scores,
        experts,
        lambda votes: chosen.score(dict(zip(chosen.proxies, votes, strict=True))),
        seeds=seeds,
        name=name,
    )


def _form(form: str) -> Form:
    if form not in FORMS:
        raise unknown_name("form of cwi", form, FORMS)
    return FORMS[form]


def _called(proxy: str, of: str) -> str:
    return f"{proxy} ({of})" if of else proxy


@final
class CwiConfig(CombiningConfig):
    """CWI, of zero-shot proxies of the same study: capacity, whiteness, identity (docs/estimator.md).

    `form`: "spread", "rank", "effective", "flat" or "absolute". `of`: the label of the proxies, if they have one.
    `over_seeds`: the "mean" of the proxies over their seeds, or "each" seed by itself. `label`: its name in tables.
    """

    name: Literal["cwi"] = "cwi"
    form: Literal["spread", "rank", "effective", "flat", "absolute"] = "spread"
    of: Label | Literal[""] = ""
    over_seeds: Literal["each", "mean"] = "mean"
    label: Label = "cwi"

    def names(self) -> tuple[str, ...]:
        return (self.label,)

    def dependencies(self) -> tuple[Dependency, ...]:
        proxies = _form(self.form).proxies
        return tuple(Dependency(_called(proxy, self.of), every_seed=self.over_seeds == "mean") for proxy in proxies)

    def combine(self, scores: pd.DataFrame) -> pd.DataFrame:
        return cwi(scores, form=self.form, of=self.of, seeds=self.over_seeds, name=self.label)
