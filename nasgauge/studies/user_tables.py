"""Tables that a study brings: scores by architecture, seed and epoch, and numbers by architecture.

They are read here, since estimators and the readers of score files do not know each other.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np
import pandas as pd

from nasgauge.benchmarks import Benchmark
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.tables import SCORES_BY_EPOCH
from nasgauge.judging.scorefiles import Spellings, scores_in
from nasgauge.judging.scorefiles.cells import counts, finite, texts
from nasgauge.judging.scorefiles.columns import require, sounds_lower_better
from nasgauge.judging.scorefiles.files import Cells
from nasgauge.judging.scorefiles.purpose import SCORES
from nasgauge.judging.scorefiles.reading import read
from nasgauge.judging.scorefiles.repeats import refuse_repeats
from nasgauge.spaces import Space

_NO_ESTIMATORS = ("arch", "seed", "iso_class")  # columns of a wide file
_KEYS = list(SCORES_BY_EPOCH.key)


@final
@dataclass(frozen=True, eq=False)
class ReadScores:
    """Scores as they stand in a file.

    where: its name; rows: table SCORES_BY_EPOCH with a column `seconds` (NaN where not told), in the order of the
    file, its index the rows there; has_epochs: whether the file tells epochs, which are else 0.
    """

    where: str
    rows: pd.DataFrame
    has_epochs: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, or the estimators of the long form, in the order of the file."""
        return tuple(dict.fromkeys(self.rows["estimator"]))

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, ascending."""
        return tuple(sorted(map(int, self.rows["seed"].unique())))

    def of(self, known: Iterable[str], space: Space) -> "ReadScores":
        """Those of known architectures, in their spelling; UserError for two spellings of one."""
        archs = self.rows["arch"].drop_duplicates()
        names, absent, _ = Spellings(known, space).found(archs, self.where)
        spelled = self.rows["arch"].map(lambda text: names.get(text, text)).astype("str")
        rows = self.rows.assign(arch=spelled)[~self.rows["arch"].isin(absent)]
        repeated = np.flatnonzero(rows.duplicated(_KEYS))
        if len(repeated):
            second = rows.index[int(repeated[0])]
            first = rows.index[(rows[_KEYS] == rows[_KEYS].iloc[int(repeated[0])]).all(axis=1)][0]
            raise UserError(f"{self.where}: rows {first} and {second} are one architecture in two spellings; keep one")
        return replace(self, rows=rows)


def scores_of(
    path: Path, content: str, columns: tuple[str, ...], lower_is_better: bool | tuple[str, ...], seconds: str | None
) -> ReadScores:
    """The scores of a file, all columns or some; content: its fingerprint, by which what was read is found again.

    lower_is_better: the columns whose sign is changed, or whether it is all of them. seconds: the column of seconds
    that a score took. A column `epoch` holds whole numbers from 0. UserError as from `score_file`, and for columns that
    there are not.
    """
    return _read(path, content, columns, lower_is_better, seconds)


@lru_cache(maxsize=8)
def _read(
    path: Path, content: str, columns: tuple[str, ...], lower_is_better: bool | tuple[str, ...], seconds: str | None
) -> ReadScores:
    cells = read(path, SCORES, where=path.name)
    long = "estimator" in cells.names
    if seconds is not None and seconds not in cells.names:
        raise UserError(f"{cells.where}: seconds: {unknown_name('column', seconds, cells.names)}")
    epoch = _epochs(cells) if "epoch" in cells.names else None
    spent = pd.Series(np.nan, cells.table.index) if seconds is None else _seconds(cells, seconds)
    taken = [name for name in ("epoch", seconds) if name in cells.names]
    own = [name for name in cells.names if name not in (*taken, *_NO_ESTIMATORS)]
    known = list(dict.fromkeys(texts(cells, "estimator"))) if long else own
    turned = () if isinstance(lower_is_better, bool) else lower_is_better
    for name in (*columns, *turned):
        if name not in known:
            raise UserError(f"{cells.where}: {unknown_name('estimator' if long else 'column', name, known)}")
    chosen = columns or known
    taken += [] if long else [name for name in own if name not in chosen]
    kept = replace(cells, table=cells.table.drop(columns=taken))
    lower = [name for name in (known if long else chosen) if lower_is_better is True or name in turned]
    found = scores_in(kept, lower_is_better=lower, epoch=epoch)
    rows = found.scores.set_index(pd.Index(found.rows))
    rows = rows.assign(epoch=0) if epoch is None else rows
    rows = rows[rows["estimator"].isin(chosen)]
    return ReadScores(cells.where, rows.assign(seconds=spent.reindex(rows.index).to_numpy()), epoch is not None)


def _epochs(cells: Cells) -> pd.Series:
    found = counts(cells, "epoch")
    empty = np.flatnonzero(found.isna())
    if len(empty):
        raise cells.fault(int(empty[0]), "epoch", "is empty; fill it, or leave the column out")
    return found.astype("int64")


def _seconds(cells: Cells, name: str) -> pd.Series:
    found = finite(cells, name)
    negative = np.flatnonzero(found < 0)
    if len(negative):
        raise cells.fault(int(negative[0]), name, "is negative; give seconds")
    return found


def doubtful(names: Collection[str], lower_is_better: bool | tuple[str, ...], where: str) -> list[str]:
    """Sentences on scores that sound lower-better and are read as they are."""
    turned = names if lower_is_better is True else lower_is_better or ()
    return [
        f"{where}: {name!r} is read as higher is better; if it is not, name it in lower_is_better."
        for name in names
        if name not in turned and sounds_lower_better(name)
    ]


def numbers_by_arch(benchmark: Benchmark, path: Path) -> pd.DataFrame:
    """The columns of numbers of a file with a column `arch`, by architecture in the spelling of the benchmark.

    Others than the benchmark's are left out; an empty cell is NaN. UserError: no such file or column, a cell that is no
    number, an architecture twice, none of the benchmark's.
    """
    cells = read(path, SCORES, where=path.name)
    require(cells, "arch", "name the column of architectures 'arch'")
    arch = texts(cells, "arch")
    columns = [name for name in cells.names if name not in ("arch", "iso_class")]
    if not columns:
        raise UserError(f"{cells.where}: has no column besides 'arch'; add one column of numbers a feature")
    names, absent, _ = Spellings(benchmark.archs, benchmark.space).found(arch.drop_duplicates(), cells.where)
    keep = ~arch.isin(absent)
    if not keep.any():
        raise UserError(f"{cells.where}: has none of the study's architectures; give features of these")
    spelled = arch.map(lambda text: names.get(text, text))
    refuse_repeats(pd.DataFrame({"arch": spelled}), cells, [])
    table = pd.DataFrame({name: finite(cells, name) for name in columns})
    return table.set_axis(spelled.astype("str"))[keep.to_numpy()]
