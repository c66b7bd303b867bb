"""Laws that every analysis obeys: pure, indifferent to row order, drawable, honest about n."""

from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge import analyses
from nasgauge.analyses import ANALYSES, SECTIONS, shared
from nasgauge.core.constraints import parse_constraints
from nasgauge.core.recorded import LESSONS, RECORDS
from nasgauge.core.tables import ATTRIBUTES, COMPLEXITY, CONSTRAINTS, EXPENSES, SEARCHES, check
from nasgauge.spaces import NB201, SPACES, get_space

NAMES = sorted(ANALYSES)
SPACE = NB201()
OPTIONS = {
    "operation_bias": {"least": 1},  # for tables in which there are few pairs of some steps
    "operation_bias_by_size": {"least": 1},
    "operation_changes": {"least": 1},
    "search_regret": {"n_runs": 2},
    "split_spaces": {"least": 1},  # as one part alone is made up
}
SHOW_SCORES = {
    "score_histogram",
    "search_quality",
    "supernet_correlations",
    "supernet_factors",
}  # whose tables hold more of the scores than their order
TABLES = {
    **RECORDS,
    "complexity": COMPLEXITY,
    "expenses": EXPENSES,
    "attributes": ATTRIBUTES,
    "constraints": CONSTRAINTS,
    "searches": SEARCHES,
}


def tables(n=30, space=SPACE):
    """Scores and truth as one may change them: the same numbers every time."""
    return tuple(table.copy() for table in made(n, space))


@cache
def made(n, space, n_seeds=3):
    rng = np.random.default_rng(0)
    drawn = [space.sample(rng) for _ in range(n)]
    archs = sorted({space.to_str(a) for first in drawn[:2] for a in (*drawn, *space.neighbours(first)[:40])})
    truth = pd.DataFrame(
        [(a, a, seed, rng.integers(0, 40) / 40) for a in archs for seed in range(n_seeds)],
        columns=["arch", "iso_class", "seed", "accuracy"],
    )
    scores = pd.DataFrame(
        [(e, a, seed, float(rng.normal())) for e in ("x", "y", "z") for a in archs for seed in (0, 1)],
        columns=["estimator", "arch", "seed", "score"],
    )
    constant = pd.DataFrame({"estimator": "flat", "arch": archs[:20], "seed": 0, "score": 1.0})
    return pd.concat([scores, constant], ignore_index=True), truth


def records(archs):
    """Tables as a supernet would record them: two estimators, two seeds, three epochs, three batches."""
    rng = np.random.default_rng(1)
    keys = pd.MultiIndex.from_product(
        [("x", "y"), archs, (0, 1), (1, 5, 40)], names=["estimator", "arch", "seed", "epoch"]
    )
    each = keys.to_frame(index=False)
    batches = each.merge(pd.DataFrame({"batch": [0, 1, 2], "n_images": [20, 20, 10]}), how="cross")
    hits = rng.integers(0, 10, len(batches)) / 10
    classes = {arch: archs[i // 2 * 2] for i, arch in enumerate(archs)}
    epochs = each.drop(columns="arch").drop_duplicates()
    steps = epochs.merge(pd.DataFrame({"step": range(8), "arch": archs[:8]}), how="cross")
    pairs = pd.DataFrame({"arch_a": archs[0], "arch_b": archs[1:5]}).merge(
        pd.DataFrame({"position": ["stem", "cell0", "head"]}), how="cross"
    )
    pairs = epochs.merge(pairs, how="cross")
    settings = [("x", "channels", 4.0), ("y", "channels", 8.0), ("x", "epochs", 40.0), ("y", "epochs", 40.0)]
    settings += [(name, *rest) for name in ("part", "flat") for rest in (("channels", 4.0), ("epochs", 40.0))]
    choices = [
        (name, "without", "none" if name in ("part", "flat") else "nothing") for name in ("x", "y", "part", "flat")
    ]
    inside = each[(each["estimator"] == "x") & each["arch"].isin(archs[: len(archs) // 2])]
    moved = inside[inside["arch"].isin(archs[:3])].assign(member=lambda t: "of " + t["arch"])
    lessons = [("x", "mlp", "y", 0, seed, 0, arch) for seed in (0, 1) for arch in archs[:3]]
    for seed in (0, 1):  # the random choice is that of the draw, the next one that of the seed
        chosen = [*archs[:4], *archs[4 + 4 * seed : 8 + 4 * seed]]
        lessons += [("y", "mlp, stages of 4", "", 1, seed, i // 4, arch) for i, arch in enumerate(chosen)]
    surfaces = pd.DataFrame({"paths": ["mean", archs[0]], "n_paths": [9, 1]})
    for grid in ({"pair": [0, 1]}, {"a": [-0.5, 0.0, 0.5]}, {"b": [-0.5, 0.0, 0.5]}):
        surfaces = surfaces.merge(pd.DataFrame(grid), how="cross")
    surfaces = epochs.query("epoch == 40").merge(surfaces, how="cross")
    n = len(archs)
    spent = {"n_scored": n, "score_seconds": [0.1 * n, 5.0, 0.0], "fit_seconds": [0.0, 120.0, 0.0]}
    spent |= {"n_trained": [0, 0, n], "truth_seconds": [0.0, 0.0, 60.0 * n], "other_seconds": 0.0}
    return {
        "checkpoint_scores": pd.concat(
            [
                each.assign(score=rng.normal(size=len(each))),
                inside.assign(estimator="part", score=np.linspace(0, 1, len(inside))),
            ],
            ignore_index=True,
        ),
        "stand_ins": moved[["arch", "member"]].drop_duplicates().assign(estimator="part"),
        "member_scores": moved.assign(score=np.linspace(1, 0, len(moved))),
        "batch_scores": batches.assign(accuracy=hits, loss=2 - hits + rng.random(len(batches)) / 9),
        "class_scores": each.assign(iso_class=each["arch"].map(classes), score=rng.normal(size=len(each))),
        "training_log": epochs.assign(lr=0.1 / epochs["epoch"], train_loss=rng.random(len(epochs)), train_seconds=1.0),
        "training_archs": epochs.query("epoch == 1 and estimator == 'x'")
        .drop(columns="epoch")
        .merge(pd.DataFrame({"arch": archs[::2]}), how="cross"),
        "populations": epochs.query("estimator == 'x'").merge(
            pd.DataFrame({"arch": archs[:4], "score": 0.5}), how="cross"
        ),
        "preferences": epochs.query("estimator == 'y'")
        .merge(pd.DataFrame({"place": [0, 1]}), how="cross")
        .assign(option="none", probability=1.0),
        "forgetting": steps.assign(accuracy_after_step=0.5, accuracy_after_epoch=rng.random(len(steps))),
        "gradients": pairs.assign(cosine=rng.uniform(-1, 1, len(pairs))),
        "landscapes": surfaces.assign(loss=1 + rng.random(len(surfaces))),
        "complexity": pd.DataFrame({"arch": archs, "n_params": rng.integers(1, 9, len(archs)), "macs": None}),
        "attributes": pd.DataFrame({"arch": archs, "latency_ms": rng.random(len(archs))}),
        "constraints": parse_constraints(["latency_ms < 0.5", "n_params <= 6 and latency_ms > 0.1"]),
        "lessons": pd.DataFrame(lessons, columns=[c.name for c in LESSONS.columns]),
        "expenses": pd.DataFrame(
            {"estimator": ["x", "y", "truth"], **spent, "total_seconds": [0.1 * n, 125.0, 60 * n]}
        ),
        "searches": pd.DataFrame({"search": ["evolution", "pareto_evolution"]}),
        "settings": pd.DataFrame(settings, columns=["estimator", "setting", "value"]),
        "choices": pd.DataFrame(choices, columns=["estimator", "setting", "value"]),
    }


def ask(name, scores, truth, order=None):
    kept = records(sorted(truth["arch"].unique()))
    if order is not None:
        kept = {key: table.sample(frac=1, random_state=order) for key, table in kept.items()}
    return ANALYSES[name](scores, truth, SPACE, rng=np.random.default_rng(5), records=kept, **few(name))


@cache
def answer(name):
    """To the tables as they are; nobody changes it."""
    return ask(name, *tables())


def few(name):
    return OPTIONS.get(name, {})


def test_every_file_that_ends_in_an_entry_is_registered_by_its_own_name():
    stems = {path.stem for path in Path(analyses.__file__).parent.glob("*.py")}
    entries = {stem: getattr(import_module(f"nasgauge.analyses.{stem}"), "ANALYSIS", None) for stem in stems}
    assert {stem: entry for stem, entry in entries.items() if entry is not None} == ANALYSES
    assert all(name == entry.name for name, entry in ANALYSES.items())


@pytest.mark.parametrize("name", NAMES)
def test_the_entry_says_what_it_asks_and_what_the_paper_found(name):
    entry = ANALYSES[name]
    assert entry.question.endswith("?") and entry.paper_finding.endswith(".") and "2021" in entry.paper_finding
    assert entry.figure == "" or entry.figure.startswith("Fig. ")
    assert set(entry.needs) | set(entry.takes) <= set(TABLES) and entry.section in SECTIONS
    assert entry.caption or entry.note


def test_the_made_up_records_are_what_estimators_record():
    _, truth = tables()
    for name, table in records(sorted(truth["arch"].unique())).items():
        check(table, TABLES[name])


def test_an_analysis_without_the_tables_it_needs_says_so():
    with pytest.raises(KeyError, match="checkpoint_scores"):
        ANALYSES["trend"](*tables(), SPACE, rng=np.random.default_rng(0), records={})


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_its_tables_alone_and_repeats_itself(name):
    scores, truth = tables()
    before = scores.copy(), truth.copy()
    first, second = answer(name), ask(name, scores, truth)
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(scores, before[0])
    pd.testing.assert_frame_equal(truth, before[1])


@pytest.mark.long
def test_what_is_shared_between_analyses_changes_none_of_them():
    scores, truth = tables()
    with shared():
        for name in (*NAMES, *NAMES):
            pd.testing.assert_frame_equal(ask(name, scores, truth), answer(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_does_not_matter(name):
    scores, truth = tables()
    shuffled = scores.sample(frac=1, random_state=1), truth.sample(frac=1, random_state=2)
    one, other = answer(name), ask(name, *shuffled, order=3)
    keys = [c for c in one.columns if one[c].dtype.kind not in "f"] or list(one.columns)
    one, other = (t.sort_values(keys).reset_index(drop=True) for t in (one, other))
    pd.testing.assert_frame_equal(one, other, check_dtype=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_monotone_map_of_the_scores_changes_no_rank_table(name):
    if name in SHOW_SCORES:
        pytest.skip("it shows the scores themselves")
    scores, truth = tables()
    scores = scores[scores["seed"] == 0]
    mapped = scores.assign(score=np.exp(scores["score"]))
    shown = ["score", "mean_score", "pearson", "tau_a", "tau_a_low", "tau_a_high"]  # of the scores themselves
    one, other = (ask(name, s, truth).drop(columns=shown, errors="ignore") for s in (scores, mapped))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_its_n_and_holds_no_empty_text(name):
    table = answer(name)
    assert (table["n"] > 0).all()
    assert len(table) and not table.select_dtypes(exclude="number").isna().any().any()


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_can_be_drawn(name):
    for _, rows in ANALYSES[name].panels(answer(name).copy()):
        axes = Figure(figsize=ANALYSES[name].size).add_subplot()
        ANALYSES[name].draw(rows, axes, SPACE)
        axes.figure.draw_without_rendering()
        assert axes.has_data()


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_long_names_and_many_settings_leave_the_axes_room(name):
    scores, truth = tables()
    called = {e: f"supernet {e} of a study whose names say all of its settings" for e in scores["estimator"].unique()}
    long = dict.fromkeys(["estimator", "source", "base", "series"], called)
    kept = {key: table.replace(long) for key, table in records(sorted(truth["arch"].unique())).items()}
    many = [(called[e], f"a_setting_with_a_long_name_{i}", e) for e in ("x", "y") for i in range(30)]
    many = pd.DataFrame(many, columns=["estimator", "setting", "value"])
    kept["choices"] = pd.concat([kept["choices"], many], ignore_index=True)
    scores = scores.replace({"estimator": called})
    table = ANALYSES[name](scores, truth, SPACE, rng=np.random.default_rng(5), records=kept, **few(name))
    for _, rows in ANALYSES[name].panels(table):
        axes = Figure(figsize=ANALYSES[name].size, layout="constrained", dpi=72).add_subplot()
        ANALYSES[name].draw(rows, axes, SPACE)
        axes.figure.draw_without_rendering()  # a layout without room for the axes is a warning, and so an error
        height = sum(axes.get_position().height for axes in axes.figure.axes)
        assert height > 0.2, name


@pytest.mark.long
@pytest.mark.parametrize("place", SPACES)
def test_every_analysis_serves_every_space(place):
    space = get_space(place)
    scores, truth = tables(n=20, space=space)
    kept = records(sorted(truth["arch"].unique()))
    with shared():
        for name, analysis in ANALYSES.items():
            table = analysis(scores, truth, space, rng=np.random.default_rng(5), records=kept, **few(name))
            assert len(table), name
            for _, rows in analysis.panels(table)[:2]:
                axes = Figure(figsize=analysis.size).add_subplot()
                analysis.draw(rows, axes, space)
                assert axes.has_data() or axes.texts, name


@pytest.mark.parametrize("name", NAMES)
def test_a_space_is_never_looked_up_by_its_name(name):
    scores, truth = tables()
    kept = records(sorted(truth["arch"].unique()))
    nameless = NB201()
    nameless.name = "nowhere"
    found = ANALYSES[name](scores, truth, nameless, rng=np.random.default_rng(5), records=kept, **few(name))
    pd.testing.assert_frame_equal(found, answer(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_failed_measurement_is_as_an_absent_row(name):
    scores, truth = tables(n=10)
    scores = scores[scores["seed"] == 0].reset_index(drop=True)
    failed = scores.assign(score=scores["score"].where(np.arange(len(scores)) % 7 > 0))
    pd.testing.assert_frame_equal(ask(name, failed, truth), ask(name, failed.dropna(), truth))


@pytest.mark.parametrize("name", NAMES)
def test_no_scores_at_all_is_no_error(name):
    scores, truth = tables()
    assert isinstance(ask(name, scores[:0], truth), pd.DataFrame)
