"""The tables passed between packages: tidy, one row per observation, with fixed column names, dtypes and units.

A table is a pandas DataFrame. `check` validates it and returns it with its columns in the declared dtypes. Further
columns are allowed and kept.
"""

from nasgauge.core.tabular import Column, Table
from nasgauge.core.tabular import check as check
from nasgauge.core.tabular import empty as empty

_ARCH = Column("arch", "str", "the space's string form")
_ISO = Column("iso_class", "str", "string of the canonical form")

TRUTH = Table(
    "truth",
    (
        _ARCH,
        _ISO,
        Column("seed", "int", "training seed; null: already a mean over trainings", nullable=True),
        Column("accuracy", "float", "fraction, higher is better"),
        Column("train_seconds", "float", "of this training; null: not reported", optional=True, nullable=True),
    ),
    key=("arch", "seed"),
)

TRAININGS = Table(
    "trainings",
    (
        _ARCH,
        _ISO,
        Column("seed", "int", "training seed"),
        Column("valid_accuracy", "float", "fraction"),
        Column("valid_loss", "float", "mean cross-entropy, nats"),
        Column("test_accuracy", "float", "fraction"),
        Column("test_loss", "float", "mean cross-entropy, nats"),
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
        _ARCH,
        _ISO,
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
        _ARCH,
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
        _ARCH,
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

_ESTIMATOR = Column("estimator", "str")
_SEED = Column("seed", "int", "seed of the estimator: supernet weights, sampling and data")
_EPOCH = Column("epoch", "int", "epochs of its training behind it; 0: before training")

CHECKPOINT_SCORES = Table(
    "checkpoint_scores",
    (_ESTIMATOR, _ARCH, _SEED, _EPOCH, Column("score", "float", "higher is better; finite")),
    key=("estimator", "arch", "seed", "epoch"),
)

BATCH_SCORES = Table(
    "batch_scores",
    (
        _ESTIMATOR,
        _ARCH,
        _SEED,
        _EPOCH,
        Column("batch", "int", "number of the validation batch, from 0"),
        Column("n_images", "int", "images in it"),
        Column("accuracy", "float", "fraction"),
        Column("loss", "float", "mean cross-entropy, nats"),
    ),
    key=("estimator", "arch", "seed", "epoch", "batch"),
)

CLASS_SCORES = Table(
    "class_scores",
    (
        _ESTIMATOR,
        _ARCH,
        _ISO,
        _SEED,
        _EPOCH,
        Column("score", "float", "of this member of the class, higher is better; finite"),
    ),
    key=("estimator", "arch", "seed", "epoch"),
)

STAND_INS = Table(
    "stand_ins",
    (
        _ESTIMATOR,
        Column("arch", "str", "requested, outside the restricted space of the estimator"),
        Column("member", "str", "isomorphic architecture inside it, whose score is used"),
    ),
    key=("estimator", "arch"),
)

MEMBER_SCORES = Table(
    "member_scores",
    (
        _ESTIMATOR,
        Column("arch", "str", "requested, uses an operation that a restricted space lacks"),
        Column("member", "str", "isomorphic architecture inside that space, scored here with the weights of all"),
        _SEED,
        _EPOCH,
        Column("score", "float", "of the member, higher is better; finite"),
    ),
    key=("estimator", "arch", "member", "seed", "epoch"),
)

WINDOWS = Table(
    "windows",
    (
        _ESTIMATOR,
        _EPOCH,
        Column("oldest", "int", "epoch of the first checkpoint in the average at `epoch`"),
    ),
    key=("estimator", "epoch"),
)

TRAINING_LOG = Table(
    "training_log",
    (
        _ESTIMATOR,
        _SEED,
        _EPOCH,
        Column("lr", "float", "learning rate of the epoch's last step"),
        Column("train_loss", "float", "mean over the epoch's steps, nats"),
        Column("train_seconds", "float", "wall seconds of the epoch"),
    ),
    key=("estimator", "seed", "epoch"),
)

FORGETTING = Table(
    "forgetting",
    (
        _ESTIMATOR,
        _SEED,
        _EPOCH,
        Column("step", "int", "number of the step within the epoch, from 0"),
        _ARCH,
        Column("accuracy_after_step", "float", "validation accuracy right after the architecture was trained"),
        Column("accuracy_after_epoch", "float", "validation accuracy at the end of the epoch"),
    ),
    key=("estimator", "seed", "epoch", "step", "arch"),
)

GRADIENTS = Table(
    "gradients",
    (
        _ESTIMATOR,
        _SEED,
        _EPOCH,
        Column("position", "str", "which part of the network: stem, cell0, cell1, ..., head"),
        Column("arch_a", "str"),
        Column("arch_b", "str"),
        Column("cosine", "float", "of the gradients of the parameters that both use, same images"),
    ),
    key=("estimator", "seed", "epoch", "position", "arch_a", "arch_b"),
)

TRAINING_ARCHS = Table(
    "training_archs",
    (_ESTIMATOR, _SEED, Column("arch", "str", "chosen by the scores of another estimator, to be sampled in training")),
    key=("estimator", "seed", "arch"),
)

POPULATIONS = Table(
    "populations",
    (
        _ESTIMATOR,
        _SEED,
        _EPOCH,
        Column("arch", "str", "member of the population that the controller of the sampler kept after the epoch"),
        Column("score", "float", "validation score with the weights of that epoch; null: not finite", nullable=True),
    ),
    key=("estimator", "seed", "epoch", "arch"),
)

PREFERENCES = Table(
    "preferences",
    (
        _ESTIMATOR,
        _SEED,
        _EPOCH,
        Column("place", "int", "number of the decision, from 0"),
        Column("option", "str", "one of the options of the decision"),
        Column("probability", "float", "with which the sampler draws it from the epoch on"),
    ),
    key=("estimator", "seed", "epoch", "place", "option"),
)

SETTINGS = Table(
    "settings",
    (
        _ESTIMATOR,
        Column("setting", "str", "name of the setting: channels, n_cells, epochs, n_samples, train_share, ..."),
        Column("value", "float"),
    ),
    key=("estimator", "setting"),
)

CHOICES = Table(
    "choices",
    (
        _ESTIMATOR,
        Column("setting", "str", "what decides training or scoring and is not in SETTINGS: without, sampler, bn, ..."),
        Column("value", "str", "as text, as in a study's file; lists are joined by commas"),
    ),
    key=("estimator", "setting"),
)

COMPLEXITY = Table(
    "complexity",
    (
        _ARCH,
        Column("n_params", "int", "trainable parameters of the network of the ground truth", nullable=True),
        Column("macs", "int", "multiply-accumulates of one image", nullable=True),
    ),
    key=("arch",),
)

ATTRIBUTES = Table("attributes", (_ARCH,), key=("arch",))
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

LESSONS = Table(
    "lessons",
    (
        _ESTIMATOR,
        Column("kind", "str", "the predictor, apart from size and draw of its training set and its seed"),
        Column("signal", "str", "estimator whose scores are its targets; empty: the ground truth"),
        Column("draw", "int", "number of the random initial training set"),
        Column("seed", "int", "seed of the predictor"),
        Column("stage", "int", "stage of acquisition; 0: initial random sample"),
        _ARCH,
    ),
    key=("estimator", "seed", "arch"),
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
    ),
    key=("estimator",),
)

RECORDS = {
    t.name: t
    for t in (
        *(CHECKPOINT_SCORES, BATCH_SCORES, CLASS_SCORES, STAND_INS, MEMBER_SCORES, WINDOWS),
        *(TRAINING_LOG, FORGETTING, GRADIENTS, TRAINING_ARCHS, POPULATIONS, PREFERENCES, SETTINGS, CHOICES, LESSONS),
    )
}  # recorded by estimators in addition to their scores, for analyses
