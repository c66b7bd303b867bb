"""Registries: dictionaries that name the nearest, and load what other packages bring when it is asked for."""

import sys
from importlib.metadata import EntryPoint

import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import BENCHMARKS
from nasgauge.core import registry
from nasgauge.core.errors import UserError
from nasgauge.core.registry import Registry
from nasgauge.criteria import CRITERIA
from nasgauge.estimators import ESTIMATORS
from nasgauge.estimators.oneshot import SAMPLERS
from nasgauge.estimators.predictors import ENCODERS, LOSSES
from nasgauge.estimators.zeroshot import PROXIES
from nasgauge.images import DATASETS
from nasgauge.nets import NETS, SUPERNETS
from nasgauge.search import SEARCHES
from nasgauge.spaces import SPACES

ALL = (ANALYSES, BENCHMARKS, CRITERIA, SAMPLERS, ENCODERS, LOSSES, PROXIES, ESTIMATORS, DATASETS, NETS, SUPERNETS,
       SEARCHES, SPACES)  # fmt: skip


@pytest.fixture
def brought(monkeypatch, tmp_path):
    """A package that brings one entry that loads and one that does not; which of them were loaded."""
    (tmp_path / "brings_two.py").write_text("loaded = []\ngood = 3.0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "brings_two", raising=False)
    points = [
        EntryPoint(name="good", value="brings_two:good", group="nasgauge.shape"),
        EntryPoint(name="bad", value="brings_two:absent", group="nasgauge.shape"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: [p for p in points if p.group == group])


def shapes():
    return Registry("shape", {"round": 1.0, "square": 2.0}, group="nasgauge.shape", of=float)


def test_it_is_a_dictionary_in_the_order_of_its_entries():
    made = shapes()
    made["oval"] = 1.5
    assert dict(made) == {"round": 1.0, "square": 2.0, "oval": 1.5} and list(made) == ["round", "square", "oval"]
    del made["oval"]
    assert "oval" not in made and len(made) == 2 and made.get("oval") is None
    with pytest.raises(KeyError):
        made["oval"]


@pytest.mark.parametrize(
    ("asked", "says"), [("sqare", "unknown shape 'sqare'; nearest: square"), (7, "unknown shape 7")]
)
def test_what_is_not_there_is_an_error_with_what_is(asked, says):
    with pytest.raises(UserError, match=says):
        shapes().find(asked)


def test_an_object_of_the_right_type_stands_for_itself():
    assert shapes().find(9.0) == 9.0 and shapes().find("round") == 1.0


def test_a_name_is_registered_once():
    made = shapes()
    assert made.register("oval", 1.5) == 1.5 == made.register("oval", made["oval"])
    with pytest.raises(UserError, match="shape 'oval' is already registered; choose another name"):
        made.register("oval", 2.5)


def test_entries_of_other_packages_are_loaded_when_they_are_asked_for(brought):
    made = shapes()
    assert list(made) == ["round", "square", "good", "bad"] and len(made) == 4 and "good" in made
    assert "brings_two" not in sys.modules
    assert made["good"] == made.find("good") == 3.0 and len(made) == 4
    with pytest.raises(UserError, match="shape 'bad' of the installed package 'brings_two:absent' cannot be loaded"):
        made.find("bad")


def test_what_is_shipped_is_found_before_what_others_bring(brought):
    made = Registry("shape", {"good": 1.0}, group="nasgauge.shape")
    assert made["good"] == 1.0 and list(made) == ["good", "bad"]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.kind)
def test_every_registry_has_a_group_of_its_own_and_names_the_nearest(one):
    assert one.group.startswith("nasgauge.") and [r.group for r in ALL].count(one.group) == 1
    name = next(iter(one))
    with pytest.raises(UserError, match=f"unknown {one.kind} '{name}x'; nearest: .*"):
        one.find(name + "x")
