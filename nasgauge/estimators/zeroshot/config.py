"""Words of zero-shot estimators, and of their votes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from nasgauge.estimators import Estimator
from nasgauge.estimators.batches import batches
from nasgauge.estimators.context import Family, Need, Place
from nasgauge.estimators.network import network_options
from nasgauge.estimators.zeroshot import PROXIES, ZeroShot, vote
from nasgauge.nets import check_precision, device_named
from nasgauge.spaces import Space
from nasgauge.studies.schema import Options, options_for


@dataclass(frozen=True)
class ZeroShotWords:
    """Zero-shot proxies, measured on freshly initialised networks. `proxies`: names, all if absent.

    `data`, `data_path`: the images; `n_batches`, `batch_size`: how many; `inputs`: "data", or noise in their place;
    `init`: how weights are drawn; `net`: the keys of NetOptions. `label`: with one, the estimators are called "proxy
    (label)", so that a study may hold the same proxies twice, with other images or initialisations. `device`: where
    networks live, as for `device_named`; `precision`: a name of nets.PRECISIONS.
    """

    proxies: Sequence[str] = tuple(PROXIES)
    data: str = "digits"
    data_path: str | None = None
    n_batches: int = 1
    batch_size: int = 64
    inputs: str = "data"
    init: str = "default"
    net: Options | None = None
    label: str = ""
    device: str = "cpu"
    precision: str = "float32"


@dataclass(frozen=True)
class VoteWords:
    """Several estimators of the same study in one. `experts`: their names; `method`: "copeland" or "borda"."""

    experts: Sequence[str] = ()
    method: str = "copeland"
    label: str = "vote"


def _build(options: Options, space: Space, seed: int, place: Place) -> Estimator:
    where = "estimator 'zeroshot'"
    words: ZeroShotWords = options_for(ZeroShotWords, options, where)
    check_precision(words.precision, device_named(words.device, where), where)
    (channels, n_classes), drawn = batches(words.data, words.data_path, words.n_batches, words.batch_size, seed)
    shape = {"in_channels": channels, "n_classes": n_classes}
    net = network_options(space, words.net, shape, f"{where}, net")
    return ZeroShot(
        space, tuple(words.proxies), drawn, net=net, inputs=words.inputs, init=words.init, seed=seed,
        label=words.label, device=words.device, precision=words.precision,
    )  # fmt: skip


def _vote(scores: pd.DataFrame, options: Options) -> pd.DataFrame:
    words: VoteWords = options_for(VoteWords, options, "estimator 'vote'")
    return vote(scores, tuple(words.experts), method=words.method, name=words.label)


def _names(words: ZeroShotWords) -> list[str]:
    return [f"{name} ({words.label})" if words.label else name for name in words.proxies]


ZEROSHOT = Family(ZeroShotWords, _names, build=_build)
VOTE = Family(VoteWords, lambda w: (w.label,), combine=_vote, needs=lambda w: [Need(name) for name in w.experts])
