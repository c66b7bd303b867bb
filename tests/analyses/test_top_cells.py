"""Who stands on top, who ties for the last place, and that dead edges are drawn faint."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from nasgauge.analyses import operations_of, strokes
from nasgauge.analyses.toolkit.cells import draw_cells
from nasgauge.analyses.top_cells import compute, draw
from nasgauge.core.errors import UserError
from nasgauge.spaces import NB101, NB201, SPACES, Graph, NDSResNeXtA, Operation, get_space

TRUTH = pd.DataFrame(
    {"arch": list("abcde"), "iso_class": list("abcde"), "seed": 0, "accuracy": [0.5, 0.9, 0.7, 0.7, 0.1]}
)


def scores_of(**by_arch):
    rows = [("e", arch, 0, float(score)) for arch, score in by_arch.items()]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def of(table, estimator, *columns):
    return table.loc[table["estimator"] == estimator, list(columns)].values.tolist()


def test_the_best_of_truth_and_estimator_with_true_ranks():
    table = compute(scores_of(a=5, b=1, c=3, d=2, e=4), TRUTH, k=2)
    assert of(table, "truth", "place", "arch", "truth_accuracy", "truth_rank") == [
        [1, "b", 0.9, 1.0],
        [2, "c", 0.7, 2.5],
    ]
    assert of(table, "e", "place", "arch", "score", "truth_rank") == [[1, "a", 5, 4], [2, "e", 4, 5]]


def test_ties_at_the_border_are_counted_and_ties_inside_are_not():
    table = compute(scores_of(a=1, b=1, c=1, d=1, e=0), TRUTH, k=2)
    assert of(table, "e", "arch", "n_tied_at_border", "score_rank") == [["a", 4, 2.5], ["b", 4, 2.5]]
    assert of(table, "truth", "n_tied_at_border") == [[2], [2]]  # c and d share the second place
    assert of(compute(scores_of(a=1, b=1, c=0), TRUTH, k=2), "e", "n_tied_at_border") == [[0], [0]]


def test_the_order_of_rows_decides_nothing():
    scores = scores_of(a=1, b=1, c=1, d=0, e=0)
    forth, back = compute(scores, TRUTH, k=2), compute(scores[::-1], TRUTH[::-1], k=2)
    pd.testing.assert_frame_equal(forth, back)


def test_true_ranks_count_architectures_that_the_estimator_lacks_and_foreign_ones_are_left_out():
    table = compute(scores_of(d=1, x=9), TRUTH, k=3)
    assert of(table, "e", "arch", "truth_rank", "n_truth", "n") == [["d", 2.5, 5, 1]]


def test_k_must_be_positive():
    with pytest.raises(UserError, match="at least one"):
        compute(scores_of(a=1), TRUTH, k=0)


def test_a_drawing_needs_the_space():
    with pytest.raises(UserError, match="space"):
        draw(compute(scores_of(a=1), TRUTH), Figure().add_subplot())


def test_every_edge_is_drawn_in_its_colour_and_dead_ones_are_faint():
    arch = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|none~1|none~2|"
    truth = pd.DataFrame({"arch": [arch], "iso_class": [arch], "seed": 0, "accuracy": [0.5]})
    scores = pd.DataFrame({"estimator": "e", "arch": [arch], "seed": 0, "score": [1.0]})
    axes = Figure().add_subplot()
    draw(compute(scores, truth).query("estimator == 'e'"), axes, NB201())
    style = strokes(NB201(), ["nor_conv_3x3", "none", "avg_pool_3x3", "skip_connect"])
    edges = ["nor_conv_3x3", "none", "avg_pool_3x3", "skip_connect", "none", "none"]
    assert [line.get_color() for line in axes.lines] == [style[op].colour for op in edges]
    assert [line.get_alpha() == 1.0 for line in axes.lines] == [False, False, False, True, False, False]
    assert any("true rank 1 of 1 · 50.00%" in t.get_text() for t in axes.texts)


def test_operations_on_nodes_colour_the_nodes():
    space = NB101()
    arch = space.from_str("conv3x3-bn-relu~0|maxpool3x3~0+1|output~0+2")
    graphs = space.graphs(arch)
    assert operations_of([graphs]) == ["conv3x3-bn-relu", "maxpool3x3"]
    axes = Figure().add_subplot()
    draw_cells([graphs], ["one"], axes, space)
    style = strokes(space, operations_of([graphs]))
    [dots] = axes.collections
    expected = ["white", style["conv3x3-bn-relu"].colour, style["maxpool3x3"].colour, "white"]
    assert [to_hex(c) for c in dots.get_facecolor()] == [to_hex(c) for c in expected]
    assert [t.get_text() for t in axes.texts if t.get_text()] == ["in", "out", "one"]


def test_stacks_of_equal_blocks_are_written_out():
    space = NDSResNeXtA()
    graphs = space.graphs(space.from_str("d1-w16-r0.25-g4|d4-w64-r0.5-g2|d2-w128-r1-g1"))
    assert operations_of([graphs]) == []
    axes = Figure().add_subplot()
    draw_cells([graphs], ["one"], axes, space)
    texts = [t.get_text() for t in axes.texts]
    assert texts[4:8] == ["4 ×", "w64", "r0.5", "g2"] and len(axes.lines) == 3


def test_operations_of_a_foreign_space_have_distinct_strokes():
    names = [f"op{i}" for i in range(20)]
    graph = Graph(("in", "out"), tuple((0, 1, name) for name in names))
    space = SimpleNamespace(operations=dict.fromkeys(names, Operation(layers=1)))
    found = strokes(space, operations_of([{"normal": graph}]))
    assert len({(s.colour, s.dash) for s in found.values()}) == 20


@pytest.mark.parametrize("name", SPACES)
def test_an_operation_has_one_stroke_whatever_is_drawn_beside_it(name):
    space = get_space(name)
    every = strokes(space, space.operations)
    assert len(set(every.values())) == len(every)
    rng = np.random.default_rng(0)
    for _ in range(20):
        graphs = space.graphs(space.sample(rng))
        assert strokes(space, operations_of([graphs])).items() <= every.items()


def test_zero_operations_and_skips_of_other_names_are_drawn_as_such_and_unknown_labels_too():
    known = {"gone": Operation(is_zero=True), "same": Operation(), "relu": Operation(), "conv": Operation(layers=1)}
    space = SimpleNamespace(operations=known)
    found, usual = strokes(space, [*known, "nobody's"]), strokes(NB201(), ["none", "skip_connect"])
    assert found["gone"] == usual["none"] and found["relu"] == usual["skip_connect"]  # the first in the alphabet
    assert len({found[name] for name in known}) == 4
    assert found["nobody's"] == strokes(space, ["nobody's"])["nobody's"]


def test_two_operations_side_by_side_are_no_stack_of_blocks():
    graph = Graph(("in", "out"), ((0, 1, "conv"), (0, 1, "pool")))
    axes = Figure().add_subplot()
    draw_cells([{"cell": graph}], ["one"], axes, SimpleNamespace(operations={}))
    assert operations_of([{"cell": graph}]) == ["conv", "pool"] and not any("×" in t.get_text() for t in axes.texts)
