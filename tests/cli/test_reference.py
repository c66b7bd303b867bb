"""docs/toml.md: made from the configurations, current, complete, with a meaning for every key."""

import re
from pathlib import Path

import pytest

from nasgauge.core.config import Config, parse
from nasgauge.core.errors import UserError
from nasgauge.estimators import ESTIMATORS, CombiningConfig, EstimatorConfig, MeasuringConfig
from nasgauge.nets import options as nets_options
from nasgauge.studies import reference
from nasgauge.studies.schema import Study

PAGE = Path(__file__).parents[2] / "docs" / "toml.md"
SHIPPED = {heading: kind for heading, (kind, _) in reference._KINDS.items()}


def test_the_page_is_what_the_configurations_say():
    assert PAGE.read_text(encoding="utf-8") == reference.as_markdown(), (
        "python -m nasgauge.studies.reference > docs/toml.md"
    )


@pytest.mark.parametrize("heading", SHIPPED)
def test_every_key_has_a_type_and_a_meaning(heading):
    rows = list(reference.keys_of(SHIPPED[heading]))
    assert rows
    for key, type_, _, meaning in rows:
        assert type_ and meaning, key
        assert len(meaning) < 600 and "UserError" not in meaning


def below(kind):
    return [kind, *(inner for child in kind.__subclasses__() for inner in below(child))]


def test_every_configuration_that_a_file_is_read_into_has_a_section():
    kinds = {kind for kind in below(Config) if kind.__module__.startswith("nasgauge.")}
    bases = {kind for kind in kinds if any(kind in other.__mro__[1:] for other in SHIPPED.values())}
    assert kinds - bases - {Config, EstimatorConfig, MeasuringConfig, CombiningConfig} <= set(SHIPPED.values())
    shipped = {kind for kind in ESTIMATORS.values() if kind.__module__.startswith("nasgauge.")}
    assert shipped <= set(SHIPPED.values())
    assert {nets_options.NetOptions, nets_options.SupernetOptions} <= set(SHIPPED.values())


def test_the_ranges_on_the_page_are_those_that_are_checked():
    page = PAGE.read_text(encoding="utf-8")
    study = page.partition("## Study\n")[2].partition("\n## ")[0]
    bound = re.search(r"`n_bootstrap` \| whole number ≥ (\d+), ≤ ([\d,]+) \|", study)
    low, high = (int(number.replace(",", "")) for number in bound.groups())
    text = 'title = "t"\nbenchmark = "b"\nestimators = [{{ name = "vote", experts = ["a"] }}]\nn_bootstrap = {}\n'
    assert parse(text.format(low), Study, "t").n_bootstrap == low
    assert parse(text.format(high), Study, "t").n_bootstrap == high
    for wrong in (low - 1, high + 1):
        with pytest.raises(UserError, match="n_bootstrap"):
            parse(text.format(wrong), Study, "t")


def test_options_of_benchmarks_criteria_and_samplers_are_listed():
    page = reference.as_markdown()
    for row in (
        '| `nb201` | `dataset` (default `"cifar10"`)',
        "| `best_rank_at` | `fraction`, `count` |",
        "| `mixture` | `archs`",
    ):
        assert row in page
