"""The NDS spaces: counts, strings, operations counted by hand, restriction, errors."""

import math
from collections import Counter

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import NDSResNet, NDSResNeXtA, ResidualStage

RESNET = NDSResNet()
RESNEXT = NDSResNeXtA()
BOTH = [RESNET, RESNEXT]

RESNET_TEXT = "d1-w16|d3-w64|d2-w128"
RESNEXT_TEXT = "d4-w32-r0.25-g4|d1-w16-r1-g1|d2-w256-r0.5-g2"


@pytest.mark.parametrize(("space", "n"), [(RESNET, 1_259_712), (RESNEXT, 11_390_625)])
def test_size_of_the_space(space, n):
    assert math.prod(map(len, space.decisions())) == n


def test_options_are_those_of_the_paper():
    assert RESNET.decisions()[0] == (1, 2, 3, 4, 6, 8, 12, 16, 24)
    assert RESNET.decisions()[1] == (16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
    assert RESNEXT.decisions()[:4] == ((1, 2, 4, 8, 16), (16, 32, 64, 128, 256), (4, 2, 1), (1, 2, 4))
    assert RESNEXT.decisions()[4:8] == RESNEXT.decisions()[8:] == RESNEXT.decisions()[:4]


def test_groups_divide_every_inner_width():
    _, widths, divisors, groups = RESNEXT.decisions()[:4]
    assert all(w % (d * g) == 0 for w in widths for d in divisors for g in groups)


def test_strings():
    assert RESNET.from_str(RESNET_TEXT) == (1, 16, 3, 64, 2, 128)
    assert RESNEXT.from_str(RESNEXT_TEXT) == (4, 32, 4, 4, 1, 16, 1, 1, 2, 256, 2, 2)
    for space, text in ((RESNET, RESNET_TEXT), (RESNEXT, RESNEXT_TEXT)):
        assert space.to_str(space.from_str(f" {text}\n")) == text


def test_stages_say_where_a_shortcut_is_projected():
    assert RESNET.stages((1, 16, 3, 64, 2, 64)) == (
        ResidualStage(False, 1, 16),
        ResidualStage(True, 3, 64),
        ResidualStage(True, 2, 64),
    )
    assert RESNEXT.stages(RESNEXT.from_str(RESNEXT_TEXT))[0] == ResidualStage(True, 4, 32, 4, 4)


def test_operations_counted_by_hand():
    assert RESNET.op_counts(RESNET.from_str(RESNET_TEXT)) == {"conv_1x1": 2, "conv_3x3": 12, "skip_connect": 4}
    assert RESNEXT.op_counts(RESNEXT.from_str(RESNEXT_TEXT), live=True) == {
        "conv_1x1": 2 * 7 + 3,
        "conv_3x3": 1,
        "conv_3x3_g2": 2,
        "conv_3x3_g4": 4,
        "skip_connect": 4,
    }


@pytest.mark.parametrize(("space", "n"), [(RESNET, 3 * (8 + 11)), (RESNEXT, 3 * (4 + 4 + 2 + 2))])
def test_neighbours_differ_in_one_decision_and_are_all(space, n):
    arch = space.sample(np.random.default_rng(0))
    near = space.neighbours(arch)
    assert len(near) == n
    assert all(sum(a != b for a, b in zip(arch, other, strict=True)) == 1 for other in near)
    for other in near:
        space.validate(other)


@pytest.mark.parametrize("space", BOTH)
def test_every_option_of_every_decision_is_sampled_alike_often(space):
    rng = np.random.default_rng(0)
    n = 3_000
    archs = [space.sample(rng) for _ in range(n)]
    for column, options in zip(zip(*archs, strict=True), space.decisions(), strict=True):
        share = 1 / len(options)
        counts = Counter(column)
        assert counts.keys() == set(options)
        assert all(abs(k - n * share) < 4.5 * math.sqrt(n * share * (1 - share)) for k in counts.values())


@pytest.mark.parametrize("space", BOTH)
def test_an_architecture_is_alone_in_its_class(space):
    arch = space.sample(np.random.default_rng(1))
    assert space.canonical(arch, "identity") == arch
    assert space.members(arch) == [arch]
    with pytest.raises(UserError, match="unknown canonical form 'paper'"):
        space.members(arch, "paper")


def test_encoding_by_hand():
    np.testing.assert_allclose(RESNET.encode((1, 256, 6, 16, 24, 24)), [0, 1, 0.5, 0, 1, 1 / 11])
    np.testing.assert_allclose(RESNEXT.encode((16, 16, 4, 1, 4, 64, 2, 2, 1, 256, 1, 4))[:8], [1, 0, 0, 0] + [0.5] * 4)


def test_graphs_show_blocks_and_shortcuts():
    graphs = RESNEXT.graphs(RESNEXT.from_str("d1-w16-r1-g1|d2-w16-r1-g1|d4-w64-r0.25-g2"))
    assert list(graphs) == ["stage1", "stage2", "stage3"]
    assert graphs["stage1"].nodes == ("in", "out")
    assert graphs["stage1"].edges == ((0, 1, "w16-r1-g1"), (0, 1, "skip_connect"))
    assert graphs["stage2"].edges == (
        (0, 1, "w16-r1-g1"),
        (0, 1, "conv_1x1"),
        (1, 2, "w16-r1-g1"),
        (1, 2, "skip_connect"),
    )
    assert graphs["stage3"].nodes == ("in", "1", "2", "3", "out")
    assert graphs["stage3"].edges[0] == (0, 1, "w64-r0.25-g2")


def test_restriction_holds_in_every_stage():
    small = RESNET.restrict(["d1", "d2", "w16", "w64"])
    assert small.decisions() == ((1, 2), (16, 64)) * 3
    rng = np.random.default_rng(0)
    assert {v for _ in range(50) for v in small.sample(rng)} == {1, 2, 16, 64}
    assert len(small.neighbours((1, 16, 1, 16, 1, 16))) == 6
    assert small.restrict(["d2", "d4", "w16", "w64"]).decisions() == ((2,), (16, 64)) * 3
    assert repr(small) == "NDSResNet(d1, d2, w16, w64)"
    assert RESNEXT.restrict({"d1", "w16", "r0.5", "r1", "g4"}).decisions()[:4] == ((1,), (16,), (2, 1), (4,))


def test_restricting_a_decision_to_nothing_or_to_a_foreign_option_is_an_error():
    with pytest.raises(UserError, match="restrict: no depth is kept; name one of d1, d2"):
        RESNET.restrict(["w16"])
    with pytest.raises(UserError, match="restrict: no width is kept"):
        RESNET.restrict(["d1", "w16"]).restrict(["d1", "w24"])
    with pytest.raises(UserError, match="unknown option 'd5'"):
        RESNET.restrict(["d5", "w16"])


@pytest.mark.parametrize(
    ("space", "text", "says"),
    [
        (RESNET, "nonsense", r"has 1 stages; expected 3, as in d1-w16\|d1-w16\|d1-w16"),
        (RESNET, "d1-w16|d1|d1-w16", "stage 2 reads 'd1'; expected depth, width"),
        (RESNET, "d1-w16|d1-w16|d5-w16", "stage 3: depth 'd5' is none of d1, d2, d3, d4, d6"),
        (RESNET, "d1-w16|d1-w65|d1-w16", "stage 2: width 'w65' is none of w16, w24"),
        (RESNET, "d01-w16|d1-w16|d1-w16", "stage 1: depth 'd01' is none of"),
        (RESNEXT, "d1-w16|d1-w16|d1-w16", "stage 1 reads 'd1-w16'; expected depth, width, ratio, groups"),
        (RESNEXT, "d1-w16-r1-g1|d1-w16-r1-g3|d1-w16-r1-g1", "stage 2: groups 'g3' is none of g1, g2, g4"),
        (RESNEXT, "d1-w16-r1-g1|d1-w16-r1-g1|d3-w16-r1-g1", "stage 3: depth 'd3' is none of d1, d2, d4, d8, d16"),
    ],
)
def test_malformed_strings_say_what_is_wrong(space, text, says):
    with pytest.raises(UserError, match=says):
        space.from_str(text)


def test_validate_names_stage_and_choice():
    for space in BOTH:
        space.validate(space.sample(np.random.default_rng(2)))
    with pytest.raises(UserError, match="5 entries; give 3 stages of 2 entries each: depth, width"):
        RESNET.validate((1, 16, 1, 16, 1))
    with pytest.raises(UserError, match="stage 2: width 20 is none of 16, 24"):
        RESNET.validate((1, 16, 1, 20, 1, 16))
    with pytest.raises(UserError, match="stage 3: groups 8 is none of 1, 2, 4"):
        RESNEXT.validate((1, 16, 1, 1, 1, 16, 1, 1, 1, 16, 1, 8))
