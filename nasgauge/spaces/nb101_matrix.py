"""Other spellings of NAS-Bench-101 cells: the matrix with its operations, and the module hash.

Ying et al., "NAS-Bench-101", ICML 2019, as its published interface writes cells.
"""

import ast
import hashlib
import json
import re
import warnings
from collections.abc import Sequence
from typing import Any

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces.nb101_canonical import N_VERTICES, OUTPUT, join, pruned, vertices_of
from nasgauge.spaces.space import Arch

INPUT_NAME, OUTPUT_NAME = "input", "output"
_MOST = 2_000  # characters of a cell
_FORM = '{"matrix": [[0, 1], [0, 0]], "operations": ["input", "output"]}'


def is_matrix(text: str) -> bool:
    """Whether a text may be a matrix with operations: it begins with a bracket or a brace."""
    return text.lstrip()[:1] in ("[", "{")


def read(text: str, ops: Sequence[str]) -> Arch:
    """The cell of a matrix and its operations: an object of both, or a list of both, as JSON or Python writes it.

    The matrix has a row and a column per vertex and is zero on and below its diagonal; the operations name the input,
    the interior vertices and the output. Lists as numpy prints them, without commas, are read too. The vertices keep
    their numbers, the output becomes vertex 6. Whether the cell is valid is not checked.
    """
    where = f"arch {text[:80]!r}"
    matrix, names = _parts(_value(text, where), where)
    n = len(matrix)
    if not 2 <= n <= N_VERTICES or any(not isinstance(row, list | tuple) or len(row) != n for row in matrix):
        raise UserError(f"{where}: the matrix is not square with 2 to {N_VERTICES} rows")
    for x, row in enumerate(matrix):
        for y, entry in enumerate(row):
            if type(entry) not in (int, bool) or entry not in (0, 1) or (entry and y <= x):
                what = "expected 0 on and below the diagonal" if y <= x else "expected 0 or 1"
                raise UserError(f"{where}: entry {entry!r} in row {x + 1}, column {y + 1} of the matrix; {what}")
    if len(names) != n or names[0] != INPUT_NAME or names[-1] != OUTPUT_NAME:
        raise UserError(f"{where}: the operations must be {n} names, the first 'input' and the last 'output'")
    for name in names[1:-1]:
        if name not in ops:
            raise UserError(f"{where}: {unknown_name('operation', str(name), ops)}")
    masks = [sum(int(matrix[x][y]) << x for x in range(y)) for y in range(n)]
    padding = [0] * (N_VERTICES - n)
    return (join([*masks[:-1], *padding, masks[-1]]), *(ops.index(name) for name in names[1:-1]), *padding)


def module_hash(arch: Arch) -> str:
    """The hash by which the authors' files name a cell: 32 hexadecimal digits, equal for isomorphic cells.

    MD5 of the sorted labels of the vertices that are on a path from input to output; a label starts as that of (edges
    out, edges in, operation) and takes in those of parents and children as often as there are vertices.

    >>> from nasgauge.spaces import NB101
    >>> module_hash(NB101().from_table(7, 1205349, "02001"))
    '00005c142e6f48ac74fdcf73e3439874'
    """
    masks = pruned(arch[0])
    live = [v for v in range(N_VERTICES) if v in (0, OUTPUT) or masks[v]]
    parents = {v: vertices_of(masks[v]) for v in live}
    children = {v: tuple(w for w in live if v in parents[w]) for v in live}
    numbers = {0: -1, OUTPUT: -2} | {v: arch[v] for v in live if 0 < v < OUTPUT}
    label = {v: _md5(str((len(children[v]), len(parents[v]), numbers[v]))) for v in live}
    for _ in live:
        around = {v: (sorted(label[p] for p in parents[v]), sorted(label[c] for c in children[v])) for v in live}
        label = {v: _md5(f"{''.join(before)}|{''.join(after)}|{label[v]}") for v, (before, after) in around.items()}
    return _md5(str(sorted(label.values())))


def is_hash(text: str) -> bool:
    """Whether a text has the form of a module hash.

    >>> is_hash("00005c142e6f48ac74fdcf73e3439874"), is_hash("output~0")
    (True, False)
    """
    return re.fullmatch("[0-9a-fA-F]{32}", text) is not None


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _value(text: str, where: str) -> Any:
    """The constant of a text, as JSON, as Python, or as numpy prints arrays; nothing is evaluated."""
    if len(text) > _MOST:
        raise UserError(f"{where}: has {len(text):,} characters; a cell has at most {_MOST:,}")
    with_commas = re.sub(r"(?<=[\d\]'\"])\s+(?=[\d\['\"])", ", ", text.strip())
    for parse in (json.loads, ast.literal_eval):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's advice on how to write it
                return parse(with_commas)
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
            continue
    raise UserError(f"{where} is not a matrix with operations; expected {_FORM}")


def _parts(value: Any, where: str) -> tuple[Sequence[Any], Sequence[Any]]:
    if isinstance(value, dict) and set(value) == {"matrix", "operations"}:
        value = [value["matrix"], value["operations"]]
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(isinstance(v, list | tuple) for v in value):
        raise UserError(f"{where} is not a matrix with operations; expected {_FORM}")
    return value[0], value[1]
