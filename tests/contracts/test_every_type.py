"""Every option of every estimator, network and training refuses values of another type in one line that names it."""

from dataclasses import MISSING, fields
from types import NoneType
from typing import get_args, get_origin

import pytest

from nasgauge.benchmarks.building import training
from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot import Protocol
from nasgauge.estimators.registered import FAMILIES
from nasgauge.nets import NetOptions, SupernetOptions
from nasgauge.studies.schema import options_for

KINDS = (*(family.words for family in FAMILIES.values()), NetOptions, SupernetOptions, Protocol, training.Protocol)
NEEDED = {"epochs": 3}  # what has no default
VALUES = (None, object(), 5, 1.5, "text", True, [object()], {"a": 1}, [5], ["text"], [1.5], (None,), b"text")
FIELDS = [(kind, field) for kind in KINDS for field in fields(kind)]


def fits(value, expected):
    """An independent reading of the types that options have."""
    if get_origin(expected) is not None and type(None) in get_args(expected):
        return value is None or any(fits(value, one) for one in get_args(expected) if one is not NoneType)
    if str(expected).startswith("typing.Literal"):
        return value in get_args(expected) and isinstance(value, str)
    if get_origin(expected) is not None and not isinstance(get_args(expected)[0], type):
        return isinstance(value, dict)
    if get_args(expected) and get_origin(expected).__name__ == "UnionType":
        return any(fits(value, one) for one in get_args(expected))
    if get_args(expected) and get_origin(expected) is dict:
        return isinstance(value, dict)
    if get_args(expected):
        return isinstance(value, list | tuple) and all(fits(one, get_args(expected)[0]) for one in value)
    if isinstance(value, bool):
        return expected is bool
    return isinstance(value, int | float) if expected is float else type(value) is expected


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=[f"{kind.__name__}-{field.name}" for kind, field in FIELDS])
def test_an_option_takes_values_of_its_type_alone(kind, field):
    needed = {one.name: NEEDED[one.name] for one in fields(kind) if one.default is one.default_factory is MISSING}
    literals = [value for value in get_args(field.type) if isinstance(value, str)]
    wrong = [value for value in (*VALUES, *literals) if not fits(value, field.type)]
    assert wrong and len(wrong) < len(VALUES) + len(literals)
    for value in wrong:
        with pytest.raises(UserError) as refused:
            options_for(kind, needed | {field.name: value}, "here")
        assert str(refused.value).startswith(f"here: key '{field.name}'"), (value, str(refused.value))
        assert "\n" not in str(refused.value) and len(str(refused.value)) < 250
