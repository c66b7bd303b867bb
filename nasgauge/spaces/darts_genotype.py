"""The string form of the DARTS spaces: the literature's `Genotype(...)`, read without evaluating anything.

Liu, Simonyan & Yang, "DARTS: Differentiable Architecture Search", ICLR 2019.
"""

import ast
import warnings
from collections.abc import Sequence

from nasgauge.core.errors import UserError, unknown_name

N_INPUTS, N_NODES = 2, 4  # of a cell; nodes are numbered on from the inputs, 2 to 5
CELLS = ("normal", "reduce")
Node = tuple[tuple[int, int], tuple[int, int]]  # two terms (predecessor, operation)
Cell = tuple[Node, ...]
_CONCAT = tuple(range(N_INPUTS, N_INPUTS + N_NODES))
_FORM = "Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=[2, 3, 4, 5], reduce=[...], reduce_concat=...)"


def write(cells: Sequence[Cell], ops: Sequence[str]) -> str:
    """The string of a normal and a reduction cell, as NAS-Bench-301 takes it."""
    parts = []
    for name, cell in zip(CELLS, cells, strict=True):
        pairs = [(ops[op], source) for node in cell for source, op in node]
        parts.append(f"{name}={pairs}, {name}_concat={list(_CONCAT)}")
    return f"Genotype({', '.join(parts)})"


def read(text: str, ops: Sequence[str]) -> tuple[Cell, Cell]:
    """The two cells of a string, the terms of each node by ascending predecessor; UserError says what is malformed.

    The string is `Genotype(...)`, or the same as a dictionary, in Python or JSON.
    `normal_concat` and `reduce_concat` may be absent; given, as a list or a range, they must name all four nodes.
    Whether the predecessors are allowed is not asked here.
    """
    fields = _fields(text)
    for name in CELLS:
        concat = _values(fields.get(f"{name}_concat"), text)
        if concat is not None and (len(concat) != N_NODES or tuple(concat) != _CONCAT):
            found = concat if isinstance(concat, range) else list(concat)
            raise UserError(f"arch {text!r}: {name}_concat is {found}; here the output of every cell is [2, 3, 4, 5]")
    normal, reduce = (_cell(_values(fields.get(name), text), name, text, ops) for name in CELLS)
    return normal, reduce


def _fields(text: str) -> dict[str, ast.expr]:
    """The keywords of the one call, or the entries of the one dictionary, of which the text consists."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on how to write it
            call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"arch {text!r} is not a genotype; expected {_FORM}") from error
    parts = _parts(call)
    if parts is None:
        raise UserError(f"arch {text!r} is not a genotype; expected {_FORM}")
    known = [*CELLS, *(f"{name}_concat" for name in CELLS)]
    for name, _ in parts:
        if name not in known:
            raise UserError(f"arch {text!r}: {unknown_name('part of a genotype', name, known)}")
    if len(dict(parts)) < len(parts):
        raise UserError(f"arch {text!r}: a part of the genotype occurs twice; keep one of them")
    return dict(parts)


def _parts(call: ast.expr) -> list[tuple[str, ast.expr]] | None:
    """The named parts of `Genotype(...)`, or of the same as a dictionary in Python or JSON; None of anything else."""
    if isinstance(call, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in call.keys]
        named = [(key, value) for key, value in zip(keys, call.values, strict=True) if isinstance(key, str)]
        return named if named and len(named) == len(keys) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "Genotype" or call.args:
        return None
    return [(str(keyword.arg), keyword.value) for keyword in call.keywords]


def _values(given: ast.expr | None, text: str) -> Sequence[object] | None:
    """A list, tuple or range as written; None if it is absent."""
    if given is None:
        return None
    try:
        if isinstance(given, ast.Call) and isinstance(given.func, ast.Name) and given.func.id == "range":
            numbers = range(*(ast.literal_eval(a) for a in given.args))
            len(numbers)  # OverflowError where nothing could ever hold them
            return numbers
        values = ast.literal_eval(given)
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise UserError(f"arch {text!r}: {ast.unparse(given)} is not a list of constants; expected {_FORM}") from error
    if not isinstance(values, list | tuple):
        raise UserError(f"arch {text!r}: {values!r} is not a list; expected {_FORM}")
    return values


def _cell(pairs: Sequence[object] | None, name: str, text: str, ops: Sequence[str]) -> Cell:
    if pairs is None:
        raise UserError(f"arch {text!r}: the {name} cell is missing; expected {_FORM}")
    if len(pairs) != 2 * N_NODES:
        raise UserError(
            f"arch {text!r}: the {name} cell has {len(pairs)} pairs (operation, predecessor); four nodes have eight"
        )
    terms = []
    for i, pair in enumerate(pairs):
        where = f"arch {text!r}: {name} cell, node {N_INPUTS + i // 2}"
        if not isinstance(pair, list | tuple) or len(pair) != 2 or type(pair[1]) is not int:
            raise UserError(
                f"{where}: {pair!r} is not a pair of operation and predecessor, such as ('sep_conv_3x3', 0)"
            )
        if pair[0] not in ops:
            raise UserError(f"{where}: {unknown_name('operation', pair[0], ops)}")
        terms.append((pair[1], ops.index(pair[0])))
    first, second = terms[::2], terms[1::2]
    return tuple((min(a, b), max(a, b)) for a, b in zip(first, second, strict=True))
