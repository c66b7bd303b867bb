"""Score files: wide or long, as table SCORES."""

from collections.abc import Collection
from dataclasses import dataclass
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.lists import Names, listed
from nasgauge.core.tables import SCORES, SCORES_BY_EPOCH, check
from nasgauge.judging.scorefiles.cells import numbers, seeds, texts
from nasgauge.judging.scorefiles.columns import (
    SCORE_FILE,
    check_name,
    estimator_columns,
    require,
    signs,
    sounds_lower_better,
    unread,
)
from nasgauge.judging.scorefiles.files import Cells
from nasgauge.judging.scorefiles.purpose import SCORES as PURPOSE
from nasgauge.judging.scorefiles.reading import read
from nasgauge.judging.scorefiles.repeats import refuse_repeats

_KEYS = ("arch", "seed", "iso_class")  # columns of a wide file that are not estimators


@dataclass(frozen=True, eq=False)
class ScoreFile:
    """The content of a score file.

    where: its name. scores: table SCORES. rows: the row of each score in the file. notes: warnings.
    """

    where: str
    scores: pd.DataFrame
    rows: np.ndarray
    notes: tuple[str, ...] = ()


def score_table(
    table: Any, *, lower_is_better: Names = (), archs: Collection[str] = (), where: str = "the table",
    measured: bool = False,
) -> ScoreFile:  # fmt: skip
    """Scores from a file or a table in memory, with their rows.

    table: the path of a file (CSV, TSV, JSON, JSON Lines, Parquet, Feather, or one of them compressed); a data frame,
    whose index may be `arch`; a Series of scores with architectures as its index, named after the estimator; a
    dictionary of names to Series or dictionaries arch -> score, or of architectures to scores; a list of records.
    Without a name the estimator is called "scores". archs: architectures that are known, by which dictionaries are read
    that could be either names -> architectures or the reverse. where: the name of a table in memory in messages.
    measured: an estimator may lack all scores, as its measurements were made and failed.

    Wide form: a column `arch` and one numeric column per estimator; long form: columns `estimator`, `arch`, `score`.
    Both may have an integer `seed` (0 where there is none); a wide file's `iso_class` and row numbers (`index`, a first
    column without a name) are ignored. Scores are higher-better; those of the estimators `lower_is_better` change
    their sign, here and nowhere else. An empty cell (NA, NaN, None, null) is a measurement that failed: a row without a
    score. Minus infinity is the worst score (plus infinity where low is good).

    UserError: a file that cannot be read, no architecture or estimator column, a column that is unlikely to be an
    estimator, a score that is not a number, an infinitely good one, an estimator without any score, an architecture
    scored twice by one estimator and seed.
    """
    cells = read(table, changed(PURPOSE, archs=archs), where=where)
    return scores_in(cells, lower_is_better=lower_is_better, measured=measured)


def scores_in(
    cells: Cells, *, lower_is_better: Names = (), epoch: pd.Series | None = None, measured: bool = False
) -> ScoreFile:
    """The scores of the cells of a file, see `score_table`; epoch: of each row, then a column of the scores too."""
    lower_is_better = listed(lower_is_better, "lower_is_better", "names of estimators")
    require(cells, "arch", "name the column of architectures 'arch'")
    long = "estimator" in cells.names
    keys = pd.DataFrame({"arch": texts(cells, "arch"), "seed": seeds(cells, default=0)})
    keys = keys if epoch is None else keys.assign(epoch=epoch)
    scores, notes = _long(cells, keys, lower_is_better) if long else _wide(cells, keys, lower_is_better)
    for name, missing in scores["score"].isna().groupby(scores["estimator"], sort=False).all().items():
        if missing and not measured:
            raise UserError(
                f"{cells.where}: estimator {name!r}: every score is missing; remove it, or fill in its scores"
            )
    for name in scores["estimator"].unique():
        if sounds_lower_better(name) and name not in lower_is_better:
            flag = f"--lower-is-better {name} (in Python, lower_is_better=[{name!r}])"
            notes.append(f"{name!r} is read as higher-is-better; if it is not: {flag}")
    rows = scores.index.to_numpy()
    spec = SCORES if epoch is None else SCORES_BY_EPOCH
    columns = [column.name for column in spec.columns]
    scores = check(scores[columns].reset_index(drop=True), spec, where=cells.where)
    return ScoreFile(cells.where, scores, rows, (*cells.notes, *notes))


def score_file(path: str | Path, *, lower_is_better: Names = ()) -> ScoreFile:
    """As `score_table`, of a file."""
    return score_table(Path(path), lower_is_better=lower_is_better)


def read_scores(path: str | Path, *, lower_is_better: Names = ()) -> pd.DataFrame:
    """Scores from a file, as table SCORES; forms, units and errors as of `score_table`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "scores.csv").write_text("arch,size,depth\\na,10,3\\nb,20,\\n")
    ...     read_scores(Path(folder, "scores.csv")).values.tolist()
    [['size', 'a', 0, 10.0], ['size', 'b', 0, 20.0], ['depth', 'a', 0, 3.0], ['depth', 'b', 0, nan]]
    """
    return score_file(path, lower_is_better=lower_is_better).scores


def _long(cells: Cells, keys: pd.DataFrame, lower_is_better: Collection[str]) -> tuple[pd.DataFrame, list[str]]:
    require(cells, "score", "a table with a column 'estimator' needs its scores in a column 'score'")
    keys.insert(0, "estimator", texts(cells, "estimator"))
    ignored, notes = unread(cells, SCORE_FILE)
    refuse_repeats(keys, cells, ignored)
    sign = signs(list(keys["estimator"].unique()), lower_is_better, cells.where)
    for name in sign:
        check_name(name, cells.where)
    scores = keys.assign(score=_scores(cells, "score", keys["estimator"].map(sign).to_numpy()))
    return scores, notes


def _wide(cells: Cells, keys: pd.DataFrame, lower_is_better: Collection[str]) -> tuple[pd.DataFrame, list[str]]:
    names, notes = estimator_columns(cells, _KEYS)
    if not names:
        has = ", ".join(map(repr, cells.names))
        raise UserError(f"{cells.where}: no column with scores; it has {has}; add one numeric column per estimator")
    refuse_repeats(keys, cells, [])
    sign = signs(names, lower_is_better, cells.where)
    parts = []
    for name in names:
        check_name(name, cells.where)
        parts.append(keys.assign(estimator=name, score=_scores(cells, name, np.full(len(keys), sign[name]))))
    return pd.concat(parts), notes


def _scores(cells: Cells, name: str, sign: np.ndarray) -> pd.Series:
    """The column as higher-better scores; UserError for an infinitely good one."""
    found = numbers(cells, name)
    signed = found * sign + 0.0  # no negative zero
    best = np.flatnonzero(np.isposinf(signed))
    if len(best):
        row = int(best[0])
        raise cells.fault(
            row,
            name,
            f"is infinite; {-found.iloc[row]} is the worst score, an empty cell a failed measurement",
        )
    return signed
