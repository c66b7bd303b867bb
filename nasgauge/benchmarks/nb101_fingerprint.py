"""Numbers that isomorphic cells of NAS-Bench-101 share, for hundreds of thousands of cells at once."""

import numpy as np

_N_VERTICES, _OUTPUT = 7, 6
_ROUNDS = 3
_BIT = {(x, y): x + y * (y - 1) // 2 for y in range(_N_VERTICES) for x in range(y)}
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype="uint64")


def fingerprints(adj_bits: np.ndarray, ops: np.ndarray) -> np.ndarray:
    """64-bit numbers, equal for isomorphic pruned cells and hardly ever for others; compare forms to be sure.

    adj_bits: (n,), bit x + y(y-1)/2 the edge x -> y of seven vertices. ops: (n, 5). Vertices on no path from input to
    output must have no edges. Each vertex is coloured by its operation and place, then three times by the colours of
    its parents and children (Weisfeiler & Leman); the number is the sum over coloured vertices. Returns (n,) uint64.

    >>> from nasgauge.spaces import NB101
    >>> texts = ["conv3x3-bn-relu~0|maxpool3x3~0|output~1+2", "maxpool3x3~0|conv3x3-bn-relu~0|output~1+2"]
    >>> cells = [NB101().from_str(text) for text in texts]
    >>> one, other = fingerprints(np.array([c[0] for c in cells]), np.array([c[1:] for c in cells]))
    >>> bool(one == other)
    True
    """
    edges = np.zeros((len(adj_bits), _N_VERTICES, _N_VERTICES), dtype="uint64")  # [cell, parent, child]
    for (x, y), bit in _BIT.items():
        edges[:, x, y] = adj_bits >> bit & 1
    n = len(adj_bits)
    labels = np.concatenate([np.full((n, 1), 7), 1 + ops, np.full((n, 1), 9)], axis=1)
    used = edges.any(axis=1) | edges.any(axis=2)
    colour = _mixed(labels.astype("uint64"))
    for _ in range(_ROUNDS):
        parents = (edges * colour[:, :, None]).sum(axis=1)
        children = (edges * colour[:, None, :]).sum(axis=2)
        colour = _mixed(colour * _FACTORS[0] + _mixed(parents) * _FACTORS[1] + _mixed(children) * _FACTORS[2])
    return np.where(used, colour, np.uint64(0)).sum(axis=1)


def _mixed(x: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64: every bit depends on every other."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
