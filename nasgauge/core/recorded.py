"""Tables that estimators record besides their scores, for analyses: checkpoints, populations, settings and others."""

from nasgauge.core.tables import ARCH, ISO_CLASS
from nasgauge.core.tabular import Column, Table

_ESTIMATOR = Column("estimator", "str")
_SEED = Column("seed", "int", "seed of the estimator: supernet weights, sampling and data")
_EPOCH = Column("epoch", "int", "epochs of its training behind it; 0: before training")

CHECKPOINT_SCORES = Table(
    "checkpoint_scores",
    (_ESTIMATOR, ARCH, _SEED, _EPOCH, Column("score", "float", "higher is better; finite")),
    key=("estimator", "arch", "seed", "epoch"),
)

BATCH_SCORES = Table(
    "batch_scores",
    (
        _ESTIMATOR,
        ARCH,
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
        ARCH,
        ISO_CLASS,
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
        ARCH,
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

LANDSCAPES = Table(
    "landscapes",
    (
        _ESTIMATOR,
        _SEED,
        _EPOCH,
        Column("paths", "str", 'the architecture whose loss it is, or "mean": the mean of n_paths random ones'),
        Column("n_paths", "int", "architectures in the mean"),
        Column("pair", "int", "number of the pair of random directions, from 0"),
        Column("a", "float", "step from the trained weights in the first direction, which has the norm of each filter"),
        Column("b", "float", "the same in the second direction"),
        Column("loss", "float", "mean cross-entropy of training images there, nats; null: not finite", nullable=True),
    ),
    key=("estimator", "seed", "epoch", "paths", "pair", "a", "b"),
)

TRAINING_ARCHS = Table(
    "training_archs",
    (_ESTIMATOR, _SEED, Column("arch", "str", "sampled in training, where it samples listed architectures alone")),
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
        Column(
            "probability", "float", "of the option in the controller's distribution for the decision, from the epoch on"
        ),
    ),
    key=("estimator", "seed", "epoch", "place", "option"),
)

SETTINGS = Table(
    "settings",
    (
        _ESTIMATOR,
        Column("setting", "str", "name of the setting: channels, n_cells, epochs, n_samples, train_share, ..."),
        Column("value", "float"),
        Column("kind", "str", "which score of a supernet: main, loss, avg3, ...; empty: not known", optional=True),
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

LESSONS = Table(
    "lessons",
    (
        _ESTIMATOR,
        Column("kind", "str", "the predictor, apart from size and draw of its training set and its seed"),
        Column("signal", "str", "estimator whose scores are its targets; empty: the ground truth"),
        Column("draw", "int", "number of the random initial training set"),
        Column("seed", "int", "seed of the predictor"),
        Column("stage", "int", "stage of acquisition; 0: initial random sample"),
        ARCH,
    ),
    key=("estimator", "seed", "arch"),
)

RECORDS = {
    t.name: t
    for t in (
        *(CHECKPOINT_SCORES, BATCH_SCORES, CLASS_SCORES, STAND_INS, MEMBER_SCORES, WINDOWS),
        *(
            TRAINING_LOG,
            FORGETTING,
            GRADIENTS,
            LANDSCAPES,
            TRAINING_ARCHS,
            POPULATIONS,
            PREFERENCES,
            SETTINGS,
            CHOICES,
            LESSONS,
        ),
    )
}  # recorded by estimators in addition to their scores, for analyses
