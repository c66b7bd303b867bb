"""The columns of score and ground-truth files: units, aliases, and columns that are not estimators."""

import re
from collections.abc import Collection

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.tables import Column
from nasgauge.judging.scorefiles.cells import MISSING
from nasgauge.judging.scorefiles.csv_cells import UNNAMED
from nasgauge.judging.scorefiles.files import Cells

_ARCH = Column("arch", "str", "the space's string form, or another spelling (below)")
SCORE_FILE = (
    _ARCH,
    Column("estimator", "str", "long form: name of at most 255 bytes", optional=True),
    Column("score", "float", "long form: any number, higher is better; -inf: the worst; empty: failed", optional=True),
    Column("seed", "int", "number of the run: a whole number from 0; absent: 0", optional=True),
    Column("any other", "float", "wide form: scores of the estimator of that name, as `score`", optional=True),
)
TRUTH_FILE = (
    _ARCH,
    Column(
        "accuracy",
        "float",
        "fraction from 0 to 1, or percent if all are from 1 to 100 and some above 1; higher is better",
        optional=True,
    ),
    Column("accuracy_percent", "float", "instead of `accuracy`: percent, from 0 to 100", optional=True),
    Column(
        "value",
        "float",
        "instead of `accuracy`: any finite number, higher is better (`--truth-lower-is-better`: lower)",
        optional=True,
    ),
    Column("seed", "int", "number of the training: a whole number from 0; absent: one training", optional=True),
    Column("iso_class", "str", "any name that isomorphic architectures share; absent: `arch`", optional=True),
    Column("n_params", "int", "count, not millions; empty: not known", optional=True),
    Column("macs", "int", "multiply-accumulates of one image: count, not millions; empty: not known", optional=True),
    Column("any other", "float", "an attribute such as `latency_ms`, in its own unit; empty: not known", optional=True),
)

_ALIASES = {  # other common names, in lower case and letters only
    "arch": (
        "architecture",
        "architectures",
        "archs",
        "archstr",
        "archstring",
        "genotype",
        "cell",
        "network",
        "model",
        "spec",
    ),
    "estimator": ("estimators", "method", "methods", "proxy", "predictor", "metric"),
    "score": ("scores", "value", "prediction", "predicted", "estimate"),
    "seed": ("seeds", "init", "trial", "run", "fold", "randomseed", "repetition", "repeat"),
    "accuracy": ("acc", "testaccuracy", "testacc", "validaccuracy", "validacc", "valaccuracy", "valacc", "top1"),
    "n_params": ("params", "nparams", "parameters", "nparameters", "numparams", "paramsm", "paramsmillion"),
    "macs": ("flops", "mflops", "nmacs", "madds", "multadds", "multiplyadds"),
}
_COUNTERS = {"index", "idx", "rowid", "level0"}
_LENGTHS = {"epoch", "epochs", "step", "steps", "iteration", "iterations", "checkpoint", "nepochs", "nsamples"}
_ACCURACIES = {
    first + second for first in ("", "test", "valid", "validation", "val", "train") for second in ("acc", "accuracy")
} | {"top1", "truth", "groundtruth", "gt"}
_LOWER = ("loss", "error", "perplexity", "latency", "rank", "mse", "mae")
_NEGATED = {"neg", "negative", "negated", "minus", "inverse"}
_MOST_BYTES = 255


def require(cells: Cells, name: str, remedy: str) -> None:
    """UserError if the column is missing; a similar one is suggested."""
    if name in cells.names:
        return
    near = [repr(other) for other in cells.names if means(other, name)]
    if near:
        remedy = f"rename {'one of ' if len(near) > 1 else ''}{', '.join(near)} to {name!r}"
    elif name == "arch" and UNNAMED in cells.names:
        remedy = "the first column has no name; call it 'arch' if it contains the architectures"
    elif name == "arch" and any(_counts_rows(other) for other in cells.names):
        remedy = (
            "add the architectures' strings as a column 'arch'; indices differ between files (a column of official "
            "indices of NAS-Bench-201 must be called 'arch')"
        )
    elif name == "arch" and ("matrix" in cells.names) != ("operations" in cells.names):
        remedy = "a cell of NAS-Bench-101 needs both columns, 'matrix' and 'operations'"
    raise UserError(f"{cells.where}: column {name!r} is missing; it has {', '.join(map(repr, cells.names))}; {remedy}")


def estimator_columns(cells: Cells, keys: Collection[str]) -> tuple[list[str], list[str]]:
    """The estimators of a wide file, and notes on ignored columns.

    keys: columns that are not estimators. UserError for columns that are unlikely to be estimators: another spelling of
    a key, the number of a run or epoch, accuracies, text.
    """
    names, notes = [], []
    for name in cells.names:
        if name in keys:
            continue
        if _counts_rows(name):
            which = "the first column, without a name," if name == UNNAMED else f"column {name!r}"
            notes.append(f"{cells.where}: {which} is ignored as row numbers; rename it if it is an estimator")
            continue
        reason = _no_estimator(cells, name)
        if reason:
            raise UserError(f"{cells.where}: column {name!r} {reason}")
        names.append(name)
    return names, notes


def unread(cells: Cells, declared: Collection[Column]) -> tuple[list[str], list[str]]:
    """The columns of a file beyond the declared ones, row numbers apart, and notes on them."""
    others = further(cells, declared)
    return others, [f"{cells.where}: column {name!r} is ignored{rename(name, declared)}" for name in others]


def further(cells: Cells, declared: Collection[Column]) -> list[str]:
    """The columns of a file beyond the declared ones, row numbers apart."""
    known = [column.name for column in declared]
    return [name for name in cells.names if name not in known and not _counts_rows(name)]


def rename(name: str, declared: Collection[Column]) -> str:
    """The end of a note on a column that may be a declared one under another name; empty where it is not."""
    return next((f"; rename it to {c.name!r} if that is meant" for c in declared if means(name, c.name)), "")


def signs(estimators: Collection[str], lower_is_better: Collection[str], where: str) -> dict[str, int]:
    """-1 for estimators whose scores are lower-better, 1 for others; UserError for an unknown name."""
    for name in lower_is_better:
        if name not in estimators:
            unknown = unknown_name("estimator", name, set(estimators))
            raise UserError(f"{where}: lower_is_better (--lower-is-better): {unknown}")
    return {name: -1 if name in lower_is_better else 1 for name in estimators}


def sounds_lower_better(name: str) -> bool:
    """Whether the name suggests a lower-better quantity."""
    words = re.split(r"[^a-z]+", name.lower())
    return any(word.endswith(_LOWER) for word in words) and _NEGATED.isdisjoint(words) and not name.startswith("-")


def means(name: str, key: str) -> bool:
    """Whether a column name may stand for another: apart from case and punctuation, or as an alias.

    >>> means("Arch_Str", "arch"), means("archive", "arch")
    (True, False)
    """
    return _bare(name) in (_bare(key), *_ALIASES.get(key, ()))


def check_name(name: str, where: str) -> None:
    """UserError for a name of an estimator that is too long or unprintable."""
    if len(name.encode(errors="surrogatepass")) > _MOST_BYTES:
        raise UserError(
            f"{where}: an estimator's name has {len(name)} characters; shorten it to at most {_MOST_BYTES} bytes"
        )
    if not name.isprintable():
        raise UserError(f"{where}: the estimator's name {name!r} contains control characters; rename it")


def _no_estimator(cells: Cells, name: str) -> str | None:
    """Why a column of a wide file is unlikely to be an estimator, with the remedy."""
    bare = _bare(name)
    for key in ("arch", "estimator", "seed"):
        if means(name, key) and key not in cells.names and (key != "estimator" or is_text(cells, name)):
            return f"looks like {key!r}; rename it to that, or to the name of an estimator"
        if means(name, key) and key in cells.names and bare in (key, f"{key}s"):
            return f"duplicates {key!r}; remove one of them"
    if bare in _LENGTHS:
        return "is not an estimator; keep the rows of one value and remove it, or make it part of the estimators' names"
    if bare in _ACCURACIES:
        return (
            "looks like a ground truth; remove it ('truth', or --truth, reads it), or rename it after the estimator "
            "that predicts it"
        )
    if is_text(cells, name):
        return (
            "contains text; if it names the estimators, call it 'estimator' and their scores 'score'; if not, remove it"
        )
    return None


def _counts_rows(name: str) -> bool:
    return _bare(name) in _COUNTERS or name.startswith("Unnamed")


def is_text(cells: Cells, name: str) -> bool:
    """Whether the column has non-empty cells and none that starts like a number."""
    if name in cells.unreadable:
        return False
    text = cells.table[name].astype("str").str.strip()
    filled = text[~cells.table[name].isna() & ~text.str.lower().isin(MISSING)]
    return len(filled) > 0 and not filled.str.match(r"[-+.]?\d|[-+]?inf|true$|false$|yes$|no$", case=False).any()


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
