"""What can be chosen about a network, or a supernet, apart from its architecture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetOptions:
    """Size and treatment of a stand-alone network; the defaults are NAS-Bench-201's CIFAR-10 network.

    `channels`: channels of the first stage, doubled by every later one. `n_cells`: cells a stage. `n_stages`: stages,
    with a residual reduction between two. `bn_affine`, `bn_track`: learned scale and shift, running statistics, of the
    normalisations inside the cells (stem, reductions and head always have scale and shift). `conv_bias`: a bias in the
    cells' convolutions. `dropout`: probability before the classifier. `skip_dead`: leave out edges that no path from
    input to output crosses (exact while `bn_affine` and `conv_bias` are off, as a dead convolution then gives zero).
    `replicas`: that many independent copies of the network side by side in the channels, as grouped convolutions.
    `depth_divisor`: where an architecture states depths (nds), d stands for d / depth_divisor blocks, rounded up.
    `auxiliary`: a second classifier after the last reduction cell (networks of DARTS cells only).
    """

    channels: int = 16
    n_cells: int = 5
    n_stages: int = 3
    in_channels: int = 3
    n_classes: int = 10
    bn_affine: bool = True
    bn_track: bool = True
    conv_bias: bool = False
    dropout: float = 0.0
    skip_dead: bool = False
    replicas: int = 1
    depth_divisor: int = 1
    auxiliary: bool = False


@dataclass(frozen=True)
class SupernetOptions:
    """What only a supernet has.

    `bn`: "batch", normalisation by the statistics of the batch at hand, in training and in scoring; "tracked", running
    statistics to which whatever path is trained contributes; "recalibrated", the same, but estimated anew for each
    architecture before it is scored (`Supernet.recalibrate`). `linear_transformers`: operations after which stands a
    1x1 convolution without bias, normalisation or activation ("skip_connect": in its place; Laube & Zell 2021).
    """

    bn: str = "batch"
    linear_transformers: tuple[str, ...] = ()
