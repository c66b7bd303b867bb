"""From the words of a study to estimators: one line a family."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.datasets import load_images
from nasgauge.errors import UserError, unknown_name
from nasgauge.estimators import Estimator
from nasgauge.estimators.zeroshot import PROXIES, ZeroShot, draw_batches, vote
from nasgauge.nets import NetOptions
from nasgauge.spaces import Space
from nasgauge.study import EstimatorSpec, Options, options_for


@dataclass(frozen=True)
class ZeroShotWords:
    """Zero-shot proxies, measured on freshly initialised networks. `proxies`: names, all if absent.

    `data`, `data_path`: the images; `n_batches`, `batch_size`: how many; `inputs`: "data", or noise in their place;
    `init`: how weights are drawn; `net`: the keys of NetOptions.
    """

    proxies: Sequence[str] = tuple(PROXIES)
    data: str = "digits"
    data_path: str | None = None
    n_batches: int = 1
    batch_size: int = 64
    inputs: str = "data"
    init: str = "default"
    net: Options | None = None


@dataclass(frozen=True)
class VoteWords:
    """Several estimators of the same study in one. `experts`: their names; `method`: "copeland" or "borda"."""

    experts: Sequence[str] = ()
    method: str = "copeland"
    label: str = "vote"


@dataclass(frozen=True)
class Family:
    """`build` makes an estimator from words, a space and a seed; or `combine` makes scores from the others' scores.

    `words`: the dataclass of its options. `names`: the estimators that stand in the score table for such options.
    """

    words: type
    names: Callable[[Any], Sequence[str]]
    build: Callable[[Options, Space, int], Estimator] | None = None
    combine: Callable[[pd.DataFrame, Options], pd.DataFrame] | None = None


def estimator_for(name: str, options: Options, space: Space, seed: int) -> Estimator:
    """The estimator that a study describes; UserError for unknown families, keys, proxies or data."""
    if name not in FAMILIES:
        raise unknown_name("estimator", name, FAMILIES)
    return FAMILIES[name].build(options, space, seed)


def check_estimators(specs: Sequence[EstimatorSpec], space: Space, seed: int) -> None:
    """UserError for the first mistake in a study's estimators, before any work: each is built once, each named once."""
    known: list[str] = []
    for spec in specs:
        if spec.name not in FAMILIES:
            raise unknown_name("estimator", spec.name, FAMILIES)
        family, where = FAMILIES[spec.name], f"estimator {spec.name!r}"
        words = options_for(family.words, spec.options, where)
        for expert in getattr(words, "experts", ()):
            if expert not in known:
                raise UserError(f"{where}: {unknown_name('expert', expert, known)} (experts stand above their vote)")
        if family.build is not None:
            family.build(spec.options, space, seed)
        for name in family.names(words):
            if name in known:
                raise UserError(f"{where}: {name!r} stands twice in the study; give a vote another label")
            known.append(name)


def is_combination(name: str) -> bool:
    """Whether the family combines the scores of other estimators instead of measuring anything."""
    if name not in FAMILIES:
        raise unknown_name("estimator", name, FAMILIES)
    return FAMILIES[name].combine is not None


def _zeroshot(options: Options, space: Space, seed: int) -> Estimator:
    words: ZeroShotWords = options_for(ZeroShotWords, options, "estimator 'zeroshot'")
    (channels, n_classes), drawn = _images(words.data, words.data_path, words.n_batches, words.batch_size, seed)
    shape = {"in_channels": channels, "n_classes": n_classes}
    net = options_for(NetOptions, shape | (words.net or {}), "estimator 'zeroshot', net")
    return ZeroShot(space, tuple(words.proxies), drawn, net=net, inputs=words.inputs, init=words.init, seed=seed)


@lru_cache(maxsize=4)
def _images(name: str, path: str | None, n_batches: int, batch_size: int, seed: int) -> tuple[tuple[int, int], tuple]:
    """(channels, classes) and the batches; cached, because every proxy of a study sees the same ones."""
    rng = np.random.default_rng(seed)
    data = load_images(name, path, n=n_batches * batch_size, rng=rng)
    drawn = draw_batches(data.images, data.labels, n_batches=n_batches, batch_size=batch_size, rng=rng)
    return (data.images.shape[1], data.n_classes), tuple(drawn)


def _vote(scores: pd.DataFrame, options: Options) -> pd.DataFrame:
    words: VoteWords = options_for(VoteWords, options, "estimator 'vote'")
    return vote(scores, tuple(words.experts), method=words.method, name=words.label)


FAMILIES: dict[str, Family] = {
    "zeroshot": Family(ZeroShotWords, lambda w: w.proxies, build=_zeroshot),
    "vote": Family(VoteWords, lambda w: (w.label,), combine=_vote),
}
