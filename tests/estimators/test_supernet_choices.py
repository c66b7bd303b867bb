"""Tables SETTINGS and CHOICES of a supernet say everything that decides how it is trained and scored."""

from dataclasses import fields, replace

import pytest

from nasgauge.benchmarks import BENCHMARKS, Training, load
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.recorded import RECORDS
from nasgauge.core.tables import check
from nasgauge.estimators import ESTIMATORS, RunContext, estimator_config
from nasgauge.estimators.oneshot import SAMPLERS, Protocol
from nasgauge.estimators.oneshot.config import OneShotConfig
from nasgauge.estimators.oneshot.settings import OF_NETWORK, OF_PROTOCOL, RECORDED, RESOLVED, UNRECORDED, as_text
from nasgauge.estimators.oneshot.tables import recorded
from nasgauge.nets import SUPERNETS, NetOptions, SupernetOptions
from nasgauge.spaces import get_space
from nasgauge.studies.texts import recipe_text

SMALL = {"net": {"channels": 4, "n_cells": 1, "n_stages": 1}, "epochs": 2}
ARCHS = ["|skip_connect~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|".replace("none", "nor_conv_3x3"),
         "|avg_pool_3x3~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"]  # fmt: skip
SPACES_WITH_DEPTHS = ("nds-resnet", "nds-resnext-a")
CHANGED = {  # a key and another value that changes training or scoring
    "without": ["none"], "sampler": "deiso", "share_topology": False, "valid_share": 0.3, "split_seed": 1,
    "score_batch_size": 50, "n_score_batches": 1, "score_shift": 1, "score_precision": "bfloat16", "protocol": "yu2021",
    "sampler_options": {"n_samples": 2}, "training": {"momentum": 0.5}, "epochs": 3,
    "net": {"channels": 4, "n_cells": 1, "n_stages": 1, "dropout": 0.5}, "supernet": {"bn": "tracked"},
    "data": "crops", "form": "functional", "start": {"of": "before"}, "top": {"of": "before", "share": 0.5},
}  # fmt: skip


def made(space="nb201", **keys):
    net = {"channels": 4, "depth_divisor": 8} if space in SPACES_WITH_DEPTHS else SMALL["net"]
    config = estimator_config({"name": "oneshot"} | SMALL | {"net": net} | keys)
    before = estimator_config({"name": "oneshot", "label": "before"} | SMALL | {"net": net})
    return config.build(RunContext(get_space(space), supernets={"before": before}))


def told(estimator):
    return estimator.settings | estimator.choices


def test_every_key_of_the_configuration_is_recorded_or_decides_neither_training_nor_scoring():
    groups = (RECORDED, RESOLVED, UNRECORDED)
    keys = [key for group in groups for key in group]
    assert sorted(keys) == sorted(OneShotConfig.__pydantic_fields__) and set(CHANGED) == {*RECORDED, *RESOLVED}
    assert [name for name, kind in ESTIMATORS.items() if getattr(kind, "trains", False)] == ["oneshot", "fewshot"]


def test_a_few_shot_estimator_records_what_its_parts_have_in_common_and_how_the_space_is_split():
    one = made(name="fewshot", parts=2, without=["none"], sampler="subset", sampler_options={"archs": ARCHS})
    plain = made(without=["none"], sampler="subset", sampler_options={"archs": ARCHS})
    own = {"groups": "in their order", "budget": "total"}
    assert one.choices == plain.choices | own and {"n_parts", "split", "total_epochs"} <= set(one.settings)
    assert set(made(name="fewshot", groups=[["none"], list(get_space("nb201").options[1:])]).choices) == set(
        made().choices
    ) | set(own)


@pytest.mark.parametrize("space", SUPERNETS)
def test_every_supernet_records_all_fields_of_its_training_network_and_sampler(space):
    one = made(space, without=[get_space(space).options[-1]])
    every = {field.name for kind in (Protocol, NetOptions, SupernetOptions) for field in fields(kind)}
    assert set(one.settings) == {*OF_PROTOCOL, *OF_NETWORK, "n_samples"}
    assert every | {*RECORDED, "data", "form", "sampler_options.n_samples"} <= set(told(one))
    assert not set(one.settings) & set(one.choices) and all(isinstance(v, str) and v for v in one.choices.values())
    assert one.choices["without"] == get_space(space).options[-1] and made(space).choices["without"] == "nothing"
    tables = recorded({}, one.settings, one.choices, "net", 0, ["net", "net_loss"])
    table = check(tables["choices"], RECORDS["choices"])
    assert len(table) == 2 * len(one.choices) and set(table["estimator"]) == {"net", "net_loss"}


@pytest.mark.parametrize("key", CHANGED)
def test_what_changes_a_supernet_changes_what_is_told_of_it(key):
    beside = {"post_deiso": True} if key == "form" else {}
    beside |= {"net": SMALL["net"] | {"n_cells": 2}} if key == "share_topology" else {}
    with_it = {"sampler": "subset"} if key == "top" else {}  # the only ones that take it
    before, after = told(made(**beside)), told(made(**beside | with_it | {key: CHANGED[key]}))
    assert before != after and (key in RESOLVED or before.get(key) != after.get(key))


@pytest.mark.parametrize("field", [field.name for field in fields(Protocol) if field.name not in OF_PROTOCOL])
def test_every_field_of_the_protocol_stands_by_its_own_name(field):
    other = {"lr_min": 0.01, "plateau_factor": 0.1, "plateau_patience": 3, "nesterov": True, "decay_bn": False,
             "warmup_epochs": 1.0, "clip": "none", "label_smoothing": 0.1, "shift": 1, "flip": True,
             "auto_augment": "cifar10", "unused": "decay", "gradient": "sum", "images": "own", "momentum": 0.5,
             "schedule": "constant", "amp": "bfloat16"}  # fmt: skip
    plateau = {"schedule": "plateau"} if field.startswith("plateau") else {}
    try:
        changed = made(training=plateau | {field: other[field]})
    except UserError:  # an accelerator alone
        assert field == "amp"
        return
    before = made(training=plateau)
    differs = {name for name, value in told(changed).items() if value != told(before)[name]}
    assert differs == {field}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_options_of_samplers_are_recorded_with_their_defaults(sampler):
    options = SAMPLERS[sampler].function.__annotations__
    given = {"archs": [get_space("nb201").to_str((op,) * 6) for op in (1, 2)]} if "archs" in options else {}
    given |= {"warmup": 1} if "warmup" in options else {}  # of two epochs
    one = made(sampler=sampler, sampler_options=given)
    found = {name.removeprefix("sampler_options."): v for name, v in one.choices.items() if "sampler_options." in name}
    defaults = SAMPLERS[sampler].function.__kwdefaults__ or {}
    assert found == {name: as_text(value) for name, value in {**defaults, **given}.items()}


def test_a_long_list_is_told_from_another_by_its_content():
    one, other = as_text([str(i) for i in range(900)]), as_text([str(i) for i in range(1, 901)])
    assert one.startswith("900 entries (") and len(one) < 40 and one != other == as_text(list(map(str, range(1, 901))))


def test_the_order_of_removed_operations_and_of_seeds_is_no_difference():
    names = ["avg_pool_3x3", "none"]
    assert told(made(without=names)) == told(made(without=names[::-1]))
    config = estimator_config({"name": "oneshot", **SMALL})
    one, other = (config.build(RunContext(get_space("nb201"), seed=seed)) for seed in (0, 1))
    assert told(one) == told(other)


def test_shifts_that_differ_from_those_of_the_ground_truth_are_reported():
    context = RunContext(get_space("nb201"), training=Training("digits", shift=2))
    alike = {"training": {"shift": 2}, "score_shift": 2}
    plain, same = (estimator_config({"name": "oneshot", **keys}).departures(context) for keys in ({}, alike))
    assert plain == ("training.shift = 0 (ground truth: 2)", "score_shift = 0 (ground truth: 2)") and same == ()
    unknown = replace(context, training=Training("digits"))
    assert estimator_config({"name": "oneshot", **alike}).departures(unknown) == ()


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if recipe_text(name)])
def test_a_shipped_ground_truth_says_by_how_much_its_images_were_shifted(name):
    assert load(name).training.shift == parse(recipe_text(name), Recipe, name).protocol.shift
