"""Values that papers report, shipped as tables: a study shows them next to its own."""

import io
from importlib import resources
from pathlib import Path

import pandas as pd

from nasgauge.core.errors import unknown_name


def published_values(name: str) -> pd.DataFrame:
    """The shipped table of that name: estimator, criterion, at, value, source."""
    path = Path(str(resources.files("nasgauge.studies"))) / "shipped" / "published" / f"{name}.csv"
    if not path.is_file():
        raise unknown_name("published table", name, (p.stem for p in path.parent.glob("*.csv")))
    return pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")), comment="#")
