"""Depth, shortest path and receptive field against all paths written out; equal for isomorphic architectures."""

import itertools

import numpy as np
import pytest

from nasgauge.spaces import NB201, SPACES, get_space, is_connected, properties

LAYERS = {"nor_conv_1x1": 1, "nor_conv_3x3": 1, "avg_pool_3x3": 0, "skip_connect": 0}
PIXELS = {"nor_conv_1x1": 0, "nor_conv_3x3": 2, "avg_pool_3x3": 2, "skip_connect": 0}


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
