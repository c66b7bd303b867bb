"""Values of an expensive objective in a file, so that an interrupted search goes on where it was."""

import csv
import io
from pathlib import Path
from typing import final

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.core.store import text_of, write_atomically
from nasgauge.search.ledger import Objective, valued
from nasgauge.spaces import Arch, Space

_COLUMNS = ("arch", "value")


@final
class Kept:
    """An objective whose values are kept in a CSV file: one that stands there is never evaluated again.

    Searches depend only on their generator and on the values of the objective. One that was interrupted, at whichever
    evaluation, and is started again with an equal generator and the same file therefore repeats what it had done
    without evaluating anything, and goes on with equal results; with a larger budget it continues a finished one.

    space: whose strings stand in the file. objective: from a list of architectures to one value each; it is given up
    to `at_once` architectures, those of a batch that are not in the file, and the file is replaced after each such call
    by one with their values. NaN, a failed evaluation, is kept too: remove its line to try again. path: columns arch
    and value, others are ignored, so that the table of a search that is written as CSV will do; created with its
    folder. One search at a time writes a file. UserError: a file that is not such a table, or names an architecture
    that is not the space's; a path that cannot be written; at_once below 1.

    >>> import tempfile
    >>> from nasgauge.search import get_search
    >>> from nasgauge.spaces import NB201
    >>> calls = []
    >>> def trained(archs):
    ...     calls.append(len(archs))
    ...     return np.array([a.count(3) for a in archs])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     objective = Kept(NB201(), trained, Path(folder) / "values.csv", at_once=8)
    ...     for budget in (20, 20, 30):
    ...         found = get_search("evolution")(NB201(), objective, budget=budget, rng=np.random.default_rng(0))
    >>> calls
    [8, 8, 4, 8, 2]
    """

    def __init__(self, space: Space, objective: Objective, path: Path | str, *, at_once: int = 1) -> None:
        if at_once < 1:
            raise UserError(f"at_once is {at_once}; at least one architecture is evaluated at once")
        self.space, self.objective, self.path, self.at_once = space, objective, Path(path), at_once
        self.values = _read(self.path, space) if self.path.exists() else {}

    def __call__(self, archs: list[Arch]) -> np.ndarray:
        """The value of each architecture, of the file or of the objective."""
        texts = list(map(self.space.to_str, archs))
        new = {text: arch for text, arch in zip(texts, archs, strict=True) if text not in self.values}
        names, unknown = list(new), list(new.values())
        for start in range(0, len(new), self.at_once):
            part = slice(start, start + self.at_once)
            found = valued(self.objective, unknown[part]).tolist()
            self.values |= dict(zip(names[part], found, strict=True))
            self._write()
        return np.array([self.values[text] for text in texts], dtype="float64")

    def _write(self) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *self.values.items()])
        try:
            write_atomically(self.path, text.getvalue().encode())
        except OSError as error:
            raise UserError(f"{self.path}: cannot be written ({error.strerror}); choose another file") from error


def _read(path: Path, space: Space) -> dict[str, float]:
    rows = csv.DictReader(io.StringIO(text_of(path), newline=""), strict=True)
    found: dict[str, float] = {}
    try:
        if not set(_COLUMNS) <= set(rows.fieldnames or ()):
            raise UserError(f"{path}: has no columns arch and value; choose another file for the values of a search")
        for row in rows:
            where = f"{path}: line {rows.line_num}"
            if row["value"] is None or row["arch"] is None:
                raise UserError(f"{where}: is not complete; remove the line, and it is evaluated again")
            if space.spelling(row["arch"]) != row["arch"] or row["arch"] in found:
                raise UserError(f"{where}: {row['arch']!r} is repeated or written otherwise in {space.name}; remove it")
            found[row["arch"]] = float(row["value"] or "nan")
    except (csv.Error, ValueError) as error:
        raise UserError(f"{path}: line {rows.line_num}: {error}; remove the line, and it is evaluated again") from error
    return found
