"""The record as one proxy sees it: what it did not ask for is not there, whatever other proxies had measured."""

from collections.abc import Callable, Collection
from dataclasses import replace
from types import CodeType
from typing import Any

from nasgauge.estimators.zeroshot.passes import PASSES
from nasgauge.estimators.zeroshot.record import Record

FIELDS = PASSES | {"counts"}  # of a record, that a proxy has to ask for; layers always are there
_OPTIONAL = FIELDS - {"layers"}


class _View:
    def __init__(self, record: Record, needs: Collection[str]) -> None:
        self._record, self._needs = record, needs

    def __getattr__(self, name: str) -> Any:
        if name in _OPTIONAL and name not in self._needs:
            known = ", ".join(f"{need!r}" for need in sorted({*self._needs, name}))
            raise AttributeError(f"the record has no {name}: it was not requested; write needs={{{known}}}")
        value = getattr(self._record, name)
        if name == "codes" and value is not None and "gradients" not in self._needs:
            return replace(value, reached=None)
        return value

    def __repr__(self) -> str:
        return f"{self._record!r}, read for {', '.join(sorted(self._needs))}"


def view(record: Record, needs: Collection[str]) -> Any:
    """The record with the fields of `needs`, and those that every record has; any other raises AttributeError."""
    return _View(record, needs)


def mentioned(function: Callable[..., Any]) -> frozenset[str]:
    """The fields of a record that the text of a function mentions, and of functions within it.

    Those that it reads through other functions it does not mention; `view` raises for them. `reached` of the sign codes
    is known with the gradients alone.

    >>> sorted(mentioned(lambda record: record.codes.reached))
    ['codes', 'gradients']
    """
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    names = _names(code) if code is not None else set()
    return frozenset(FIELDS & names) | (frozenset({"gradients"}) if "reached" in names else frozenset())


def _names(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
