"""Components by their names."""

from typing import Any

import pandas as pd

from nasgauge import benchmarks
from nasgauge.benchmarks import Benchmark
from nasgauge.core.arguments import TEXT, takes
from nasgauge.core.errors import unknown_name
from nasgauge.spaces import SPACES, Space
from nasgauge.spaces import get_space as _get_space
from nasgauge.studies.listing import listing


def load_benchmark(name: str | Benchmark, **options: Any) -> Benchmark:
    """The benchmark of a name, or of a table of `nasgauge bench build` or `nasgauge bench import`.

    options: those of the benchmark, e.g. dataset="cifar100". `nasgauge list benchmarks` lists the names. UserError: an
    unknown name or option, with the nearest ones; tables that are not there.

    >>> load_benchmark("digits-nb201").space.name
    'nb201'
    """
    return benchmarks.load({"name": name, **options} if isinstance(name, str) else name)


def get_space(name: str | Space) -> Space:
    """The search space of a name, or the space itself; UserError lists the nearest names.

    >>> get_space("nb201").to_str((3, 1, 1, 1, 1, 3))
    '|nor_conv_3x3~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|nor_conv_3x3~2|'
    """
    return _get_space(name)


@takes("list", category=TEXT)
def list(category: str | None = None) -> pd.DataFrame:
    """What `nasgauge list` prints: (category, name, description, reference) of all components, or of one category.

    >>> list("spaces")["name"].tolist()[:3]
    ['darts', 'darts-nds', 'nb101']
    """
    rows = [(kind, *entry) for kind, entries in listing(category).items() for entry in entries]
    return pd.DataFrame(rows, columns=["category", "name", "description", "reference"])


def of_whom(where: str | Space | Benchmark) -> tuple[Space, Benchmark | None]:
    """The space to estimate in and, where one is given or named, the benchmark whose training is the default.

    A string is the name of a space, else of a benchmark. UserError: of neither.
    """
    if isinstance(where, Benchmark):
        return where.space, where
    if isinstance(where, Space) or (isinstance(where, str) and where in SPACES):
        return _get_space(where), None
    if isinstance(where, str) and (where in benchmarks.BENCHMARKS or where.endswith(".parquet")):
        found = benchmarks.load(where)
        return found.space, found
    raise unknown_name("search space or benchmark", where, [*SPACES, *benchmarks.BENCHMARKS])
