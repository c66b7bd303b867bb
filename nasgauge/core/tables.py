"""The tables passed between packages: tidy, one row per observation, with fixed column names, dtypes and units.

A table is a pandas DataFrame. `check` validates it and returns it with its columns in the declared dtypes. Further
columns are allowed and kept.
"""

from nasgauge.core.tabular import Column, Table
from nasgauge.core.tabular import check as check
from nasgauge.core.tabular import empty as empty

ARCH = Column("arch", "str", "the space's string form")
ISO_CLASS = Column("iso_class", "str", "string of the canonical form")

TRUTH = Table(
    "truth",
    (
        ARCH,
        ISO_CLASS,
        Column("seed", "int", "training seed; null: already a mean over trainings", nullable=True),
        Column("accuracy", "float", "fraction, higher is better"),
        Column("train_seconds", "float", "of this training; null: not reported", optional=True, nullable=True),
    ),
    key=("arch", "seed"),
)

TRAININGS = Table(
    "trainings",
    (
        ARCH,
        ISO_CLASS,
        Column("seed", "int", "training seed"),
        Column("valid_accuracy", "float", "fraction"),
        Column("valid_loss", "float", "mean cross-entropy, nats; null: the training diverged", nullable=True),
        Column("test_accuracy", "float", "fraction"),
        Column("test_loss", "float", "mean cross-entropy, nats; null: the training diverged", nullable=True),
        Column("n_params", "int", "trainable parameters of the whole network"),
        Column(
            "macs", "int", "multiply-accumulates of one image; null: calls layers that are not counted", nullable=True
        ),
        Column("train_seconds", "float", "seconds of one core; on an accelerator wall seconds"),
    ),
    key=("arch", "seed"),
)

OFFICIAL = Table(
    "official",
    (
        ARCH,
        ISO_CLASS,
        Column("dataset", "str", "as the authors call it"),
        Column("epochs", "int", "length of the training"),
        Column("seed", "int", "training seed, or the number of the trial; null: a mean over trainings", nullable=True),
        Column("valid_accuracy", "float", "fraction; null: not reported", nullable=True),
        Column("test_accuracy", "float", "fraction; null: not reported", nullable=True),
        Column("n_params", "int", "trainable parameters, a plain count; null: not reported", nullable=True),
        Column(
            "macs", "int", "multiply-adds of one image, a plain count; null: not reported", optional=True, nullable=True
        ),
        Column("train_seconds", "float", "of the whole training; null: not reported", nullable=True),
    ),
    key=("arch", "dataset", "epochs", "seed"),
)

SCORES = Table(
    "scores",
    (
        Column("estimator", "str"),
        ARCH,
        Column("seed", "int", "seed of the estimator: initialisation and data"),
        Column(
            "score", "float", "higher is better; -inf: the worst; null: measured, and failed", nullable=True, worst=True
        ),
    ),
    key=("estimator", "arch", "seed"),
)

SCORES_BY_EPOCH = Table(
    "scores",
    (*SCORES.columns, Column("epoch", "int", "epochs of training behind it")),
    key=(*SCORES.key, "epoch"),
)

ERRORS = Table(
    "errors",
    (
        Column("estimator", "str"),
        ARCH,
        Column("seed", "int"),
        Column("error", "str", "why there is no score"),
    ),
    key=("estimator", "arch", "seed"),
)

VALUES = Table(
    "values",
    (
        Column("estimator", "str"),
        Column("criterion", "str"),
        Column("at", "float", "a fraction below 1 or a count from 1; null where the criterion has none", nullable=True),
        Column("value", "float", "null: undefined (constant scores, too few architectures)", nullable=True),
        Column("lower", "float", "lower end of the bootstrap interval", nullable=True),
        Column("upper", "float", "upper end of the bootstrap interval", nullable=True),
        Column("n", "int", "architectures judged"),
        Column("n_failed", "int", "architectures whose measurement failed in some seed"),
        Column("n_absent", "int", "architectures of the ground truth without a score in every seed"),
        Column("n_unknown", "int", "scored architectures without ground truth; dropped"),
        Column("n_seeds", "int", "estimator seeds averaged"),
    ),
    key=("estimator", "criterion", "at"),
)

NOISE_CEILING = "noise_ceiling"  # the name in column `estimator` of the rows of noise ceilings

CEILING = Table(
    "ceiling",
    (
        Column("estimator", "str", "the estimator on whose architectures the noise ceiling is measured"),
        *VALUES.columns[1:-4],
        Column("n_absent", "int", "of these architectures, those with a single training"),
        Column("n_splits", "int", "divisions of the trainings into halves averaged"),
        Column("archs", "int", "number of the set of architectures, from 0; estimators of one set share it"),
    ),
    key=("estimator", "criterion", "at"),
)

_CONTEST = (
    Column("estimator", "str"),
    Column("criterion", "str"),
    Column("at", "float", "as in VALUES", nullable=True),
    Column("value", "float", "null: undefined", nullable=True),
    Column("p_best", "float", "share of the bootstrap draws in which it is the best", nullable=True),
    Column("behind", "float", "paired difference to the best; 0 for the best", nullable=True),
    Column("behind_lower", "float", "lower end of its bootstrap interval", nullable=True),
    Column("behind_upper", "float", "upper end of its bootstrap interval", nullable=True),
    Column("n_ahead_of", "int", "estimators that it is significantly better than"),
    Column("n_behind", "int", "estimators that are significantly better"),
    Column("n", "int", "architectures judged"),
)

CONTEST = Table("contest", _CONTEST, key=("estimator",))

CONTESTS = Table(
    "contests",
    (Column("part", "str", "name of the benchmark within the survey"), *_CONTEST),
    key=("part", "estimator"),
)

_PAIRED = (
    Column("estimator", "str"),
    Column("rival", "str", "the estimator that it is compared with"),
    Column("criterion", "str"),
    Column("at", "float", "as in VALUES", nullable=True),
    Column("value", "float", "of the estimator, over the architectures that both score", nullable=True),
    Column("rival_value", "float", "the same of the rival", nullable=True),
    Column(
        "difference", "float", "positive: the estimator is better, whatever the criterion's direction", nullable=True
    ),
    Column("lower", "float", "lower end of the bootstrap interval of the difference", nullable=True),
    Column("upper", "float", "upper end of the bootstrap interval of the difference", nullable=True),
    Column("p_value", "float", "two-sided, of no difference", nullable=True),
    Column("p_adjusted", "float", "corrected for the number of comparisons", nullable=True),
    Column("n", "int", "architectures that both score"),
)

PAIRED = Table("paired", _PAIRED, key=("estimator", "rival", "criterion", "at"))

PAIRED_OVER = Table(
    "paired_over",
    (
        Column("dataset", "str", 'name of the data set; "mean": over all of them'),
        *_PAIRED,
        Column("p_sign", "float", "sign test over data sets; null but for the mean", nullable=True),
        Column(
            "p_wilcoxon", "float", "Wilcoxon's signed-rank test over data sets; null but for the mean", nullable=True
        ),
        Column("p_attainable", "float", "smallest p-value of both tests with so many data sets", nullable=True),
    ),
    key=("dataset", "estimator", "rival", "criterion", "at"),
)

COMPLEXITY = Table(
    "complexity",
    (
        ARCH,
        Column("n_params", "int", "trainable parameters of the network of the ground truth", nullable=True),
        Column("macs", "int", "multiply-accumulates of one image", nullable=True),
    ),
    key=("arch",),
)

ATTRIBUTES = Table("attributes", (ARCH,), key=("arch",))
# and one float column per quantity of a trained architecture (latency_ms, energy), in its own unit; null: not known

CONSTRAINTS = Table(
    "constraints",
    (
        Column("constraint", "str", "as it was given: conditions that must hold together"),
        Column("quantity", "str", "n_params, macs or another column of ATTRIBUTES"),
        Column("operator", "str", "<, <=, > or >="),
        Column("limit", "float", "in the unit of the quantity"),
    ),
    key=("constraint", "quantity", "operator", "limit"),
)

SEARCHES = Table(
    "searches",
    (Column("search", "str", "a search that takes a budget, to be run with the scores of every estimator"),),
    key=("search",),
)

EXPENSES = Table(
    "expenses",
    (
        Column("estimator", "str", '"truth": cost of training all architectures of the ground truth'),
        Column("n_scored", "int", "architectures"),
        Column("score_seconds", "float", "of scoring them; null: not reported", nullable=True),
        Column("fit_seconds", "float", "of training a supernet or a predictor; 0: nothing is trained"),
        Column("n_trained", "int", "architectures trained from scratch as its training set"),
        Column("truth_seconds", "float", "of these trainings; null: not reported", nullable=True),
        Column("other_seconds", "float", "of the estimators that it depends on", nullable=True),
        Column("total_seconds", "float", "sum of the above; null: one of them is not reported", nullable=True),
        Column("n_added", "int", "scores of one entry that other_seconds adds, shared work unknown", optional=True),
    ),
    key=("estimator",),
)
