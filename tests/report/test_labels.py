"""Every criterion of the dictionary has a readable heading; numbers keep their digits."""

import pytest

from nasgauge.criteria import CRITERIA
from nasgauge.report.labels import heading, interval, number


@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_every_criterion_has_its_direction_and_amount(name):
    entry = CRITERIA[name]
    found = heading(name, 0.05 if entry.takes_k else None)
    assert found.better == entry.better and found.title == entry.title
    assert found.symbol.endswith("5%") if entry.takes_k else found.symbol == entry.symbol
    assert "K5%" not in found.symbol and not found.symbol.endswith("@")


def test_kendall_within_the_top_keeps_its_letters():
    assert heading("kendall_tau_at_top", 0.1).symbol == "τ@top 10%"
    assert heading("best_rank_at", 20.0).symbol == "BR@20"


def test_options_and_foreign_criteria_keep_their_names():
    assert heading("sparse_kendall_tau_nasws(width=0.002)", None).symbol == "s-KdT (width=0.002)"
    assert heading("my own", None).symbol == "my own"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, "1.000"), (-0.0004, "−0.0004"), (0.0, "0.000"), (-1.0, "−1.000"), (1e-9, "1e−09"), (0.0005, "0.001")],
)
def test_numbers(value, expected):
    assert number(value) == expected


def test_a_half_interval_is_none():
    assert interval(0.1, float("nan")) == "" and interval(-0.1, 0.1, 2, compact=True) == "[−.10, .10]"
