"""The options of a benchmark's loader: one check for all benchmarks."""

import difflib
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, get_args

from nasgauge.core.errors import UserError

_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", types.NoneType: "null"}


def check_choices(name: str, loader: Callable[..., Any], choices: Mapping[str, Any]) -> None:
    """UserError for an unknown option (nearest named), or a value of the wrong type."""
    offered = {
        key: parameter.annotation
        for key, parameter in inspect.signature(loader, eval_str=True).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    for key, value in choices.items():
        if key not in offered:
            if not offered:
                raise UserError(f"benchmark {name!r}: unknown option {key!r}; it has no options")
            near = difflib.get_close_matches(str(key), offered, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UserError(f"benchmark {name!r}: unknown option {key!r}; {hint}available: {', '.join(offered)}")
        kinds = get_args(offered[key]) or (offered[key],)
        if set(kinds) <= set(_WORDS) and not _is_one_of(value, kinds):
            expected = " or ".join(_WORDS[kind] for kind in kinds)
            raise UserError(f"benchmark {name!r}: {key} is {_shown(value)}; give {expected}")


def _is_one_of(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) or (float in kinds and isinstance(value, int))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
