"""The choices that a benchmark's loader offers: one check for all of them, and the names of data sets."""

import difflib
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, get_args

from nasgauge.errors import UserError

DATASETS = {  # name -> what the networks are trained on
    "cifar10": "all 50,000 training images of CIFAR-10",
    "cifar10-valid": "one half of these images, the other half is the validation set",
    "cifar100": "the training images of CIFAR-100",
    "imagenet16-120": "120 classes of ImageNet at 16 x 16 pixels",
    "imagenet": "ImageNet (ILSVRC 2012)",
}
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", types.NoneType: "null"}


def dataset_name(text: str) -> str:
    """The name of a data set as nasgauge writes it; authors' spellings differ in case, hyphens and underscores.

    >>> dataset_name("ImageNet16-120"), dataset_name("CIFAR-10"), dataset_name("cifar10_valid"), dataset_name("mnist")
    ('imagenet16-120', 'cifar10', 'cifar10-valid', 'mnist')
    """
    plain = {_letters(name): name for name in DATASETS}
    return plain.get(_letters(text), text)


def check_choices(name: str, loader: Callable[..., Any], choices: Mapping[str, Any]) -> None:
    """UserError for a choice that the loader does not take (nearest named), or a value of a type that it does not."""
    offered = {
        key: parameter.annotation
        for key, parameter in inspect.signature(loader, eval_str=True).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    for key, value in choices.items():
        if key not in offered:
            if not offered:
                raise UserError(f"benchmark {name!r}: unknown choice {key!r}; it has no choices")
            near = difflib.get_close_matches(str(key), offered, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UserError(f"benchmark {name!r}: unknown choice {key!r}; {hint}there are: {', '.join(offered)}")
        kinds = get_args(offered[key]) or (offered[key],)
        if set(kinds) <= set(_WORDS) and not _is_one_of(value, kinds):
            wanted = " or ".join(_WORDS[kind] for kind in kinds)
            raise UserError(f"benchmark {name!r}: {key} is {_shown(value)}; give {wanted}")


def _is_one_of(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) or (float in kinds and isinstance(value, int))


def _letters(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
