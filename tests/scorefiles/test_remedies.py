"""Faulty cells, spellings and arguments: the message has the fault's row and a remedy that the caller can write."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.judging import judge_scores
from nasgauge.judging.scorefiles import score_table, truth_table

NAMES = {"arch": ["a", "b"]}
ROWS = {"arch": ["a", "b"], "accuracy": [0.5, 0.6]}
CELLS = {
    "a score": (
        lambda: score_table(NAMES | {"s": ["1", "x1"]}),
        "or an empty cell where a measurement failed",
    ),
    "a score's seed": (
        lambda: score_table(NAMES | {"s": [1, 2], "seed": ["0", "a"]}),
        "a seed is an integer",
    ),
    "a training's seed": (lambda: truth_table(ROWS | {"seed": ["0", "a"]}), "a seed is an integer"),
    "an accuracy": (lambda: truth_table(ROWS | {"accuracy": ["0.5", "x"]}), "give a number, or remove the row"),
    "a value": (lambda: truth_table(NAMES | {"value": ["1", "x"]}), "give a number, or remove the row"),
    "a size": (
        lambda: truth_table(ROWS | {"n_params": ["100", "x"]}),
        "give a count, or an empty cell where it is not",
    ),
    "a comma": (lambda: score_table(NAMES | {"s": ["1", "0,5"]}), "its comma is a decimal separator"),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_cell_that_is_not_a_number_has_the_remedy_of_its_column(case):
    read, remedy = CELLS[case]
    with pytest.raises(UserError, match=f"row 2, column .*which is not a number; .*{remedy}"):
        read()


LISTS = [[op, 1, 1, 1, 1] for op in (0, 1, 2, 0)]  # an operation too few, and one repeats
INVALID = {
    "a negative index": ([1, -1], "row 2, column 'arch': -1 is not an index of NAS-Bench-201"),
    "an index beyond": ([1, 15625], "row 2, column 'arch': 15625 is not an index of NAS-Bench-201"),
    "lists of five": (LISTS, r"row 1, column 'arch': arch '\[0, 1, 1, 1, 1\]' is not a valid NAS-Bench-201 cell"),
    "an unknown operation, twice": (["|x~0|+|x~0|x~1|+|x~0|x~1|x~2|"] * 2, "row 1, column 'arch': .*unknown operation"),
    "an index twice": ([1, 2, 1], "row 3 repeats row 1"),
}


@pytest.mark.parametrize("against", ["benchmark", "truth"])
@pytest.mark.parametrize("form", ["wide", "long"])
@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_spelling_is_reported_before_a_repeated_one(case, form, against):
    archs, says = INVALID[case]
    table = {"arch": archs, "s": list(range(len(archs)))}
    if form == "long":
        table = {"estimator": ["s"] * len(archs), "arch": archs, "score": table["s"]}
    bench = load("digits-nb201")
    own = {"truth": pd.DataFrame({"arch": bench.archs[:5], "accuracy": np.linspace(0.1, 0.5, 5)}), "space": "nb201"}
    with pytest.raises(UserError, match=f"^the table: {says}"):
        judge_scores(table, **(own if against == "truth" else {"benchmark": bench}), arch_order="official")


BENCH = {"benchmark": "digits-nb201"}
SCORES = {"arch": load("digits-nb201").archs[:3], "s": [1, 2, 3]}
ARGUMENTS = {
    "lower_is_better": (
        {**BENCH, "lower_is_better": "x"},
        r"lower_is_better \(--lower-is-better\): unknown estimator 'x'",
    ),
    "space": ({**BENCH, "space": "nb201"}, r"space \(--space\) applies to 'truth' \(--truth\) only.* leave space out"),
    "direction": (
        {**BENCH, "truth_lower_is_better": True},
        r"truth_lower_is_better \(--truth-lower-is-better\)",
    ),
    "benchmark": ({"benchmark": 5}, "benchmark: give its name, such as 'nb201', not 5"),
    "order": ({"truth": ROWS, "arch_order": "official"}, r"name it, space='nb201' \(--space nb201\)"),
    "a top": (
        {**BENCH, "criteria": "precision_at_top@0"},
        "write precision_at_top@0.05, a fraction, or",
    ),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_an_argument_is_named_as_in_python_and_as_an_option(case):
    options, says = ARGUMENTS[case]
    with pytest.raises(UserError, match=says):
        judge_scores(SCORES, **options)
