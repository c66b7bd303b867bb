"""A criterion as text: its name, its name with a top K, or its symbol as tables print it."""

import inspect
import math
import re
from collections.abc import Mapping

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.criteria.criterion import Criterion

_FORMS = "write NAME@0.05, a fraction, or NAME@10, a count"


def spec_of(text: str, known: Mapping[str, Criterion]) -> dict[str, object]:
    """The name and options that a text stands for: NAME, NAME@K, or a symbol such as "P@top 5%".

    K below 1 and a percentage are a fraction, K from 1 is a count. known: the criteria, references included. UserError:
    an unknown name, with the nearest; another K, or one where the criterion takes none; a symbol of several criteria.
    """
    name, sign, at = text.rpartition("@")
    if not sign or re.search(r"[:/\\]", at):  # an @ within the path of a reference
        name, sign = text, ""
    if name not in known:
        return _of_symbol(text, known)
    return {"name": name, **(top(at, name, known[name]) if sign else {})}


def top(at: str, name: str, entry: Criterion) -> dict[str, object]:
    """The option that K stands for; UserError for another text than that of a K, or a criterion without one."""
    parameters = inspect.signature(entry.function).parameters
    if not entry.takes_k and not {"fraction", "count"} & set(parameters):
        raise UserError(f"criterion '{name}@{at}': {name} takes no K; write {name}")
    k = _number(at)
    if 0 < k < 1:
        return {"fraction": k}
    if not at.strip().endswith("%") and k >= 1 and k == int(k):
        return {"count": int(k)}
    forms = _FORMS.replace("NAME", name)
    raise UserError(
        f"criterion '{name}@{at}': K is {at!r}, neither a fraction between 0 and 1 nor a whole number from 1; {forms}"
    )


def without_top(name: str) -> UserError:
    """The error for a criterion that needs a K and has none."""
    return UserError(f"criterion {name!r}: it needs a top K; {_FORMS.replace('NAME', name)}")


def _number(at: str) -> float:
    """The number, a percentage divided by 100; NaN for other texts and infinite numbers."""
    bare = at.strip()
    try:
        k = float(bare.removesuffix("%")) / (100 if bare.endswith("%") else 1)
    except ValueError:
        return math.nan
    return k if math.isfinite(k) else math.nan


def _of_symbol(text: str, known: Mapping[str, Criterion]) -> dict[str, object]:
    found = []
    for name in known:
        entry = known[name]
        if not entry.takes_k and text == entry.symbol:
            found.append({"name": name})
        head, tail = entry.symbol_parts
        at = text[len(head) : len(text) - len(tail)]
        if entry.takes_k and text == head + at + tail and not math.isnan(_number(at)):
            found.append({"name": name, **top(at, name, entry)})
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"criterion {text!r} is the symbol of {' and '.join(str(one['name']) for one in found)}; name one"
        )
    unknown = unknown_name("criterion", text, known)
    if "@" not in text:
        raise unknown
    raise UserError(f"{unknown}; a criterion of a top K is written as precision_at_top@0.05 or precision_at_top@10")
