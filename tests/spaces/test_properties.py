"""Depth, shortest path and receptive field against all paths written out; equal for isomorphic architectures."""

import itertools

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import NB101, NB201, SPACES, get_space, is_connected, n_convolutions, properties

LAYERS = {"nor_conv_1x1": 1, "nor_conv_3x3": 1, "avg_pool_3x3": 0, "skip_connect": 0}
PIXELS = {"nor_conv_1x1": 0, "nor_conv_3x3": 2, "avg_pool_3x3": 2, "skip_connect": 0}

OF = {  # operation: layers with weights, pixels by which it widens the receptive field
    "none": (0, 0), "skip_connect": (0, 0), "avg_pool_3x3": (0, 2), "max_pool_3x3": (0, 2), "maxpool3x3": (0, 2),
    "nor_conv_1x1": (1, 0), "conv_1x1": (1, 0), "conv1x1-bn-relu": (1, 0),
    "nor_conv_3x3": (1, 2), "conv_3x3": (1, 2), "conv_3x3_g2": (1, 2), "conv_3x3_g4": (1, 2), "conv3x3-bn-relu": (1, 2),
    "sep_conv_3x3": (2, 4), "sep_conv_5x5": (2, 8), "dil_conv_3x3": (1, 4), "dil_conv_5x5": (1, 8),
}  # fmt: skip


@pytest.mark.parametrize("name", SPACES)
def test_what_operations_add_is_what_their_kernels_say(name):
    for op, does in get_space(name).operations.items():
        assert (does.layers, does.pixels) == OF[op]
        assert does.is_convolution is ("conv" in op) and does.is_zero is (op == "none")


def paths_of(text):
    """The operations along every path of a NAS-Bench-201 cell that no `none` interrupts, read off its string."""
    nodes = [node.strip("|").split("|") for node in text.split("+")]
    op = {(int(term.split("~")[1]), i): term.split("~")[0] for i, node in enumerate(nodes, 1) for term in node}
    found = []
    for n in range(3):
        for inner in itertools.combinations((1, 2), n):
            steps = [op[edge] for edge in itertools.pairwise((0, *inner, 3))]
            if "none" not in steps:
                found.append(steps)
    return found


def test_they_are_those_of_all_paths_of_every_cell():
    space = NB201()
    for arch in itertools.islice(space.enumerate(), 0, None, 13):
        found, paths = properties(space, arch), paths_of(space.to_str(arch))
        assert is_connected(space, arch) is bool(paths)
        if not paths:
            assert np.isnan([found["depth"], found["shortest_path"], found["receptive_field"]]).all()
            continue
        layers = [sum(LAYERS[op] for op in path) for path in paths]
        assert (found["depth"], found["shortest_path"]) == (max(layers), min(layers))
        assert found["receptive_field"] == 1 + max(sum(PIXELS[op] for op in path) for path in paths)


def test_stages_of_blocks_and_cells_with_two_inputs_by_hand():
    resnet = get_space("nds-resnet")
    found = properties(resnet, resnet.from_str("d1-w16|d3-w64|d2-w128"))
    assert found["depth"] == 2 * 6 and found["receptive_field"] == 1 + 1 * 4 + 2 * 12 + 4 * 8
    assert found["shortest_path"] == 2  # one projection at each of the last two stages
    darts = get_space("darts")
    arch = darts.sample(np.random.default_rng(0))
    assert properties(darts, arch)["shortest_path"] >= 0 and is_connected(darts, arch)


@pytest.mark.parametrize("name", SPACES)
def test_isomorphic_architectures_have_equal_properties(name):
    space, rng = get_space(name), np.random.default_rng(1)
    for _ in range(20):
        arch = space.sample(rng)
        one, other = properties(space, arch), properties(space, space.canonical(arch))
        assert all(one[k] == other[k] or np.isnan([one[k], other[k]]).all() for k in ("depth", "shortest_path"))


@pytest.mark.parametrize("name", SPACES)
def test_only_spaces_that_say_so_have_disconnected_architectures(name):
    space, rng = get_space(name), np.random.default_rng(2)
    whole = all(is_connected(space, space.sample(rng)) for _ in range(300))
    assert whole is not space.may_be_disconnected


@pytest.mark.parametrize(
    ("space", "text"),
    [
        (NB101(), "conv3x3-bn-relu~0|maxpool3x3~0+1|conv1x1-bn-relu~2|output~0+3"),
        (NB201(), "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"),
    ],
)
def test_an_operation_that_a_space_does_not_describe_is_told_with_the_space_and_the_remedy(space, text, monkeypatch):
    arch = space.from_str(text)
    for name in [name for name, n in space.op_counts(arch, live=True).items() if n]:
        rest = {other: does for other, does in type(space).operations.items() if other != name}
        monkeypatch.setattr(type(space), "operations", rest)
        for ask in (properties, n_convolutions):
            with pytest.raises(
                UserError, match=f"space '{space.name}': its cells contain '{name}', .*add '{name}': Op"
            ):
                ask(space, arch)
        assert is_connected(space, arch)
        monkeypatch.undo()
