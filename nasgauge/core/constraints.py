"""Limits on quantities of architectures, such as "latency_ms < 5 and n_params <= 1.5M", as table CONSTRAINTS."""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import listed
from nasgauge.core.tables import CONSTRAINTS, check, empty

OPERATORS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
SUFFIXES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12}
_JOINT = re.compile(r"\s*,\s*|\s+and\s+", re.IGNORECASE)
_CONDITION = re.compile(r"(?P<name>[^<>=!]*?)\s*(?P<operator>[<>=!]+)\s*(?P<limit>[^<>=!]*)")
_NUMBER = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<suffix>[A-Za-z]*)")
_EXAMPLE = '"latency_ms < 5" or "n_params <= 1.5M and macs < 2e8"'


def parse_constraints(texts: str | Iterable[str] | pd.DataFrame) -> pd.DataFrame:
    """Each text as one constraint of table CONSTRAINTS: a row per condition, all of which must be satisfied.

    A condition is `name operator number` with <, <=, > or >=; several are joined by "and" or a comma. A number may have
    the suffix k (thousand), M (million), G or B (billion) or T (trillion); other units are those of the column, so that
    they stand in its name (latency_ms). A table CONSTRAINTS stays as it is. UserError: anything else, the same
    constraint twice.

    >>> table = parse_constraints(["latency_ms<5, n_params <= 1.5M"])
    >>> table["constraint"].unique().tolist(), table[["quantity", "operator", "limit"]].values.tolist()
    (['latency_ms < 5 and n_params <= 1.5M'], [['latency_ms', '<', 5.0], ['n_params', '<=', 1500000.0]])
    """
    if isinstance(texts, pd.DataFrame):
        return check(texts, CONSTRAINTS)
    rows: list[dict[str, object]] = []
    for text in listed(texts, "constraints", f"texts, such as {_EXAMPLE}"):
        if not isinstance(text, str):
            raise UserError(f"constraint {text!r}: must be a text; write e.g. {_EXAMPLE}")
        conditions = [_condition(part, text) for part in _JOINT.split(text.strip())]
        name = " and ".join(words for words, _ in conditions)
        if any(row["constraint"] == name for row in rows):
            raise UserError(f"constraint {text!r} is listed twice; keep one")
        rows += [{"constraint": name, **condition} for _, condition in conditions]
    return check(pd.DataFrame(rows), CONSTRAINTS) if rows else empty(CONSTRAINTS)


def quantities(attributes: pd.DataFrame | None = None, complexity: pd.DataFrame | None = None) -> pd.DataFrame:
    """Table ATTRIBUTES with the columns of both tables, those of attributes where both have one; null: not known.

    >>> quantities(None, pd.DataFrame({"arch": ["a"], "n_params": [7], "macs": None})).to_dict("list")
    {'arch': ['a'], 'n_params': [7.0]}
    """
    tables = [t.set_index("arch") for t in (attributes, complexity) if t is not None]
    archs = pd.Index(dict.fromkeys(arch for t in tables for arch in t.index), name="arch", dtype=object)
    found = pd.DataFrame(index=archs)
    for table in tables:
        for name in table:
            if name not in found and table[name].notna().any():
                found[name] = table[name].reindex(archs).astype("float64")
    return found.reset_index()


def check_quantities(constraints: pd.DataFrame, attributes: pd.DataFrame) -> None:
    """UserError unless every constraint is on a column of `attributes` and some architecture satisfies it.

    constraints: table CONSTRAINTS. attributes: a column `arch` and one of numbers per quantity.
    """
    known = [name for name in attributes if name != "arch"]
    for text, rows in constraints.groupby("constraint", sort=False):
        for name in rows["quantity"]:
            if name not in known:
                if not known:
                    raise UserError(
                        f"constraint {text!r}: no quantity of the architectures is known; a ground-truth file may have "
                        f"a column {name}"
                    )
                raise UserError(f"constraint {text!r}: {unknown_name('quantity', name, known)}")
        if not satisfied(rows, attributes).any():
            ranges = [_range(attributes[name], name) for name in dict.fromkeys(rows["quantity"])]
            raise UserError(f"constraint {text!r}: no architecture satisfies it; {'; '.join(ranges)}")


def satisfied(conditions: pd.DataFrame, attributes: pd.DataFrame) -> np.ndarray:
    """Which rows of `attributes` satisfy all conditions, rows of table CONSTRAINTS; an unknown quantity does not.

    >>> limits = parse_constraints(["size > 1 and size < 4"])
    >>> satisfied(limits, pd.DataFrame({"size": [1.0, 2.0, None]})).tolist()
    [False, True, False]
    """
    found = np.ones(len(attributes), dtype=bool)
    for row in conditions.itertuples():
        values = attributes[row.quantity].to_numpy("float64", na_value=np.nan)
        found &= OPERATORS[row.operator](values, row.limit) & ~np.isnan(values)
    return found


def _condition(part: str, text: str) -> tuple[str, dict[str, object]]:
    """A condition in normal spacing, and its row."""
    found = _CONDITION.fullmatch(part.strip())
    if not found or not found["name"].strip():
        what = f"{part.strip()!r} is not of the form name operator number" if part.strip() else "a condition is empty"
        raise UserError(f"constraint {text!r}: {what}; write e.g. {_EXAMPLE}")
    name, operator, limit = found["name"].strip(), found["operator"], found["limit"].strip()
    if operator not in OPERATORS:
        raise UserError(f"constraint {text!r}: unknown operator {operator!r}; use <, <=, > or >=")
    number = _NUMBER.fullmatch(limit)
    if not number:
        raise UserError(f"constraint {text!r}: {limit!r} is not a number; write e.g. 5, 2e6 or 1.5M")
    if number["suffix"] not in SUFFIXES:
        raise UserError(
            f"constraint {text!r}: unknown suffix {number['suffix']!r} of {limit!r}; there are k, M, G, B and T, and "
            "other units are those of the column"
        )
    value = float(number["number"]) * SUFFIXES[number["suffix"]]
    if not np.isfinite(value):
        raise UserError(f"constraint {text!r}: {limit!r} is not a finite number")
    return f"{name} {operator} {limit}", {"quantity": name, "operator": operator, "limit": value}


def _range(values: pd.Series, name: str) -> str:
    known = pd.to_numeric(values).dropna()
    return f"{name} is between {known.min():g} and {known.max():g}" if len(known) else f"{name} is unknown for all"
