"""Command-line arguments for criteria and for the options of a benchmark."""

import math
from collections.abc import Sequence
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.criteria import DEFAULT_CRITERIA, CriterionSpec

_DIGITS = 18  # of an integer in a table


def criteria(names: Sequence[str]) -> Sequence[CriterionSpec]:
    """Criteria from command-line arguments: name, or name@K with a fraction below 1 or a count from 1; default if none.

    >>> criteria(["kendall_tau", "best_rank_at@0.05", "precision_at_top@10"])[1:]
    [{'name': 'best_rank_at', 'fraction': 0.05}, {'name': 'precision_at_top', 'count': 10}]
    """
    specs: list[CriterionSpec] = []
    for text in names:
        name, sign, at = text.partition("@")
        if not sign:
            specs.append(name)
            continue
        try:
            k = float(at)
        except ValueError:
            k = float("nan")
        if not math.isfinite(k):
            raise UserError(f"criterion {text!r}: {at!r} is not a number; write e.g. {name}@0.05 or {name}@10")
        specs.append({"name": name, "fraction": k} if k < 1 else {"name": name, "count": int(k) if k == int(k) else k})
    return specs or DEFAULT_CRITERIA


def pairs(words: Sequence[str]) -> dict[str, Any]:
    """Options of a benchmark from arguments "key=value"; whole numbers become integers, and null becomes None.

    >>> pairs(["dataset=cifar100", "n=null"])
    {'dataset': 'cifar100', 'n': None}
    """
    choices: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"--choose {word!r}: write key=value, e.g. dataset=cifar100")
        whole = value.isdecimal() and len(value) <= _DIGITS
        choices[key] = None if value == "null" else int(value) if whole else value
    return choices
