"""Values that papers report, shipped as tables: a study shows them next to its own."""

import io
from importlib import resources
from pathlib import Path

import pandas as pd

from nasgauge.core.errors import UserError, unknown_name


def published_values(name: str) -> pd.DataFrame:
    """The shipped table of that name. Those that a study can show beside its values: estimator, criterion, at, value,
    source; others, of factors and of the training of supernets, name their columns in their first lines."""
    path = Path(str(resources.files("nasgauge.studies"))) / "shipped" / "published" / f"{name}.csv"
    if not path.is_file():
        raise unknown_name("published table", name, (p.stem for p in path.parent.glob("*.csv")))
    return pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")), comment="#")


_BESIDE = ("estimator", "criterion", "at", "value", "source")


def values_beside(name: str) -> pd.DataFrame:
    """A table of `published_values` for the report of a study; UserError where its rows are of no criteria."""
    table = published_values(name)
    lacking = [column for column in _BESIDE if column not in table]
    if lacking:
        raise UserError(
            f"published = {name!r}: its rows are not values of criteria, as it has no column {lacking[0]!r}; leave it "
            "out, and read it with nasgauge.studies.published.published_values"
        )
    return table
