"""Constraints: what they mean, and what a mistake in one is answered with."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.constraints import check_quantities, parse_constraints, quantities, satisfied
from nasgauge.core.errors import UserError
from nasgauge.core.tables import ATTRIBUTES, CONSTRAINTS, check

TABLE = pd.DataFrame({"arch": list("abcd"), "latency_ms": [1.0, 5.0, np.nan, 9.0], "n_params": [2e6, 1e6, 5e5, 1.5e6]})


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("latency_ms < 5", "a"),
        ("latency_ms<=5", "ab"),
        ("latency_ms > 5", "d"),
        ("latency_ms >= 5.0", "bd"),
        ("n_params <= 1.5M", "bcd"),
        ("n_params < 1.5e6", "bc"),
        ("n_params <= 1500 k", "bcd"),
        ("n_params >= .0015G AND latency_ms > -1", "ad"),
        ("latency_ms > 1, n_params < 1.2M", "b"),
        ("latency_ms > 1 and latency_ms < 8", "b"),
    ],
)
def test_what_it_means(text, inside):
    table = parse_constraints([text])
    check(table, CONSTRAINTS)
    assert "".join(TABLE["arch"][satisfied(table, TABLE)]) == inside
    check_quantities(table, TABLE)
    again = parse_constraints(table["constraint"].unique())  # its own name means the same
    pd.testing.assert_frame_equal(again, table)


def test_several_constraints_stay_apart():
    table = parse_constraints(["latency_ms < 5 and n_params > 1", "n_params < 1K"])
    assert table["constraint"].tolist() == ["latency_ms < 5 and n_params > 1"] * 2 + ["n_params < 1K"]
    assert table["limit"].tolist() == [5.0, 1.0, 1000.0] and parse_constraints([]).empty
    pd.testing.assert_frame_equal(parse_constraints("a < 1"), parse_constraints(["a < 1"]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency_ms", "'latency_ms' is not of the form name operator number"),
        ("", "a condition is empty"),
        ("latency_ms < 5,", "a condition is empty"),
        ("< 5", "is not of the form"),
        ("1 < latency_ms < 5", "is not of the form"),
        ("latency_ms = 5", "unknown operator '='; use <, <=, > or >="),
        ("latency_ms != 5", "unknown operator '!='"),
        ("latency_ms < five", "'five' is not a number"),
        ("latency_ms < ", "'' is not a number"),
        ("latency_ms < nan", "'nan' is not a number"),
        ("latency_ms < 5ms", "unknown suffix 'ms' of '5ms'"),
        ("latency_ms < 1e999", "not a finite number"),
        ("latency_ms < 5 or n_params < 3", "is not of the form"),
        (7, "must be a text"),
    ],
)
def test_what_it_is_answered_with(text, message):
    with pytest.raises(UserError) as error:
        parse_constraints([text])
    assert message in str(error.value) and "constraint" in str(error.value)


def test_a_quantity_that_is_not_there_and_a_limit_that_nothing_satisfies():
    for text, message in (
        ("latency < 5", "unknown quantity 'latency'; nearest: latency_ms"),
        ("arch < 5", "unknown quantity 'arch'"),
        ("latency_ms < 1", "no architecture satisfies it; latency_ms is between 1 and 9"),
    ):
        with pytest.raises(UserError, match=message):
            check_quantities(parse_constraints([text]), TABLE)
    with pytest.raises(UserError, match="a ground-truth file may have a column latency_ms"):
        check_quantities(parse_constraints(["latency_ms < 1"]), TABLE[["arch"]])
    with pytest.raises(UserError, match="listed twice"):
        parse_constraints(["latency_ms < 1", "latency_ms<1"])


def test_quantities_of_both_tables():
    sizes = pd.DataFrame({"arch": ["e", "a"], "n_params": [1, 2], "macs": pd.array([None, 7], dtype="Int64")})
    found = quantities(TABLE, sizes).set_index("arch")
    check(found.reset_index(), ATTRIBUTES)
    assert list(found.columns) == ["latency_ms", "n_params", "macs"] and list(found.index) == list("abcde")
    assert found.loc["a"].tolist() == [1.0, 2e6, 7.0] and found.loc["e"].isna().all()
    assert quantities(None, None).empty
