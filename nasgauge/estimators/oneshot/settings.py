"""What decides how a supernet is trained and scored: numbers for table SETTINGS, everything else for CHOICES.

The numbers are those that studies like to vary. Every other field of the protocol, the network and the supernet, every
option of the sampler, and the keys `RECORDED` of the configuration are choices. `UNRECORDED` keys decide neither.
"""

import inspect
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from nasgauge.core.config import Config
from nasgauge.core.places import names_a_file
from nasgauge.core.references import shortened
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.samplers import Sampler
from nasgauge.estimators.oneshot.supernet_keys import SupernetKeys
from nasgauge.nets.options import NetOptions, SupernetOptions

_N_LISTED = 20  # entries of a list that its text names
NOTHING = "nothing"  # the text of an empty list
OF_PROTOCOL = ("epochs", "lr", "batch_size", "train_share", "weight_decay")  # in SETTINGS
OF_NETWORK = ("channels", "n_cells")  # likewise
RECORDED = (  # keys of the configuration that are choices themselves
    *("without", "sampler", "share_topology", "protocol", "valid_share", "split_seed"),
    *("score_batch_size", "n_score_batches", "score_shift", "score_precision", "start", "top"),
)
RESOLVED = ("sampler_options", "training", "epochs", "net", "supernet", "data", "form")  # recorded as what they lead to
UNRECORDED = (  # names, what is recorded or scored besides, and where it is computed
    *("name", "seeds", "label", "checkpoints", "averages", "post_deiso", "also_without", "data_path", "device"),
    *("forgetting_epochs", "gradient_epochs", "n_forgetting_archs", "n_gradient_archs", "n_gradient_images"),
    *("landscape", "tensorboard"),
)


def numbers(protocol: Protocol, net: NetOptions, n_samples: int) -> dict[str, float]:
    """Numeric settings that studies vary; n_samples: architectures that a step trains."""
    chosen = {name: getattr(protocol, name) for name in OF_PROTOCOL}
    chosen |= {name: getattr(net, name) for name in OF_NETWORK} | {"n_samples": n_samples}
    return {name: float(value) for name, value in chosen.items()}


def choices(
    config: SupernetKeys, net: NetOptions, shared: SupernetOptions, sampler: Sampler, *,
    data: str, fingerprint: str, form: str,
) -> dict[str, str]:  # fmt: skip
    """Everything else that decides training or scoring, by name, as text; the order of `without` does not matter.

    data: name of the data set or path of one's own, whose content `fingerprint` identifies; form: canonical form of the
    isomorphism classes.
    """
    found = {name: getattr(config, name) for name in RECORDED} | {"without": tuple(sorted(config.without))}
    found |= {name: value for name, value in vars(config.whole_protocol).items() if name not in OF_PROTOCOL}
    found |= {name: value for name, value in vars(net).items() if name not in OF_NETWORK}
    found |= vars(shared) | _options_of(sampler, config.sampler_options)
    found |= {"data": f"{Path(data).name} ({fingerprint})" if names_a_file(data) else data, "form": form}
    return {name: as_text(value) for name, value in found.items()}


def as_text(value: Any) -> str:
    """A value as it is written in a study's file; lists joined by commas, long ones as their length and a digest.

    >>> as_text(("none", "avg_pool_3x3")), as_text(()), as_text(None), as_text(True), as_text(0.9)
    ('none, avg_pool_3x3', 'nothing', 'none', 'true', '0.9')
    """
    if isinstance(value, list | tuple) and len(value) > _N_LISTED:
        return f"{len(value)} entries ({sha256(repr(list(value)).encode()).hexdigest()[:12]})"
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value)) or NOTHING
    if isinstance(value, Config):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {as_text(each)}" for key, each in sorted(value.items())) or NOTHING
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return str(shortened(value))


def _options_of(sampler: Sampler, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a sampler by name, those that are not given with their defaults."""
    known = inspect.signature(sampler.function).parameters.items()
    defaults = {k: p.default for k, p in known if k not in ("space", "rng") and p.default is not p.empty}
    return {f"sampler_options.{name}": value for name, value in sorted((defaults | dict(given)).items())}
