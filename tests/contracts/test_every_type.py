"""Every key of every configuration refuses values of another type or range in one line that names it."""

import math
from typing import get_args

import pytest
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel

from nasgauge.benchmarks.building import protocol as scratch
from nasgauge.benchmarks.building.recipe import Recipe, RecipeSample, SplitSizes
from nasgauge.core.config import parsed
from nasgauge.core.errors import UserError
from nasgauge.estimators import ESTIMATORS
from nasgauge.estimators.oneshot import Protocol
from nasgauge.nets import NetOptions, SupernetOptions
from nasgauge.studies.schema import JudgedSample, Part, Study, Survey

ENTRY = {"name": "zeroshot", "proxies": ["n_params"]}
PARTS = [{"name": name, "benchmark": "digits-nb201"} for name in ("a", "b")]
SPLIT = {"n_train": 100, "n_valid": 50}
NEEDED = {  # what has no default
    Protocol: {"epochs": 3},
    scratch.Protocol: {"epochs": 3},
    Study: {"title": "t", "benchmark": "digits-nb201", "estimators": [ENTRY]},
    Survey: {"title": "t", "parts": PARTS, "estimators": [ENTRY]},
    Part: PARTS[0],
    SplitSizes: SPLIT,
    Recipe: {
        "name": "r", "title": "t", "space": "nb201", "data": "digits", "n_seeds": 1, "split": SPLIT, "image_size": 8,
        "protocol": {"epochs": 1},
    },
    ESTIMATORS["vote"]: {"experts": ["a"]},
    ESTIMATORS["aggregate"]: {"experts": ["a"]},
    ESTIMATORS["scores"]: {"file": "mine.csv", "seconds": 1.0},
}  # fmt: skip
KINDS = (
    *ESTIMATORS.values(),
    *(NetOptions, SupernetOptions, Protocol, scratch.Protocol),
    *(Study, Survey, Part, JudgedSample, Recipe, RecipeSample, SplitSizes),
)
VALUES = (
    None,
    object(),
    1.5,
    True,
    b"text",
    [object()],
    [None],
    {"no such key": object()},
    [[1]],
    "\0",
    "a/b",
    -1,
    [-1],
)
FIELDS = [(kind, name) for kind in KINDS for name in kind.__pydantic_fields__]
IDS = [f"{kind.__module__.split('.')[-2]}-{kind.__name__}-{name}" for kind, name in FIELDS]


def refusal(kind, **given):
    """The line by which a value is refused, None if it is taken."""
    try:
        parsed(NEEDED.get(kind, {}) | given, kind, "here")
    except UserError as refused:
        return str(refused)
    return None


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=IDS)
def test_a_key_takes_values_of_its_type_alone(kind, name):
    lines = {repr(value): refusal(kind, **{name: value}) for value in (object(), b"text", [object()], 1.5 + 2j)}
    for value, line in lines.items():
        assert line is not None and line.startswith("here: ") and name in line, (value, line)
        assert "\n" not in line and len(line) < 400
    taken = [value for value in VALUES if refusal(kind, **{name: value}) is None]
    assert len(taken) <= 5, taken
    field = kind.__pydantic_fields__[name]
    if field.annotation is bool:
        assert taken == [True]
    if field.annotation is int:
        assert not [value for value in taken if type(value) is not int]
    if field.annotation is float:
        assert not [value for value in taken if type(value) not in (int, float)]


def bounds_of(field):
    """The bounds in a field's annotation, also of the members of a list or of a union."""
    found, queue = [*field.metadata], [field.annotation]
    while queue:
        inner = queue.pop()
        found += getattr(inner, "__metadata__", ())
        queue += [arg for arg in get_args(inner) if not isinstance(arg, str)]
    flat = []
    for one in found:
        flat += getattr(one, "metadata", [one])
    return flat


OUTSIDE = {Ge: lambda b: b.ge - 1, Gt: lambda b: b.gt, Le: lambda b: b.le + 1, Lt: lambda b: b.lt}
RANGED = [(kind, name) for kind, name in FIELDS if bounds_of(kind.__pydantic_fields__[name])]


@pytest.mark.parametrize(("kind", "name"), RANGED, ids=[f"{k.__name__}-{n}" for k, n in RANGED])
def test_a_key_refuses_what_lies_outside_its_range(kind, name):
    field = kind.__pydantic_fields__[name]
    text = str(field.annotation)
    for bound in bounds_of(field):
        if isinstance(bound, MinLen):
            told = refusal(kind, **{name: []}) or refusal(kind, **{name: [[]]})  # the list, or those in it
            assert "or more entries" in (told or "")
        outside = OUTSIDE.get(type(bound))
        if outside is None:
            continue
        value = outside(bound)
        value = float(value) if "float" in text else int(value)
        line = refusal(kind, **{name: [value] if "tuple" in text else value})
        assert line is not None and name in line, (bound, value)


NUMBERS = [(kind, name) for kind, name in FIELDS if "float" in str(kind.__pydantic_fields__[name].annotation)]


@pytest.mark.parametrize(("kind", "name"), NUMBERS, ids=[f"{k.__name__}-{n}" for k, n in NUMBERS])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_is_finite(kind, name, value):
    assert refusal(kind, **{name: value}) is not None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__.split('.')[-2]}-{kind.__name__}")
def test_an_unknown_key_is_told_with_the_nearest(kind):
    name = next(iter(reversed(kind.__pydantic_fields__)))
    line = refusal(kind, **{name + "s": 1})
    assert line.startswith("here: unknown key") and name in line
    if issubclass(kind, BaseModel):
        with pytest.raises(UserError, match="unknown key"):
            kind(**NEEDED.get(kind, {}), **{name + "s": 1})


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Study, {"seeds": []}), (Study, {"seeds": [-1]}), (Study, {"seeds": [0, 0]}), (Study, {"seeds": [1e20]}),
        (NetOptions, {"n_cells": -1}), (NetOptions, {"channels": -4}), (NetOptions, {"dropout": math.nan}),
        (Protocol, {"lr": -1}), (ESTIMATORS["zeroshot"], {"n_batches": -1}), (ESTIMATORS["zeroshot"], {"proxies": []}),
        (ESTIMATORS["oneshot"], {"averages": ["a"]}), (ESTIMATORS["oneshot"], {"split_seed": 1.5}),
        (ESTIMATORS["oneshot"], {"split_seed": "a"}), (ESTIMATORS["oneshot"], {"n_score_batches": 0}),
        (ESTIMATORS["oneshot"], {"n_score_batches": "all"}), (ESTIMATORS["oneshot"], {"checkpoints": 5}),
        (ESTIMATORS["oneshot"], {"net": 3}), (ESTIMATORS["oneshot"], {"forgetting_epochs": [999]}),
        (ESTIMATORS["oneshot"], {"sampler_options": 3}), (ESTIMATORS["oneshot"], {"label": "a/b"}),
        (ESTIMATORS["oneshot"], {"label": "a\0b"}), (ESTIMATORS["predictor"], {"epochs": 0}),
        (ESTIMATORS["predictor"], {"stages": 2}), (ESTIMATORS["oneshot"], {"training": {"lr": -1}}),
        (ESTIMATORS["oneshot"], {"net": {"channels": 0}}), (ESTIMATORS["oneshot"], {"net": {"chanels": 1}}),
    ],
)  # fmt: skip
def test_values_that_were_once_taken_in_silence_or_ended_in_a_traceback(kind, given):
    assert refusal(kind, **given).startswith("here: ")
