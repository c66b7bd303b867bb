"""The terminal's tables: nothing lost, nothing cut, whatever the width."""

import io
import itertools

import pandas as pd
import pytest
from rich.console import Console

from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.report import terminal_table

NAN = float("nan")


def printed(values, *others, width=80):
    out = io.StringIO()
    Console(file=out, width=width).print(terminal_table(values, *others, width=width))
    return out.getvalue()


def many(names):
    bound = resolve_all(DEFAULT_CRITERIA)
    rows = [(e, c.name, c.at, 0.123, 0.1, -0.15) for e, c in itertools.product(names, bound)]
    table = pd.DataFrame(rows, columns=["estimator", "criterion", "at", "value", "lower", "upper"])
    return table.assign(n=423_624, n_failed=0, n_absent=0, n_unknown=0, n_seeds=1)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_all_values_are_there_and_no_line_is_too_wide(width):
    values = many(["snip", "a_rather_long_name_of_a_proxy_indeed"])
    text = printed(values, width=width)
    assert all(len(line) <= width for line in text.splitlines())
    assert text.count(".123 [.100, −.150]") == len(values)
    for symbol in ("Kendall τ ↑", "SpearmanR ↑", "P@top 5% ↑", "BR@5% ↓"):
        assert symbol in text
    assert text.count("423,624") == 2


def test_the_ceiling_is_first_and_the_best_next(bundle):
    lines = [line.split() for line in printed(bundle.values, bundle.ceiling, bundle.published, width=120).splitlines()]
    names = [line[0] for line in lines if line and line[0] in ("noise", "synflow", "n_params", "flat")]
    assert names == ["noise", "n_params", "synflow", "flat"]
    assert ".570 [.520, .620] (.700)" in printed(bundle.values, bundle.ceiling, bundle.published)


def test_undefined_is_a_dash_and_missing_scores_are_counted(bundle):
    text = printed(bundle.values.assign(n_failed=7, n_absent=5, n_unknown=3))
    assert all(title in text for title in ("failed", "absent", "unknown")) and "nan" not in text.lower()
    assert not any(title in printed(bundle.values) for title in ("failed", "absent", "unknown"))
    flat = next(line for line in text.splitlines() if line.strip().startswith("flat"))
    assert "–" in flat


def test_brackets_in_a_name_are_no_markup():
    assert "[red]snip" in printed(many(["[red]snip"]))
